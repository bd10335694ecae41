"""The tables behind the pages: sums of the whole lake, kept so that nobody who looks has to scan it; and slices that people asked for."""

from __future__ import annotations

from resay.store.table import COUNT, TEXT, TIME, Column, Home, Table

ROLLUPS = Table(
    "rollups",
    "Sums of the whole lake, as pages show them: one row, and the versions of the tables that it was made of.",
    (
        Column("rollup", TEXT, "pages."),
        Column("made_at", TIME, "When, UTC."),
        Column("inputs", TEXT, "JSON: the version of each table, the slices, and the form, that it was made of."),
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
