"""Sums of days beside a forgetting or a retention, at whatever point each of them stands: they come right again, and quote nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from ingest.landing import land_records
from resay.dialogue.codec import encode, whole
from resay.label.rollup import keep_rollup, kept_rollup, make_rollup, stale_days
from resay.store.books import Books
from resay.store.commit import Progress
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.retention import retain
from resay.store.sums import SUMMED_OF, SUMS
from resay.store.tables import OUTCOMES, ROLLUP_DAYS, ROLLUPS, Table
from serving.customers.forget import BARRED, SEALED, forget, resume
from serving.customers.stores import Stores
from tests.builders import BASE, record, turn
from tests.label.random_talk import DAY, SLICES, Talk, add, counted, kept_days
from tests.serving.customers_home import found_in, stores_of

NOW = BASE + 9 * DAY

LATER = BASE + timedelta(days=30)

WHO = "c1"

CUSTOMER = "customer-who-left"

ROLLUP_DAYS_GONE = "lake/rollup_days"
STEPS = ("lake/turn_parts", "lake/customer_days", ROLLUP_DAYS_GONE, "lake/rollups", SEALED)
"""Steps of a forgetting behind which it may be killed."""


class Killed(Exception):
    """Its process died here."""


class Beside(Lake):
    """A lake on which something else goes on just before sums are committed to a table, or read to be added up."""

    def __init__(self, root: Path, *, before: Table | None, happens: Callable[[], object]) -> None:
        super().__init__(root)
        self._before, self._happens = before, [happens]

    def replace(self, table: Table, rows: pa.Table, progress: Sequence[Progress] = ()) -> None:
        """Where all days are summed, and of the roll-up."""
        self._meet(table)
        super().replace(table, rows, progress)

    def revise(self, table: Table, rows: pa.Table, *, keys: pa.Table, progress: Sequence[Progress]) -> None:
        """Where some days are."""
        self._meet(table)
        super().revise(table, rows, keys=keys, progress=progress)

    @contextmanager
    def connect(self, tables: Sequence[Table] = ()) -> Iterator[Connection]:
        """Behind what was read."""
        with super().connect(tables) as connection:
            yield connection
            self._meet(None)

    @property
    def has_met(self) -> bool:
        """Whether it has happened."""
        return not self._happens

    def _meet(self, table: Table | None) -> None:
        while self._happens and table is self._before:
            self._happens.pop()()


@pytest.fixture(scope="module")
def summed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was summed up, and has changed a little since."""
    home = tmp_path_factory.mktemp("home")
    talk = Talk(Lake(home / "lake"), 7).said(range(20))
    keep_rollup(Lake(home / "lake"), SLICES, now=BASE)
    talk.said([50, 51])
    stores_of(home).books.close()
    return home


@contextmanager
def opened(home: Path) -> Iterator[Stores]:
    stores = stores_of(home)
    try:
        yield stores
    finally:
        stores.books.close()


def forgotten(stores: Stores, *, until: str) -> None:
    """Forget a customer, and be killed behind a step."""

    def observe(step: str) -> None:
        if step == until:
            raise Killed

    with pytest.raises(Killed):
        forget(stores, WHO, now=NOW, observe=observe)


def right(lake: Lake) -> None:
    """The next round comes to what the lake says, and its days are kept as they are counted by hand."""
    assert keep_rollup(lake, SLICES, now=BASE) == make_rollup(lake, SLICES)
    assert _of_others(kept_days(lake)) == _of_others(counted(lake))
    assert stale_days(lake) == []
    kept = kept_rollup(lake, SLICES)
    assert kept is not None
    assert kept.is_current


def _of_others(days: Mapping[tuple[date, str], list[int]]) -> dict[tuple[date, str], list[int]]:
    """But for whoever leaves: while they do, of their rows none is written any more, and some still are there."""
    return {name: counts for name, counts in days.items() if name[1] != WHO}


def quoted(lake: Lake) -> set[str]:
    """Turns that the sums name."""
    with lake.connect() as connection:
        return {each for (each,) in connection.execute("select unnest(samples) from rollup_days").fetchall()}


