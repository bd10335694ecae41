"""A look at an experiment: exposures and counts from the tables, through the running sums, to all that is known by now.

Puts the arithmetic of `resay.experiment` over the books and the lake. Decides nothing, and writes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from resay.experiment.assign import CONTROL, TREATMENT
from resay.experiment.bounds import NOTHING_COUNTED, TOO_FEW_UNITS, Interval
from resay.experiment.compare import CROSSED_ARMS, SAMPLE_RATIO_MISMATCH, Arm, Comparison, Plan, compare
from resay.experiment.exposure import Exposed, Exposure, exposed
from resay.experiment.reckoning import EVERYBODY
from resay.experiment.report import Experiment, Report, report_of
from resay.experiment.sample_ratio import SampleRatio, sample_ratio
from resay.experiment.sequential import AIMED_DIFFERENCE, CUSTOMERS_MIN, Estimate, at_all_looks
from resay.experiment.statistic import Joint, rate_of
from resay.label.rollup import stale_days
from resay.store.erasure import ERASED
from resay.store.events import Event
from resay.store.experiments import ExperimentBooks, ExperimentRecord
from resay.store.lake import Lake
from resay.store.tables import CUSTOMER_DAYS, FRICTION, LINKS, OUTCOMES, SEGMENTS, TURN_PARTS
from serving.experiments.counts import Stretch, by_day, in_whole, show_cohorts, show_counts
from serving.experiments.question import experiment_of

ARMS = (CONTROL, TREATMENT)

TABLES_LOOKED_AT = (TURN_PARTS, OUTCOMES, SEGMENTS, FRICTION, LINKS, CUSTOMER_DAYS)
"""Those of the lake that a look asks: to open one costs a hundredth of a second, and there are twenty."""

VOID = frozenset({SAMPLE_RATIO_MISMATCH, CROSSED_ARMS})
"""Reasons for which no figure of any arm means anything."""


@dataclass(frozen=True, slots=True)
class ArmLook:
    """An arm by now."""

    arm: str
    exposed: int
    """Customers for whom the arms could differ."""
    customers: int
    """Those of whom something was counted since."""
    total: float
    base: float
    rate: Interval
    """Of the deciding metric, with the arm's own interval at all looks; empty where it means nothing."""


