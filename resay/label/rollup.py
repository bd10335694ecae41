"""The roll-up: all that pages show of the lake, summed of the sums of its days, and kept in it.

Days of which nothing has changed are not summed again: a day more costs a day's turns, and no page scans any. Who asks when is known
elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pyarrow as pa

from resay.dialogue.errors import ResayError
from resay.label.customer_days import customer_day_rows
from resay.label.day_sums import OF_DAY, day_rows
from resay.label.findings import Findings, SaidTwice
from resay.label.stale_days import GLANCES_MAX, LOOKS_MAX, days_changed, stands_of
from resay.label.summed_days import failed_of, fared_of, findings_of, outcomes_of, signs_of, twice_of
from resay.store.commit import Progress
from resay.store.erasure import ERASED
from resay.store.errors import LostPosition
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.rollup_tables import TIMES_SUMMED
from resay.store.slices import Slice
from resay.store.sums import SUMS
from resay.store.tables import CUSTOMER_DAYS, ROLLUP_DAYS, ROLLUPS, Table

FORM = 2
"""Of the body and of the days; another one is made anew."""

NAMES_MAX = 200
"""Names of each kind that are kept, those of most turns: more than anybody reads."""

TWICE_MAX = 50
"""Things said twice that are kept."""

TRIES_MAX = 5
"""How often others may be first to keep what they summed, or to erase rows, at the same time."""


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


class SumsContended(ResayError):
    """Others kept their sums, or erased rows, first, every time."""


def make_rollup(lake: Lake, slices: Sequence[Slice]) -> Rollup:
    """Sum up the whole lake, and keep nothing."""
    with lake.connect() as connection:
        connection.register("days_summed", day_rows(connection, slices, None))
        return _summed(connection, "days_summed")


def keep_rollup(lake: Lake, slices: Sequence[Slice], *, now: datetime) -> Rollup:
    """Bring the sums of days to what the lake says, add them up, and keep that in place of what was kept before.

    Raises: SumsContended, LakeUnavailable.
    """
    for _ in range(TRIES_MAX):
        try:
            return _keep(lake, slices, now=now)
        except LostPosition:
            continue
    message = f"sums must be kept; others kept theirs, or erased rows, {TRIES_MAX} times first; does a service sum up, or forget?"
    raise SumsContended(message)


def _keep(lake: Lake, slices: Sequence[Slice], *, now: datetime) -> Rollup:
    """Once; whoever is overtaken at any of the three tables, by another who sums or by an erasure, has not the last word at any.

    Raises: LostPosition, LakeUnavailable.
    """
    moves = {table: _moved(lake, table) for table in SUMS}
    # Where the tables stand first: what is written or erased while it is summed makes it due again.
    inputs = _inputs(lake, slices, days=[each.start for each in moves[ROLLUP_DAYS]])
    due = _days_due(lake, inputs)
    _sum_days(lake, slices, days=due, moves=moves)
    if due is None or due:
        inputs[_DAYS] = [each.end for each in moves[ROLLUP_DAYS]]
    with lake.connect() as connection:
        rollup = _summed(connection, ROLLUP_DAYS.name)
    made_of = _as_text(inputs)
    row = {"rollup": ["pages"], "made_at": [now], "inputs": [made_of], "turns": [rollup.found.turns], "body": [encode(rollup)]}
    lake.replace(ROLLUPS, pa.table(row, schema=ROLLUPS.schema()), moves[ROLLUPS])
    return rollup


def stale_days(lake: Lake) -> list[date] | None:
    """Days of which the lake's sums are of yesterday, for whoever shows a page; nothing where that are all, or would take long to tell.

    Raises: LakeUnavailable.
    """
    kept = _kept_inputs(lake)
    return days_changed(lake, kept, looks_max=GLANCES_MAX) if kept and kept["form"] == FORM else None


def _days_due(lake: Lake, inputs: Mapping[str, Any]) -> list[date] | None:
    """Days to be summed again; nothing where that are all: of other slices, of another form, or not those that were added up last."""
    kept = _kept_inputs(lake)
    if kept is None or any(kept.get(name) != inputs[name] for name in (_SLICES, _FORM, _DAYS)):
        return None
    return days_changed(lake, kept, looks_max=LOOKS_MAX)


def _sum_days(lake: Lake, slices: Sequence[Slice], *, days: Sequence[date] | None, moves: Mapping[Table, Sequence[Progress]]) -> None:
    """Put the sums of these days, or of all, in place of what was kept of them."""
    if days is not None and not days:
        return
    with lake.connect() as connection:
        parts = day_rows(connection, slices, days)
        customers = connection.sql(customer_day_rows("true" if days is None else OF_DAY)).to_arrow_table()
    for table, rows in ((CUSTOMER_DAYS, customers), (ROLLUP_DAYS, parts)):
        cast = rows.cast(table.schema())
        if days is None:
            lake.replace(table, cast, moves[table])
        else:
            lake.revise(table, cast, keys=pa.table({"day": [each.isoformat() for each in days]}), progress=moves[table])


def _moved(lake: Lake, table: Table) -> list[Progress]:
    """One more time that the table was summed, and nothing erased of it meanwhile."""
    times, erased = _stand_of_sums(lake, table)
    return [Progress(TIMES_SUMMED, times, times + 1), Progress(ERASED, erased, erased)]


def _stand_of_sums(lake: Lake, table: Table) -> list[int]:
    _, positions = lake.stand(table, (TIMES_SUMMED, ERASED))
    return list(positions)


def _summed(connection: Connection, days: str) -> Rollup:
    return Rollup(
        findings_of(connection, days),
        tuple(twice_of(connection, days, most=TWICE_MAX)),
        tuple(outcomes_of(connection, days)),
        tuple(signs_of(connection, days)),
        tuple(Fared(*row) for row in fared_of(connection, days, most=NAMES_MAX)),
        tuple(
            Failed(kind, name, point, turns, tuple(ids)) for kind, name, point, turns, ids in failed_of(connection, days, most=NAMES_MAX)
        ),
    )


def kept_rollup(lake: Lake, slices: Sequence[Slice]) -> Kept | None:
    """What is kept; nothing where that is none, or of another form.

    Raises: LakeUnavailable.
    """
    row = _kept_row(lake)
    if row is None or json.loads(row["inputs"])["form"] != FORM:
        return None
    return Kept(_DECODE(row["body"]), row["made_at"].astimezone(UTC), row["inputs"] == inputs_of(lake, slices))


def inputs_of(lake: Lake, slices: Sequence[Slice]) -> str:
    """What a roll-up made now would be made of."""
    return _as_text(_inputs(lake, slices, days=_stand_of_sums(lake, ROLLUP_DAYS)))


def _inputs(lake: Lake, slices: Sequence[Slice], *, days: Sequence[int]) -> dict[str, Any]:
    return stands_of(lake) | {_SLICES: [each.slice for each in slices], _FORM: FORM, _DAYS: list(days)}


_SLICES, _FORM, _DAYS = "slices", "form", "days"
"""Names of what a roll-up is made of, beside those of tables."""


def _as_text(inputs: Mapping[str, Any]) -> str:
    return json.dumps(inputs, sort_keys=True)


def encode(rollup: Rollup) -> str:
    """As JSON."""
    return msgspec.json.encode(rollup).decode()


_DECODE = msgspec.json.Decoder(Rollup).decode


def _kept_row(lake: Lake) -> dict[str, Any] | None:
    snapshot = lake.snapshot(ROLLUPS)
    rows = snapshot.to_pyarrow_table().to_pylist() if snapshot else []
    return rows[0] if rows else None


def _kept_inputs(lake: Lake) -> dict[str, Any] | None:
    row = _kept_row(lake)
    return json.loads(row["inputs"]) if row else None
