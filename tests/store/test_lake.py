"""The lake: commits, positions, and writers that meet."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from resay.store.commit import Progress
from resay.store.errors import LakeTooNew, LakeTooOld, LakeUnavailable, LostPosition
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.tables import FRICTION, OUTCOMES, TABLES, TURN_PARTS, Home, Table
from tests import child

MOMENT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(tmp_path / "lake")


def outcomes(*customers: str) -> pa.Table:
    """Rows of a small table, one a customer."""
    rows = [
        {"turn_id": each, "customer_id": each, "event_time": MOMENT, "outcome": "success", "defect": 0.0, "labeller": "e"}
        for each in customers
    ]
    return pa.Table.from_pylist(rows, schema=OUTCOMES.schema())


def customers(lake: Lake) -> list[str]:
    """Whom the small table holds."""
    with lake.connect() as connection:
        return [name for (name,) in connection.execute("select customer_id from outcomes order by customer_id").fetchall()]


def test_rows_and_position_are_committed_together(lake: Lake):
    """After a commit the rows are there and the position has moved."""
    added = lake.append(OUTCOMES, outcomes("c1", "c2"), [Progress("log#0", 0, 17)])

    assert (added, customers(lake), lake.position(OUTCOMES, "log#0")) == (2, ["c1", "c2"], 17)


def test_a_commit_from_another_position_is_refused(lake: Lake):
    """A consumer that has lost its partition must not write; its rows stay out."""
    lake.append(OUTCOMES, outcomes("c1"), [Progress("log#0", 0, 17)])

    with pytest.raises(LostPosition, match=r"must stand at 0 to commit 0\.\.9; it stands at 17; is another consumer reading it"):
        lake.append(OUTCOMES, outcomes("c2"), [Progress("log#0", 0, 9)])

    assert customers(lake) == ["c1"]


def test_a_position_moves_without_rows(lake: Lake):
    """A batch of nothing but rejects is done too."""
    lake.append(OUTCOMES, outcomes(), [Progress("log#0", 0, 5)])

    assert (lake.position(OUTCOMES, "log#0"), lake.position(OUTCOMES, "log#1"), customers(lake)) == (5, 0, [])


def test_a_range_that_is_done_is_not_done_again(lake: Lake):
    """The library compares no numbers: from a fresh snapshot it lets an equal or lower one in. We do not."""
    lake.append(OUTCOMES, outcomes("c1"), [Progress("log#0", 0, 5)])

    for start, end in [(0, 5), (3, 4), (6, 9)]:
        with pytest.raises(LostPosition):
            Lake(lake.root).append(OUTCOMES, outcomes("c2"), [Progress("log#0", start, end)])

    assert (customers(lake), lake.position(OUTCOMES, "log#0")) == (["c1"], 5)


def test_positions_outlive_the_checkpoints_of_the_log(lake: Lake):
    """The library folds its log every hundred commits; positions must be in what it folds."""
    lake.append(OUTCOMES, outcomes("c1"), [Progress("early#0", 0, 3)])
    for number in range(105):
        lake.append(OUTCOMES, outcomes(), [Progress("late#0", number, number + 1)])

    assert list(Path(lake.root, "outcomes", "_delta_log").glob("*.checkpoint.parquet"))
    assert (lake.position(OUTCOMES, "early#0"), lake.position(OUTCOMES, "late#0")) == (3, 105)


def test_a_screen_is_asked_again_when_another_writer_was_first(lake: Lake):
    """What is left of rows is decided on the very snapshot that is committed on."""
    seen: list[list[str]] = []

    def screen(connection: Connection, rows: pa.Table) -> pa.Table:
        there = [name for (name,) in connection.execute("select customer_id from outcomes").fetchall()]
        seen.append(there)
        if not there:
            Lake(lake.root).append(OUTCOMES, outcomes("c1"))
        return rows.filter(pa.array([name not in there for name in rows.column("customer_id").to_pylist()]))

    added = lake.append(OUTCOMES, outcomes("c1", "c2"), screen=screen)

    assert (added, seen, customers(lake)) == (1, [[], ["c1"]], ["c1", "c2"])


def test_the_position_is_checked_again_when_another_writer_was_first(lake: Lake):
    """Of two that commit the same range, the second is refused, although both had read the same position."""

    def screen(_connection: Connection, rows: pa.Table) -> pa.Table:
        if not customers(lake):
            Lake(lake.root).append(OUTCOMES, outcomes("theirs"), [Progress("log#0", 0, 9)])
        return rows

    with pytest.raises(LostPosition):
        lake.append(OUTCOMES, outcomes("ours"), [Progress("log#0", 0, 9)], screen=screen)

    assert customers(lake) == ["theirs"]


def test_writers_of_different_partitions_all_get_in(lake: Lake):
    """Several processes may write at the same time."""
    names = [f"c{number}" for number in range(6)]

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda name: lake.append(OUTCOMES, outcomes(name), [Progress(f"log#{name}", 0, 1)]), names))

    assert customers(lake) == names


def test_replacing_leaves_only_the_new_rows(lake: Lake):
    """Derived tables are written anew; an empty one is empty."""
    lake.append(OUTCOMES, outcomes("c1"))

    lake.replace(OUTCOMES, outcomes("c2"))
    assert customers(lake) == ["c2"]

    lake.replace(OUTCOMES, outcomes())
    assert customers(lake) == []


def test_removing_takes_out_the_named_rows_only(lake: Lake):
    """Keys are compared as values, whatever characters they hold, and more of them than one statement takes."""
    names = ["o'neil", 'a"b', "c1; drop table", *(f"n{number:04}" for number in range(1_100))]
    lake.append(OUTCOMES, outcomes("stays", *names))

    lake.remove(OUTCOMES, outcomes(*names).select(["turn_id", "labeller"]))

    assert customers(lake) == ["stays"]


def test_rows_of_other_columns_are_our_own_mistake(lake: Lake):
    """What a table holds is said in one place."""
    with pytest.raises(AssertionError, match="columns of friction"):
        lake.append(FRICTION, outcomes("c1"))


def test_one_connection_sees_one_snapshot(lake: Lake):
    """What is committed meanwhile does not move under a reader."""
    lake.append(OUTCOMES, outcomes("c1"))
    with lake.connect() as connection:
        lake.append(OUTCOMES, outcomes("c2"))

        assert connection.execute("select count(*) from outcomes").fetchall() == [(1,)]

    assert customers(lake) == ["c1", "c2"]


def test_a_log_is_read_once_while_nobody_commits(lake: Lake, monkeypatch: pytest.MonkeyPatch):
    """Asking again costs a look at the folder; a commit of anybody is seen by the next who asks."""
    lake.append(OUTCOMES, outcomes("c1"), [Progress("log#0", 0, 5)])
    opened: list[str] = []
    monkeypatch.setattr("resay.store.commit.DeltaTable", lambda uri, **how: opened.append(uri) or DeltaTable(uri, **how))

    asked = [(lake.version(OUTCOMES), lake.position(OUTCOMES, "log#0"), lake.count(OUTCOMES)) for _ in range(3)]
    read = len(opened)
    Lake(lake.root).append(OUTCOMES, outcomes("c2"), [Progress("log#0", 5, 6)])

    assert (asked, read) == ([(1, 5, 1)] * 3, 1)
    assert (lake.version(OUTCOMES), lake.position(OUTCOMES, "log#0"), customers(lake)) == (2, 6, ["c1", "c2"])


def test_a_table_that_was_made_anew_is_another_one(lake: Lake):
    """An operator may delete the folder of what is made of turns; as many commits later its number is as before."""
    lake.append(OUTCOMES, outcomes("c1"))
    before = customers(lake)

    shutil.rmtree(f"{lake.root}/{OUTCOMES.name}")
    gone = customers(lake)
    Lake(lake.root).append(OUTCOMES, outcomes("c2"))

    assert (before, gone, customers(lake)) == (["c1"], [], ["c2"])


def test_what_was_read_stays_as_it_was_while_we_commit(lake: Lake):
    """A commit moves a snapshot of its own, not the one that whoever reads was given."""
    lake.append(OUTCOMES, outcomes("c1"))
    with lake.connect() as connection:
        lake.append(OUTCOMES, outcomes("c2"))
        lake.revise(OUTCOMES, outcomes("c3"), keys=outcomes("c1").select(["turn_id"]), progress=[])
        seen = connection.execute("select customer_id from outcomes").fetchall()

    assert (seen, customers(lake)) == ([("c1",)], ["c2", "c3"])


def test_every_table_can_be_read_before_it_is_written(lake: Lake):
    """An empty lake has all views, and reading it leaves it empty."""
    with lake.connect() as connection:
        counts = [connection.execute(f"select count(*) from {table.name}").fetchall() for table in TABLES if table.home is Home.LAKE]

    assert set(map(str, counts)) == {"[(0,)]"}
    assert [path.name for path in Path(lake.root).iterdir()] == ["lake.json"]


def test_times_come_back_in_utc(lake: Lake):
    """Whatever zone the machine is in."""
    lake.append(OUTCOMES, outcomes("c1"))

    with lake.connect() as connection:
        (moment,) = connection.execute("select event_time from outcomes").fetchone() or ()

    assert (moment, moment.utcoffset().total_seconds()) == (MOMENT, 0)


def test_a_lake_of_a_newer_version_is_left_alone(tmp_path: Path):
    """A higher format stops us before anything is read or written."""
    (tmp_path / "lake.json").write_text(json.dumps({"format": 2}))

    with pytest.raises(LakeTooNew, match="must have format 1 or lower; it has 2; was it written by a newer version"):
        Lake(tmp_path)


@pytest.mark.parametrize(("table", "mend"), [(FRICTION, "it is made of turns again"), (TURN_PARTS, "a copy to begin from")])
def test_a_table_of_an_earlier_version_is_named(lake: Lake, table: Table, mend: str):
    """A column that is new with this version is not in what an earlier one kept; nothing is written, and it is said what to do."""
    earlier = replace(table, columns=table.columns[:-1])
    lake.append(earlier, earlier.schema().empty_table(), [Progress("log#0", 0, 1)])

    with pytest.raises(LakeTooOld, match=f"it lacks {table.columns[-1].name}; was it kept by an earlier version, .*{mend}"):
        lake.append(table, table.schema().empty_table(), [Progress("log#0", 1, 2)])


@pytest.mark.parametrize("stamp", ["", "[]", "{}", '{"format": "new"}', '{"format": null}', "\x00"])
def test_a_broken_stamp_is_said(tmp_path: Path, stamp: str):
    """A `lake.json` that cannot be read is no reason to guess."""
    (tmp_path / "lake.json").write_text(stamp)

    with pytest.raises(LakeUnavailable, match="must be a folder that can be read and written"):
        Lake(tmp_path)


@pytest.mark.parametrize(
    "protocol",
    [
        {"minReaderVersion": 99, "minWriterVersion": 99},
        {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["newFeature"], "writerFeatures": ["newFeature"]},
    ],
)
def test_a_table_of_a_newer_protocol_is_left_alone(lake: Lake, protocol: dict[str, Any]):
    """Other programs may have written a table with features that we do not know: neither read nor write it."""
    lake.append(OUTCOMES, outcomes("c1"))
    log = Path(lake.root, "outcomes", "_delta_log", "00000000000000000000.json")
    lines = [json.dumps({"protocol": protocol}) if '"protocol"' in line else line for line in log.read_text().splitlines()]
    log.write_text("\n".join(lines))

    with pytest.raises(LakeTooNew, match="was it written by a newer version"):
        lake.append(OUTCOMES, outcomes("c2"))
    with pytest.raises(LakeTooNew, match="was it written by a newer version"), lake.connect():
        pass


def test_a_lake_below_a_file_is_said(tmp_path: Path):
    """A path that can be no folder gives one sentence."""
    (tmp_path / "file").write_text("")

    with pytest.raises(LakeUnavailable, match="must be a folder that can be read and written") as error:
        Lake(tmp_path / "file" / "lake")

    assert "\n" not in str(error.value)


APPEND = """
import sys
from tests.store.test_lake import Lake, OUTCOMES, outcomes
from resay.dialogue.errors import ResayError
{before}
try:
    lake = Lake(sys.argv[1])
    {act}