@dataclass(frozen=True, slots=True)
class DayLook:
    """What was known at the end of a day; the last of them is what is known now."""

    day: date
    """UTC."""
    arms: tuple[Interval, Interval]
    """The rates of control and treatment up to then."""
    lift: Interval
    """Treatment over control up to then, at all looks."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that is known of an experiment by now."""

    record: ExperimentRecord
    at: datetime
    """UTC."""
    report: Report
    arms: tuple[ArmLook, ArmLook]
    ratio: SampleRatio
    """The worse of two: of who was exposed, and of who was measured."""
    days: tuple[DayLook, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the tables hold of an experiment, as sums."""

    exposed: Exposed
    sums: Mapping[str, Mapping[tuple[str, str], Joint]]
    """By metric, and by arm and cohort."""
    sizes: Mapping[tuple[str, str], int]
    """Customers exposed, by arm and cohort."""

    def crossed(self) -> int:
        """How many customers were served by more than one arm."""
        return len(self.exposed.crossed)

    def arms(self, names: Sequence[str], metric: str, *, cohort: str = EVERYBODY) -> list[Arm]:
        """The arms, of everybody or of one cohort; whoever crossed is of the size of the arm in which they began, and of no cohort."""
        every = self.exposed.sizes()
        sizes = [every.get(name, 0) if cohort == EVERYBODY else self.sizes.get((name, cohort), 0) for name in names]
        return [Arm(size, self.sums[metric].get((name, cohort), Joint())) for size, name in zip(sizes, names, strict=True)]


def look_at(record: ExperimentRecord, experiments: ExperimentBooks, lake: Lake, *, now: datetime) -> Look:
    """What is known of it now.

    Raises: BooksUnavailable, LakeUnavailable, FailedStep.
    """
    experiment = experiment_of(record)
    moments = tuple(Exposure(*each) for each in experiments.exposures(record.experiment))
    seen, days = _seen(record, experiment, moments, lake=lake, now=now)
    report = replace(report_of(experiment, seen), experiment=record.experiment)
    both = seen.arms(ARMS, record.metric)
    reason = report.decision.reason
    control, treatment = (
        _arm_look(name, arm, rate=_rate(arm.sums, experiment.plan.level, void=reason)) for name, arm in zip(ARMS, both, strict=True)
    )
    return Look(
        record=record,
        at=now,
        report=report,
        arms=(control, treatment),
        ratio=_ratio(experiment.plan, both),
        days=tuple(_days(experiment.plan, moments, days)),
        events=tuple(experiments.events(record.experiment)),
    )


_Told = tuple[_Seen, Sequence[tuple[date, str, Joint]]]
"""The sums over all days, and what each day adds to them, of the deciding metric."""


def _seen(record: ExperimentRecord, experiment: Experiment, moments: Sequence[Exposure], *, lake: Lake, now: datetime) -> _Told:
    stretch = Stretch(record.started_at - timedelta(days=record.past_days), record.started_at, record.stopped_at or now)
    asked = _Asked(experiment, exposed(moments), stretch, lake)
    erased = lake.position(CUSTOMER_DAYS, ERASED)
    # The days first: one that changes while it is looked at is told as it was summed, or as it is.
    told = _told(record, asked, stale=stale_days(lake))
    # Sums of days that left the disk meanwhile would count for nothing.
    return told if lake.position(CUSTOMER_DAYS, ERASED) == erased else _told(record, asked, stale=None)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is counted, and when, and where."""

    experiment: Experiment
    exposed: Exposed
    stretch: Stretch
    lake: Lake


def _told(record: ExperimentRecord, asked: _Asked, *, stale: Sequence[date] | None) -> _Told:
    """By sums of whole days but for those that are stale; nothing: all of them."""
    with asked.lake.connect(TABLES_LOOKED_AT) as connection:
        show_counts(connection, asked.exposed, asked.stretch, stale=stale)
        cohorts = asked.experiment.cohorts
        sizes = show_cohorts(connection, (*cohorts.declared, *cohorts.added), stale=stale)
        sums = {metric: in_whole(connection, metric) for metric in (record.metric, *record.guardrails)}
        return _Seen(asked.exposed, sums, sizes), by_day(connection, record.metric)


def _days(plan: Plan, moments: Sequence[Exposure], gained: Sequence[tuple[date, str, Joint]]) -> list[DayLook]:
    """What was known at the end of each day, from the first exposure to the last day of which anything was counted.

    Of those who have not crossed by now: who belongs to no arm belonged to none.
    """
    gains = {(day, arm): gain for day, arm, gain in gained}
    sizes, crossed = _sizes_by_day(moments)
    sums, looks = dict.fromkeys(ARMS, Joint()), []
    known, met = dict.fromkeys(ARMS, 0), 0
    for day in _every_day({*sizes, *(day for day, _ in gains)}):
        sums = {arm: sums[arm] + gains.get((day, arm), Joint()) for arm in ARMS}
        known = {arm: known[arm] + sizes[day][arm] for arm in ARMS}
        met += crossed.get(day, 0)
        control, treatment = (Arm(known[arm], sums[arm]) for arm in ARMS)
        found = compare(plan, control, treatment, crossed=met)
        looks.append(DayLook(day, _rates(plan, (control, treatment), found), found.lift))
    return looks


def _sizes_by_day(moments: Sequence[Exposure]) -> tuple[Mapping[date, Counter[str]], Counter[date]]:
    """Customers who were first exposed on each day, by arm; and those of whom it was seen that day that both arms served them."""
    of: dict[str, list[Exposure]] = {}
    for each in moments:
        of.setdefault(each.customer_id, []).append(each)
    sizes = defaultdict[date, Counter[str]](Counter)
    crossed = Counter[date]()
    for met in of.values():
        first = min(met, key=lambda each: (each.at, each.arm))
        sizes[first.at.date()][first.arm] += 1
        if others := [each.at for each in met if each.arm != first.arm]:
            crossed[min(others).date()] += 1
    return sizes, crossed


def _every_day(days: set[date]) -> list[date]:
    if not days:
        return []
    first, last = min(days), max(days)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _rates(plan: Plan, arms: tuple[Arm, Arm], found: Comparison) -> tuple[Interval, Interval]:
    control, treatment = (_rate(each.sums, plan.level, void=found.reason) for each in arms)
    return control, treatment


def _rate(sums: Joint, level: float, *, void: str) -> Interval:
    """The rate of an arm and where it lies, at all looks; none of it where the experiment is broken."""
    now = sums.now
    if void in VOID:
        return Interval(None, None, None, now.units, void)
    if now.units < CUSTOMERS_MIN:
        return Interval(now.total / now.base if now.base else None, None, None, now.units, TOO_FEW_UNITS)
    rate, variance = rate_of(now)
    if not variance:
        return Interval(rate, None, None, now.units, NOTHING_COUNTED)
    found = at_all_looks(Estimate(rate, variance, now.units), aimed=AIMED_DIFFERENCE, level=level)
    assert found.lo is not None, "an estimate has an interval"
    assert found.hi is not None, "with both ends"
    # All that are counted are shares.
    return replace(found, lo=max(found.lo, 0.0), hi=min(found.hi, 1.0))


def _arm_look(name: str, arm: Arm, *, rate: Interval) -> ArmLook:
    now = arm.sums.now
    return ArmLook(name, arm.exposed, now.units, now.total, now.base, rate)


def _ratio(plan: Plan, arms: Sequence[Arm]) -> SampleRatio:
    sizes = ([each.exposed for each in arms], [each.sums.now.units for each in arms])
    return max((sample_ratio(each, plan.shares) for each in sizes), key=lambda found: found.e_value)
