"""Experiments in the books: what was asked, who was exposed, and what was changed when by whom.

Knows rows and their order in time; knows nothing of what an experiment means or comes to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resay.dialogue.moment import utc
from resay.store.books import EXPERIMENTS, EXPOSURES, Books
from resay.store.events import Event, note, read_events

KIND = "experiment"
"""Of events that are ours."""


@dataclass(frozen=True, slots=True)
class ExperimentRecord:
    """An experiment as it was asked, and how it ended: a row of table `experiments`."""

    experiment: str
    """Its name; used once."""
    salt: str
    metric: str
    treatment: float
    """Share of treatment among its customers; the others are control."""
    stretch_start: float
    stretch_end: float
    aimed: float
    margin: float
    level: float
    guardrails: Mapping[str, float]
    """Relative worsening that would still be borne, by metric."""
    cohorts: tuple[str, ...]
    """Declared before the first look."""
    later_cohorts: tuple[str, ...]
    """Added later, the earliest first."""
    past_days: int
    started_at: datetime
    """UTC."""
    started_by: str
    why: str
    stopped_at: datetime | None = None
    """UTC; nothing while it runs."""
    stopped_by: str | None = None
    stop_reason: str | None = None


class ExperimentBooks:
    """The tables of experiments; safe to share between threads."""

    def __init__(self, books: Books) -> None:
        """In these books."""
        self._books = books

    def all(self) -> list[ExperimentRecord]:
        """All that were ever started, oldest first.

        Raises: BooksUnavailable.
        """
        with self._books.reading() as connection:
            return _all(connection)

    def start(self, make: Callable[[Sequence[ExperimentRecord]], ExperimentRecord]) -> ExperimentRecord:
        """Write down what `make` makes of all that are there; nobody else starts one meanwhile.

        Raises: BooksUnavailable, and whatever `make` raises; nothing is written then.
        """
        with self._books.writing() as connection:
            # A write first: SQLite has one writer at a time, so that no other start comes between what is read and what is written.
            connection.execute(EXPERIMENTS.update().where(sa.false()).values(why=EXPERIMENTS.c.why))
            record = make(_all(connection))
            connection.execute(EXPERIMENTS.insert(), _row(record))
            note(connection, KIND, Event(record.started_at, record.experiment, "started", record.started_by, record.why))
        return record

    def stop(self, experiment: str, *, at: datetime, by: str, why: str) -> bool:
        """End one that runs; answers whether it ran.

        Raises: BooksUnavailable.
        """
        runs = (EXPERIMENTS.c.experiment == experiment, EXPERIMENTS.c.stopped_at.is_(None))
        with self._books.writing() as connection:
            ended = EXPERIMENTS.update().where(*runs).values(stopped_at=at, stopped_by=by, stop_reason=why)
            if not connection.execute(ended).rowcount:
                return False
            note(connection, KIND, Event(at, experiment, "stopped", by, why))
        return True

    def add_cohort(self, experiment: str, cohort: str, *, at: datetime, by: str) -> bool:
        """Look at one more cohort from now on, for good; answers whether it is a new one of an experiment that is there.

        Raises: BooksUnavailable.
        """
        with self._books.writing() as connection:
            connection.execute(EXPERIMENTS.update().where(sa.false()).values(why=EXPERIMENTS.c.why))
            record = next((each for each in _all(connection) if each.experiment == experiment), None)
            if record is None or cohort in (*record.cohorts, *record.later_cohorts):
                return False
            later = json.dumps([*record.later_cohorts, cohort])
            connection.execute(EXPERIMENTS.update().where(EXPERIMENTS.c.experiment == experiment).values(later_cohorts=later))
            note(connection, KIND, Event(at, experiment, "cohort_added", by, cohort))
        return True

    def exposures(self, experiment: str) -> list[tuple[str, str, datetime]]:
        """Customer, arm and the first moment of each who was exposed; those who were served by two arms stand there twice.

        Raises: BooksUnavailable.
        """
        of = EXPOSURES.c
        query = sa.select(of.customer_id, of.arm, of.event_time).where(of.experiment == experiment).order_by(of.customer_id, of.arm)
        with self._books.reading() as connection:
            return [(customer, arm, utc(moment)) for customer, arm, moment in connection.execute(query)]

    def events(self, experiment: str) -> list[Event]:
        """What was changed, oldest first.

        Raises: BooksUnavailable.
        """
        return read_events(self._books, KIND, name=experiment)


def _all(connection: sa.Connection) -> list[ExperimentRecord]:
    rows = connection.execute(sa.select(EXPERIMENTS).order_by(EXPERIMENTS.c.started_at, EXPERIMENTS.c.experiment)).mappings().all()
    return [_record(row) for row in rows]


def _record(row: Mapping[Any, Any]) -> ExperimentRecord:
    record = ExperimentRecord(**row)
    return replace(
        record,
        guardrails=json.loads(row["guardrails"]),
        cohorts=tuple(json.loads(row["cohorts"])),
        later_cohorts=tuple(json.loads(row["later_cohorts"])),
        started_at=utc(record.started_at),
        stopped_at=record.stopped_at and utc(record.stopped_at),
    )


def _row(record: ExperimentRecord) -> dict[str, object]:
    texts = {"guardrails": dict(record.guardrails), "cohorts": list(record.cohorts), "later_cohorts": list(record.later_cohorts)}
    return {**asdict(record), **{name: json.dumps(value) for name, value in texts.items()}}
