"""Maintenance: fewer files and less disk, and nobody who reads, writes or follows the lake can tell."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ingest.landing import land_records
from resay.commands.main import command_line
from resay.dialogue.codec import encode, whole
from resay.dialogue.tick import silent
from resay.dialogue.turn import Turn
from resay.label.job import label
from resay.store.changes import CHANGED
from resay.store.commit import Progress
from resay.store.errors import LakeUnavailable, LostPosition
from resay.store.job import Advance, advance
from resay.store.lake import COMMITS_A_STEP, Lake
from resay.store.maintenance import TRIES_MAX, Compacted, Vacuumed, compact, vacuum
from resay.store.tables import LINKS, REJECTS, TURN_PARTS, Table
from tests.builders import BASE, turn
from tests.store.judged import DETECT, LABEL, catch_up, labels, whole_labels

NOW = BASE + timedelta(days=1)
AT_ONCE = timedelta(0)
LONG_AGO_S = 30 * 86_400

REFUSED = turn("it's too dark in here", at=0, turn_id="t1", status="unsupported")
AGAIN = turn("turn on the bedroom lights", at=12, turn_id="t2", intent="on", slots={"area": "bedroom"})
OTHER = turn("blay madonna", at=0, turn_id="u1", customer="c2", status="failed")
LATER = turn("no turn on the bedroom lights", at=20, turn_id="t3", intent="on")


def put(lake: Lake, *turns: Turn) -> None:
    """Land each turn in a commit of its own, as HTTP does."""
    for each in turns:
        land_records([encode(whole(each))], source="http", lake=lake, now=NOW)


def many(count: int) -> list[Turn]:
    return [turn("play madonna", at=100 * number, turn_id=f"m{number}") for number in range(count)]


def parts(lake: Lake) -> list[tuple[Any, ...]]:
    with lake.connect() as connection:
        return connection.execute("select * from turn_parts order by all").fetchall()


def files(lake: Lake, table: Table = TURN_PARTS) -> list[Path]:
    return sorted(Path(lake.root, table.name).glob("*.parquet"))


def age(paths: Sequence[Path]) -> None:
    """Files that were written a month ago."""
    for path in paths:
        os.utime(path, (time.time() - LONG_AGO_S,) * 2)


def take_out(lake: Lake, *turn_ids: str) -> None:
    """Rows leave, as forgetting takes them."""
    named = ", ".join(f"'{each}'" for each in turn_ids)
    with lake.connect() as connection:
        keys = connection.sql(f"select turn_id, part from turn_parts where turn_id in ({named})").to_arrow_table()
    lake.remove(TURN_PARTS, keys)


def test_many_small_commits_become_one_file_of_equal_rows(tmp_path: Path):
    """Sixty requests are sixty files, then one; rows and positions stay, and a second run commits nothing."""
    lake = Lake(tmp_path)
    put(lake, *many(60))
    before = parts(lake)

    first = compact(lake)
    version = lake.version(TURN_PARTS)
    second = compact(lake)

    assert [(each.table, each.files_before, each.files_after) for each in first] == [("turn_parts", 60, 1)]
    assert (second[0].files_after, lake.version(TURN_PARTS)) == (1, version)
    assert parts(lake) == before
    assert {lake.position(TURN_PARTS, f"{row[4]}#{row[5]}") for row in before} == {60}


def test_positions_hold_a_writer_to_its_place_after_maintenance(tmp_path: Path):
    """A consumer that commits a second time what it has committed is refused, after checkpoint and vacuum as before."""
    lake = Lake(tmp_path)
    empty = TURN_PARTS.schema().empty_table()
    lake.append(TURN_PARTS, empty, [Progress("kafka#3", 0, 5)])
    put(lake, *many(3))

    compact(lake)
    vacuum(lake, retain=AT_ONCE)

    assert lake.position(TURN_PARTS, "kafka#3") == 5
    with pytest.raises(LostPosition):
        lake.append(TURN_PARTS, empty, [Progress("kafka#3", 0, 5)])


def test_a_reader_that_was_open_before_finishes(tmp_path: Path):
    """Its files are old, but have only now been replaced: the retention counts from then, and vacuum leaves them."""
    lake = Lake(tmp_path)
    put(lake, *many(20))
    age(files(lake))
    with lake.connect() as reader:
        compact(lake)
        put(lake, REFUSED)
        removed = vacuum(lake)

        seen = reader.execute("select count(distinct turn_id) from turns").fetchall()

    assert removed == [Vacuumed("turn_parts", 0)]
    assert seen == [(20,)]


def test_files_of_killed_writers_leave_when_they_are_old(tmp_path: Path):
    """A file that no commit names may be a commit on its way; one of a month ago is not."""
    lake = Lake(tmp_path)
    put(lake, REFUSED)
    dead, coming = Path(lake.root, "turn_parts", "part-0-dead.parquet"), Path(lake.root, "turn_parts", "part-0-coming.parquet")
    dead.write_bytes(b"half")
    coming.write_bytes(b"half")
    age([dead, *files(lake)[-1:]])

    shown = vacuum(lake, dry_run=True)
    still_there = dead.exists()
    removed = vacuum(lake)

    assert (shown, still_there, removed) == ([Vacuumed("turn_parts", 1)], True, [Vacuumed("turn_parts", 1)])
    assert (dead.exists(), coming.exists()) == (False, True)
    assert len(parts(lake)) == 1


def test_a_vacuum_of_nothing_commits_nothing(tmp_path: Path):
    """Whoever follows the table has nothing to look at."""
    lake = Lake(tmp_path)
    put(lake, REFUSED)
    version = lake.version(TURN_PARTS)

    vacuum(lake)

    assert lake.version(TURN_PARTS) == version


def test_another_writers_removal_wins_and_compaction_tries_again(tmp_path: Path):
    """Rows that were taken out while compaction was at work do not come back."""
    lake = Lake(tmp_path)
    put(lake, *many(6))
    looks: list[Table] = []

    def overtake(table: Table) -> None:
        looks.append(table)
        if len(looks) == 1:
            put(lake, REFUSED)
            take_out(lake, "m2")

    compacted = compact(lake, observe=overtake)

    assert (len(looks), compacted[0].files_after, compacted[0].beaten) == (2, 1, False)
    assert [row[0] for row in parts(lake)] == ["m0", "m1", "m3", "m4", "m5", "t1"]


def test_compaction_gives_up_a_table_that_others_always_change_first(tmp_path: Path):
    """It says so, and leaves the table as they left it."""
    lake = Lake(tmp_path)
    put(lake, *many(TRIES_MAX + 3))
    looks: list[Table] = []

    def overtake(table: Table) -> None:
        take_out(lake, f"m{len(looks)}")
        looks.append(table)

    compacted = compact(lake, observe=overtake)

    assert [(each.files_before, each.files_after, each.beaten) for each in compacted] == [(3, 3, True)]
    assert [row[0] for row in parts(lake)] == [f"m{number}" for number in range(TRIES_MAX, TRIES_MAX + 3)]


def test_a_writer_that_compaction_overtakes_tries_again(tmp_path: Path):
    """Its rows go in once, on the compacted table."""
    lake = Lake(tmp_path)
    put(lake, *many(5))
    with lake.connect() as connection:
        rows = connection.sql("select * from turn_parts where turn_id = 'm0'").to_arrow_table().cast(TURN_PARTS.schema())
    asked: list[int] = []

    def screen(_connection: object, offered: Any) -> Any:
        if not asked:
            compact(lake)
        asked.append(1)
        return offered

    lake.append(TURN_PARTS, rows, [Progress("kafka#0", 0, 1)], screen=screen)

    assert (len(asked), len(parts(lake)), lake.position(TURN_PARTS, "kafka#0")) == (2, 6, 1)


def test_a_disk_that_cannot_be_written_is_said(tmp_path: Path):
    """Not another writer's doing: trying again would not help, and the sentence names the table."""
    lake = Lake(tmp_path)
    put(lake, *many(3))
    for path in files(lake):
        path.unlink()

    with pytest.raises(LakeUnavailable, match="turn_parts"):
        compact(lake)


