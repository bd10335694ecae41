"""Events of a log that wait, without a broker: what a reader leaves to others, and what it does where there is no more room."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from ingest.arriving import RASA_EVENTS, tell
from ingest.arriving_log import Arrivals, arrivals_of, land_events
from ingest.landing import LandingReport, LandingRules, LandingStep
from ingest.source import Batch
from resay.commands.landing_metrics import LandingMetrics
from resay.commands.topic import OpenTopic
from resay.store.books import Books
from resay.store.lake import Lake
from resay.store.turns import read_turns
from resay.store.waiting import Crowded, Piece, WaitingBooks
from tests.builders import BASE
from tests.fakes import FakeClock, MemoryLog


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """Empty books."""
    made = Books(tmp_path / "books.sqlite")
    yield made
    made.close()


def said(number: int, sender: str = "anna") -> bytes:
    """One request."""
    return json.dumps({"event": "user", "sender_id": sender, "timestamp": BASE.timestamp() + number, "text": f"words {number}"}).encode()


def tracker(numbers: range) -> bytes:
    """The same requests in one record."""
    return json.dumps({"sender_id": "anna", "events": [json.loads(said(number)) for number in numbers]}).encode()


def room(books: Books, tmp_path: Path, pieces_max: int = 8, *, pieces_a_slice: int = 2) -> Arrivals:
    """A room for so many pieces, of which a reader may take half."""
    made = arrivals_of(RASA_EVENTS, "topic", books=books, lake=Lake(tmp_path / "lake"), pieces_max=pieces_max)
    return Arrivals(made.stream, made.waiting, made.lake, pieces_a_slice=pieces_a_slice)


class Resting:
    """Counts rests; each takes as long as it says."""

    def __init__(self, clock: FakeClock, rest: timedelta) -> None:
        self._clock, self._rest = clock, rest
        self.rests = 0

    def __call__(self, step: LandingStep, _batch: Batch) -> None:
        """Let time pass."""
        if step is LandingStep.RESTING:
            self.rests += 1
            self._clock.advance(self._rest.total_seconds())


def test_a_reader_leaves_half_of_the_room_to_others(books: Books, tmp_path: Path):
    """It rests, and whoever sends over HTTP is not turned away."""
    arrivals, clock = room(books, tmp_path), FakeClock()
    resting = Resting(clock, timedelta(seconds=1))
    log = MemoryLog({"0": [said(number) for number in range(9)]})

    report = land_events(log, arrivals, rules=LandingRules(clock, observe=resting), stop=lambda: resting.rests > 0)

    assert (report.read, resting.rests) == (4, 1)
    assert arrivals.position("memory", "0") == 4
    WaitingBooks(books, pieces_max=8).add("rasa", [Piece("t", f"k{number}", "t", BASE) for number in range(4)], now=BASE)
    with pytest.raises(Crowded):
        WaitingBooks(books, pieces_max=8).add("rasa", [Piece("t", "k", "t", BASE)], now=BASE)


def test_a_batch_larger_than_the_room_is_kept_in_slices(books: Books, tmp_path: Path):
    """It goes on where there is room again, and every turn is there once; a bad record among them is kept, and counted where it stood."""
    arrivals, clock = room(books, tmp_path), FakeClock()
    resting = Resting(clock, RASA_EVENTS.patience.keep)
    log = MemoryLog({"0": [said(0), b"{half", tracker(range(1, 4)), *(said(number) for number in range(4, 9))]})
    landed: list[LandingReport] = []

    rules = LandingRules(clock, observe=resting, landed=landed.append)
    report = land_events(log, arrivals, rules=rules, stop=lambda: resting.rests > 9)
    arrivals.tell(LandingRules(clock), at_once=True)

    assert 0 < resting.rests < 9
    assert (report.read, report.rejected, arrivals.position("memory", "0")) == (8, 1, 8)
    assert [each.rejected for each in landed] == [1, 0, 0, 0]
    assert sorted(each.utterance for each in read_turns(arrivals.lake)) == [f"words {number}" for number in range(9)]


def test_what_a_topic_holds_is_told_by_its_readers_alone(books: Books, tmp_path: Path):
    """A service beside them does not know whether they are behind, nor do readers of another topic."""
    arrivals, clock = room(books, tmp_path), FakeClock()
    other = arrivals_of(RASA_EVENTS, "another", books=books, lake=arrivals.lake)
    land_events(MemoryLog({"0": [said(0)]}), arrivals, rules=LandingRules(clock))
    clock.advance(3_600)

    by_others = [tell(RASA_EVENTS, WaitingBooks(books), arrivals.lake, now=clock()), other.tell(LandingRules(clock))]

    assert [each.read for each in by_others] == [0, 0]
    assert arrivals.has_untold()
    assert arrivals.tell(LandingRules(clock)).accepted == 1
    assert not arrivals.has_untold()


def test_a_rest_is_said_once(books: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Not each second; and again when the reader has gone on and rests again."""
    arrivals, clock = room(books, tmp_path, 4), FakeClock()
    resting = Resting(clock, RASA_EVENTS.patience.keep / 2)
    topic = OpenTopic(cast(Any, MemoryLog({"0": [said(number) for number in range(4)]})), cast(Any, None), None, arrivals)
    rules = LandingRules(clock, observe=resting, records_a_batch=2)

    topic.land(arrivals.lake, rules, metrics=LandingMetrics("kafka", CollectorRegistry()), stop=lambda: False)

    assert resting.rests == 2
    assert capsys.readouterr().err.count("reading rests") == 1
