"""A/A: two arms in which nothing differs, looked at daily, are seldom found different. Case (iii) of EVALUATION 2.

A few worlds are talked through with nothing rewritten; then their customers are split anew many times, by the loop's own assignment.
Splits of one world share its customers, so that they are alike in part; several worlds make that part small.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from resay.experiment.bounds import Interval, clopper_pearson
from resay.experiment.sequential import Moments, Unit, fixed_reduction, sequential_reduction
from resay.lab.cast import Casting, arm_of, casts
from resay.lab.making import START
from resay.lab.scenarios.venue import NIGHT, Venue
from resay.lab.scenarios.verdict import Figure, Verdict, rule
from resay.lab.tally import Arm
from resay.lab.traffic import Span, talk

NAME = "aa"

WORLDS = 4
"""Worlds that are talked through."""

SPLITS = 500
"""Splits of each: with 2,000 looked at, five in a hundred false alarms have an upper bound of six."""

DAYS = 28
"""Looks at each: four weeks, as in EVALUATION 9."""

FALSE_ALARM_HI_MAX = 0.065
"""The bar of EVALUATION 2 (iii), for the upper 95 % bound."""

NAIVE = "/naive"
"""Ends the names of rows of intervals of one look."""

Counts = Mapping[str, Sequence[Unit]]
"""By customer: defects and turns on each day."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """How many experiments without an effect were ever said to have one."""

    experiments: int
    sequential: int
    naive: int
    """By an interval of one look, looked at daily all the same."""

    def __add__(self, other: Alarms) -> Alarms:
        return Alarms(self.experiments + other.experiments, self.sequential + other.sequential, self.naive + other.naive)


def play(venue: Venue, *, worlds: int = WORLDS, splits: int = SPLITS, days: int = DAYS) -> Verdict:
    """Talk the worlds through and split them; true defects, and defects as the system's own labels see them."""
    true, labelled = Alarms(0, 0, 0), Alarms(0, 0, 0)
    for place in range(worlds):
        truth, labels = daily_counts(replace(venue, seed=venue.seed + place), days)
        true += alarms(truth, splits=splits)
        labelled += alarms(labels, splits=splits)
        venue.tick(place + 1, worlds)
    figures = (*_figures("A/A", true), *_figures("A/A/labels", labelled))
    highest = max(each.hi or 0.0 for each in figures if not each.row.endswith(NAIVE))
    found, looked = f"{true.sequential} of {true.experiments:,}", f"looked at on {days} days"
    happened = f"{found} experiments without an effect were ever called one, {looked}; by naive looks {true.naive:,}"
    return replace(rule(NAME, kept=highest <= FALSE_ALARM_HI_MAX, happened=happened), figures=figures)


def daily_counts(venue: Venue, days: int) -> tuple[Counts, Counts]:
    """Each customer's defects and turns by day, with nothing rewritten: the true ones, and those that labels see."""
    cast, _ = casts(venue.world, venue.assistant, Casting(venue.seed, venue.customers, days))
    truth = {each: [(0.0, 0.0)] * days for each in cast.members}
    day_of: dict[str, int] = {}
    with venue.open_system() as system:
        spoken = talk(cast.stage, cast.customers, span=Span(START, 0, days), seed=venue.seed, false_wakes=cast.false_wakes)
        turns = []
        for day, exchanges in enumerate(spoken):
            for each in exchanges:
                _add(truth[each.turn.customer_id], day, float(not each.truth.right))
                day_of[each.turn.turn_id] = day
                turns.append(each.turn)
        system.land(turns, START + timedelta(days=days) + NIGHT)
        labels = {each: [(0.0, 0.0)] * days for each in cast.members}
        for turn_id, customer_id, defect in system.defects():
            _add(labels[customer_id], day_of[turn_id], defect)
    return truth, labels


def alarms(counts: Counts, *, splits: int) -> Alarms:
    """How often an experiment on these counts, arms drawn by chance, excludes on some day that there is no effect."""
    sequential = naive = 0
    for looks in _experiments(counts, splits):
        sequential += any(_excludes_nought(sequential_reduction(*arms)) for arms in looks)
        naive += any(_excludes_nought(fixed_reduction(*arms)) for arms in looks)
    return Alarms(splits, sequential, naive)


def _experiments(counts: Counts, splits: int) -> Iterator[list[tuple[Moments, Moments]]]:
    """Of each split: both arms' sums up to each day."""
    sums = _sums(counts)
    for seed in range(splits):
        treated = np.array([arm_of(each, share=0.5, seed=seed) is Arm.TREATMENT for each in counts])
        yield [(_moments(control), _moments(treatment)) for control, treatment in zip(sums @ ~treated, sums @ treated, strict=True)]


def _moments(sums: npt.NDArray[np.float64]) -> Moments:
    customers, *others = sums.tolist()
    return Moments(round(customers), *others)


def _sums(counts: Counts) -> npt.NDArray[np.float64]:
    """What each customer brings to the fields of `Moments`, up to each day."""
    daily = np.array(list(counts.values()), dtype=np.float64).cumsum(axis=1)  # (customer, day, defects and turns)
    defects, turns = daily[:, :, 0], daily[:, :, 1]
    fields = np.stack([turns > 0, defects, turns, defects**2, turns**2, defects * turns])  # (field, customer, day)
    return fields.transpose(2, 0, 1)  # (day, field, customer)


def _add(days: list[Unit], day: int, defect: float) -> None:
    defects, turns = days[day]
    days[day] = (defects + defect, turns + 1)


def _excludes_nought(interval: Interval) -> bool:
    return interval.lo is not None and interval.hi is not None and not interval.lo <= 0 <= interval.hi


def _figures(row: str, found: Alarms) -> tuple[Figure, Figure]:
    return _share(row, found.sequential, found), _share(row + NAIVE, found.naive, found)


def _share(row: str, times: int, found: Alarms) -> Figure:
    bounds = clopper_pearson(times, found.experiments)
    return Figure(row, "false_alarm", times / found.experiments, found.experiments, bounds.lo, bounds.hi, "share")