except ResayError as error:
    print(error)
"""


@pytest.mark.parametrize("act", ["lake.append(OUTCOMES, outcomes('c2'))", "lake.replace(OUTCOMES, outcomes('c2'))", "lake.take_out('c1')"])
def test_a_lake_without_rights_is_said(open_folder: Path, act: str):
    """Where we may read and not write, a commit gives one sentence, without the library's stack trace, and the table is as it was."""
    lake = Lake(open_folder / "lake of ada")
    lake.append(OUTCOMES, outcomes("c1"))
    for path in open_folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)

    done = child.run(APPEND.format(before=child.WITHOUT_RIGHTS, act=act), lake.root, home=open_folder)

    assert "must be readable and writable" in done.stdout
    assert "is it read-only, or the folder not yours" in done.stdout
    assert (done.stdout.count("\n"), done.stderr, customers(lake)) == (1, "", ["c1"])


def test_a_lake_may_lie_in_a_folder_with_a_space(tmp_path: Path):
    """The library tells a table's address as a URL, in which a space and other letters are written otherwise."""
    lake = Lake(tmp_path / "zoë's home #1" / "lake")
    lake.append(OUTCOMES, outcomes("c1"))
    before = lake.version(OUTCOMES)

    lake.replace(OUTCOMES, outcomes("c2"))

    assert customers(lake) == ["c2"]
    assert sorted(lake.changed(OUTCOMES, "turn_id", since=before).rows["customer_id"].to_pylist()) == ["c1", "c2"]


