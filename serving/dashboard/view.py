"""The page as values: every section is there, or says in a sentence why not and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from statistics import median
from typing import TypeVar

from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Reason
from resay.experiment.result import ExperimentResult
from resay.label.findings import Findings, SaidTwice
from resay.store.artifact import Shelf
from resay.store.books import Veto
from resay.store.lake import Lake
from resay.store.review import Switch
from resay.store.rewrites import CARD_FILE
from resay.store.slices import SliceBooks
from serving.dashboard.chart import Chart, Lines, every_day, line, lines, stacked
from serving.dashboard.evidence import Rule, rules
from serving.dashboard.experiment_page import Told, told
from serving.dashboard.queries import Connection
from serving.dashboard.report import read_report
from serving.dashboard.rolled import rolled
from serving.service import Service
from serving.trials.fared import read_fared, state_of
from serving.trials.layers import Layers, read_layers

Shown = TypeVar("Shown")

DAYS_SHOWN_MAX = 60
"""Days in the chart; more would be thinner than a line on a telephone."""

BEING_SUMMED = (
    "The lake is being summed up, which takes seconds for a million turns; look again in a minute. `resay rollup` does it at once."
)

SAID_TWICE_MAX = 6
"""Things said twice that are shown."""

EXPERIMENTS_SHOWN_MAX = 3
"""Experiments on the overview, those that run first; all have pages of their own."""

DECISIONS_TIMED_MAX = 1_000
"""Newest decisions whose latency is summed up."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A section without its contents."""

    why: str
    """A sentence; says what to do."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of friction over time."""

    sign: str
    turns: int
    points: str
    """A line through its days."""


@dataclass(frozen=True, slots=True)
class Log:
    """What the dialogue log says."""

    found: Findings
    days: Chart
    rates: Lines
    """Defective turns of those that can be judged, day by day."""
    by_day: tuple[tuple[str, float | None], ...]
    """The same as a table."""
    latest: tuple[date, int, int, int]
    """The last day with labels: failures, turns of which it cannot be told, successes."""
    signs: tuple[Sign, ...]
    twice: tuple[SaidTwice, ...]
    as_of: datetime | None
    """When the lake was summed, where it has changed since."""


@dataclass(frozen=True, slots=True)
class Table:
    """The live rewrite table."""

    generation: int
    total: int
    served: int
    rules: tuple[Rule, ...]
    vetoes: tuple[Veto, ...]
    """All that was dismissed, whether or not it is in this table."""
    problem: str | None


