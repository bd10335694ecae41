"""The tables of review: what is switched off. Vetoes stand in `tables`, events in `experiment_tables`. All lie in the books."""

from __future__ import annotations

from resay.store.table import TEXT, TIME, Column, Home, Table

SWITCHES = Table(
    "switches",
    "What is switched off now; a row is gone once it is on again.",
    (
        Column("scope", TEXT, "all, or a layer: taught, personal, table, global."),
        Column("off_since", TIME, "When, UTC."),
        Column("switched_by", TEXT, "Who."),
        Column("why", TEXT, "Why."),
    ),
    key=("scope",),
    owner="resay/store/review",
    home=Home.BOOKS,
)
