"""The files that ship: whole, readable, large enough, and without truth in the log."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from resay.dialogue.text import canonical
from resay.dialogue.turn import Turn
from resay.lab.shipped import LATER, LEARNING, SHIPPED, BrokenLog, Later, read_later, read_turns
from tests.builders import BASE

TURNS_MIN = 30_000
WEEKS_MIN = 3
BYTES_MAX = 4_500_000
WIRE_FIELDS = {
    *("schema", "turn_id", "customer_id", "at", "utterance", "session_id", "device_id", "hypotheses", "interpretations", "entities"),
    *("response", "barge_in", "ended_at", "audio", "context", "feedback", "cohorts", "versions"),
}


@pytest.fixture(scope="module")
def learning() -> list[Turn]:
    return list(read_turns(SHIPPED / LEARNING, now=BASE))


@pytest.fixture(scope="module")
def later() -> Later:
    return read_later(SHIPPED, now=BASE)


def test_the_log_is_as_large_as_promised(learning: list[Turn]):
    """At least 30,000 turns over at least three weeks, in a few megabytes."""
    assert len(learning) >= TURNS_MIN
    assert learning[-1].at - learning[0].at >= timedelta(weeks=WEEKS_MIN)
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= BYTES_MAX


def test_later_turns_come_later(learning: list[Turn], later: Later):
    """Nothing is scored that happened before the learning weeks were over, and all turn ids differ."""
    # The days are the customers' own: an evening in New York ends after a morning in London has begun.
    assert later.turns[0].at >= learning[-1].at - timedelta(hours=6)
    assert not {turn.turn_id for turn in learning} & later.truth.keys()


@pytest.mark.parametrize("name", [LEARNING, LATER])
def test_records_hold_what_an_assistant_logs_and_nothing_else(name: str):
    """No field that the format does not know, and so no field of the truth."""
    records = gzip.decompress((SHIPPED / name).read_bytes()).splitlines()

    assert {key for record in records for key in msgspec.json.decode(record, type=dict[str, msgspec.Raw])} <= WIRE_FIELDS


def test_customers_are_many_and_none_is_most_of_the_log(learning: list[Turn]):
    """A floor of ten customers means something only where there are hundreds."""
    turns: dict[str, int] = {}
    for turn in learning:
        turns[turn.customer_id] = turns.get(turn.customer_id, 0) + 1

    assert len(turns) >= 400
    assert max(turns.values()) < len(learning) / 50


def test_about_a_third_of_well_served_turns_fail(later: Later):
    """As EVALUATION section 2 asks of the main population."""
    main = [truth for truth in later.truth.values() if truth.main and truth.wanted]

    assert 0.30 <= sum(not truth.right for truth in main) / len(main) <= 0.40


def test_every_wording_that_worked_can_be_scored(learning: list[Turn], later: Later):
    """A rewrite that was learnt from this log never meets an unknown target."""
    worked = {canonical(turn.utterance) for turn in learning if turn.response and turn.response.status == "done"}

    assert worked <= later.meanings.places.keys()


def test_a_damaged_file_is_said(tmp_path: Path):
    """Half a file is one clear sentence."""
    (tmp_path / LATER).write_bytes((SHIPPED / LATER).read_bytes()[:1000])

    with pytest.raises(BrokenLog, match=LATER):
        list(read_turns(tmp_path / LATER, now=BASE))


def test_a_record_that_is_no_turn_is_said(tmp_path: Path):
    """A log that was edited by hand is not scored."""
    (tmp_path / LATER).write_bytes(gzip.compress(b'{"schema":"resay.turn/9"}\n'))

    with pytest.raises(BrokenLog, match=f"{LATER}:1"):
        list(read_turns(tmp_path / LATER, now=BASE))
