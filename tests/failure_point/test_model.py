"""The model of failure points: what it names, what it tells, and what it refuses to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from failure_point.classify import classify
from failure_point.model import SEEN
from failure_point.model_folder import CARD_FILE, MODEL_FILE, WrongModelFolder, read_model
from failure_point.point import FailurePoint
from failure_point.traffic import Traffic
from resay.dialogue.turn import Turn
from tests.builders import BASE, session, turn
from tests.failure_point.made_model import write_made_model

NOTHING = Traffic()

BAD_TALK = ("", "word " * 10_000, "\x00\x07\u202e\ud800", "включи свет на кухне", "打开厨房的灯", "🙂" * 500, "a" * 100_000)


def test_a_refused_turn_is_named_with_its_chances(tmp_path: Path):
    """The likeliest point is named, chances sum to one, and the turn keeps its id."""
    model = write_made_model(tmp_path)

    (verdict,) = classify(model, [session(turn("play madona", turn_id="t1", status="unsupported"))], NOTHING)

    assert (verdict.turn_id, verdict.point) == ("t1", FailurePoint.NLU)
    assert sum(verdict.probabilities.values()) == pytest.approx(1.0)


def test_below_the_threshold_it_does_not_know(tmp_path: Path):
    """Where no chance is high enough, no point is named."""
    model = write_made_model(tmp_path, known_min=0.99999)

    (verdict,) = classify(model, [session(turn("play madona", status="unsupported"))], NOTHING)

    assert (verdict.point, verdict.named) == (None, "unknown")


def test_evidence_names_what_spoke_for_the_verdict(tmp_path: Path):
    """The refusal alone decides here, and so it is told, with its value and its weight."""
    model = write_made_model(tmp_path)

    (verdict,) = classify(model, [session(turn("play madona", status="unsupported"))], NOTHING, explain=True)

    assert [(each.what, each.value) for each in verdict.evidence] == [("was_refused", 1.0)]
    assert verdict.evidence[0].weight == pytest.approx(8.0)


@pytest.mark.parametrize("text", BAD_TALK, ids=["empty", "10,000 words", "controls", "cyrillic", "han", "emoji", "one long word"])
def test_bad_talk_has_a_verdict(tmp_path: Path, text: str):
    """Whatever was said, whatever is missing: each turn is judged, and nothing breaks."""
    model = write_made_model(tmp_path)
    bare = Turn("t1", "c1", BASE, utterance=text)

    verdicts = list(classify(model, [session(bare, turn("play madonna", at=3))], Traffic([bare]), explain=True))

    assert len(verdicts) == 2
    assert all(sum(each.probabilities.values()) == pytest.approx(1.0) for each in verdicts)


def test_a_model_whose_file_was_changed_is_refused(tmp_path: Path):
    """A file that is not the one of its card is not asked anything."""
    write_made_model(tmp_path)
    with (tmp_path / MODEL_FILE).open("ab") as file:
        file.write(b"x")

    with pytest.raises(WrongModelFolder, match=r"hash of model\.npz is not that of the card"):
        read_model(tmp_path)


def test_a_folder_without_a_model_says_so(tmp_path: Path):
    """What is missing is named, and what would make it."""
    with pytest.raises(WrongModelFolder, match=r"must hold a model of failure points.*resay train failure-point"):
        read_model(tmp_path)


def test_a_card_with_a_threshold_that_is_no_number_is_refused(tmp_path: Path):
    """Chances by such a card would be none."""
    write_made_model(tmp_path)
    card = (tmp_path / CARD_FILE).read_text()
    (tmp_path / CARD_FILE).write_text(card.replace('"slope": 1.0', '"slope": NaN'))

    with pytest.raises(WrongModelFolder, match="no numbers"):
        read_model(tmp_path)


def test_a_model_that_sees_less_is_asked_what_it_sees(tmp_path: Path):
    """Features that are new since it was trained, and their order, change nothing of what it says."""
    whole = write_made_model(tmp_path / "whole")
    less = write_made_model(tmp_path / "less", features=("was_refused", "letters", "words"))
    talk = [session(turn("play madona", status="unsupported"), turn("play madonna", at=3), turn("", at=9))]

    told = [list(classify(model, talk, NOTHING)) for model in (whole, less)]

    assert told[0] == told[1]
    assert [verdict.point for verdict in told[0]] == [FailurePoint.NLU, FailurePoint.CORRECT, FailurePoint.FALSE_WAKE]


def test_a_model_that_sees_what_is_not_made_is_refused(tmp_path: Path):
    """It is not asked about something that nobody tells it."""
    with pytest.raises(WrongModelFolder, match=r"sees 1 others, 'colour' the first; was it trained by another version"):
        write_made_model(tmp_path, features=(*SEEN, "colour"))
