"""The roll-up: all that pages show of the lake, summed once and kept in it. To sum a million turns takes seconds; to read sums does not.

Makes it, keeps it, and says whether it is of today. Who makes it when is known elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec
import pyarrow as pa

from resay.label.findings import Findings, SaidTwice, findings, said_twice
from resay.store.lake import Lake
from resay.store.reading import Connection, quoted
from resay.store.slices import Slice
from resay.store.tables import FAILURE_POINTS, FRICTION, LINKS, OUTCOMES, ROLLUPS, TURN_PARTS

FORM = 1
"""Of the body; another one is made anew."""

NAMES_MAX = 200
"""Names of each kind that are kept, those of most turns: more than anybody reads."""

SAMPLES_MAX = 8
"""Newest turns kept of each failure point in each slice, to be read."""

TWICE_MAX = 50
"""Things said twice that are kept."""

INPUTS = (TURN_PARTS, OUTCOMES, FRICTION, LINKS, FAILURE_POINTS)
"""What it is made of."""

KINDS = ("cohort", "device_type", "room", "intent")
"""By what traffic is told apart."""


@dataclass(frozen=True, slots=True)
class Fared:
    """How a part of traffic fared."""

    kind: str
    """One of `KINDS`, or `slice`, or `all`."""
    name: str
    turns: int
    customers: int
    failures: int
    censored: int

    @property
    def defect_rate(self) -> float | None:
        """Failures over turns of which it could be told, as `Findings` has it; nothing where there are none."""
        told = self.turns - self.censored
        return self.failures / told if told else None


@dataclass(frozen=True, slots=True)
class Failed:
    """Failed turns of one part of traffic that failed first at one point."""

    kind: str
    name: str
    point: str
    turns: int
    samples: tuple[str, ...]
    """Ids of the newest of them."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """The lake in sums."""

    found: Findings
    twice: tuple[SaidTwice, ...]
    outcomes: tuple[tuple[date, int, int, int], ...]
    """Of each day: failures, turns of which it cannot be told, successes."""
    signs: tuple[tuple[str, date, int], ...]
    """Turns that showed each sign of friction on each day."""
    fared: tuple[Fared, ...]
    failed: tuple[Failed, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A roll-up as the lake keeps it."""

    rollup: Rollup
    made_at: datetime
    """UTC."""
    is_current: bool
    """Whether nothing has been written since."""


def make_rollup(lake: Lake, slices: Sequence[Slice]) -> Rollup:
    """Sum up the whole lake."""
    with lake.connect() as connection:
        connection.execute(_JUDGED)
        outcomes = connection.execute(_OUTCOMES).fetchall()
        signs = connection.execute(_SIGNS).fetchall()
        fared = [Fared(*row) for row in connection.execute(_FARED, [NAMES_MAX]).fetchall()]
        fared += [Fared("slice", each.slice, *_of_slice(connection, each)) for each in slices]
        failed = [
            Failed(kind, name, point, times, tuple(ids))
            for kind, name, point, times, ids in connection.execute(_FAILED, [SAMPLES_MAX, NAMES_MAX]).fetchall()
        ]
    return Rollup(findings(lake), tuple(said_twice(lake, most=TWICE_MAX)), tuple(outcomes), tuple(signs), tuple(fared), tuple(failed))


def keep_rollup(lake: Lake, slices: Sequence[Slice], *, now: datetime) -> Rollup:
    """Sum up the whole lake, and keep that in place of what was kept before.

    Raises: LakeUnavailable.
    """
    # The versions first: what is written while it is summed makes it due again.
    inputs = inputs_of(lake, slices)
    rollup = make_rollup(lake, slices)
    row = {"rollup": ["pages"], "made_at": [now], "inputs": [inputs], "turns": [rollup.found.turns], "body": [encode(rollup)]}
    lake.replace(ROLLUPS, pa.table(row, schema=ROLLUPS.schema()))
    return rollup


