"""From the sums of a loop to the result of the experiment that it was: arms, intervals, and what the rewrites did.

All customers count, well and badly served alike, as they would for an operator. `resay bench loop` tells them apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from random import Random

from resay.experiment.bounds import Interval, rate_reduction, win_loss_of_sums
from resay.experiment.result import ArmTurns, Effect, ExperimentResult, Week
from resay.experiment.sequential import Moments, fixed_reduction, moments, sequential_reduction
from resay.lab.loop import LoopOutcome
from resay.lab.tally import Arm, Sums, Tally, decided_of, in_week, weeks_of

NOTE = (
    "A simulated home with real recogniser and real NLU output. The scored days draw other recordings than the learning days, "
    "mostly of the same voices. Truth is known here and reaches nobody who learns."
)


def experiment_result(outcome: LoopOutcome, *, seed: int) -> ExperimentResult:
    """The result of a loop; `seed` is of the resampling."""
    control, treatment = outcome.untouched.by_customer(Arm.CONTROL), outcome.ours.by_customer(Arm.TREATMENT)
    sides = _moments(control.values()), _moments(treatment.values())
    return ExperimentResult(
        control=_turns(control),
        treatment=_turns(treatment),
        reduction=fixed_reduction(*sides),
        sequential=sequential_reduction(*sides),
        measured=fixed_reduction(_told(outcome, control), _told(outcome, treatment)),
        ours=_effect(outcome.ours, outcome.untouched, seed=seed),
        reference=_effect(outcome.oracle, outcome.untouched, seed=seed),
        weeks=tuple(_weeks(outcome)),
        note=NOTE,
    )


def _effect(after: Tally, before: Tally, *, seed: int) -> Effect:
    """What was done to the customers of the treatment arm, beside the same wishes with nothing."""
    untouched, treated = before.by_customer(Arm.TREATMENT), after.by_customer(Arm.TREATMENT)
    units = [(*_defects(untouched[each]), *_defects(treated.get(each, Sums()))) for each in untouched]
    total, pairs = after.total(), _by_wordings(after)
    won = win_loss_of_sums(decided_of(treated.values()), decided_of(pairs.values()), rng=Random(seed))
    return Effect(
        reduction=rate_reduction(units, Random(seed)),
        triggers=total.triggers,
        pairs=sum(each.triggers > 0 for each in pairs.values()),
        wins=won.wins,
        losses=won.losses,
        win_loss=_finite(won.ratio),
        harm=total.harmed / total.right_as_said if total.right_as_said else None,
        wrong_actions_caused=total.wrong_actions,
    )


def _by_wordings(tally: Tally) -> dict[tuple[str, str], Sums]:
    """What each rewrite did, to whatever voices: one unit of the bound."""
    by_wordings: dict[tuple[str, str], Sums] = {}
    for pair, sums in tally.pairs.items():
        by_wordings.setdefault((pair.source, pair.target), Sums()).add(sums)
    return by_wordings


def _weeks(outcome: LoopOutcome) -> Iterable[Week]:
    """The arms week by week, learning weeks first: a week may hold days of both."""
    for week in weeks_of((outcome.learning, outcome.untouched)):
        control = in_week((outcome.learning, outcome.untouched), Arm.CONTROL, week)
        treatment = in_week((outcome.learning, outcome.ours), Arm.TREATMENT, week)
        yield Week(week + 1, _turns(control), _turns(treatment))


def _turns(by_customer: Mapping[str, Sums]) -> ArmTurns:
    sums = by_customer.values()
    return ArmTurns(len(by_customer), sum(each.turns for each in sums), sum(each.defects for each in sums))


def _moments(sums: Iterable[Sums]) -> Moments:
    return moments(_defects(each) for each in sums)


def _told(outcome: LoopOutcome, customers: Iterable[str]) -> Moments:
    """The same as the system's own labels see it."""
    seen = [outcome.measured[each] for each in customers if each in outcome.measured]
    return moments((each.defects, each.turns) for each in seen)


def _defects(sums: Sums) -> tuple[float, float]:
    return sums.defects, sums.turns


def _finite(interval: Interval) -> Interval:
    """JSON knows no infinity: a ratio without losses has no value, but its bound has."""
    value, lo = (None if each is None or math.isinf(each) else each for each in (interval.value, interval.lo))
    return replace(interval, value=value, lo=lo, hi=None)
