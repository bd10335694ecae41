"""The arms of a loop up to each week, with intervals that may be looked at every week: what an operator may act on.

From true defects; customers are the units, so that their turns of all weeks count as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from resay.commands.bench.report import BenchRow, figure
from resay.experiment.bounds import Interval
from resay.experiment.sequential import Moments, moments, sequential_reduction
from resay.lab.tally import Arm, Tally, weeks_of

METRIC = "defect_reduction_so_far"


def so_far_rows(control: Sequence[Tally], treatment: Sequence[Tally], end: str = "") -> Iterator[BenchRow]:
    """The reduction from the first week up to each, the learning weeks included; tallies that share a week add up."""
    for week in weeks_of(control):
        reduction = reduction_up_to(week, control, treatment)
        yield figure(f"week={week + 1}{end}", METRIC, reduction, n=reduction.n, unit="share")


def reduction_up_to(week: int, control: Sequence[Tally], treatment: Sequence[Tally]) -> Interval:
    """The reduction from the first week up to this one."""
    return sequential_reduction(_up_to(week, Arm.CONTROL, control), _up_to(week, Arm.TREATMENT, treatment))


def _up_to(week: int, arm: Arm, tallies: Sequence[Tally]) -> Moments:
    units: dict[str, tuple[int, int]] = {}
    for tally in tallies:
        for cell, sums in tally.cells.items():
            if cell.week <= week and tally.members[cell.customer].arm is arm:
                defects, turns = units.get(cell.customer, (0, 0))
                units[cell.customer] = (defects + sums.defects, turns + sums.turns)
    return moments(units.values())