def kept_rollup(lake: Lake, slices: Sequence[Slice]) -> Kept | None:
    """What is kept; nothing where that is none, or of another form.

    Raises: LakeUnavailable.
    """
    snapshot = lake.snapshot(ROLLUPS)
    rows = snapshot.to_pyarrow_table().to_pylist() if snapshot else []
    if not rows or json.loads(rows[0]["inputs"])["form"] != FORM:
        return None
    row = rows[0]
    return Kept(_DECODE(row["body"]), row["made_at"].astimezone(UTC), row["inputs"] == inputs_of(lake, slices))


def inputs_of(lake: Lake, slices: Sequence[Slice]) -> str:
    """What a roll-up made now would be made of."""
    versions: dict[str, object] = {table.name: lake.version(table) for table in INPUTS}
    return json.dumps(versions | {"slices": [each.slice for each in slices], "form": FORM}, sort_keys=True)


def encode(rollup: Rollup) -> str:
    """As JSON."""
    return msgspec.json.encode(rollup).decode()


_DECODE = msgspec.json.Decoder(Rollup).decode

_JUDGED = """
    create or replace temp table judged as
    select outcomes.turn_id, outcomes.customer_id, outcomes.event_time, outcomes.outcome,
        coalesce(turns.cohorts, []) as cohorts, coalesce(turns.device_type, '') as device_type, coalesce(turns.room, '') as room,
        case when turns.interpretation is null then ''
            else split_part(turns.interpretation, '|', 1) || '|' || split_part(turns.interpretation, '|', 2) end as intent,
        coalesce(failure_points.point, '') as point
    from outcomes
    left join turns on turns.turn_id = outcomes.turn_id
    left join failure_points on failure_points.turn_id = outcomes.turn_id
"""

_OUTCOMES = """
    select cast(event_time as date) as day, count(*) filter (outcome = 'failure'), count(*) filter (outcome = 'censored'),
        count(*) filter (outcome = 'success')
    from judged
    group by day
    order by day
"""

_SIGNS = """
    select sign, cast(event_time as date) as day, count(distinct turn_id)
    from friction
    group by sign, day
    order by sign, day
"""

_NAMED = """
    select 'all' as kind, '' as name, * from judged
    union all select 'cohort', unnest(cohorts), * from judged
    union all select 'device_type', device_type, * from judged where device_type <> ''
    union all select 'room', room, * from judged where room <> ''
    union all select 'intent', intent, * from judged where intent <> ''
"""

_FARED = f"""
    select kind, name, count(*) as times, count(distinct customer_id), count(*) filter (outcome = 'failure'),
        count(*) filter (outcome = 'censored')
    from ({_NAMED}) as named
    group by kind, name
    qualify row_number() over (partition by kind order by times desc, name) <= ?
    order by kind, times desc, name
"""

_FAILED = f"""
    with counted as (
        select kind, name, point, count(*) as times, max_by(turn_id, (event_time, turn_id), ?) as samples
        from ({_NAMED}) as named
        where outcome = 'failure' and point <> ''
        group by kind, name, point
    ),
    summed as (select *, sum(times) over (partition by kind, name) as in_all from counted),
    ranked as (select *, dense_rank() over (partition by kind order by in_all desc, name) as place from summed)
    select kind, name, point, times, samples
    from ranked
    where place <= ?
    order by kind, name, times desc, point
"""


def _of_slice(connection: Connection, wanted: Slice) -> tuple[int, int, int, int]:
    terms = [f"{name} = {quoted(value)}" for name in KINDS[1:] if (value := getattr(wanted, name))]
    terms += [f"list_contains(cohorts, {quoted(wanted.cohort)})"] if wanted.cohort else []
    query = f"""
        select count(*), count(distinct customer_id), count(*) filter (outcome = 'failure'), count(*) filter (outcome = 'censored')
        from judged
        where {" and ".join(terms) or "true"}
    """
    row = connection.execute(query).fetchall()[0]
    return int(row[0]), int(row[1]), int(row[2]), int(row[3])
