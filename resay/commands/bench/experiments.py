"""The rows of `resay bench experiments`: how often the product's arithmetic is wrong, and how soon it is right (EVALUATION 9).

Made-up experiments, each looked at on each of 28 days. Knows how walks become figures; how they are made stands in `experiments_traffic`
and `experiments_walks`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from resay.commands.bench.experiments_traffic import Customers, DayOf, lived, losing
from resay.commands.bench.experiments_walks import Walk, walks
from resay.commands.bench.report import BenchRow, figure
from resay.dialogue.tick import Tick
from resay.experiment.bounds import clopper_pearson
from resay.experiment.sample_ratio import sample_ratio

POWER = 0.8
"""The chance with which a fixed horizon is planned to find an effect, and with which others are measured against it."""

LOST_SHARE = 0.2
"""Of treatment's customers, whose logs never arrive: the fault that the sample-ratio check must find."""

LOST_AMONG = 1_000
"""Customers from which on it is tried: among fewer a fifth of an arm is no more than chance may take, at one in a thousand."""


@dataclass(frozen=True, slots=True)
class Question:
    """Experiments with one true effect."""

    name: str
    effect: float
    """Relative reduction of the defect rate."""
    customers: Customers


QUESTIONS = (
    Question("A-A", 0.0, Customers(400)),
    Question("-13%", 0.13, Customers(400)),
    # A third of the effect takes about ten times the customers.
    Question("-4%", 0.04, Customers(3_000)),
)
"""What EVALUATION 9 asks for. Sizes are such that one look has its power after some nine days, and after some twenty."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of the experiments of one question."""

    question: Question
    by_way: dict[str, list[Walk]]
    mismatched: int
    """Sound experiments that the sample-ratio check ever voided."""
    caught: list[int | None]
    """Where logs are lost: the day on which it voided them."""


def answered(question: Question, experiments: int, *, seed: int, tick: Tick) -> Answered:
    """Live through the experiments of a question."""
    rng = np.random.default_rng([seed, round(question.effect * 100)])
    found = Answered(question, {}, 0, [])
    mismatched = 0
    for place in range(experiments):
        tick(place, experiments)
        days = lived(question.customers, question.effect, name=f"{question.name}/{seed}/{place}", rng=rng)
        for way, walk in walks(days, question.effect).items():
            found.by_way.setdefault(way, []).append(walk)
        mismatched += _voided([day.exposed for day in days]) is not None
        found.caught.append(_caught(days, rng))
    tick(experiments, experiments)
    return Answered(question, found.by_way, mismatched, found.caught)


def experiment_rows(found: Answered) -> list[BenchRow]:
    """The figures of one question."""
    name = found.question.name
    rows = _false_alarm_rows(found) if not found.question.effect else _effect_rows(found)
    for way, each in found.by_way.items():
        last = way.startswith("fixed")
        held = [walk.looks[-1].held if last else walk.held for walk in each]
        rows.append(_share(f"{way}/{name}", "coverage", sum(held), len(held)))
    experiments = len(found.caught)
    rows.append(_share(f"sample-ratio/{name}", "false_alarm", found.mismatched, experiments))
    if found.question.customers.count >= LOST_AMONG:
        caught = sum(day is not None for day in found.caught)
        rows.append(_share("sample-ratio/lost", "power", caught, experiments))
        rows.append(_days("sample-ratio/lost", "days_to_detect", found.caught, 0.5))
    return rows


def _false_alarm_rows(found: Answered) -> list[BenchRow]:
    """How often an experiment without an effect was ever said to have one."""
    rows = []
    for way, each in found.by_way.items():
        ever = sum(walk.first is not None for walk in each)
        if way.startswith("fixed"):
            rows.append(_share(f"{way}/A-A", "false_alarm", sum(walk.looks[-1].found for walk in each), len(each)))
        rows.append(_share(f"{way.replace('fixed', 'naive')}/A-A", "false_alarm", ever, len(each)))
    return rows


def _effect_rows(found: Answered) -> list[BenchRow]:
    """How often an effect was found in four weeks, and after how many days, beside one look that was planned."""
    rows = []
    for way, each in found.by_way.items():
        row, firsts = f"{way}/{found.question.name}", [walk.first for walk in each]
        if way.startswith("fixed"):
            rows.append(_share(row, "power", sum(walk.looks[-1].found for walk in each), len(each)))
            rows.append(BenchRow(row, "days_to_detect", _horizon(each), n=len(each), unit="days"))
            continue
        rows.append(_share(row, "power", sum(day is not None for day in firsts), len(each)))
        fixed, plain = (_horizon(found.by_way[each]) for each in (way.replace("sequential", "fixed"), "fixed"))
        for quantile, more in ((0.5, ""), (POWER, "_80")):
            days = _days(row, f"days_to_detect{more}", firsts, quantile)
            rows += [days, _ratio(days, f"ratio{more}", fixed), _ratio(days, f"ratio_plain{more}", plain)]
    return rows


def _horizon(each: Sequence[Walk]) -> float | None:
    """Days after which one look finds the effect with the power; nothing where four weeks do not suffice."""
    powers = [sum(walk.looks[day].found for walk in each) / len(each) for day in range(len(each[0].looks))]
    return next((float(day) for day, power in enumerate(powers, 1) if power >= POWER), None)


def _days(row: str, metric: str, firsts: Sequence[int | None], quantile: float) -> BenchRow:
    """The day by which that share had found it, with the binomial interval of its rank; nothing where it was never reached."""
    ordered = sorted(math.inf if day is None else day for day in firsts)
    count = len(ordered)
    reach = 1.96 * math.sqrt(count * quantile * (1 - quantile))
    ranks = (count * quantile, max(count * quantile - reach, 1), min(count * quantile + reach, count))
    value, lo, hi = (ordered[math.ceil(rank) - 1] for rank in ranks)
    return BenchRow(row, metric, _finite(value), _finite(lo), _finite(hi), count, "days")


def _ratio(days: BenchRow, metric: str, fixed: float | None) -> BenchRow:
    """Days beside those of one planned look."""
    value, lo, hi = (None if each is None or fixed is None else each / fixed for each in (days.value, days.lo, days.hi))
    return BenchRow(days.row, metric, value, lo, hi, days.n, "ratio")


def _share(row: str, metric: str, times: int, of: int) -> BenchRow:
    return figure(row, metric, clopper_pearson(times, of), n=of, unit="share")


def _caught(days: list[DayOf], rng: np.random.Generator) -> int | None:
    return _voided(list(losing(days, LOST_SHARE, rng)))


def _voided(sizes: Sequence[tuple[int, int]]) -> int | None:
    """The day, from 1, on which the sizes of the arms were first called wrong."""
    return next((day for day, each in enumerate(sizes, 1) if sample_ratio(each, (0.5, 0.5)).mismatch), None)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
