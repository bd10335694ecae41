"""Erasing rows: nothing of them is on the disk, everything else is, and whoever is at work goes on."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from ingest.landing import land_records
from resay.dialogue.codec import encode, whole
from resay.dialogue.turn import Turn
from resay.label.customer_days import COUNTS
from resay.store.delta_log import STATS_PROPERTY
from resay.store.erasure import Doom, Erased, erase, scour
from resay.store.forgotten import Forgotten, mark_of
from resay.store.job import advance
from resay.store.lake import Lake
from resay.store.maintenance import compact, vacuum
from resay.store.tables import CUSTOMER_DAYS, FORGOTTEN, FRICTION, LINKS, OUTCOMES, SEGMENTS, TURN_PARTS
from tests.builders import BASE, turn
from tests.store.judged import DETECT, LABEL, catch_up, labels

NOW = BASE + timedelta(days=1)
CANARY = "aaa zzz xylophone"

HERS = [turn(CANARY, at=10 * number, customer="zoe", turn_id=f"z{number}") for number in range(3)]
HIS = [turn("play madonna", at=10 * number, customer="joe", turn_id=f"j{number}") for number in range(3)]

OF_ZOE = Doom(("customer_id",), lambda rows: _or_nothing(pc.equal(rows.column("customer_id"), "zoe")))


def _or_nothing(falls: pa.Array) -> pa.Array | None:
    return falls if pc.any(falls).as_py() else None


def put(lake: Lake, *turns: Turn) -> None:
    """Land turns in one commit."""
    land_records([encode(whole(each)) for each in turns], source="http", lake=lake, now=NOW)


def speakers(lake: Lake) -> list[str]:
    with lake.connect() as connection:
        return [row[0] for row in connection.execute("select customer_id from turns order by all").fetchall()]


def told(root: Path) -> str:
    """All that the files of a folder hold, the values of Parquet among it."""
    texts = []
    for path in sorted(each for each in root.rglob("*") if each.is_file()):
        texts.append(path.read_bytes().decode("latin-1"))
        if ".parquet" in path.name:
            texts.append(str(pq.read_table(path).to_pylist()))
    return "\n".join(texts)


def test_rows_with_lists_leave_files_that_a_revision_wrote(tmp_path: Path):
    """The library writes those otherwise than what is added: a customer whose days had been summed twice could not be forgotten."""
    lake = Lake(tmp_path)
    zoe, joe = ({"day": "2026-11-02", "event_time": BASE, "customer_id": each, "cohorts": ["scots"]} for each in ("zoe", "joe"))
    counts = dict.fromkeys(COUNTS, 1)
    rows = pa.Table.from_pylist([zoe | counts, joe | counts], schema=CUSTOMER_DAYS.schema())
    lake.replace(CUSTOMER_DAYS, rows)
    lake.revise(CUSTOMER_DAYS, rows, keys=pa.table({"day": ["2026-11-02"]}), progress=[])

    erased = erase(lake, CUSTOMER_DAYS, OF_ZOE)

    assert erased.rows == 1
    assert "zoe" not in told(tmp_path)
    with lake.connect() as connection:
        assert connection.execute("select customer_id, cohorts from customer_days").fetchall() == [("joe", ["scots"])]


def test_no_byte_of_an_erased_row_is_left(tmp_path: Path):
    """Neither in the newest version, nor in files that compaction has replaced, nor in statistics of the log."""
    lake = Lake(tmp_path)
    put(lake, *HERS, *HIS)
    put(lake, turn(CANARY, at=99, customer="zoe"))
    compact(lake)
    assert CANARY in told(tmp_path)

    erased = erase(lake, TURN_PARTS, OF_ZOE)

    assert erased == Erased(rows=4, files=3)
    assert speakers(lake) == ["joe"] * 3
    assert CANARY not in told(tmp_path)
    assert "zoe" not in told(tmp_path)


def test_erasing_again_finds_nothing(tmp_path: Path):
    """Zero rows and zero files."""
    lake = Lake(tmp_path)
    put(lake, *HERS, *HIS)
    erase(lake, TURN_PARTS, OF_ZOE)

    assert erase(lake, TURN_PARTS, OF_ZOE) == Erased()


def test_a_file_of_nobody_else_leaves_the_table(tmp_path: Path):
    """The newest version does not name it, and its old path holds no row."""
    lake = Lake(tmp_path)
    put(lake, *HERS)
    put(lake, *HIS)

    erase(lake, TURN_PARTS, OF_ZOE)

    assert len(DeltaTable(tmp_path / "turn_parts").file_uris()) == 1
    assert lake.count(TURN_PARTS) == 3
    assert CANARY not in told(tmp_path)


def test_a_table_of_an_earlier_version_loses_the_words_in_its_log(tmp_path: Path):
    """Its log and its checkpoint quote the least and the greatest utterance of each file; older versions can be opened as before."""
    lake = Lake(tmp_path)
    DeltaTable.create(tmp_path / "turn_parts", schema=TURN_PARTS.schema())
    put(lake, *HERS, *HIS)
    DeltaTable(tmp_path / "turn_parts").create_checkpoint()
    put(lake, turn("something else", at=500, customer="joe"))
    (log,) = (tmp_path / "turn_parts" / "_delta_log").glob("*1.checkpoint.parquet")
    assert CANARY in str(pq.read_table(log).to_pylist())

    erase(lake, TURN_PARTS, OF_ZOE)

    assert CANARY not in told(tmp_path)
    assert STATS_PROPERTY in DeltaTable(tmp_path / "turn_parts").metadata().configuration
    assert [len(DeltaTable(tmp_path / "turn_parts", version=version).file_uris()) for version in (1, 2)] == [1, 2]
    put(lake, turn("and more", at=600, customer="joe"))
    assert lake.count(TURN_PARTS) == 5


def test_new_tables_never_quote_anybody_in_their_log(tmp_path: Path):
    """Statistics are of times and positions alone, compacted files included."""
    lake = Lake(tmp_path)
    put(lake, *HERS)
    put(lake, *HIS)
    compact(lake)

    logs = "".join(path.read_text() for path in (tmp_path / "turn_parts" / "_delta_log").glob("*.json"))

    assert "event_time" in logs
    assert "xylophone" not in logs


def test_the_log_still_tells_when_the_rows_of_a_file_were_said(tmp_path: Path):
    """Files are passed over by event time, and that goes on."""
    lake = Lake(tmp_path)
    put(lake, *HERS, *HIS)

    erase(lake, TURN_PARTS, OF_ZOE)

    (added,) = pa.table(DeltaTable(tmp_path / "turn_parts").get_add_actions(flatten=True)).to_pylist()
    assert (added["num_records"], added["min.event_time"], added["max.event_time"]) == (3, BASE, BASE + timedelta(seconds=20))


def test_a_stream_job_that_stands_further_back_goes_on(tmp_path: Path):
    """It judges what is new, and not the whole lake, though files that it had read were written again."""
    lake = Lake(tmp_path)
    put(lake, *HERS, *HIS)
    catch_up(lake)
    put(lake, turn("turn off the radio", at=9_000, customer="joe", turn_id="j9"))

    for table in (TURN_PARTS, LINKS, FRICTION, SEGMENTS, OUTCOMES):
        erase(lake, table, OF_ZOE)
    step = advance(LABEL, lake)

    assert step is not None
    assert step.turns == 1
    catch_up(lake)
    assert advance(DETECT, lake) is None
    assert "zoe" not in str(labels(lake))


def test_a_reader_finishes_on_what_it_has_opened(tmp_path: Path):
    """Other rows are where they were; those erased may be gone under it."""
    lake = Lake(tmp_path)
    put(lake, *HERS, *HIS)

    with lake.connect() as connection:
        erase(lake, TURN_PARTS, OF_ZOE)
        vacuum(lake)
        rows = connection.execute("select count(*) from turn_parts where customer_id = 'joe'").fetchall()

    assert rows == [(3,)]


def test_a_file_that_was_left_behind_is_scoured(tmp_path: Path):
    """A whole file that no commit names loses the rows; half a file goes once it is old."""
    lake = Lake(tmp_path)
    put(lake, *HERS)
    (live,) = (tmp_path / "turn_parts").glob("*.parquet")
    orphan, half, fresh = (live.with_name(name) for name in ("part-orphan.parquet", "part-half.parquet", "part-fresh.parquet#1"))
    orphan.write_bytes(live.read_bytes())
    half.write_bytes(live.read_bytes()[:-50])
    fresh.write_bytes(live.read_bytes()[:-50])
    os.utime(half, (0, 0))

    rewritten = scour(lake, TURN_PARTS, OF_ZOE)

    assert rewritten == 1
    assert pq.read_table(orphan).num_rows == 0
    assert (half.exists(), fresh.exists()) == (False, True)


def test_a_writer_who_has_looked_before_does_not_bring_anybody_back(tmp_path: Path):
    """Their rows were judged before the customer was forgotten, and come after: in whichever table, they stay out."""
    lake, other = Lake(tmp_path), Lake(tmp_path)
    put(lake, *HIS)
    mark = pa.Table.from_pylist([{"salt": "salt", "mark": mark_of("zoe", "salt"), "until": NOW}], FORGOTTEN.schema())

    def meanwhile(_connection: object, rows: pa.Table) -> pa.Table:
        if not lake.forgotten():
            lake.append(FORGOTTEN, mark)
            erase(lake, TURN_PARTS, OF_ZOE)
        return rows

    with lake.connect() as connection:
        theirs = connection.sql("select * replace ('zoe' as customer_id, 'z' || turn_id as turn_id) from turn_parts").to_arrow_table()
    added = other.append(TURN_PARTS, theirs.cast(TURN_PARTS.schema()), screen=meanwhile)

    assert (added, speakers(lake)) == (0, ["joe"] * 3)


def test_what_is_said_after_is_taken_in():
    """Up to the moment, and not after; whoever was never forgotten is asked about too."""
    until = BASE
    forgotten = Forgotten.of([("salt", mark_of("zoe", "salt"), until), ("salt", mark_of("zoe", "salt"), until - timedelta(days=1))])
    moments = [until, until + timedelta(milliseconds=1), until]
    rows = pa.table({"customer_id": ["zoe", "zoe", "joe"], "event_time": pa.array(moments, pa.timestamp("us", tz="UTC"))})

    assert forgotten.without(rows).to_pylist() == rows.slice(1).to_pylist()
    assert (forgotten.until("zoe"), forgotten.until("joe")) == (until, None)


def test_an_object_store_is_refused():
    """Where files cannot be written in place of others, nothing is promised."""
    with pytest.raises(Exception, match="local folder"):
        erase(Lake("memory://nowhere"), TURN_PARTS, OF_ZOE)


def test_the_commit_is_one_that_delta_reads(tmp_path: Path):
    """Its newest log entry says what was removed and added, without the customer."""
    lake = Lake(tmp_path)
    put(lake, *HERS, *HIS)

    erase(lake, TURN_PARTS, OF_ZOE)

    newest = sorted((tmp_path / "turn_parts" / "_delta_log").glob("*.json"))[-1]
    assert [next(iter(json.loads(line))) for line in newest.read_text().splitlines()] == ["commitInfo", "txn", "remove", "add"]


def test_texts_that_were_written_as_views_are_erased_too(tmp_path: Path):
    """As DuckDB gives them: the file names them so, and hardly any function takes them."""
    lake = Lake(tmp_path)
    put(lake, *HERS, *HIS)
    (path,) = (tmp_path / TURN_PARTS.name).glob("*.parquet")
    rows = pq.read_table(path)
    views = {pa.string(): pa.string_view(), pa.list_(pa.string()): pa.list_(pa.string_view())}
    pq.write_table(rows.cast(pa.schema([field.with_type(views.get(field.type, field.type)) for field in rows.schema])), path)

    erased = erase(lake, TURN_PARTS, OF_ZOE)

    assert (erased.rows, speakers(lake)) == (3, ["joe"] * 3)