def test_a_lake_that_may_not_be_written_can_be_read(open_folder: Path):
    """A read-only copy of a lake is a lake."""
    lake = Lake(open_folder / "lake")
    lake.append(OUTCOMES, outcomes("c1"))
    for path in open_folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)

    code = APPEND.format(before=child.WITHOUT_RIGHTS, act="print(customers(lake))").replace("import Lake", "import customers, Lake")
    done = child.run(code, lake.root, home=open_folder)

    assert (done.stdout, done.stderr) == ("['c1']\n", "")


def test_a_full_disk_is_no_other_writer(tmp_path: Path):
    """A commit that fails for want of room is said at once, not tried twenty times, and the table is as it was."""
    lake = Lake(tmp_path)
    lake.append(OUTCOMES, outcomes("c1"))
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))"

    done = child.run(APPEND.format(before=limit, act="lake.append(OUTCOMES, outcomes('c2'))"), lake.root, home=tmp_path)

    assert "is the disk full" in done.stdout
    assert (done.stdout.count("\n"), customers(lake)) == (1, ["c1"])


def test_a_disk_with_too_little_room_is_refused_before_it_is_full(tiny_disk: Path):
    """Rows that cannot fit are not begun: the library, with the disk full under it, would print a stack trace of its own."""
    lake = Lake(tiny_disk)
    lake.append(OUTCOMES, outcomes("c1"))

    with pytest.raises(LakeUnavailable, match=r"bytes free to commit; it has [\d,]+; is the disk full"):
        lake.append(OUTCOMES, outcomes("c" * 1_000_000))

    assert customers(lake) == ["c1"]


