"""The result of a loop: arms, wins and losses from hand-made sums, whose figures one can count."""

from __future__ import annotations

from dataclasses import replace

from resay.experiment.result import ArmTurns, Effect
from resay.lab.loop import LoopOutcome, Measured
from resay.lab.outcome import experiment_result
from resay.lab.tally import Arm, Cell, Member, Pair, Sums, Tally

EACH = 40
"""Customers in each arm: enough for an interval."""

CONTROL = [f"c{number}" for number in range(EACH)]
TREATMENT = [f"t{number}" for number in range(EACH)]
MEMBERS = {name: Member(arm, "us", main=True) for arm, names in ((Arm.CONTROL, CONTROL), (Arm.TREATMENT, TREATMENT)) for name in names}


def tally(customers: list[str], *, defects: int, week: int = 1, **counts: int) -> Tally:
    """Ten turns of each customer; a few of them have one defect more, so that there is chance."""
    cells = {
        Cell(name, week): Sums(10, defects + (place % 4 == 0), right_as_said=10 - defects, **counts) for place, name in enumerate(customers)
    }
    pairs = {Pair(True, "lights", "turn on the lights"): Sums(**{each: EACH * count for each, count in counts.items()})}
    return Tally(MEMBERS, cells, {}, pairs if counts else {})


OUTCOME = LoopOutcome(
    learning=tally([*CONTROL, *TREATMENT], defects=4, week=0),
    ours=tally(TREATMENT, defects=3, triggers=2, wins=1),
    oracle=tally(TREATMENT, defects=1, triggers=4, wins=3, losses=1, harmed=1, wrong_actions=0),
    untouched=tally([*CONTROL, *TREATMENT], defects=4),
    measured={name: Measured(10, 5.0 - (place % 4 == 0)) for place, name in enumerate(CONTROL)}
    | {name: Measured(10, 4.0 - (place % 4 == 0)) for place, name in enumerate(TREATMENT)},
    lessons=(),
    oracle_rewrites=1,
    talk_s=1.0,
)


def test_arms_are_of_the_scored_days_and_of_their_own_customers():
    """Control as nothing was done to it, treatment with the system; the learning days are in the weeks alone."""
    result = experiment_result(OUTCOME, seed=1)

    assert result.control == ArmTurns(40, 400, 170)
    assert result.treatment == ArmTurns(40, 400, 130)
    assert [(week.week, week.control.defects, week.treatment.defects) for week in result.weeks] == [(1, 170, 170), (2, 170, 130)]


def test_fewer_defects_are_a_reduction_that_daily_looks_make_less_sure():
    """130 for 170; the labels, which see 190 for 150, have a figure of their own."""
    result = experiment_result(OUTCOME, seed=1)

    assert result.reduction.value == result.sequential.value
    assert round(result.reduction.value or 0, 4) == round(1 - 130 / 170, 4)
    assert round(result.measured.value or 0, 4) == round(1 - 150 / 190, 4)
    assert result.sequential.lo is not None
    assert result.reduction.lo is not None
    assert result.sequential.lo < result.reduction.lo


def test_what_rewrites_did_is_beside_the_same_wishes_with_nothing():
    """Two triggers a customer, one of them a win; the table that was told the truth wins more, and does harm."""
    ours, reference = (getattr(experiment_result(OUTCOME, seed=1), name) for name in ("ours", "reference"))

    assert (ours.triggers, ours.wins, ours.losses, ours.neutral, ours.pairs) == (80, 40, 0, 40, 1)
    assert round(ours.reduction.value, 4) == round(1 - 130 / 170, 4)
    assert (ours.win_loss.value, ours.win_loss.reason, ours.harm) == (None, "too_few_pairs", 0.0)
    assert (reference.wins, reference.losses, reference.harm) == (120, 40, 40 / 360)
    assert reference.win_loss.value == 3.0


def test_a_wording_is_one_pair_whoever_says_it():
    """Well and badly served voices alike: the bound must not take two for it."""
    lights = ("lights", "turn on the lights")

    both = _effect_of({Pair(True, *lights): Sums(triggers=4, wins=3, losses=1), Pair(False, *lights): Sums(triggers=30, wins=30)})

    assert both.pairs == 1
    assert both.win_loss == _effect_of({Pair(True, *lights): Sums(triggers=34, wins=33, losses=1)}).win_loss


def _effect_of(pairs: dict[Pair, Sums]) -> Effect:
    ours = replace(tally(TREATMENT, defects=3, triggers=31, wins=30, losses=1), pairs=pairs)
    return experiment_result(replace(OUTCOME, ours=ours), seed=1).ours