@dataclass(frozen=True, slots=True)
class Week:
    """Share of defective turns of each arm in one week."""

    name: str
    turns: int
    control: float
    treatment: float


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether it helps."""

    report: ExperimentResult
    weeks: tuple[Week, ...]
    highest: float
    """The greatest share of all, for the length of bars."""


@dataclass(frozen=True, slots=True)
class Card:
    """What the service is and does now."""

    version: str
    generation: int | None
    published_at: datetime | None
    decisions: tuple[tuple[str, int], ...]
    """By reason, most frequent first."""
    latency_ms: float | None
    """Median of the newest decisions."""
    problem: str | None
    off: tuple[Switch, ...]
    """What somebody switched off."""


@dataclass(frozen=True, slots=True)
class View:
    """The whole page."""

    log: Log | Absent
    table: Table | Absent
    proof: Proof | Absent
    layers: Layers | Absent
    experiments: tuple[Told, ...] | Absent
    card: Card


def view(service: Service, *, mask: Callable[[str], str]) -> View:
    """The page now; reads lake, books and reports, and no part that is missing or broken keeps the others from being shown."""
    with ExitStack() as open_things:
        try:
            connection = open_things.enter_context(Lake(service.settings.lake).connect())
        except ResayError as error:
            return _view(service, Absent(str(error)), connection=None, mask=mask)
        return _view(service, _section(lambda: _log(service)), connection=connection, mask=mask)


def _view(service: Service, log: Log | Absent, *, connection: Connection | None, mask: Callable[[str], str]) -> View:
    return View(
        log=log,
        table=_section(lambda: _table(service, connection, mask)),
        proof=_section(lambda: _proof(service)),
        layers=_section(lambda: _layers(service)),
        experiments=_section(lambda: _experiments(service)),
        card=_card(service),
    )


def _section(make: Callable[[], Shown | Absent]) -> Shown | Absent:
    try:
        return make()
    except (ResayError, OSError) as error:
        return Absent(str(error))


def _log(service: Service) -> Log | Absent:
    sums = rolled(Lake(service.settings.lake), SliceBooks(service.books).all(), now=service.clock())
    if sums is None:
        return Absent(BEING_SUMMED)
    found = sums.rollup.found
    if not found.turns:
        return Absent("No turns have been read yet. `resay demo` makes some in a world of its own; `resay ingest FILE` reads your own.")
    rows = sums.rollup.outcomes[-DAYS_SHOWN_MAX:]
    if not rows:
        return Absent(f"{found.turns:,} turns have been read, and none is labelled yet. `resay learn` labels them, and learns from them.")
    by_day = tuple((f"{day:%-d %b}", failed / (failed + succeeded) if failed + succeeded else None) for day, failed, _, succeeded in rows)
    return Log(
        found=found,
        rates=lines({"rate": [(rate, None, None) for _, rate in by_day]}, [day for day, _ in by_day], holds=0.0),
        by_day=by_day,
        days=stacked([(f"{day:%-d %b}", _day_title(day, counts), dict(zip(_OUTCOMES, counts, strict=True))) for day, *counts in rows]),
        latest=rows[-1],
        signs=_signs(sums.rollup.signs, first=rows[0][0], last=rows[-1][0]),
        twice=sums.rollup.twice[:SAID_TWICE_MAX],
        as_of=None if sums.is_current else sums.made_at,
    )


_OUTCOMES = ("failure", "censored", "success")


def _day_title(day: date, counts: Sequence[int]) -> str:
    failed, unknown, succeeded = counts
    return f"{day:%A, %-d %B %Y}: {failed:,} failed, {unknown:,} cannot be told, {succeeded:,} succeeded"


def _signs(rows: Sequence[tuple[str, date, int]], *, first: date, last: date) -> tuple[Sign, ...]:
    by_sign: dict[str, dict[date, int]] = {}
    for sign, day, turns in rows:
        by_sign.setdefault(sign, {})[day] = turns
    signs = [Sign(sign, sum(days.values()), line(every_day(days, first, last))) for sign, days in by_sign.items()]
    return tuple(sorted(signs, key=lambda sign: -sign.turns))


def _table(service: Service, connection: Connection | None, mask: Callable[[str], str]) -> Table | Absent:
    live = service.watch.live()
    if live.generation is None:
        return Absent(live.problem or "No rewrites are published yet.")
    fared = read_fared(service.trials)
    return Table(
        generation=live.generation,
        total=len(live.rewrites),
        served=sum(state_of(each, live.vetoes, fared) is Reason.REWRITTEN for each in live.rewrites),
        rules=tuple(rules(live, connection, fared, mask=mask)),
        vetoes=tuple(service.books.vetoes()),
        problem=live.problem,
    )


def _layers(service: Service) -> Layers | Absent:
    table = frozenset(each.rewrite_id for each in service.watch.live().rewrites)
    return read_layers(service.books, read_fared(service.trials), table=table)


def _proof(service: Service) -> Proof | Absent:
    report = read_report(service.reports)
    if report is None:
        return Absent("No experiment has been run yet. `resay demo` runs one in a world whose truth is known.")
    weeks = tuple(
        Week(
            f"Week {each.week}",
            each.control.turns + each.treatment.turns,
            each.control.rate or 0.0,
            each.treatment.rate or 0.0,
        )
        for each in report.weeks
    )
    return Proof(report, weeks, highest=max((max(week.control, week.treatment) for week in weeks), default=0) or 1)


def _experiments(service: Service) -> tuple[Told, ...] | Absent:
    records = service.experiments.all()[::-1]
    if not records:
        return Absent("No experiment was started yet. `resay experiment start NAME` puts a question to live traffic.")
    shown = sorted(records, key=lambda each: each.stopped_at is not None)[:EXPERIMENTS_SHOWN_MAX]
    return tuple(told(service.looks.of(each)) for each in shown)


def _card(service: Service) -> Card:
    live = service.watch.live()
    decisions: dict[str, int] = {}
    latency_ms = None
    problem = live.problem if live.generation is not None else None
    off: tuple[Switch, ...] = ()
    try:
        off = tuple(service.review.switches())
        decisions = service.books.count_decisions()
        newest = service.books.decisions(DECISIONS_TIMED_MAX)
        latency_ms = median(decision.latency_ms for decision in newest) if newest else None
    except ResayError as error:
        problem = str(error)
    return Card(
        version=version("resay"),
        generation=live.generation,
        published_at=_made_at(service, live.generation),
        decisions=tuple(sorted(decisions.items(), key=lambda each: (-each[1], each[0]))),
        latency_ms=latency_ms,
        problem=problem,
        off=off,
    )


def _made_at(service: Service, generation: int | None) -> datetime | None:
    """When the live generation was made, where its card says so."""
    if generation is None:
        return None
    try:
        made_at = json.loads(Shelf(service.settings.rewrites).open(generation).read(CARD_FILE))["made_at"]
        return datetime.fromisoformat(made_at).astimezone(UTC)
    except (ResayError, ValueError, KeyError, TypeError):
        return None
