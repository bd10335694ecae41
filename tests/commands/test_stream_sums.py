"""The stream keeps the sums of a large lake where no service does, and leaves them to a service that makes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from resay.commands.chain import Chain
from resay.commands.settings import Settings
from resay.commands.stream_metrics import StreamMetrics
from resay.commands.stream_parts import STANDS_BY, Part, StreamOrders, Tally, run_parts
from resay.label.rollup import keep_rollup, kept_rollup, make_rollup
from resay.store.lake import Lake
from resay.store.tables import ROLLUPS, TURN_PARTS
from serving.dashboard.rolled import ROWS_SUMMED_MAX
from tests.label.random_talk import Talk

IDLE_S = 0.2


def large(home: Path) -> Lake:
    """A lake of more parts than a page sums up; nearly all say nothing."""
    lake = Lake(home / "lake")
    Talk(lake, 3).said(range(6))
    with lake.connect() as connection:
        one = connection.sql("select * from turn_parts limit 1").to_arrow_table().cast(TURN_PARTS.schema())
    many = pa.concat_tables([one] * ROWS_SUMMED_MAX).combine_chunks()
    names = pa.array([f"m{number}" for number in range(many.num_rows)])
    lake.append(TURN_PARTS, many.set_column(many.column_names.index("turn_id"), TURN_PARTS.schema().field("turn_id"), names))
    return lake


def summed(home: Path, observe: Callable[[Part, str], None] = lambda _part, _step: None) -> int:
    """How often a stream sums up until it finds nothing to do."""
    tally = Tally()
    orders = StreamOrders(Settings(home=home, api_key=None, hash_key=None), [Part.SUM], observe=observe)
    run_parts(orders, Chain(stop=lambda: False, until_idle_s=IDLE_S), tally=tally, metrics=StreamMetrics("file"))
    return tally.summed


def test_the_stream_sums_up_a_large_lake_once(tmp_path: Path):
    """What it keeps is the sum of the whole lake; where nothing has changed it writes nothing."""
    lake = large(tmp_path)

    assert summed(tmp_path) == 1

    version, kept = lake.version(ROLLUPS), kept_rollup(lake, [])
    assert kept is not None
    assert kept.is_current
    assert kept.rollup == make_rollup(lake, [])
    assert summed(tmp_path) == 0
    assert lake.version(ROLLUPS) == version


def test_the_stream_leaves_sums_to_whoever_made_them_lately(tmp_path: Path):
    """A running service makes them each minute; once nobody does, the stream takes over."""
    lake, now = large(tmp_path), datetime.now(UTC)
    talk = Talk(lake, 4)
    keep_rollup(lake, [], now=now)
    talk.landed += 1
    talk.said(range(100, 103))
    assert summed(tmp_path) == 0

    keep_rollup(lake, [], now=now - STANDS_BY - timedelta(minutes=1))
    talk.said(range(103, 106))

    assert summed(tmp_path) == 1
    kept = kept_rollup(lake, [])
    assert kept is not None
    assert kept.is_current


def test_a_small_lake_is_not_summed(tmp_path: Path):
    """Pages do it themselves."""
    lake = Lake(tmp_path / "lake")
    Talk(lake, 3).said(range(6))

    assert summed(tmp_path) == 0
    assert kept_rollup(lake, []) is None
