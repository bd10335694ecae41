"""A kill is an item of the input: whatever is landed, repeated and killed when, nothing is lost and nothing is there twice."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ingest.landing import LandingRules, LandingStep, land, land_records, stored_position
from ingest.source import Batch
from resay.store.errors import LostPosition
from resay.store.lake import Lake
from tests.builders import BASE, record
from tests.fakes import FakeClock, MemoryLog
from tests.ingest.landing_model import Event, LandingModel

NOW = BASE + timedelta(days=60)
PARTITIONS = ("p", "q")

events = st.builds(Event, st.sampled_from(["", "t1", "t2", "t3", "t4"]), st.sampled_from([0, 6, 8, 30]))
kills = st.none() | st.tuples(st.sampled_from([LandingStep.TAKEN, LandingStep.LETTERS_KEPT, LandingStep.COMMITTED]), st.integers(1, 3))
sizes = st.integers(1, 4)


class Killed(BaseException):
    """The process is gone: not an error, so that nobody answers it."""


def raw(event: Event) -> bytes:
    """The record of an event."""
    return record(event.turn_id, at=(BASE + timedelta(days=event.day)).isoformat()) if event.turn_id else b"not json"


class LandingMachine(RuleBasedStateMachine):
    """The real landing beside its model, step by step."""

    @initialize()
    def begin(self) -> None:
        """Nothing is logged and nothing is landed."""
        self.folder = tempfile.TemporaryDirectory()
        self.model = LandingModel()
        self.logs: dict[str, list[Event]] = {partition: [] for partition in PARTITIONS}

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @rule(partition=st.sampled_from(PARTITIONS), more=st.lists(events, min_size=1, max_size=6))
    def grow(self, partition: str, more: list[Event]) -> None:
        """A log grows."""
        self.logs[partition] += more

    @precondition(lambda self: any(self.logs.values()))
    @rule(size=sizes, kill=kills)
    def land(self, size: int, kill: tuple[LandingStep, int] | None) -> None:
        """Land what there is, from where the lake stands, and perhaps die on the way."""
        self.model.land(self.logs, size=size, kill=kill)
        taken: list[LandingStep] = []

        def observe(step: LandingStep, _batch: Batch) -> None:
            taken.append(step)
            if kill and step is kill[0] and taken.count(step) == kill[1]:
                raise Killed

        try:
            land(self._source(), self._lake(), rules=_rules(size, observe))
        except Killed:
            assert kill

    @precondition(lambda self: any(self.logs.values()))
    @rule(size=sizes, other=sizes, step=st.sampled_from([LandingStep.TAKEN, LandingStep.LETTERS_KEPT]))
    def land_while_another_lands(self, size: int, other: int, step: LandingStep) -> None:
        """The other one has all before the first commits: the first is refused, and nothing that it did shows."""
        self.model.land(self.logs, size=other, kill=None)
        begun: list[Batch] = []

        def observe(taken: LandingStep, batch: Batch) -> None:
            if taken is step and not begun:
                begun.append(batch)
                land(self._source(), self._lake(), rules=_rules(other))

        if any(stored_position(self._lake(), "memory", partition) < len(log) for partition, log in self.logs.items()):
            with pytest.raises(LostPosition):
                land(self._source(), self._lake(), rules=_rules(size, observe))

    @rule(more=st.lists(events.filter(lambda event: event.turn_id), min_size=1, max_size=3))
    def send(self, more: list[Event]) -> None:
        """The same events may come by HTTP."""
        self.model.add(more)
        land_records([raw(event) for event in more], source="http", lake=self._lake(), now=NOW)

    @invariant()
    def the_lake_holds_what_the_model_says(self) -> None:
        """Parts, dead letters and positions, after every step."""
        if not hasattr(self, "model"):
            return
        lake = self._lake()
        assert _rows(lake, "select turn_id, event_time from turn_parts") == sorted(
            (event.turn_id, BASE + timedelta(days=event.day)) for event in self.model.parts
        )
        assert _rows(lake, "select partition, position from rejects") == sorted(self.model.letters)
        assert {each: stored_position(lake, "memory", each) for each in PARTITIONS} == {
            each: 0 for each in PARTITIONS
        } | self.model.positions

    def _lake(self) -> Lake:
        """The lake as a process that has just begun sees it."""
        return Lake(self.folder.name)

    def _source(self) -> MemoryLog:
        return MemoryLog({partition: [raw(event) for event in log] for partition, log in self.logs.items()})


def _rules(size: int, observe: Any = lambda _step, _batch: None) -> LandingRules:
    return LandingRules(clock=FakeClock(NOW), records_a_batch=size, observe=observe)


def _rows(lake: Lake, query: str) -> list[tuple[Any, ...]]:
    with lake.connect() as connection:
        return sorted(connection.execute(query).fetchall())


TestLandingMachine = LandingMachine.TestCase
TestLandingMachine.settings = settings(max_examples=8, stateful_step_count=8, deadline=None)
