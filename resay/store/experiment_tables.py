"""The tables of experiments: what was asked, who was exposed, what was changed by whom. All lie in the books."""

from __future__ import annotations

from resay.store.table import COUNT, NUMBER, TEXT, TIME, Column, Home, Table

EXPOSURES = Table(
    "exposures",
    "First moment at which arms could differ for a customer; written with the decisions. Who was served by two arms has two rows.",
    (
        Column("experiment", TEXT, "The experiment."),
        Column("customer_id", TEXT, "Pseudonymous customer."),
        Column("arm", TEXT, "treatment or control."),
        Column("event_time", TIME, "When, UTC."),
    ),
    key=("experiment", "customer_id", "arm"),
    owner="serving/decision_log",
    home=Home.BOOKS,
)

EXPERIMENTS = Table(
    "experiments",
    "Questions put to live traffic, as they were asked before the first look, and how each ended.",
    (
        Column("experiment", TEXT, "Its name; used once."),
        Column("salt", TEXT, "Salt by which arms are drawn."),
        Column("metric", TEXT, "The metric that decides (`resay.experiment.metric`)."),
        Column("treatment", NUMBER, "Share of treatment among its customers; the others are control."),
        Column("stretch_start", NUMBER, "Where its stretch of all customers begins, 0 to 1."),
        Column("stretch_end", NUMBER, "Where it ends."),
        Column("aimed", NUMBER, "Relative difference at which the interval is narrowest."),
        Column("margin", NUMBER, "Relative difference below which none matters."),
        Column("level", NUMBER, "Confidence level, over all looks."),
        Column("guardrails", TEXT, "JSON: relative worsening that would still be borne, by metric."),
        Column("cohorts", TEXT, "JSON: cohorts declared before the first look."),
        Column("later_cohorts", TEXT, "JSON: cohorts added later, the earliest first."),
        Column("past_days", COUNT, "Days before the start whose talk is taken out of the difference."),
        Column("started_at", TIME, "When, UTC."),
        Column("started_by", TEXT, "Who."),
        Column("why", TEXT, "What is expected, and why it is asked."),
        Column("stopped_at", TIME, "When, UTC.", nullable=True),
        Column("stopped_by", TEXT, "Who, or what.", nullable=True),
        Column("stop_reason", TEXT, "Why.", nullable=True),
    ),
    key=("experiment",),
    owner="serving/experiments",
    home=Home.BOOKS,
)

CHANGES = Table(
    "changes",
    "What people, or the service by itself, changed in the books: events that are added and never altered.",
    (
        Column("change_id", TEXT, "The event; sorts by time."),
        Column("changed_at", TIME, "When, UTC."),
        Column("kind", TEXT, "What was changed: experiment, rule, slice or switch."),
        Column("name", TEXT, "Which one: an experiment, a veto, a rewrite, a generation, or what is switched."),
        Column(
            "change",
            TEXT,
            "started, stopped, cohort_added; dismissed, taken_back; promoted, back_on_trial, rolled_back, restored; edited, "
            "imported, unedited, generation_restored; switched_off, switched_on.",
        ),
        Column("changed_by", TEXT, "Who, or what."),
        Column("why", TEXT, "Why."),
    ),
    key=("change_id",),
    owner="resay/store/events",
    home=Home.BOOKS,
)