def turns_of(lake: Lake, customer: str) -> set[str]:
    with lake.connect() as connection:
        return {each for (each,) in connection.execute("select turn_id from turn_parts where customer_id = ?", [customer]).fetchall()}


MEETINGS = [
    (before, until, is_due)
    for before in (None, *SUMS)
    for until in STEPS
    for is_due in (True, False)
    if is_due or before in {None, ROLLUPS}
]
"""Where no day is due, none is summed: only the roll-up is written then."""

QUICK = {(ROLLUP_DAYS, SEALED, True), (ROLLUPS, SEALED, True), (None, SEALED, False), (ROLLUPS, ROLLUP_DAYS_GONE, False)}
"""Those that find most, for every run; all of them take minutes."""


@pytest.mark.parametrize(
    ("before", "until", "is_due"), [pytest.param(*each, marks=[] if each in QUICK else pytest.mark.exhaustive) for each in MEETINGS]
)
def test_a_forgetting_while_sums_are_made_heals(summed: Path, tmp_path: Path, before: Table | None, until: str, is_due: bool):
    """Whole, or killed behind any step; nothing of theirs is in the sums once it is done, and no day of the others is missing."""
    home = copytree(summed, tmp_path / "home")
    lake = Lake(home / "lake")
    if not is_due:
        keep_rollup(lake, SLICES, now=BASE)
    theirs = turns_of(lake, WHO)
    assert theirs & quoted(lake)
    with opened(home) as stores:
        beside = Beside(home / "lake", before=before, happens=lambda: forgotten(stores, until=until))

        keep_rollup(beside, SLICES, now=BASE)
        assert beside.has_met
        if until == SEALED:
            assert not theirs & quoted(lake)
        right(lake)
        resume(stores, now=NOW)

        right(lake)
        assert not theirs & quoted(lake)
        assert not turns_of(lake, WHO)


@pytest.mark.parametrize("until", [pytest.param(each, marks=[] if each == ROLLUP_DAYS_GONE else pytest.mark.exhaustive) for each in STEPS])
def test_sums_that_are_made_between_the_steps_of_a_forgetting_come_right(summed: Path, tmp_path: Path, until: str):
    """A round behind each of them, and a kill behind one."""
    home = copytree(summed, tmp_path / "home")
    lake = Lake(home / "lake")
    theirs = turns_of(lake, WHO)
    with opened(home) as stores:

        def observe(step: str) -> None:
            keep_rollup(lake, SLICES, now=BASE)
            if step == until:
                raise Killed

        with pytest.raises(Killed):
            forget(stores, WHO, now=NOW, observe=observe)
        right(lake)
        resume(stores, now=NOW)

        right(lake)
        assert not theirs & quoted(lake)


@pytest.mark.parametrize("is_killed", [False, True], ids=["whole", "killed"])
@pytest.mark.parametrize("before", [None, ROLLUPS], ids=["read", "rollups"])
def test_rows_that_leave_for_their_age_while_sums_are_made_leave_them_too(
    summed: Path, tmp_path: Path, before: Table | None, is_killed: bool
):
    """Killed before the sums, as well: the next round sums what is left, and no day of what is gone."""
    home = copytree(summed, tmp_path / "home")
    lake = Lake(home / "lake")
    with opened(home) as stores:

        def age() -> None:
            days = {table.name: 2 for table in SUMMED_OF}
            if is_killed:
                with pytest.raises(Killed):
                    retain(DyingLake(home / "lake"), stores.books, days, now=BASE + 5 * DAY)
            else:
                retain(lake, stores.books, days, now=BASE + 5 * DAY)

        keep_rollup(Beside(home / "lake", before=before, happens=age), SLICES, now=BASE)

        right(lake)
        assert 0 < len({day for day, _ in kept_days(lake)}) < 4
        assert {each.date() for each in newest_first(lake)} == {day for day, _ in kept_days(lake)}


