"""A look at an experiment: exposures and counts from the tables, through the running sums, to all that is known by now.

Puts the arithmetic of `resay.experiment` over the books and the lake. Decides nothing, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from resay.experiment.assign import CONTROL, TREATMENT
from resay.experiment.bounds import NOTHING_COUNTED, TOO_FEW_UNITS, Interval
from resay.experiment.compare import CROSSED_ARMS, SAMPLE_RATIO_MISMATCH, Arm, Comparison, Plan, compare
from resay.experiment.exposure import Exposed, Exposure, exposed
from resay.experiment.reckoning import Counted, Past, Reckoning
from resay.experiment.report import Experiment, Report, report_of
from resay.experiment.sample_ratio import SampleRatio, sample_ratio
from resay.experiment.sequential import AIMED_DIFFERENCE, CUSTOMERS_MIN, Estimate, at_all_looks
from resay.experiment.statistic import Joint, Unit, rate_of
from resay.label.rollup import stale_days
from resay.store.events import Event
from resay.store.experiments import ExperimentBooks, ExperimentRecord
from resay.store.lake import Lake
from serving.experiments.counts import Stretch, before, by_day, cohorts_of, in_all, show_counts
from serving.experiments.question import experiment_of

ARMS = (CONTROL, TREATMENT)

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
    """What the tables hold of an experiment."""

    moments: tuple[Exposure, ...]
    days: Sequence[tuple[date, str, Joint]]
    """What each day adds to the sums of an arm, of the deciding metric; days in order."""
    whole: Mapping[str, Mapping[str, Unit]]
    """By metric and customer, over all days."""
    past: Mapping[str, Past]


def look_at(record: ExperimentRecord, experiments: ExperimentBooks, lake: Lake, *, now: datetime) -> Look:
    """What is known of it now.

    Raises: BooksUnavailable, LakeUnavailable, FailedStep.
    """
    experiment = experiment_of(record)
    moments = tuple(Exposure(*each) for each in experiments.exposures(record.experiment))
    seen = _seen(record, experiment, moments, lake=lake, now=now)
    whole = _reckoned(seen)
    report = replace(report_of(experiment, whole), experiment=record.experiment)
    both = whole.arms(ARMS, record.metric)
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
        days=tuple(_days(experiment.plan, seen)),
        events=tuple(experiments.events(record.experiment)),
    )


def _seen(record: ExperimentRecord, experiment: Experiment, moments: tuple[Exposure, ...], *, lake: Lake, now: datetime) -> _Seen:
    stretch = Stretch(record.started_at - timedelta(days=record.past_days), record.started_at, record.stopped_at or now)
    metrics = (record.metric, *record.guardrails)
    # The days first: one that changes while it is looked at is told as it was summed, or as it is.
    stale = stale_days(lake)
    with lake.connect() as connection:
        show_counts(connection, exposed(moments), stretch, stale=stale)
        days = by_day(connection, record.metric)
        whole = {metric: in_all(connection, metric) for metric in metrics}
        earlier = {metric: before(connection, metric) for metric in metrics}
        of_cohorts = cohorts_of(connection, (*experiment.cohorts.declared, *experiment.cohorts.added), stale=stale)
    return _Seen(moments, days, whole, _past(earlier, of_cohorts))


def _past(earlier: Mapping[str, Mapping[str, Unit]], of_cohorts: Mapping[str, frozenset[str]]) -> dict[str, Past]:
    customers = {*of_cohorts, *(customer for units in earlier.values() for customer in units)}
    return {
        customer: Past(
            {metric: units[customer] for metric, units in earlier.items() if customer in units}, of_cohorts.get(customer, frozenset())
        )
        for customer in customers
    }


def _reckoned(seen: _Seen) -> Reckoning:
    """The sums of all days: of each customer and metric in one piece, as their days add up."""
    reckoning = Reckoning(seen.past)
    counts = [Counted(customer, metric, unit) for metric, units in seen.whole.items() for customer, unit in units.items()]
    reckoning.add(exposed(seen.moments), counts)
    return reckoning


def _days(plan: Plan, seen: _Seen) -> list[DayLook]:
    """What was known at the end of each day, from the first exposure to the last day of which anything was counted.

    Of those who have not crossed by now: who belongs to no arm belonged to none.
    """
    exposures: dict[date, list[Exposure]] = {}
    for each in seen.moments:
        exposures.setdefault(each.at.date(), []).append(each)
    gains = {(day, arm): gain for day, arm, gain in seen.days}
    known, sums, looks = Exposed(), dict.fromkeys(ARMS, Joint()), []
    for day in _every_day({*exposures, *(day for day, _ in gains)}):
        known += exposed(exposures.get(day, ()))
        sums = {arm: sums[arm] + gains.get((day, arm), Joint()) for arm in ARMS}
        sizes = known.sizes()
        control, treatment = (Arm(sizes.get(arm, 0), sums[arm]) for arm in ARMS)
        found = compare(plan, control, treatment, crossed=len(known.crossed))
        looks.append(DayLook(day, _rates(plan, (control, treatment), found), found.lift))
    return looks


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
