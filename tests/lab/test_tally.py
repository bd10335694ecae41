"""Sums of a loop: wins, losses and harm by the words of EVALUATION, and sums that add up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resay.dialogue.turn import AppliedRewrite, Interpretation, Turn
from resay.lab.action import Action
from resay.lab.conversation import Exchange, Truth
from resay.lab.customer import Try
from resay.lab.tally import Arm, Cell, Member, Sums, Tally, effect_of, in_week, pooled
from tests.builders import BASE

LIGHTS = Action("HassTurnOn", ("light.counter",))
MEMBERS = {"c1": Member(Arm.TREATMENT, "us", True), "c2": Member(Arm.CONTROL, "gb", False)}


def _truth(outcome: str, as_said: str = "", *, wanted: Action | None = LIGHTS) -> Truth:
    target = "lights on" if as_said else None
    layer = "table" if as_said else ""
    truth = Truth("t", "lights_on", wanted, outcome, "nlu", Try.FIRST, "f", "us", True)
    return replace(truth, outcome_as_said=as_said, target=target, layer=layer)


def _exchange(truth: Truth, customer: str = "c1", intent: str = "HassTurnOn") -> Exchange:
    turn = Turn("t", customer, BASE, "lights on", interpretations=(Interpretation(intent, "light"),))
    if truth.target:
        turn = replace(turn, rewrite=AppliedRewrite("d", "light sun"))
    return Exchange(turn, truth)


@pytest.mark.parametrize(
    ("as_said", "outcome", "wins", "losses", "harmed", "wrong"),
    [
        ("no_match", "correct", 1, 0, 0, 0),
        ("unresolved", "unresolved", 0, 0, 0, 0),
        ("no_match", "wrong_entity", 0, 1, 0, 1),
        ("result_fail", "wrong_action", 0, 1, 0, 1),
        ("correct", "no_match", 0, 1, 1, 0),
        ("correct", "wrong_action", 0, 1, 1, 0),
        ("correct", "correct", 0, 0, 0, 0),
        ("wrong_action", "wrong_value", 0, 0, 0, 0),
        ("wrong_action", "no_match", 0, 0, 0, 0),
        ("wrong_action", "correct", 1, 0, 0, 0),
    ],
)
def test_effects_are_as_evaluation_puts_them(as_said: str, outcome: str, wins: int, losses: int, harmed: int, wrong: int):
    """A refusal turned into a wrong action is a loss and no harm; a right turn made wrong is both."""
    effect = effect_of(_truth(outcome, as_said))

    assert (effect.wins, effect.losses, effect.harmed, effect.wrong_actions) == (wins, losses, harmed, wrong)


def test_noise_that_becomes_a_deed_is_harm_and_a_wrong_action():
    """Nothing was done, as it should be, and now something is."""
    effect = effect_of(_truth("wrong_action", "correct", wanted=None))

    assert (effect.losses, effect.harmed, effect.wrong_actions) == (1, 1, 1)


def test_risky_wrong_actions_stand_apart():
    """An unlocked door is not a lamp."""
    door = _exchange(_truth("wrong_action", "no_match"), intent="HassUnlock")
    lamp = _exchange(_truth("wrong_action", "no_match"))
    tally = Tally(MEMBERS)

    tally.add([door, lamp], week=0)

    assert (tally.total().wrong_actions, tally.total().risky_wrong_actions) == (2, 1)


def test_sums_are_told_apart_by_arm_week_and_voice():
    """Each turn is counted once in each view."""
    tally = Tally(MEMBERS)

    tally.add([_exchange(_truth("correct", "no_match")), _exchange(_truth("no_match"))], week=0)
    tally.add([_exchange(_truth("no_match"), "c2")], week=1)

    assert tally.total() == Sums(turns=3, defects=2, triggers=1, wins=1)
    assert tally.by_customer(Arm.CONTROL) == {"c2": Sums(turns=1, defects=1)}
    assert tally.by_customer(main=True) == tally.by_customer(week=0) == {"c1": Sums(turns=2, defects=1, triggers=1, wins=1)}
    assert tally.by_layer(main=True) == {"table": Sums(triggers=1, wins=1)}
    assert {(pair.source, pair.target) for pair in tally.pairs} == {("light sun", "lights on")}


def test_loops_are_pooled_without_mixing_their_customers():
    """The same id in two loops is two people; their pairs of wordings are the same."""
    tally = Tally(MEMBERS)
    tally.add([_exchange(_truth("correct", "no_match"))], week=0)

    both = pooled({"slt": tally, "kal": tally})

    assert both.by_customer() == {"slt/c1": Sums(1, 0, 0, 1, 1), "kal/c1": Sums(1, 0, 0, 1, 1)}
    assert list(both.by_pair(main=True)) == [Sums(triggers=2, wins=2)]
    assert tally.total().turns == 1


def test_a_customer_is_one_unit_of_a_week_of_two_stretches():
    """Learning ends and scoring begins within a week."""
    learning = Tally(MEMBERS, {Cell("c1", 2): Sums(4, 1), Cell("c1", 1): Sums(9, 9)})
    scored = Tally(MEMBERS, {Cell("c1", 2): Sums(3, 2), Cell("c2", 2): Sums(8, 8)})

    sums = in_week((learning, scored), Arm.TREATMENT, 2)

    assert {customer: (each.turns, each.defects) for customer, each in sums.items()} == {"c1": (7, 3)}
    assert learning.cells[Cell("c1", 2)].turns == 4
