"""Homes in which an experiment ran: decisions in the books, labelled turns in the lake, small and literal or drawn by chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa

from ingest.landing import land_records
from resay.dialogue.codec import encode, whole
from resay.dialogue.rewrite import Decision
from resay.experiment.assign import TREATMENT
from resay.store.books import Books
from resay.store.experiments import ExperimentBooks, ExperimentRecord
from resay.store.lake import Lake
from resay.store.tables import FRICTION, LINKS, OUTCOMES, SEGMENTS, Table
from serving.experiments.look import Look, look_at
from serving.experiments.question import Question, draw_of, record_of
from tests.builders import BASE, turn

QUESTION = Question("rewriting", why="fewer defects", by="ada")
DAY = timedelta(days=1)


@dataclass
class Traffic:
    """What is written into a home."""

    decisions: list[Decision] = field(default_factory=list)
    outcomes: list[tuple[object, ...]] = field(default_factory=list)
    friction: list[tuple[object, ...]] = field(default_factory=list)
    segments: list[tuple[object, ...]] = field(default_factory=list)
    links: list[tuple[object, ...]] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)

    def expose(self, customer: str, arm: str, at: datetime, *, experiment: str = "rewriting") -> None:
        """An answer by which the arms could differ."""
        rewritten = arm == TREATMENT
        self.decisions.append(
            Decision(
                decision_id=f"d{len(self.decisions)}",
                turn_id=f"{customer}@{at:%d%H%M%S}",
                customer_id=customer,
                at=at,
                mode="before",
                source="play madona",
                target="play madonna" if rewritten else None,
                layer="table",
                generation=1,
                rewrite_id="r1",
                experiment=experiment,
                arm=arm,
                propensity=0.5,
                reason="rewritten" if rewritten else "control_arm",
                latency_ms=0.4,
            )
        )

    def judge(self, customer: str, at: datetime, defect: float, *, barge_in: bool = False) -> None:
        """A turn with its label, a goal of its own."""
        named = f"t{len(self.outcomes)}", customer, at
        outcome = "failure" if defect > 0.5 else "success"
        self.outcomes.append((*named, outcome, defect, "rules/1"))
        self.segments.append((named[0], named[0], 0, customer, at, outcome, "rules/1"))
        if barge_in:
            self.friction.append((*named, "barge_in", named[0]))

    def say(self, customer: str, at: datetime, cohorts: Sequence[str]) -> None:
        """A record of a turn that names cohorts."""
        said = turn(customer=customer, at=(at - BASE).total_seconds(), cohorts=tuple(cohorts))
        self.records.append(encode(whole(said)))

    def join(self, other: Traffic) -> None:
        """Take in what another one holds; labels go by turn, whose ids must then differ."""
        for number, decision in enumerate(other.decisions):
            self.decisions.append(replace(decision, decision_id=f"other-{number}"))
        for name in ("outcomes", "friction", "segments", "links"):
            getattr(self, name).extend((f"other-{row[0]}", *row[1:]) for row in getattr(other, name))
        self.records.extend(other.records)

    def write(self, home: Path) -> Path:
        """Put all of it into a home, in place of what was there of labels."""
        with closing(Books(home / "books.sqlite")) as books:
            books.log_decisions(self.decisions)
        lake = Lake(home / "lake")
        land_records(self.records, source="test", lake=lake, now=BASE + timedelta(days=90))
        for table, rows in ((OUTCOMES, self.outcomes), (FRICTION, self.friction), (SEGMENTS, self.segments), (LINKS, self.links)):
            _replace(lake, table, rows)
        return home


def start(home: Path, question: Question = QUESTION, *, at: datetime = BASE) -> ExperimentRecord:
    """Start an experiment in a home."""
    home.mkdir(parents=True, exist_ok=True)
    with closing(Books(home / "books.sqlite")) as books:
        return ExperimentBooks(books).start(lambda others: record_of(question, others, now=at))


def look(home: Path, name: str = "rewriting", *, at: datetime = BASE + 30 * DAY, lake: Lake | None = None) -> Look:
    """A look at it."""
    with closing(Books(home / "books.sqlite")) as books:
        experiments = ExperimentBooks(books)
        record = next(each for each in experiments.all() if each.experiment == name)
        return look_at(record, experiments, lake or Lake(home / "lake"), now=at)


@dataclass(frozen=True)
class Talk:
    """How customers fare in an experiment drawn by chance."""

    customers: int = 300
    days: int = 3
    turns: int = 6
    """A day and customer."""
    control: float = 0.4
    """Chance of a defect."""
    treatment: float = 0.2
    barge_in: tuple[float, float] = (0.1, 0.1)
    lost: float = 0.0
    """Share of treatment's customers whose exposures and turns never arrive."""
    cohorts: tuple[str, ...] = ()
    """Given out in turn."""
    fractions: bool = False
    """Whether labels doubt: chances in place of nought and one."""


def lived(record: ExperimentRecord, talk: Talk, seed: int = 5) -> Traffic:
    """Traffic of an experiment: each customer is exposed at the first turn, four days lie before it."""
    traffic, rng, draw = Traffic(), Random(seed), draw_of(record)
    for number in range(talk.customers):
        customer = f"customer-{number}"
        arm = draw.arm_of(customer)
        if arm is None or (arm == TREATMENT and rng.random() < talk.lost):
            continue
        own = rng.uniform(-0.1, 0.1)
        treated = arm == TREATMENT
        rate, bad = (talk.treatment, talk.barge_in[1]) if treated else (talk.control, talk.barge_in[0])
        first = record.started_at + timedelta(minutes=number % 600)
        for back in range(1, 5):
            traffic.judge(customer, first - back * DAY, float(rng.random() < talk.control + own))
        traffic.expose(customer, arm, first, experiment=record.experiment)
        if talk.cohorts:
            traffic.say(customer, first, [talk.cohorts[number % len(talk.cohorts)]])
        for day in range(talk.days):
            for each in range(talk.turns):
                failed = rng.random() < rate + own
                moment, spoken_over = first + day * DAY + timedelta(seconds=each), rng.random() < bad
                doubt = rng.uniform(0, 0.3) if talk.fractions else 0.0
                traffic.judge(customer, moment, abs(failed - doubt), barge_in=spoken_over)
    return traffic


def ran(home: Path, talk: Talk = Talk(), question: Question = QUESTION) -> Path:
    """A home in which an experiment ran."""
    lived(start(home, question), talk).write(home)
    return home


def asked(**others: object) -> Question:
    """The question with other fields."""
    return replace(QUESTION, **others)  # type: ignore[arg-type]


def _replace(lake: Lake, table: Table, rows: Iterable[tuple[object, ...]]) -> None:
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    arrays = [pa.array(list(values), column.type) for values, column in zip(columns, table.columns, strict=True)]
    lake.replace(table, pa.Table.from_arrays(arrays, schema=table.schema()))
