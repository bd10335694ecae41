"""Runs of Home Assistant that went through the hop: told apart from what customers said themselves, or refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ingest.adapters.adapter import Document, Event, read, turn_parts
from ingest.adapters.home_assistant import HOME_ASSISTANT
from ingest.adapters.our_words import Decided, days_of, told_apart
from resay.dialogue.rewrite import Decision
from resay.dialogue.turn import Reject, said
from tests.builders import BASE

LATER = BASE + timedelta(hours=1)


def run(words: str = "play madonna", at: float = 0, *, name: str = "r1", satellite: str = "kitchen", typed: bool = False) -> list[Event]:
    """The event of a run whose words came from the speech service so many seconds after the base instant."""
    stamp = (BASE + timedelta(seconds=at)).isoformat()
    events: list[dict[str, Any]] = [{"type": "intent-start", "data": {"intent_input": words, "device_id": satellite}, "timestamp": stamp}]
    if not typed:
        events.insert(0, {"type": "stt-end", "data": {"stt_output": {"text": words}}, "timestamp": stamp})
    read_events = read(HOME_ASSISTANT, Document({"pipeline_run_id": name, "events": events}, "made"), now=LATER)
    assert not isinstance(read_events, Reject)
    return list(read_events)


def decided(source: str = "play madona", target: str | None = "play madonna", at: float = 0, *, customer: str = "home") -> Decision:
    """What the hop wrote down so many seconds after the base instant."""
    moment = BASE + timedelta(seconds=at)
    return Decision(
        *(f"d{source}{at}", f"wyoming-{at}", customer, moment, "before", source, target),
        *("table", 3, "rw", None, None, 1.0, "rewritten", 1.0),
    )


def words_of(events: list[Event], *decisions: Decision, now: datetime = LATER) -> dict[str, str | None]:
    """What each run's customer said; nothing where it is refused."""
    kept, rejects = told_apart(events, Decided(decisions), now=now)
    told = {part.turn.turn_id: said(part.turn) for part in turn_parts(HOME_ASSISTANT, kept) if part.part == "said"}
    return told | {each.where.removeprefix("run "): None for each in rejects}


def test_a_run_that_heard_our_words_is_rewritten_as_the_hop_wrote_down():
    """What was said stands in `original`; the assistant was given what we said for the customer."""
    kept, rejects = told_apart(run(at=0.2), Decided([decided()]), now=LATER)
    (part,) = turn_parts(HOME_ASSISTANT, kept)

    assert not rejects
    assert (part.turn.utterance, part.turn.rewrite and part.turn.rewrite.original) == ("play madonna", "play madona")
    assert part.turn.rewrite is not None and (part.turn.rewrite.rewrite_id, part.turn.rewrite.generation) == ("rw", 3)
    assert "rewrite" in part.fields


def test_a_run_whose_words_passed_the_hop_is_the_customers_own():
    """The hop wrote down that it changed nothing."""
    assert words_of(run(), decided("play madonna", None)) == {"r1": "play madonna"}


def test_what_was_typed_did_not_pass_the_hop():
    """Our words in it are the customer's, whatever the hop said in that second."""
    assert words_of(run(typed=True), decided()) == {"r1": "play madonna"}


def test_our_words_without_a_decision_are_refused():
    """A clock that is hours off, or a decision that was lost: they may be ours."""
    assert words_of(run(at=600), decided()) == {"r1": None}


def test_words_that_were_never_ours_need_no_decision():
    """Another speech service heard them, or a decision was lost; we have never said them."""
    assert words_of(run("what time is it", at=600), decided()) == {"r1": "what time is it"}


def test_a_run_of_this_minute_waits_for_its_decision():
    """The hop writes down what it said a moment later; until then nobody knows."""
    now = BASE + timedelta(seconds=602)

    assert words_of(run("what time is it", at=600), decided(), now=now) == {"r1": None}


def test_runs_of_before_the_hop_are_the_customers_own():
    """A log that was saved weeks before is not touched."""
    assert words_of(run(at=-3 * 86_400), decided()) == {"r1": "play madonna"}


@pytest.mark.parametrize("second", [0.1, 3])
def test_decisions_that_disagree_are_told_apart_by_their_order(second: float):
    """A second between the two is enough; what came within one instant is refused."""
    runs = [*run(at=0.05), *run(at=second + 0.05, name="r2", satellite="hall")]
    decisions = [decided(), decided("play madonna", None, at=second)]

    assert words_of(runs, *decisions) == ({"r1": None, "r2": None} if second < 1 else {"r1": "play madona", "r2": "play madonna"})


def test_decisions_that_agree_need_no_order():
    """Two satellites heard the same; Home Assistant kept one run of the two."""
    assert words_of(run(at=0.1), decided(), decided(at=0.02)) == {"r1": "play madona"}


def test_one_run_too_many_is_refused_where_the_words_may_be_ours():
    """One of the two did not pass the hop, and nobody knows which."""
    runs = [*run(), *run(at=1, name="r2", satellite="hall")]

    assert words_of(runs, decided()) == {"r1": None, "r2": None}
    assert words_of(runs, decided("play madonna", None)) == {"r1": "play madonna", "r2": "play madonna"}


def test_names_tell_where_the_hop_knows_the_satellite():
    """A decision for one satellite is not another's, where both have names with the hop."""
    decisions = [decided(customer="kitchen"), decided("play madonna", None, at=0.1, customer="hall")]

    assert words_of(run(satellite="hall"), *decisions) == {"r1": "play madonna"}
    assert words_of(run(satellite="kitchen"), *decisions) == {"r1": "play madona"}


def test_a_run_saved_twice_is_judged_once():
    """Both savings carry the rewrite."""
    first = run()
    again = [replace(event, key="longer") for event in first]

    assert words_of([*first, *again], decided()) == {"r1": "play madona"}


def test_a_run_without_times_of_its_events_may_belong_to_all_of_its_length():
    """Where only the beginning of a run is told, its words came within two minutes."""
    events = [{"type": "stt-end", "data": {"stt_output": {"text": "play madonna"}}}]
    record = {"pipeline_run_id": "r1", "timestamp": BASE.isoformat(), "events": events}
    told = read(HOME_ASSISTANT, Document(record, "made"), now=LATER)
    assert not isinstance(told, Reject)

    assert words_of(list(told), decided(at=100)) == {"r1": "play madona"}
    assert days_of(told) == (BASE - timedelta(days=1), BASE + timedelta(minutes=2) + timedelta(days=1))
    assert days_of(run(typed=True)) is None
