"""What the code really does is one of the ways that the protocol allows, step by step, to the same tables."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest

from ingest.landing import LandingRules, LandingStep, land, stored_position
from ingest.source import Batch
from resay.commands.bench.stream.told_lake import ToldLake
from resay.store.commit import Progress
from resay.store.lake import Lake, Screen
from resay.store.tables import Table
from tests.builders import record
from tests.fakes import FakeClock, MemoryLog
from tests.protocols.ingest_commit import BAD, Logs, Move, Place, Protocol, State
from tests.protocols.ingest_commit import Lake as Tables

LOGS: Logs = (("a", BAD, "b", "c"), ("a", BAD))

HIDDEN = frozenset({"started", "read_again"})
"""Steps that the code does not tell of."""

GO, DIE, OTHER = "go", "die", "other"


class Died(BaseException):
    """A kill: nobody catches it, nothing is cleaned up behind it."""


class BlindLake(ToldLake):
    """A lake with a planted fault: whoever comes with an old position is let in."""

    def append(self, table: Table, rows: pa.Table, progress: Sequence[Progress] = (), *, screen: Screen | None = None) -> int:
        """As ever, but for the check."""
        forged = [Progress(each.partition, self.position(table, each.partition), each.end) for each in progress]
        return super().append(table, rows, forged, screen=screen)


class Play:
    """Two consumers of the real landing, one inside the other's steps, as chance has it; writes down every step."""

    def __init__(self, root: Path, rng: random.Random, kind: type[ToldLake] = ToldLake) -> None:
        self.moves: list[Move] = []
        self._root, self._rng, self._kind = root, rng, kind
        self._running: list[int] = []

    def run(self, number: int) -> None:
        """Let one consumer land until it has all or dies."""
        batches: list[Batch] = []
        self._running.append(number)

        def told(step: str) -> None:
            batch = batches[-1]
            self.moves.append(Move(number, step, int(batch.partition), batch.start, batch.end))
            self._interfere(number)

        def observe(step: LandingStep, batch: Batch) -> None:
            batches.append(batch)
            told(step.value)

        rules = LandingRules(clock=FakeClock(), records_a_batch=self._rng.choice([1, 2]), conflicts_max=99, observe=observe)
        with suppress(Died):
            land(MemoryLog(_records()), self._kind(self._root, told), rules=rules)
        self.moves.append(Move(number, "died", 0, 0, 0))
        self._running.remove(number)

    def run_to_the_end(self) -> None:
        """Start consumers until all is landed."""
        while _positions(self._root) != tuple(len(log) for log in LOGS):
            self.run(self._rng.choice([0, 1]))

    def _interfere(self, number: int) -> None:
        chance = self._rng.choices([GO, DIE, OTHER], weights=[6, 1, 2])[0]
        if chance == DIE:
            raise Died
        if chance == OTHER and 1 - number not in self._running:
            self.run(1 - number)


@pytest.mark.parametrize("seed", range(25))
def test_the_code_follows_the_protocol(seed: int, tmp_path: Path):
    """Every trace of two real consumers that overlap and die is a path of the model, and ends with the same rows in the same tables."""
    play = Play(tmp_path, random.Random(seed))
    play.run_to_the_end()

    protocol = Protocol(LOGS)
    ends = _follow(protocol, play.moves)

    assert {state.lake._replace(parts_version=0, letters_version=0) for state in ends} == {_tables(tmp_path)}
    assert all(protocol.is_done(state) and not protocol.fault(state) for state in ends)


def test_the_plays_overlap():
    """The traces that are followed contain what they are meant to: deaths, lost positions, and second looks."""
    steps: list[str] = []
    for seed in range(20):
        with TemporaryDirectory() as folder:
            play = Play(Path(folder), random.Random(seed))
            play.run_to_the_end()
            steps += [move.step for move in play.moves]

    assert steps.count("lost") >= 5
    assert steps.count("died") >= 50
    assert steps.count("parts_looked") > steps.count("committed")


def test_a_planted_fault_is_noticed(tmp_path: Path):
    """With the check of the position taken out of the real lake, a trace leaves the protocol."""

    def first_fault(seed: int) -> str:
        play = Play(tmp_path / str(seed), random.Random(seed), BlindLake)
        play.run_to_the_end()
        try:
            _follow(Protocol(LOGS), play.moves)
        except AssertionError as error:
            return str(error)
        return ""

    assert any("must be one that the protocol allows" in first_fault(seed) for seed in range(20))


def test_a_trace_that_breaks_the_rule_is_noticed():
    """A commit by one whose position another had moved is no path of the model."""
    overtaken = [
        Move(0, "taken", 0, 0, 1),
        Move(1, "taken", 0, 0, 2),
        *(Move(1, step, 0, 0, 2) for step in ("letters_looked", "letters_kept", "parts_looked", "committed")),
        *(Move(0, step, 0, 0, 1) for step in ("letters_looked", "letters_kept")),
    ]

    assert _follow(Protocol(LOGS), [*overtaken, Move(0, "lost", 0, 0, 1)])
    with pytest.raises(AssertionError, match="step 8"):
        _follow(Protocol(LOGS), [*overtaken, Move(0, "parts_looked", 0, 0, 1)])


def _follow(protocol: Protocol, moves: Iterable[Move]) -> set[State]:
    """The states in which the model may be after these moves."""
    states = {protocol.beginning()}
    for number, move in enumerate(moves):
        possible = _with_hidden(protocol, states)
        states = {after for state in possible for taken, after in protocol.moves(state) if _same(taken, move)}
        assert states, f"step {number}, {move}, must be one that the protocol allows here; it is none"
    return states


def _same(taken: Move, told: Move) -> bool:
    return taken == told if told.step != "died" else (taken.consumer, taken.step) == (told.consumer, told.step)


def _with_hidden(protocol: Protocol, states: set[State]) -> set[State]:
    reached, waiting = set(states), list(states)
    while waiting:
        for move, after in protocol.moves(waiting.pop()):
            if _is_hidden(protocol, move) and after not in reached:
                reached.add(after)
                waiting.append(after)
    return reached


def _is_hidden(protocol: Protocol, move: Move) -> bool:
    """Whether the code tells nothing of a step: it asks a table only about rows that it has."""
    bad = [key == BAD for key in protocol.logs[move.partition][move.start : move.end]]
    asks_nothing = not any(bad) if move.step == "letters_looked" else all(bad) if move.step == "parts_looked" else False
    return move.step in HIDDEN or asks_nothing


def _records() -> dict[str, list[bytes]]:
    return {str(number): [record(key) if key else b"bad" for key in log] for number, log in enumerate(LOGS)}


def _positions(root: Path) -> tuple[int, ...]:
    return tuple(stored_position(Lake(root), MemoryLog.name, str(number)) for number in range(len(LOGS)))


def _tables(root: Path) -> Tables:
    def places(table: str) -> tuple[Place, ...]:
        return tuple(
            sorted(Place(int(at), offset) for at, offset in connection.execute(f"select partition, position from {table}").fetchall())
        )

    with Lake(root).connect() as connection:
        return Tables(_positions(root), places("turn_parts"), 0, places("rejects"), 0)
