"""The rows `http` of `resay bench loop`: what an experiment on a running service found, beside what was true of the very same turns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from random import Random

from resay.commands.bench.loop import measured_rows
from resay.commands.bench.loop_http import HTTP, Lived
from resay.commands.bench.loop_told import differences
from resay.commands.bench.report import BenchRow, count, figure
from resay.experiment.bounds import Interval, bootstrap_ratio, rate_reduction
from resay.lab.tally import Arm

ROUNDING = 1e-6
"""Chances are told in millionths."""

Sums = tuple[float, float, float, float]
"""Defects in truth, turns; defects as labels have them, turns: of one customer."""


def http_rows(lived: Lived, end: str, *, seed: int) -> Iterator[BenchRow]:
    """All of one mode, whose rows end so; rates are of the turns since each customer's first exposure, arm beside arm."""
    row, arms = f"{HTTP}{end}", counted(lived)
    control, treatment = (list(arms[arm].values()) for arm in (Arm.CONTROL, Arm.TREATMENT))
    for metric, units in (("defect_rate_before", control), ("defect_rate_after", treatment)):
        rate = bootstrap_ratio([unit[:2] for unit in units], Random(seed))
        yield figure(row, metric, rate, n=round(sum(unit[1] for unit in units)), unit="share")
    beside = [(*unit[:2], 0.0, 0.0) for unit in control] + [(0.0, 0.0, *unit[:2]) for unit in treatment]
    yield figure(row, "defect_reduction", rate_reduction(beside, Random(seed)), n=len(beside), unit="share")
    yield from measured_rows(row, arms, f"/{row}", seed=seed)
    yield from _reported(row, lived)
    treated = lived.tally.by_customer(Arm.TREATMENT).values()
    for metric in ("triggers", "wins", "losses"):
        yield count(row, metric, sum(getattr(each, metric) for each in treated), n=sum(each.turns for each in treated))
    yield count(row, "misdrawn", lived.misdrawn, n=len(lived.exposed))
    unlike, compared = differences(lived.tellings)
    amiss, sums = _unlike_the_lab(lived, arms)
    yield count(row, "report_differences", unlike + amiss, n=compared + sums)


def counted(lived: Lived) -> Mapping[Arm, Mapping[str, Sums]]:
    """The sums of each customer of each arm over the turns since they were exposed, as the lab saw it."""
    sums: dict[Arm, dict[str, Sums]] = {arm: defaultdict(lambda: (0.0, 0.0, 0.0, 0.0)) for arm in Arm}
    for turn in lived.turns:
        since = lived.exposed.get(turn.customer_id)
        if since is not None and turn.at >= since[0]:
            customers = sums[Arm(since[1])]
            defects, turns, told, of = customers[turn.customer_id]
            customers[turn.customer_id] = (defects + turn.is_defect, turns + 1, told + lived.told[turn.turn_id], of + 1)
    return sums


def _reported(row: str, lived: Lived) -> Iterator[BenchRow]:
    """What the report says: as it decides, with the past taken out and an interval for every look; and its arms beside each other."""
    found = lived.tellings.answered["lift"]
    value, lo, hi = (None if found[part] is None else -found[part] for part in ("value", "hi", "lo"))
    reduction = Interval(value, lo, hi, found["n"])
    yield figure(row, "reported_reduction", reduction, n=found["n"], unit="share")
    rates = [arm["total"] / arm["base"] if arm["base"] else None for arm in lived.tellings.answered["arms"]]
    plain = 1 - rates[1] / rates[0] if rates[0] and rates[1] is not None else None
    yield BenchRow(row, "measured_reduction", plain, n=found["n"], unit="share")


def _unlike_the_lab(lived: Lived, arms: Mapping[Arm, Mapping[str, Sums]]) -> tuple[int, int]:
    """Sums of the report that are not those which the lab counted, of how many."""
    pairs: list[tuple[float, float]] = []
    for told in lived.tellings.answered["arms"]:
        units = arms[Arm(told["arm"])].values()
        pairs += [
            (told["exposed"], sum(arm == told["arm"] for _, arm in lived.exposed.values())),
            (told["customers"], len(units)),
            (told["base"], sum(unit[3] for unit in units)),
            (told["total"], sum(unit[2] for unit in units)),
        ]
    return sum(abs(one - other) > ROUNDING * max(abs(other), 1.0) for one, other in pairs), len(pairs)