def test_jobs_that_stand_before_or_behind_a_compaction_see_no_change(tmp_path: Path):
    """Moved rows are judged by nobody; what came before and after them is judged once."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, OTHER)
    catch_up(lake)
    compact(lake)
    moved = [advance(DETECT, lake), advance(DETECT, lake)]
    put(lake, AGAIN)
    compact(lake)
    behind = advance(DETECT, lake)
    put(lake, LATER)
    after = advance(DETECT, lake)
    catch_up(lake)

    said = labels(lake)

    assert moved == [Advance(0, {"links": 0}), None]
    assert behind == Advance(2, {"links": 1})
    assert after is not None
    assert after.turns == 3
    assert said == whole_labels(lake)


def test_a_job_that_stood_before_a_vacuum_judges_everything_again(tmp_path: Path):
    """What was taken out meanwhile cannot be read any more: its labels leave all the same, and its neighbours are judged without it."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, AGAIN, OTHER)
    catch_up(lake)
    take_out(lake, "t2", "u1")
    put(lake, turn("goodbye", at=900, turn_id="t9"))
    compact(lake)
    vacuum(lake, retain=AT_ONCE)
    steps = [advance(DETECT, lake), advance(LABEL, lake)]
    catch_up(lake)

    said = labels(lake)

    assert [step.turns for step in steps if step] == [2, 4]  # The labels know two that are gone; of links none is left.
    assert [row[0] for row in said["outcomes"]] == ["t1", "t9"]
    assert said == whole_labels(lake)


