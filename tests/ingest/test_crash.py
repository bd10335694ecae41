"""A kill is an item of the input: whatever is landed, repeated, overtaken and killed when, nothing is lost and nothing is there twice."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from ingest.dead_letters import drop_letters, replay_letters
from ingest.landing import LandingRules, LandingStep, land, land_records, stored_position
from ingest.source import Batch, Source
from resay.commands.bench.stream.told_lake import LETTERS_LOOKED, PARTS_LOOKED, ToldLake
from resay.store.lake import Lake
from resay.store.maintenance import compact, vacuum
from resay.store.tables import REJECTS, Table
from tests.builders import BASE, record
from tests.fakes import FakeClock
from tests.ingest.landing_model import HTTP, Event, LandingModel
from tests.ingest.landing_worlds import FileWorld, MemoryWorld, SharedLog, World
from tests.ingest.puppet import Killed, Puppet

MEMBERS = (0, 1)
LETTERS_LEAVE = "letters_leave"
"""The step before dead letters leave that were landed."""

Step = tuple[str, Batch | None]

events = st.builds(Event, st.sampled_from(["", "", "t1", "t2", "t3"]), st.sampled_from([0, 7, 8, 30, 90]))
"""Bad ones, repeats within the window and beyond it, late ones, and such as lie in the future for now."""

steps = st.sampled_from([*(str(step) for step in LandingStep), LETTERS_LOOKED, PARTS_LOOKED])
kills = st.none() | st.tuples(steps, st.integers(1, 2))
sizes = st.integers(1, 4)


def raw(event: Event) -> bytes:
    """The record of an event."""
    return record(event.turn_id, at=(BASE + timedelta(days=event.day)).isoformat()) if event.turn_id else b"not json"


class WatchedLake(ToldLake):
    """A lake that tells when letters are about to leave, too."""

    def remove(self, table: Table, keys: pa.Table) -> None:
        """As ever, and told of before."""
        self._tell(LETTERS_LEAVE)
        super().remove(table, keys)


@dataclass
class Member:
    """One who lands, and what the model must know of it."""

    puppet: Puppet[Step]
    source: list[Source]
    """Its reader, once it has one."""
    partition: str = ""
    span: range = range(0)
    """The batch that it is at."""
    judged: int = 0
    """The day on which the records of the batch were judged."""
    last: str = ""
    reach: dict[str, int] = field(default_factory=dict)
    """Up to where it must have landed when it ends, by itself or by others; nothing once its partitions were dealt anew."""


class LandingMachine(RuleBasedStateMachine):
    """The real landing beside its model, step by step."""

    def __init__(self, open_world: Callable[[Path], World] = MemoryWorld) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        (Path(self.folder.name) / "logs").mkdir()
        self.world = open_world(Path(self.folder.name) / "logs")
        self.model = LandingModel({partition: [] for partition in self.world.partitions}, today=60)
        self.members: dict[int, Member] = {}

    def teardown(self) -> None:
        """Leave nothing behind."""
        for member in self.members.values():
            member.puppet.kill()
        self.folder.cleanup()

    @initialize(first=st.lists(events, min_size=3, max_size=8), second=st.lists(events, min_size=3, max_size=8))
    def start(self, first: list[Event], second: list[Event]) -> None:
        """Both logs hold something."""
        self.grow(0, first)
        self.grow(1, second)

    @rule(number=st.integers(0, 1), more=st.lists(events, min_size=1, max_size=6))
    def grow_later(self, number: int, more: list[Event]) -> None:
        """A log grows while members are at work."""
        self.grow(number, more)

    def grow(self, number: int, more: list[Event]) -> None:
        """Add records to a log."""
        partition = self.world.partitions[number]
        self.model.logs[partition].extend(more)
        self.world.grow(partition, [raw(event) for event in more])

    @rule(size=sizes, kill=kills)
    def land(self, size: int, kill: tuple[str, int] | None) -> None:
        """Land what there is, from where the lake stands, and perhaps die on the way."""
        member = self.begin(size)
        taken: list[str] = []
        while kill is None or taken.count(kill[0]) < kill[1]:
            step = self.advance(member)
            if step is None:
                break
            taken.append(step)
        member.puppet.kill()

    @rule(number=st.sampled_from(MEMBERS), size=sizes, moves=st.integers(1, 7))
    def move(self, number: int, size: int, moves: int) -> None:
        """One of two members goes on by some steps, whatever the other has done meanwhile; where it is dead, another one begins."""
        if number not in self.members or not self.members[number].puppet.lives:
            self.members[number] = self.begin(size)
        for _ in range(moves):
            if self.advance(self.members[number]) is None:
                break

    @precondition(lambda self: self.living())
    @rule(number=st.sampled_from(MEMBERS))
    def kill(self, number: int) -> None:
        """A member dies where it stands."""
        if number in self.members:
            self.members[number].puppet.kill()

    @precondition(lambda self: self.living() and isinstance(self.world, MemoryWorld))
    @rule(number=st.integers(0, 1), winner=st.sampled_from(MEMBERS), is_told=st.booleans())
    def rebalance(self, number: int, winner: int, is_told: bool) -> None:
        """A partition goes to one member; the other may learn of it, or go on with what it has."""
        partition = self.world.partitions[number].partition("#")[2]
        for each, member in self.members.items():
            member.reach = {}
            for source in member.source:
                assert isinstance(source, SharedLog)
                if each == winner:
                    source.gain(partition, stored_position(self.lake(), source.name, partition))
                elif is_told:
                    source.lose(partition)

    @rule(more=st.lists(events, min_size=1, max_size=3), dies=st.booleans())
    def send(self, more: list[Event], dies: bool) -> None:
        """The same events may come by HTTP; the process may die between its two commits."""
        self.model.send(more, dies=dies)
        lake = WatchedLake(self.root(), _killing(LETTERS_LOOKED) if dies else _idle)
        with suppress(Killed):
            land_records([raw(event) for event in more], source=HTTP, lake=lake, now=self.now())

    @rule(chore=st.sampled_from(["replay", "die in replay", "drop", "wait", "maintain"]))
    def keep_house(self, chore: str) -> None:
        """Dead letters are tried again or given up, what lay in the future no longer does, files are put together."""
        if chore == "drop":
            self.model.drop(dict(self.model.letters))
            drop_letters(self.lake())
        elif chore == "wait":
            self.model.today = 100
        elif chore == "maintain":
            compact(self.lake())
            if not self.living():  # What no commit names any more is still read by those who are at work.
                vacuum(self.lake(), retain=timedelta(0))
        else:
            self.replay(dies=chore == "die in replay")

    @invariant()
    def the_lake_holds_what_the_model_says(self) -> None:
        """Parts, dead letters and positions, after every step."""
        lake, world, model = self.lake(), self.world, self.model
        assert _rows(lake, "select turn_id, event_time from turn_parts") == sorted(
            (event.turn_id, BASE + timedelta(days=event.day)) for event in model.parts
        )
        letters = {self.place(*row): row[3] for row in _rows(lake, "select source, partition, position, raw from rejects")}
        assert letters == {place: raw(event) for place, event in model.letters.items()}
        assert lake.count(REJECTS) == len(letters)
        for partition, log in model.logs.items():
            key = world.key(partition)
            stored = world.index(partition, stored_position(lake, world.name, key)) if key else 0
            assert stored == model.stands(partition) <= len(log)

    def replay(self, *, dies: bool) -> None:
        """Try the dead letters again, and perhaps die before those that landed have left."""
        self.model.replay(dies=dies)
        lake = WatchedLake(self.root(), _killing(LETTERS_LEAVE) if dies else _idle)
        with suppress(Killed):
            replay_letters(lake, rules=self.landing_rules(4))

    def begin(self, size: int) -> Member:
        """A member that has not yet moved."""
        source: list[Source] = []

        def work(tell: Callable[[Step], None]) -> None:
            lake = ToldLake(self.root(), lambda step: tell((step, None)))
            positions = partial(stored_position, lake)
            with closing(self.world.open(positions)) as log:
                source.append(log)
                land(log, lake, rules=self.landing_rules(size, lambda step, batch: tell((step.value, batch))))

        return Member(Puppet(work), source, reach={partition: len(log) for partition, log in self.model.logs.items()})

    def advance(self, member: Member) -> str | None:
        """Let a member take its next step, and the model with it."""
        if member.last == LandingStep.TAKEN:
            member.judged = self.model.today
        told = member.puppet.go()
        member.last = told[0] if told else ""
        if told is None:
            assert all(self.model.stands(partition) >= end for partition, end in member.reach.items()), "who ends has landed what there was"
            return None
        step, batch = told
        if step == LandingStep.TAKEN and batch is not None:
            member.partition = self.world.partition(batch.partition)
            member.span = range(*(self.world.index(member.partition, position) for position in (batch.start, batch.end)))
        elif step == LandingStep.LETTERS_KEPT:
            self.model.keep_letters(member.partition, member.span, judged=member.judged)
        elif step == LandingStep.COMMITTED:
            self.model.commit(member.partition, member.span, judged=member.judged)
        elif step == LandingStep.LOST:
            assert self.model.stands(member.partition) != member.span.start, "a position is lost only to another who has moved it"
        return step

    def place(self, source: str, partition: str, position: int, _raw: bytes) -> tuple[str, int]:
        """Where the model knows a dead letter of the lake to stand."""
        if source == HTTP:
            return HTTP, position
        named = self.world.partition(partition)
        return named, self.world.index(named, position)

    def landing_rules(self, size: int, observe: Callable[[LandingStep, Batch], None] = lambda _step, _batch: None) -> LandingRules:
        """Landing by the machine's own clock."""
        return LandingRules(clock=self.now, records_a_batch=size, conflicts_max=99, observe=observe)

    def now(self) -> Any:
        """The time."""
        return FakeClock(BASE + timedelta(days=self.model.today))()

    def root(self) -> str:
        """Where the lake lies."""
        return f"{self.folder.name}/lake"

    def lake(self) -> Lake:
        """The lake as a process that has just begun sees it."""
        return Lake(self.root())

    def living(self) -> list[int]:
        """Members that are at work."""
        return [number for number, member in self.members.items() if member.puppet.lives]


def _idle(_step: str) -> None:
    """Nobody is told."""


def _killing(fatal: str) -> Callable[[str], None]:
    """Dies at a step."""

    def tell(step: str) -> None:
        if step == fatal:
            raise Killed

    return tell


def _rows(lake: Lake, query: str) -> list[tuple[Any, ...]]:
    with lake.connect() as connection:
        return sorted(connection.execute(query).fetchall())


@pytest.mark.slow
@pytest.mark.parametrize(("world", "examples"), [(MemoryWorld, 7), (FileWorld, 3)])
def test_the_lake_holds_what_the_model_says(world: Callable[[Path], World], examples: int):
    """Landing, killing, overtaking, rebalancing, sending, replaying and maintaining in any order, from memory and from files."""
    run_state_machine_as_test(
        partial(LandingMachine, world),
        settings=settings(max_examples=examples, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]),
    )
