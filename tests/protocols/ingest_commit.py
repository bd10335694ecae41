"""The commit rule of ingest as a protocol, small enough to try everything: `docs/protocols/ingest-commit.md` in code.

Two consumers read the same partitions. Between any two steps of one, the other may take any number of its own; either may die at any
moment and start again, may be paused for any time (the other then simply goes on), and may lose its partitions without knowing.
The states are few, so all of them are visited. `Rule` names what the protocol demands; without any one of its parts something breaks,
and the tests see to it that this is found.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

BAD = ""
"""A record that nobody can read; any other text is the key of a turn part."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the protocol demands; all of it holds in the code."""

    position_is_checked: bool = True
    """A commit is refused unless the stored position equals its start, in the very snapshot that is committed on."""
    commit_is_conditional: bool = True
    """A commit goes in only on the snapshot that it was made from; else all is looked at again."""
    position_moves_with_rows: bool = True
    """Rows and position are one commit."""
    letters_come_first: bool = True
    """Dead letters are kept before the position moves."""
    letters_are_screened: bool = True
    """A dead letter that is there already is not added."""
    parts_are_screened: bool = True
    """A part that is there already is not added."""
    lost_is_read_again: bool = True
    """Who has lost its position reads again from where the lake stands, and does not try the same batch once more."""


class Place(NamedTuple):
    """Where a record stands."""

    partition: int
    offset: int


class Lake(NamedTuple):
    """What is committed."""

    positions: tuple[int, ...]
    parts: tuple[Place, ...] = ()
    parts_version: int = 0
    letters: tuple[Place, ...] = ()
    letters_version: int = 0


class Consumer(NamedTuple):
    """What a consumer knows; all of it is gone when it dies."""

    doing: str = "down"
    """Where it stands in `Protocol.steps`; a step more than the code tells of, where a table was looked at and not yet written."""
    cursors: tuple[int, ...] = ()
    """The next record of each partition, as it believes."""
    partition: int = 0
    end: int = 0
    """Its batch: records of the partition from the cursor up to here."""
    version: int = 0
    """The version of the table that it has looked at."""
    rows: tuple[Place, ...] = ()
    """What it is about to add."""


class State(NamedTuple):
    """The whole world."""

    lake: Lake
    consumers: tuple[Consumer, ...]


class Move(NamedTuple):
    """One step of one consumer; names are those of `ingest.landing.LandingStep` where the code tells of the step."""

    consumer: int
    step: str
    partition: int
    start: int
    end: int


Steps = Iterator[tuple[str, Consumer, Lake]]
"""What one consumer may do next: the step, what it knows then, and what is committed then."""

