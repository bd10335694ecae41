"""Experiments in the books: written once, ended once, exposures noted with the decisions, every change an event."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resay.dialogue.rewrite import Decision
from resay.store.books import Books
from resay.store.events import Event
from resay.store.experiments import ExperimentBooks, ExperimentRecord
from tests.builders import BASE

RECORD = ExperimentRecord(
    experiment="rewriting",
    salt="rewriting",
    metric="defect_rate",
    treatment=0.5,
    stretch_start=0.0,
    stretch_end=0.25,
    aimed=0.1,
    margin=0.02,
    level=0.95,
    guardrails={"barge_in": 0.1},
    cohorts=("en-GB",),
    later_cohorts=(),
    past_days=28,
    started_at=BASE,
    started_by="ada",
    why="fewer defects",
)
LATER = BASE + timedelta(days=3)


def decision(number: int, customer: str, arm: str | None, *, at: float, experiment: str = "rewriting") -> Decision:
    """An answer to a customer; it exposes them where it names an arm."""
    others: dict[str, Any] = dict.fromkeys(("target", "layer", "generation", "rewrite_id"))
    moment = BASE + timedelta(seconds=at)
    named = {"experiment": experiment if arm else None, "arm": arm, "propensity": 1.0, "reason": "rewritten", "latency_ms": 1.0}
    return Decision(decision_id=f"d{number}", turn_id="t", customer_id=customer, at=moment, mode="before", source="x", **others, **named)


def test_what_was_asked_comes_back_as_it_was(books: Books):
    """Guardrails, cohorts and times too; the start is an event."""
    experiments = ExperimentBooks(books)

    experiments.start(lambda _others: RECORD)

    assert experiments.all() == [RECORD]
    assert experiments.events("rewriting") == [Event(BASE, "rewriting", "started", "ada", "fewer defects")]


def test_one_that_ends_says_when_by_whom_and_why(books: Books):
    """Once: who ends it again is told that it does not run, and nothing is changed."""
    experiments = ExperimentBooks(books)
    experiments.start(lambda _others: RECORD)

    assert experiments.stop("rewriting", at=LATER, by="bob", why="found")
    assert not experiments.stop("rewriting", at=LATER + timedelta(days=1), by="eve", why="again")

    assert experiments.all() == [replace(RECORD, stopped_at=LATER, stopped_by="bob", stop_reason="found")]
    assert [(each.change, each.by, each.why) for each in experiments.events("rewriting")] == [
        ("started", "ada", "fewer defects"),
        ("stopped", "bob", "found"),
    ]
    assert not experiments.stop("unknown", at=LATER, by="bob", why="")


def test_a_cohort_that_is_added_stays_in_its_place(books: Books):
    """Later ones stand behind; one that is there already is no news."""
    experiments = ExperimentBooks(books)
    experiments.start(lambda _others: RECORD)

    assert [experiments.add_cohort("rewriting", name, at=LATER, by="ada") for name in ("scots", "new", "scots", "en-GB")] == [
        True,
        True,
        False,
        False,
    ]

    assert experiments.all()[0].later_cohorts == ("scots", "new")
    assert [each.why for each in experiments.events("rewriting")][1:] == ["scots", "new"]


def test_of_many_who_start_at_once_each_sees_the_others(books: Books):
    """Each is made from all before it: eight that each take the number of those that are there take eight numbers."""

    def one_more(others: Sequence[ExperimentRecord]) -> ExperimentRecord:
        time.sleep(0.01)  # Time enough for another one to come between, if it could.
        return replace(RECORD, experiment=f"number-{len(others)}")

    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(lambda _: ExperimentBooks(books).start(one_more), range(8)))

    assert sorted(each.experiment for each in started) == [f"number-{number}" for number in range(8)]


def test_one_that_must_not_start_leaves_nothing(books: Books):
    """Neither the experiment nor the event."""

    def refuses(_others: Sequence[ExperimentRecord]) -> ExperimentRecord:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ExperimentBooks(books).start(refuses)

    assert ExperimentBooks(books).all() == []


def test_decisions_of_no_experiment_expose_nobody(books: Books):
    """Most of them are."""
    books.log_decisions([decision(1, "ann", None, at=0)])

    assert ExperimentBooks(books).exposures("rewriting") == []


def test_exposures_are_those_of_one_experiment(books: Books):
    """Another one's are its own."""
    books.log_decisions([decision(1, "ann", "control", at=5), decision(2, "ann", "treatment", at=1, experiment="other")])

    assert ExperimentBooks(books).exposures("rewriting") == [("ann", "control", BASE + timedelta(seconds=5))]


MOMENTS = st.tuples(st.sampled_from(["ann", "bob"]), st.sampled_from(["control", "treatment"]), st.integers(0, 9))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(MOMENTS, max_size=5), max_size=4))
def test_an_exposure_is_the_first_moment_in_whatever_order_decisions_come(batches: list[list[tuple[str, str, int]]]):
    """Of each customer and arm, over all batches: what a dictionary of least moments says."""
    first: dict[tuple[str, str], datetime] = {}
    number = 0
    with TemporaryDirectory() as folder:
        opened = Books(Path(folder) / "books.sqlite")
        for batch in batches:
            decisions = []
            for customer, arm, second in batch:
                number += 1
                decisions.append(decision(number, customer, arm, at=second))
                moment = BASE + timedelta(seconds=second)
                first[customer, arm] = min(first.get((customer, arm), moment), moment)
            opened.log_decisions(decisions)
        noted = ExperimentBooks(opened).exposures("rewriting")
        opened.close()

    assert noted == [(customer, arm, moment) for (customer, arm), moment in sorted(first.items())]
