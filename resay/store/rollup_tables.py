"""The tables behind the pages: sums of days and of the whole lake, so that nobody who looks has to scan it; and slices people asked for."""

from __future__ import annotations

import pyarrow as pa

from resay.store.table import COUNT, TEXT, TEXTS, TIME, Column, Home, Table

TIMES_SUMMED = "sums"
"""Names among a table's positions how often it was summed anew or dropped: whoever was overtaken finds another number."""

_DAY = Column("day", TEXT, "The day, UTC, as YYYY-MM-DD.")
_DAY_START = Column("event_time", TIME, "When it began, UTC.")

CUSTOMER_DAYS = Table(
    "customer_days",
    "What was counted of each customer on each day: a look at an experiment adds these up, and need not scan turns.",
    (
        _DAY,
        Column("event_time", TIME, "The last moment of it that was counted, UTC."),
        Column("customer_id", TEXT, "Pseudonymous customer."),
        Column("turns", COUNT, "Turns that are labelled."),
        Column("defect", COUNT, "Their chances of having failed, added up, in millionths."),
        Column("rephrased", COUNT, "Those that were said again."),
        Column("barge_in", COUNT, "Those whose answer was spoken over."),
        Column("denied", COUNT, "Those that were complained of."),
        Column("goals", COUNT, "Goals begun of which it is known what came."),
        Column("reached", COUNT, "Those of them that were reached."),
        Column("cohorts", TEXTS, "Those that the first turn of the day named that named any.", nullable=True),
    ),
    key=("day", "customer_id"),
    owner="resay/label/customer_days",
)

ROLLUP_DAYS = Table(
    "rollup_days",
    "Sums of each day by part of traffic, which add up to the roll-up; made anew for days of which something has changed.",
    (
        _DAY,
        _DAY_START,
        Column("kind", TEXT, "What is summed: `all`, cohort, device_type, room, intent, slice; sign, read, again, twice, then."),
        Column("name", TEXT, "Which one; empty where there is one only."),
        Column("detail", TEXT, "The failure point, or what was said then; empty: of all."),
        Column("turns", COUNT, "Turns."),
        Column("failures", COUNT, "Those that failed."),
        Column("censored", COUNT, "Those of which it cannot be told."),
        Column("first_at", TIME, "Event time of the first, UTC."),
        Column("last_at", TIME, "Event time of the last, UTC."),
        Column("customers", pa.list_(pa.int64()), "Marks of the customers, each once: half of an MD5 of their id."),
        Column(
            "samples", TEXTS, "Turn ids to be read: the newest that failed, newest first; of `twice` first try, second try, best first."
        ),
    ),
    key=("day", "kind", "name", "detail"),
    owner="resay/label/day_sums",
)

ROLLUPS = Table(
    "rollups",
    "Sums of the whole lake, as pages show them: one row, and the versions of the tables that it and the days were made of.",
    (
        Column("rollup", TEXT, "pages."),
        Column("made_at", TIME, "When, UTC."),
        Column(
            "inputs",
            TEXT,
            "JSON, what it was made of: version and last erasure of each table, the slices, the form, and where `rollup_days` stood.",
        ),
        Column("turns", COUNT, "Turns that it sums up."),
        Column("body", TEXT, "JSON: `resay.label.rollup.Rollup`."),
    ),
    key=("rollup",),
    owner="resay/label/rollup",
)

SLICES = Table(
    "slices",
    "Slices of traffic that people asked for; each is shown for good.",
    (
        Column("slice", TEXT, "Its name."),
        Column("cohort", TEXT, "Of this cohort; empty: any."),
        Column("device_type", TEXT, "On this kind of device; empty: any."),
        Column("room", TEXT, "In this room; empty: any."),
        Column("intent", TEXT, "Taken for this `domain|intent`; empty: any."),
        Column("saved_by", TEXT, "Who."),
        Column("saved_at", TIME, "When, UTC."),
    ),
    key=("slice",),
    owner="resay/store/slices",
    home=Home.BOOKS,
)