Logs = tuple[tuple[str, ...], ...]
"""The records of each partition."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """The records, and the rule by which they are landed."""

    logs: Logs
    rule: Rule = Rule()
    batch_max: int = 2

    def beginning(self) -> State:
        """Nothing is landed, nobody runs."""
        return State(Lake(tuple(0 for _ in self.logs)), (Consumer(), Consumer()))

    def moves(self, state: State) -> Iterator[tuple[Move, State]]:
        """All steps that may come next, and where they lead."""
        for number, consumer in enumerate(state.consumers):
            for step, after, lake in self.steps(consumer, state.lake):
                start = consumer.cursors[after.partition] if consumer.cursors else 0
                end = after.end if step == "taken" else consumer.end
                move = Move(number, step, after.partition, start, end)
                consumers = (*state.consumers[:number], after, *state.consumers[number + 1 :])
                yield move, State(lake, consumers)

    def steps(self, me: Consumer, lake: Lake) -> Steps:
        """What one consumer may do next."""
        if me.doing == "down":
            return iter([("started", Consumer("reading", lake.positions), lake)])
        next_steps = {
            "reading": self._take,
            "taken": self._look_for_letters if self.rule.letters_come_first else self._look_for_parts,
            "letters_looked": self._keep_letters,
            "letters_kept": self._look_for_parts if self.rule.letters_come_first else self._finish,
            "parts_looked": self._commit,
            "rows_in": self._move_position,
            "parts_kept": self._look_for_letters,
            "lost": self._answer_loss,
        }
        return chain([("died", Consumer(), lake)], next_steps[me.doing](me, lake))

    def _take(self, me: Consumer, lake: Lake) -> Steps:
        for partition, log in enumerate(self.logs):
            first = me.cursors[partition]
            for end in range(first + 1, min(first + self.batch_max, len(log)) + 1):
                yield "taken", me._replace(doing="taken", partition=partition, end=end), lake

    def _look_for_letters(self, me: Consumer, lake: Lake) -> Steps:
        letters = tuple(place for place in self._batch(me) if self._key(place) == BAD)
        if self.rule.letters_are_screened:
            letters = tuple(place for place in letters if place not in lake.letters)
        yield "letters_looked", me._replace(doing="letters_looked", version=lake.letters_version, rows=letters), lake

    def _keep_letters(self, me: Consumer, lake: Lake) -> Steps:
        if not me.rows:
            yield "letters_kept", me._replace(doing="letters_kept"), lake
        elif me.version != lake.letters_version and self.rule.commit_is_conditional:
            yield from self._look_for_letters(me, lake)
        else:
            kept = lake._replace(letters=tuple(sorted(lake.letters + me.rows)), letters_version=lake.letters_version + 1)
            yield "letters_kept", me._replace(doing="letters_kept", rows=()), kept

    def _look_for_parts(self, me: Consumer, lake: Lake) -> Steps:
        if self.rule.position_is_checked and lake.positions[me.partition] != me.cursors[me.partition]:
            yield "lost", me._replace(doing="lost", rows=()), lake
        else:
            yield from self._look_at_parts(me, lake)

    def _look_at_parts(self, me: Consumer, lake: Lake) -> Steps:
        there = {self._key(place) for place in lake.parts} if self.rule.parts_are_screened else set()
        rows: dict[str, Place] = {}
        for place in self._batch(me):
            if self._key(place) not in {BAD, *there}:
                rows.setdefault(self._key(place), place)
        yield "parts_looked", me._replace(doing="parts_looked", version=lake.parts_version, rows=tuple(rows.values())), lake

    def _answer_loss(self, me: Consumer, lake: Lake) -> Steps:
        if self.rule.lost_is_read_again:
            stored = lake.positions[me.partition]
            yield "read_again", Consumer("reading", _with(me.cursors, me.partition, stored), me.partition), lake
        else:
            yield from self._look_at_parts(me, lake)

    def _commit(self, me: Consumer, lake: Lake) -> Steps:
        if me.version != lake.parts_version and self.rule.commit_is_conditional:
            yield from self._look_for_parts(me, lake)
            return
        with_rows = lake._replace(parts=tuple(sorted(lake.parts + me.rows)), parts_version=lake.parts_version + 1)
        if not self.rule.position_moves_with_rows:
            yield "rows_in", me._replace(doing="rows_in", rows=()), with_rows
            return
        yield from self._move_position(me, with_rows)

    def _move_position(self, me: Consumer, lake: Lake) -> Steps:
        moved = lake._replace(positions=_with(lake.positions, me.partition, me.end))
        if self.rule.letters_come_first:
            yield "committed", self._next(me), moved
        else:
            yield "committed", me._replace(doing="parts_kept", rows=()), moved

    def _finish(self, me: Consumer, lake: Lake) -> Steps:
        yield "done", self._next(me), lake

    def _next(self, me: Consumer) -> Consumer:
        return Consumer("reading", _with(me.cursors, me.partition, me.end), me.partition)

    def _batch(self, me: Consumer) -> Iterator[Place]:
        return (Place(me.partition, offset) for offset in range(me.cursors[me.partition], me.end))

    def _key(self, place: Place) -> str:
        return self.logs[place.partition][place.offset]

    def fault(self, state: State) -> str:
        """What is wrong with a state; nothing where it keeps the promise."""
        lake = state.lake
        passed = [Place(partition, offset) for partition, end in enumerate(lake.positions) for offset in range(end)]
        keys = [self._key(place) for place in lake.parts]
        for place in passed:
            if self._key(place) == BAD and place not in lake.letters:
                return f"bad record {place} is lost"
            if self._key(place) != BAD and self._key(place) not in keys:
                return f"record {place} is lost"
        if len(set(keys)) < len(keys):
            return f"a part is there twice: {lake.parts}"
        if len(set(lake.letters)) < len(lake.letters):
            return f"a dead letter is there twice: {lake.letters}"
        ahead = [place for place in lake.parts if place not in passed]
        return f"parts are there before the position has passed them: {ahead}" if ahead else ""

    def is_done(self, state: State) -> bool:
        """Whether all records are passed."""
        return state.lake.positions == tuple(len(log) for log in self.logs)


@dataclass(frozen=True, slots=True)
class Exploration:
    """What trying everything has shown."""

    states: int
    fault: str
    """The first promise that was broken; empty where none was."""
    path: tuple[Move, ...]
    """The shortest way there."""
    stuck: int
    """States from which the end cannot be reached any more."""


def explore(protocol: Protocol, *, states_max: int = 2_000_000) -> Exploration:
    """Visit every state that can be reached, nearest first; stops at the first broken promise."""
    beginning = protocol.beginning()
    came: dict[State, tuple[State, Move] | None] = {beginning: None}
    before: dict[State, list[State]] = {}
    waiting = deque([beginning])
    while waiting:
        state = waiting.popleft()
        fault = protocol.fault(state)
        if fault:
            return Exploration(len(came), fault, _path(came, state), stuck=0)
        for move, after in protocol.moves(state):
            before.setdefault(after, []).append(state)
            if after not in came:
                came[after] = (state, move)
                waiting.append(after)
        assert len(came) <= states_max, f"the bounds must be small enough to try everything; {states_max:,} states are not enough"
    return Exploration(len(came), "", (), stuck=len(came) - len(_reaching_the_end(protocol, came, before)))


def _reaching_the_end(protocol: Protocol, came: Mapping[State, object], before: Mapping[State, list[State]]) -> set[State]:
    good = {state for state in came if protocol.is_done(state)}
    waiting = deque(good)
    while waiting:
        for state in before.get(waiting.popleft(), []):
            if state not in good:
                good.add(state)
                waiting.append(state)
    return good


def _path(came: Mapping[State, tuple[State, Move] | None], state: State) -> tuple[Move, ...]:
    path: list[Move] = []
    while (step := came[state]) is not None:
        state, move = step
        path.append(move)
    return tuple(reversed(path))


def _with(values: tuple[int, ...], index: int, value: int) -> tuple[int, ...]:
    return (*values[:index], value, *values[index + 1 :])
