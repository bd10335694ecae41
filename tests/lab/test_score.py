"""Before and after: wins, losses and harm in the words of EVALUATION, on turns whose truth is written here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from resay.dialogue.rewrite import Action as Advice
from resay.dialogue.rewrite import BeforeRequest, Reason, RewriteAnswer
from resay.dialogue.turn import Context, Turn
from resay.experiment.before_after import BeforeAfter
from resay.lab.action import Action
from resay.lab.conversation import Truth
from resay.lab.customer import Try
from resay.lab.meanings import Meanings, decode_meanings, encode_meanings
from resay.lab.score import score
from resay.lab.shipped import Later
from tests.builders import turn

DAY_S = 86_400
LIGHT = Action("HassTurnOn", ("light.counter",))
LOCK = Action("HassTurnOn", ("lock.front",))
MEANINGS = Meanings(
    actions=(LIGHT, LOCK),
    places={
        "counter lights on": {"kitchen": 0, "hallway": 0},
        "lock the front door": {"kitchen": 1, "hallway": 1},
        "mumble": {"kitchen": -1, "hallway": -1},
        "lights": {"kitchen": 0, "hallway": -1},
    },
)


def _said(text: str, *, right: bool, status: str = "unsupported", wanted: Action | None = LIGHT, **others: Any) -> tuple[Turn, Truth]:
    """A turn in the kitchen, and whether the assistant did what was wanted."""
    logged = replace(turn(text, status="done" if right else status, **others), context=Context(room="kitchen"))
    outcome = "correct" if right else "no_match"
    return logged, Truth(logged.turn_id, "goal", wanted, outcome, "nlu", Try.FIRST, "r", "us", True)


def _scored(*said: tuple[Turn, Truth], table: dict[str, str]) -> BeforeAfter:
    """The figures of a rewriter that knows a table by heart."""

    def rewrite(request: BeforeRequest) -> RewriteAnswer:
        text = request.heard.utterance
        advice = Advice.REWRITE if text in table else Advice.PASS_THROUGH
        return RewriteAnswer("d", advice, table.get(text, text), text, Reason.REWRITTEN if text in table else Reason.NO_CANDIDATE)

    later = Later(tuple(turn for turn, _ in said), {truth.turn_id: truth for _, truth in said}, MEANINGS)
    return score(rewrite, later, seed=1, tick=lambda done, total=None: None)


def test_a_defect_made_right_is_a_win():
    """The target does what was wanted."""
    result = _scored(_said("let there be light", right=False), table={"let there be light": "counter lights on"})

    assert (result.wins, result.losses, result.defects_before, result.defects_after) == (1, 0, 1, 0)
    assert result.defect_reduction == 1.0


def test_a_right_turn_made_wrong_is_a_loss_and_harm():
    """Harm is over the turns that were right."""
    result = _scored(_said("kitchen on", right=True), _said("hall on", right=True, at=9), table={"kitchen on": "lock the front door"})

    assert (result.wins, result.losses, result.harm, result.wrong_actions_caused) == (0, 1, 0.5, 0)


def test_a_refusal_turned_into_a_wrong_action_is_a_loss_and_no_harm():
    """The customer was failed before; now something else is done besides."""
    result = _scored(_said("let there be light", right=False), table={"let there be light": "lock the front door"})

    assert (result.losses, result.wrong_actions_caused, result.harm) == (1, 1, None)
    assert result.defects_after == 1


def test_one_wrong_action_for_another_is_neutral():
    """It was wrong, and is."""
    result = _scored(_said("kitchen on", right=False, status="done"), table={"kitchen on": "lock the front door"})

    assert (result.wins, result.losses, result.neutral, result.triggers) == (0, 0, 1, 1)


@pytest.mark.parametrize("target", ["mumble", "never heard of"])
def test_a_refusal_for_a_refusal_is_neutral(target: str):
    """A target that is refused, or that was never put to the assistant, does nothing."""
    result = _scored(_said("let there be light", right=False), table={"let there be light": target})

    assert (result.neutral, result.losses, result.defects_after) == (1, 0, 1)


def test_an_unknown_target_never_counts_as_right():
    """Even where nothing was wanted, what is not known is wrong."""
    result = _scored(_said("and then the news", right=True, wanted=None), table={"and then the news": "never heard of"})

    assert (result.losses, result.harm) == (1, 1.0)


def test_noise_turned_into_an_action_is_harm():
    """A false wake was right to do nothing."""
    result = _scored(_said("and then the news", right=True, wanted=None), table={"and then the news": "counter lights on"})

    assert (result.losses, result.harm) == (1, 1.0)


def test_a_target_means_what_it_means_in_that_room():
    """The room of the turn decides."""
    kitchen = _said("let there be light", right=False)
    hallway = (replace(kitchen[0], turn_id="h", context=Context(room="hallway")), replace(kitchen[1], turn_id="h"))

    result = _scored(kitchen, hallway, table={"let there be light": "lights"})

    assert (result.wins, result.neutral) == (1, 1)


def test_nothing_rewritten_changes_nothing():
    """Without triggers there is no ratio, and that is said."""
    result = _scored(_said("let there be light", right=False), _said("counter lights on", right=True, at=5), table={})

    assert (result.triggers, result.defect_reduction, result.harm, result.win_loss) == (0, 0.0, 0.0, None)


def test_weeks_are_counted_from_the_first_turn():
    """Each week has its own figures, and they add up."""
    said = [_said("let there be light", right=False, at=day * DAY_S) for day in (0, 6, 7, 13)]

    result = _scored(*said, table={"let there be light": "counter lights on"})

    assert [(week.week, week.turns, week.defects_before, week.defects_after) for week in result.weeks] == [(1, 2, 2, 0), (2, 2, 2, 0)]


def test_meanings_come_back_from_their_file():
    """What is written is what is read."""
    assert decode_meanings(encode_meanings(MEANINGS)) == MEANINGS
