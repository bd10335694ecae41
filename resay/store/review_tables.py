"""The tables of review: what is switched off, and how rewrites fare on trial. Vetoes stand in `tables`, events in `experiment_tables`."""

from __future__ import annotations

from resay.store.table import DAY, NUMBER, TEXT, TIME, Column, Home, Table

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

TRIALS = Table(
    "trials",
    "Each customer's first turn of a day for which a rewrite of the table was ready, and what came of it; written with the decisions.",
    (
        Column("rewrite_id", TEXT, "The rewrite."),
        Column("customer_id", TEXT, "Pseudonymous customer."),
        Column("day", DAY, "Day of the event time, UTC: chance is drawn once a day for a customer's words."),
        Column("turn_id", TEXT, "The turn."),
        Column("event_time", TIME, "Event time of the turn, UTC."),
        Column("share", NUMBER, "Chance with which it was to be applied."),
        Column("drawn", TEXT, "applied or held_out."),
        Column("outcome", TEXT, "right, wrong, void (the customer was in control of an experiment); empty while labels do not tell."),
    ),
    key=("rewrite_id", "customer_id", "day"),
    owner="serving/decision_log",
    home=Home.BOOKS,
)

STAGES = Table(
    "stages",
    "How far rewrites have come by their own evidence; who has no row is on trial.",
    (
        Column("rewrite_id", TEXT, "The rewrite."),
        Column("stage", TEXT, "canary, live or taken_back (`resay.experiment.promote`)."),
        Column("changed_at", TIME, "Since when, UTC."),
        Column("counts_from", TIME, "Trials before this do not count: a person gave it another chance. UTC.", nullable=True),
        Column("why", TEXT, "Why, with the counts and the evidence."),
    ),
    key=("rewrite_id",),
    owner="serving/trials",
    home=Home.BOOKS,
)

TRIGGERS = Table(
    "triggers",
    "Turns into which the global layer, or a customer's own history, put a rewrite, and what came of them; written with the decisions.",
    (
        Column("layer", TEXT, "global or personal."),
        Column("rewrite_id", TEXT, "The rewrite."),
        Column("customer_id", TEXT, "Pseudonymous customer."),
        Column("occasion", TEXT, "The turn; of the global layer the day (UTC), so that one customer counts once a day."),
        Column("turn_id", TEXT, "The turn."),
        Column("event_time", TIME, "Event time of the turn, UTC."),
        Column("outcome", TEXT, "right or wrong; empty while labels do not tell."),
    ),
    key=("layer", "rewrite_id", "customer_id", "occasion"),
    owner="serving/decision_log",
    home=Home.BOOKS,
)

UNSAID = Table(
    "unsaid",
    "Rewrites of customers' own histories that broke their promise, each unsaid to that customer for four weeks.",
    (
        Column("customer_id", TEXT, "Pseudonymous customer."),
        Column("rewrite_id", TEXT, "The rewrite."),
        Column("unsaid_from", TIME, "When, UTC; triggers before it count no more."),
        Column("why", TEXT, "Why, with the counts and the evidence."),
    ),
    key=("customer_id", "rewrite_id"),
    owner="serving/trials",
    home=Home.BOOKS,
)

EDITS = Table(
    "edits",
    "Rewrites that a person put in place of what was mined; learning keeps them as long as they can be proven.",
    (
        Column("rewrite_id", TEXT, "The rewrite."),
        Column("rewrite", TEXT, "JSON: the row of table `rewrites`, as it was checked then."),
        Column("allowed", TEXT, "yes or no: whether the person allowed it though it is risky."),
        Column("edited_by", TEXT, "Who."),
        Column("why", TEXT, "Why."),
        Column("edited_at", TIME, "When, UTC."),
    ),
    key=("rewrite_id",),
    owner="resay/store/edits",
    home=Home.BOOKS,
)