def test_two_processes_may_create_the_same_table(tmp_path: Path):
    """Whoever comes second finds the table of the first."""
    code = APPEND.format(before="", act="lake.append(OUTCOMES, outcomes(sys.argv[2]))")

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda name: child.run(code, tmp_path, name, home=tmp_path), ["c1", "c2"]))

    assert [(each.returncode, each.stdout) for each in done] == [(0, ""), (0, "")]
    assert customers(Lake(tmp_path)) == ["c1", "c2"]


def test_the_lake_has_the_columns_that_are_written_down(lake: Lake):
    """A table comes back from the disk with the schema of `tables`."""
    lake.append(TURN_PARTS, TURN_PARTS.schema().empty_table(), [Progress("p", 0, 1)])

    with lake.connect() as connection:
        names = [row[0] for row in connection.execute("describe turn_parts").fetchall()]

    assert names == [column.name for column in TURN_PARTS.columns]


def test_nothing_is_drawn_over_the_output_of_a_program(tmp_path: Path):
    """DuckDB takes `python -c` for a person at a prompt, and draws a bar into standard output where a query takes long."""
    program = (
        "import sys; from resay.store.lake import Lake\n"
        "with Lake(sys.argv[1]).connect() as connection:\n"
        "    print(connection.execute(\"select current_setting('enable_progress_bar')\").fetchone()[0])"
    )

    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, timeout=child.WAIT_S)

    assert done.stdout == "False\n"


def test_a_customer_is_taken_out_of_every_table(lake: Lake):
    """Theirs go, the others' stay, and tables that were never written are not made for it; a second time changes nothing."""
    friction = {"turn_id": "t1", "customer_id": "o'neil", "event_time": MOMENT, "sign": "repeat", "shown_by": "t2"}
    lake.append(OUTCOMES, outcomes("o'neil", "c2"))
    lake.append(FRICTION, pa.Table.from_pylist([friction], schema=FRICTION.schema()))

    lake.take_out("o'neil")
    lake.take_out("o'neil")

    assert (customers(lake), lake.count(FRICTION)) == (["c2"], 0)
    assert lake.version(TURN_PARTS) == 0