def newest_first(lake: Lake) -> list[datetime]:
    with lake.connect() as connection:
        return [each for (each,) in connection.execute("select event_time from outcomes order by event_time desc").fetchall()]


def test_who_speaks_again_on_the_day_of_their_forgetting_is_in_its_sums(tmp_path: Path):
    """With what they have said since, and nothing from before it; those of others are as they were."""
    with opened(tmp_path) as stores:
        lake = stores.lake
        labelled(lake, "morning", CUSTOMER, at=0)
        labelled(lake, "other", "joe", at=60)
        keep_rollup(lake, SLICES, now=BASE)
        forget(stores, CUSTOMER, now=BASE + timedelta(hours=3))

        labelled(lake, "evening", CUSTOMER, at=8 * 3600)
        keep_rollup(lake, SLICES, now=BASE)

        days = kept_days(lake)
        assert {customer: counts[0] for (_, customer), counts in days.items()} == {CUSTOMER: 1, "joe": 1}
        assert days == counted(lake)

        told = json.loads(forget(stores, CUSTOMER, now=BASE + timedelta(hours=9)))

        assert {line["store"]: line["found"] for line in told["stores"]}["lake/customer_days"] == 1
        assert [line["left"] for line in told["stores"] if line["left"]] == []
        assert found_in(tmp_path / "lake", CUSTOMER) == []


def test_a_day_that_was_summed_while_somebody_left_goes_whole(tmp_path: Path):
    """It counts what they said before and behind the forgetting, and neither can be taken out of the sum."""
    with opened(tmp_path) as stores:
        lake = stores.lake
        labelled(lake, "morning", CUSTOMER, at=0)

        def meanwhile(step: str) -> None:
            if step == BARRED:
                labelled(lake, "evening", CUSTOMER, at=8 * 3600)
                keep_rollup(lake, SLICES, now=BASE)
                assert [counts[0] for counts in kept_days(lake).values()] == [2]

        forget(stores, CUSTOMER, now=BASE + timedelta(hours=3), observe=meanwhile)

        assert kept_days(lake) == {}
        keep_rollup(lake, SLICES, now=BASE)
        assert [counts[0] for counts in kept_days(lake).values()] == [1]


def labelled(lake: Lake, turn_id: str, customer: str, *, at: float) -> None:
    """A turn of somebody with its label."""
    said = turn("lights off", customer=customer, at=at, turn_id=turn_id)
    land_records([encode(whole(said))], source=turn_id, lake=lake, now=NOW)
    add(lake, OUTCOMES, (turn_id, customer, said.at, "failure", 0.9, "rules/1"))


class DyingLake(Lake):
    """A lake whose process dies at the sums."""

    def snapshot(self, table: Table) -> DeltaTable | None:
        """Die at them."""
        if table in SUMS:
            raise Killed
        return super().snapshot(table)


def test_what_was_summed_leaves_the_disk_with_what_it_was_summed_of(tmp_path: Path):
    """Each customer's days too; also where the run before was killed when it had found the rows; other tables' ages touch no sums."""
    lake, books = Lake(tmp_path / "lake"), Books(tmp_path / "books.sqlite")
    left = record("t1", customer_id=CUSTOMER, utterance="old words", cohorts=["scots"])
    land_records([left, record("t3", utterance="misread words", at="no time")], source="http", lake=lake, now=BASE)
    keep_rollup(lake, [], now=BASE)
    assert found_in(tmp_path / "lake" / "customer_days", CUSTOMER) != []
    assert retain(lake, books, {"rejects": 10}, now=LATER) == {"rejects": 1}
    assert lake.count(ROLLUPS) == 1

    with pytest.raises(Killed):
        retain(DyingLake(tmp_path / "lake"), books, {"turn_parts": 10}, now=LATER)
    retain(lake, books, {"turn_parts": 10}, now=LATER)
    books.close()

    assert [lake.count(each) for each in SUMS] == [0, 0, 0]
    assert found_in(tmp_path, CUSTOMER, "old words") == []
