"""Sessions as vCon containers and back: what a vCon can say comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingest.adapters.adapter import Document, read, turn_parts
from ingest.adapters.files import read_file
from ingest.adapters.vcon import VCON
from ingest.adapters.vcon_export import container_of
from resay.dialogue.assembly import assemble
from resay.dialogue.session import Session, sessionize
from resay.dialogue.turn import AppliedRewrite, CustomerKind, Reject, Response, ResponseStatus, Turn, TurnPart
from resay.label.verdicts import Verdict
from tests.builders import BASE, turn

NOW = datetime(2026, 12, 1, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "golden"
TALK = "018f3b2c-0d5e-8c1a-9b43-2f6d1e7a5c10"

# No words of a customer hold what an anonymiser puts there, and none is blank.
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="#"), min_size=1, max_size=40).filter(str.strip)
STATUSES = st.sampled_from([each for each in ResponseStatus if each is not ResponseStatus.NONE])


@st.composite
def sessions(draw: st.DrawFn) -> list[Turn]:
    """Turns of one customer in one talk, some of them rewritten, as a vCon can say them."""
    turns: list[Turn] = []
    for number in range(draw(st.integers(1, 4))):
        words, at = draw(WORDS), BASE + timedelta(seconds=10 * number)
        response = Response(text=draw(st.just("") | WORDS), status=draw(STATUSES), action=draw(st.sampled_from(["", "light.on"])))
        rewrite = AppliedRewrite(f"d{number}", words, "rw", 3, "table", None, "treatment") if draw(st.booleans()) else None
        utterance = draw(WORDS) if rewrite else words
        turns.append(Turn(f"t{number}", "+1555", at, utterance, session_id=TALK, response=response, rewrite=rewrite))
    return turns


@given(sessions())
def test_what_a_vcon_can_say_comes_back_as_it_was(turns: list[Turn]):
    """Words, times, answers, who spoke, and what we had said for them."""
    assert imported(exported(turns)) == turns


def test_golden_containers_come_back_as_they_were():
    """Containers of others, imported, exported and imported again, are the same turns."""
    for path in (GOLDEN / "vcon.json", GOLDEN / "vcon_lines.jsonl"):
        turns = [each for each in imported(*(document.content for document in read_file(path).documents)) if each.utterance]
        sessions = [session.turns for session in sessionize(sorted(turns, key=lambda each: (each.customer_id, each.at)))]

        again = [each for session in sessions for each in imported(exported(list(session)))]

        assert again == [each for session in sessions for each in session]


def test_our_words_are_not_in_a_dialog():
    """Whoever reads the container without knowing us hears the customer."""
    rewritten = turn("play madonna", rewrite=AppliedRewrite("d1", "play madona"), response="Playing.")

    dialogs = json.loads(exported([rewritten]))["dialog"]

    assert [each["body"] for each in dialogs] == ["play madona", "Playing."]


def test_a_redacted_dialog_leaks_nothing_by_our_analysis():
    """What a customer said stands in the dialog only."""
    container = json.loads(exported([turn("my name is anna", response="Hello.")]))

    assert "anna" not in json.dumps(container["analysis"])


def test_verdicts_are_analysis_of_their_dialog():
    """Each with its name, label and score."""
    verdict = Verdict("t2", BASE, "resay.defect", "failure", 0.9, "by rules")
    turns = [turn("one", turn_id="t1", response="Yes."), turn("two", turn_id="t2", at=9)]

    analysis = json.loads(exported(turns, verdict))["analysis"]

    (told,) = [each for each in analysis if each["type"] == "resay.defect"]
    assert (told["dialog"], told["vendor"], json.loads(told["body"])["label"]) == (2, "resay", "failure")


def test_what_has_no_words_is_left_out():
    """Masked turns cannot be said; a session of nothing else is no container."""
    assert container_of([turn("")], {}, now=NOW) is None
    assert len(json.loads(exported([turn(""), turn("hello", at=1, status=None)]))["dialog"]) == 1


def test_a_session_keeps_its_uuid_and_others_are_given_one():
    """The same session has the same name again, so that importing it twice adds nothing."""
    named = [json.loads(exported([turn("hello", session_id=name)]))["uuid"] for name in (TALK, "s1", "s1", None)]

    assert named[0] == TALK
    assert named[1] == named[2] != named[3]
    assert all(each[14] == "8" and each[19] in "89ab" for each in named)


def test_who_is_known_for_one_session_only_gets_no_name():
    """They count towards no floor, here and there."""
    guest = replace(turn("hello", session_id=TALK), customer_id=TALK, customer_kind=CustomerKind.SESSION)

    (again,) = imported(exported([guest]))

    assert (again.customer_id, again.customer_kind) == (TALK, CustomerKind.SESSION)


def exported(turns: list[Turn], *verdicts: Verdict) -> bytes:
    (session,) = sessionize(turns)
    assert isinstance(session, Session)
    container = container_of(session.turns, {each.turn_id: [each] for each in verdicts}, now=NOW)
    assert container is not None
    return container


def imported(*containers: Any) -> list[Turn]:
    contents = [json.loads(each) if isinstance(each, bytes) else each for each in containers]
    told = [read(VCON, record, now=NOW) for record in VCON.records([Document(each, "made") for each in contents])]
    parts: list[TurnPart] = list(turn_parts(VCON, [event for each in told if not isinstance(each, Reject) for event in each]))
    turns = [assemble([part for part in parts if part.turn.turn_id == name]) for name in dict.fromkeys(p.turn.turn_id for p in parts)]
    return [replace(each, unknown=turn().unknown) for each in turns if each is not None]
