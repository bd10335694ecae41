"""Exactly once on a real broker, whatever is killed when: the sweep that `resay bench stream` runs, and faults that it must notice."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from resay.commands.bench.stream.kills import STEPS, orphans, sweep
from resay.commands.bench.stream.told_lake import PARTS_LOOKED, ToldLake
from resay.dialogue.tick import silent
from resay.store.commit import Progress
from resay.store.lake import Lake, Screen
from resay.store.maintenance import vacuum
from resay.store.tables import REJECTS, TURN_PARTS, Table

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

POINTS = 80
"""A heir takes over four times, and the lake is compacted as often."""

FAULT_POINTS = (12, 20, 60)
"""Kills until a fault must have shown; where so many have not been enough, the next number is tried anew."""


def test_kills_lose_and_double_nothing(broker: str, tmp_path: Path):
    """Members die behind every step and inside looks and commits; each part and each dead letter is there once, and the lake is sound.

    Two hundred are for `resay bench stream`, which everybody may run.
    """
    report = sweep(broker, points=POINTS, seed=7, folder=tmp_path, tick=silent)

    assert (report.lost, report.doubled, report.rejects_lost, report.rejects_doubled) == (0, 0, 0, 0)
    assert sum(report.by_step.values()) == report.kill_points == POINTS
    behind = {str(step) for step in STEPS}
    between = set(report.by_step) - behind
    # Which are met is chance, and of moments between two steps the machine's: the one behind a commit is short, and seldom drawn.
    assert len(set(report.by_step) & behind) >= len(STEPS) - 1
    assert f"{PARTS_LOOKED}+" in between, "members must die inside commits"
    assert len(between) >= len(STEPS) - 2
    assert report.records > 1_000
    assert _is_sound(tmp_path / "lake")


class PositionFirst(ToldLake):
    """A lake with a planted fault: the position moves in a commit of its own, before the rows."""

    def append(self, table: Table, rows: pa.Table, progress: Sequence[Progress] = (), *, screen: Screen | None = None) -> int:
        """As ever, in two commits."""
        super().append(table, rows.slice(0, 0), progress)
        return super().append(table, rows, screen=screen)


class Unscreened(ToldLake):
    """A lake with a planted fault: nothing is looked for before it is added."""

    def append(self, table: Table, rows: pa.Table, progress: Sequence[Progress] = (), *, screen: Screen | None = None) -> int:
        """As ever, without the screen."""
        return super().append(table, rows, progress, screen=None if screen is None else lambda _connection, arrived: arrived)


class LettersLast(ToldLake):
    """A lake with a planted fault: dead letters wait until the position has moved."""

    def __init__(self, root: Path, tell: Callable[[str], None]) -> None:
        super().__init__(root, tell)
        self._waiting: list[tuple[pa.Table, Screen | None]] = []

    def append(self, table: Table, rows: pa.Table, progress: Sequence[Progress] = (), *, screen: Screen | None = None) -> int:
        """As ever, parts first."""
        if table is REJECTS:
            self._waiting.append((rows, screen))
            return rows.num_rows
        accepted = super().append(table, rows, progress, screen=screen)
        while self._waiting:
            letters, letters_screen = self._waiting.pop()
            super().append(REJECTS, letters, screen=letters_screen)
        return accepted


@pytest.mark.parametrize(
    ("fault", "broken"),
    [(PositionFirst, {"lost"}), (Unscreened, {"doubled", "rejects_doubled"}), (LettersLast, {"rejects_lost"})],
    ids=["position_first", "unscreened", "letters_last"],
)
def test_planted_faults_are_noticed(fault: type[ToldLake], broken: set[str], broker: str, tmp_path: Path):
    """Each way to break the rule shows in the number that it must show in, and in no other; soon, or after more kills."""
    for points in FAULT_POINTS:
        report = sweep(broker, points=points, seed=3, folder=tmp_path / str(points), tick=silent, lake=fault)
        found = {name for name in ("lost", "doubled", "rejects_lost", "rejects_doubled") if getattr(report, name)}
        if found == broken:
            break

    assert found == broken


def _is_sound(root: Path) -> bool:
    """Whether what the dead left behind disturbs nobody: everything reads, and goes when it is cleared away."""
    lake = Lake(root)
    before = _contents(lake)
    vacuum(lake, retain=timedelta(0))
    left = orphans(root / TURN_PARTS.name) | orphans(root / REJECTS.name)
    return json.loads((root / "lake.json").read_text()) == {"format": 1} and not left and _contents(lake) == before


def _contents(lake: Lake) -> tuple[object, ...]:
    with lake.connect() as connection:
        return tuple(connection.execute(f"select * from {table} order by all").fetchall() for table in ("turn_parts", "rejects"))