def test_links_that_left_in_a_lost_history_change_labels(tmp_path: Path):
    """The labels' job follows the links too: where their history is gone, all turns are judged, though no turn has changed."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, AGAIN, OTHER)
    catch_up(lake)
    lake.replace(LINKS, LINKS.schema().empty_table())
    vacuum(lake, retain=AT_ONCE)
    step = advance(LABEL, lake)
    said = labels(lake)
    label(lake, silent)

    assert step is not None
    assert step.turns == 3
    assert said == labels(lake)


def test_a_new_job_starts_on_an_old_lake(tmp_path: Path):
    """Whose first commits are more than one step behind, and whose first files are gone."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, AGAIN, OTHER)
    for number in range(COMMITS_A_STEP):
        lake.append(TURN_PARTS, TURN_PARTS.schema().empty_table(), [Progress("kafka#0", number, number + 1)])
    compact(lake)
    vacuum(lake, retain=AT_ONCE)

    first, second = advance(DETECT, lake), advance(DETECT, lake)

    assert (first, second) == (Advance(3, {"links": 1}), None)


def test_a_log_that_was_cleaned_is_a_lost_history(tmp_path: Path):
    """Entries of over a month leave with the checkpoint; a job that stood among them is told so, and finds its way."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, AGAIN)
    catch_up(lake)
    put(lake, OTHER)
    age(sorted(Path(lake.root, "turn_parts", "_delta_log").glob("*.json")))
    compact(lake)

    changes = lake.changed(TURN_PARTS, "turn_id", since=1)
    catch_up(lake)

    assert (changes.lost, changes.rows.num_rows, changes.version) == (True, 3, lake.version(TURN_PARTS))
    assert changes.rows.schema == CHANGED
    assert labels(lake) == whole_labels(lake)


def test_the_command_compacts_and_says_what_it_did(tmp_path: Path):
    """A dry run shows the files and writes nothing."""
    lake = Lake(tmp_path / "lake")
    put(lake, *many(5))
    command = ["maintain", "--home", str(tmp_path)]

    shown = CliRunner().invoke(command_line("maintain"), [*command, "--dry-run"])
    between = len(files(lake))
    done = CliRunner().invoke(command_line("maintain"), [*command, "--json"])

    assert "turn_parts: 5 files" in shown.stdout
    assert (shown.exit_code, between, done.exit_code) == (0, 5, 0)
    assert '"files_before": 5, "files_after": 1' in done.stdout
    assert len(parts(lake)) == 5


def test_the_command_has_nothing_to_do_in_an_empty_lake(tmp_path: Path):
    """And creates no table."""
    done = CliRunner().invoke(command_line("maintain"), ["maintain", "--home", str(tmp_path)])

    assert (done.exit_code, "nothing to maintain" in done.stdout) == (0, True)
    assert Lake(tmp_path / "lake").count(REJECTS) == 0


def test_the_command_keeps_files_for_an_hour_and_a_week_at_most(tmp_path: Path):
    """Shorter breaks writers at work; longer than the log remembers cannot be promised."""
    refused = [
        CliRunner().invoke(command_line("maintain"), ["maintain", "--home", str(tmp_path), "--retain-hours", hours]).exit_code
        for hours in ("0", "169")
    ]

    assert refused == [2, 2]


def test_what_compaction_says_is_a_value(tmp_path: Path):
    """A table of one file stays as it is."""
    lake = Lake(tmp_path)
    put(lake, REFUSED)
    size = files(lake)[0].stat().st_size

    assert compact(lake) == [Compacted("turn_parts", 1, 1, size, size)]
