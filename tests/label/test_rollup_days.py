"""The sums of days: added up they are the sums of the lake, after any change, though only days that changed are summed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from resay.label.findings import findings, said_twice
from resay.label.rollup import TWICE_MAX, keep_rollup, kept_rollup, make_rollup, stale_days
from resay.label.stale_days import GLANCES_MAX
from resay.store.changes import Changes
from resay.store.commit import Progress
from resay.store.lake import COMMITS_A_STEP, Lake
from resay.store.tables import FRICTION, ROLLUP_DAYS, ROLLUPS, Table
from tests.builders import BASE
from tests.label.random_talk import DAY, SLICES, Talk, add, counted, kept_days


@pytest.mark.parametrize("seed", range(2))
def test_days_that_are_summed_again_add_up_to_the_lake(tmp_path: Path, seed: int):
    """After turns that came late, labels that changed, second parts and a customer who left: as if all had been summed at once."""
    lake = Lake(tmp_path)
    talk = Talk(lake, seed).said(range(30))
    keep_rollup(lake, SLICES, now=BASE)

    for step in range(5):
        talk.said([100 + step])
        talk.change()
        kept = keep_rollup(lake, SLICES, now=BASE)

        assert kept == make_rollup(lake, SLICES)
        assert kept.found == findings(lake)
        assert [(each.said, each.times, each.customers, each.said_then) for each in kept.twice] == [
            (each.said, each.times, each.customers, each.said_then) for each in said_twice(lake, most=TWICE_MAX)
        ]
        assert kept_days(lake) == counted(lake)
        assert stale_days(lake) == []


def test_only_days_on_which_something_changed_are_summed_again(tmp_path: Path):
    """A label of the second day: the others are left as they lie."""
    lake = WatchedLake(tmp_path)
    talk = Talk(lake, 1).said(range(20))
    keep_rollup(lake, [], now=BASE)
    second = (BASE + DAY).date()
    with lake.connect() as connection:
        linked = {each for row in connection.sql("select source_turn_id, target_turn_id from links").fetchall() for each in row}
    turn_id, (customer, at) = next((name, told) for name, told in talk.turns.items() if told[1].date() == second and name not in linked)
    add(lake, FRICTION, (turn_id, customer, at, "stop", turn_id))

    assert stale_days(lake) == [second]
    keep_rollup(lake, [], now=BASE)

    assert lake.revised == [("customer_days", [second.isoformat()]), ("rollup_days", [second.isoformat()])]
    assert stale_days(lake) == []


class WatchedLake(Lake):
    """A lake that tells which keys were put in place of."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.revised: list[tuple[str, list[str]]] = []

    def revise(self, table: Table, rows: pa.Table, *, keys: pa.Table, progress: Sequence[Progress]) -> None:
        """Tell of it."""
        self.revised.append((table.name, keys.column(0).to_pylist()))
        super().revise(table, rows, keys=keys, progress=progress)


def test_a_new_slice_is_summed_of_all_days(tmp_path: Path):
    """Of which nothing else has changed."""
    lake = Lake(tmp_path)
    Talk(lake, 2).said(range(20))
    keep_rollup(lake, [], now=BASE)

    kept = keep_rollup(lake, SLICES, now=BASE)

    assert kept == make_rollup(lake, SLICES)
    assert [each.name for each in kept.fared if each.kind == "slice"] == ["kitchen scots"]


def test_what_was_cut_short_between_two_tables_is_due_again(tmp_path: Path):
    """Killed when the customers' days were written, and the parts of traffic were not: the next one sums the same days."""
    lake = Lake(tmp_path)
    talk = Talk(lake, 3).said(range(12))
    keep_rollup(lake, [], now=BASE)
    talk.said([50])
    killed = KilledLake(tmp_path)

    with pytest.raises(Killed):
        keep_rollup(killed, [], now=BASE)

    found = kept_rollup(lake, [])
    assert found is not None
    assert not found.is_current
    assert keep_rollup(lake, [], now=BASE) == make_rollup(lake, [])
    assert kept_days(lake) == counted(lake)


class Killed(Exception):
    """Its process died here."""


class KilledLake(Lake):
    """A lake whose process dies before the parts of traffic are written."""

    def revise(self, table: Table, rows: pa.Table, *, keys: pa.Table, progress: Sequence[Progress]) -> None:
        """Die at the second table."""
        if table is ROLLUP_DAYS:
            raise Killed
        super().revise(table, rows, keys=keys, progress=progress)


def test_sums_that_were_dropped_are_made_anew_wherever_the_dropping_was_cut_short(tmp_path: Path):
    """Killed between the days and the roll-up: the days that are left are not all that there is."""
    lake = Lake(tmp_path)
    Talk(lake, 5).said(range(12))
    keep_rollup(lake, [], now=BASE)
    killed = KilledDroppingLake(tmp_path)

    with pytest.raises(Killed):
        killed.take_out("c1")

    assert keep_rollup(lake, [], now=BASE) == make_rollup(lake, [])
    assert kept_days(lake) == counted(lake)


class KilledDroppingLake(Lake):
    """A lake whose process dies before the roll-up is dropped."""

    def replace(self, table: Table, rows: pa.Table, progress: Sequence[Progress] = ()) -> None:
        """Die at it."""
        if table is ROLLUPS:
            raise Killed
        super().replace(table, rows, progress)


def test_a_page_looks_no_further_back_than_is_worth_it(tmp_path: Path):
    """Behind by more commits it is told at once that all days may be stale; whoever keeps the sums looks further."""
    lake = CountedLake(tmp_path)
    Talk(lake, 6).said(range(6))
    keep_rollup(lake, [], now=BASE)
    for number in range(GLANCES_MAX * COMMITS_A_STEP):
        lake.append(FRICTION, FRICTION.schema().empty_table(), [Progress("empty", number, number + 1)])
    lake.looks = 0

    assert stale_days(lake) == []
    assert lake.looks == GLANCES_MAX
    lake.append(FRICTION, FRICTION.schema().empty_table(), [Progress("more", 0, 1)])
    lake.looks = 0

    assert stale_days(lake) is None
    assert lake.looks == 0
    keep_rollup(lake, [], now=BASE)
    assert lake.looks == GLANCES_MAX + 1
    assert stale_days(lake) == []


class CountedLake(Lake):
    """A lake that counts looks at its history."""

    looks = 0

    def changed(self, table: Table, turn: str, *, since: int) -> Changes:
        """One more."""
        self.looks += 1
        return super().changed(table, turn, since=since)


def test_who_is_overtaken_has_no_last_word(tmp_path: Path):
    """One who read earlier and writes later looks again: sums of yesterday are never told as those of today."""
    lake = Lake(tmp_path)
    talk = Talk(lake, 4).said(range(12))
    keep_rollup(lake, [], now=BASE)
    talk.said([60])
    overtaken = OvertakenLake(tmp_path, lambda: (talk.said([61]), keep_rollup(lake, [], now=BASE)))

    kept = keep_rollup(overtaken, [], now=BASE)

    assert kept == make_rollup(lake, [])
    assert kept_days(lake) == counted(lake)


class OvertakenLake(Lake):
    """A lake in which another one sums up first, once, when this one is about to write."""

    def __init__(self, root: Path, other: Callable[[], object]) -> None:
        super().__init__(root)
        self._others = [other]

    def revise(self, table: Table, rows: pa.Table, *, keys: pa.Table, progress: Sequence[Progress]) -> None:
        """Let the other one go first."""
        while self._others:
            self._others.pop()()
        super().revise(table, rows, keys=keys, progress=progress)
