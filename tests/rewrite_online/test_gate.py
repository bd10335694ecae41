"""The gate: what may be said for a customer."""

from __future__ import annotations

import math

import pytest

from resay.dialogue.rewrite import Reason, Risk
from rewrite_online.gate import Vetoes, judge
from tests.builders import rewrite

NONE = Vetoes()


def test_a_rewrite_that_is_clearly_better_passes():
    """Success as rewritten exceeds success as said by more than the margin."""
    better = rewrite(success_as_said=0.1, success_as_rewritten=0.9)

    assert judge(better, vetoes=NONE) is Reason.REWRITTEN


@pytest.mark.parametrize(("as_said", "as_rewritten"), [(0.8, 0.9), (0.9, 0.2), (0.0, 0.4), (math.nan, 0.9), (0.1, math.nan)])
def test_a_rewrite_that_is_not_clearly_better_stays_out(as_said: float, as_rewritten: float):
    """A gain within the margin, a loss, a likely failure, or no number at all: the utterance passes through."""
    doubtful = rewrite(success_as_said=as_said, success_as_rewritten=as_rewritten)

    assert judge(doubtful, vetoes=NONE) is Reason.BELOW_MARGIN


@pytest.mark.parametrize(
    ("as_rewritten", "support", "reason"), [(0.95, 30, "rewritten"), (0.95, 29, "high_risk"), (0.89, 500, "high_risk")]
)
def test_high_risk_asks_for_more_evidence(as_rewritten: float, support: int, reason: str):
    """Doors and payments need thirty customers and nine in ten."""
    risky = rewrite("open dor", "open the door", risk=Risk.HIGH, success_as_rewritten=as_rewritten, support=support)

    assert judge(risky, vetoes=NONE) == reason


def test_a_risky_rewrite_that_is_no_better_is_not_blamed_on_its_risk():
    """What would not pass at low risk either is below the margin: more evidence would not help it."""
    risky = rewrite(risk=Risk.HIGH, success_as_said=0.9, success_as_rewritten=0.9)

    assert judge(risky, vetoes=NONE) is Reason.BELOW_MARGIN


@pytest.mark.parametrize(("source", "target"), [("Play Madona!", "play madonna"), ("play madona", ""), ("", "Play  Madonna."), ("", "")])
def test_vetoes_win(source: str, target: str):
    """A veto of the pair, of the source, of the target or of everything stops the best rewrite; case and marks do not matter."""
    best = rewrite("play madona", "play madonna", success_as_said=0.0, success_as_rewritten=1.0, support=10_000)

    assert judge(best, vetoes=Vetoes.of([(source, target)])) is Reason.VETOED


@pytest.mark.parametrize(("source", "target"), [("play madonna", "play madona"), ("play prince", ""), ("...", "?!"), ("...", "")])
def test_a_veto_stops_nothing_else(source: str, target: str):
    """Another pair, another source, and texts without words leave a rewrite alone."""
    assert judge(rewrite("play madona", "play madonna"), vetoes=Vetoes.of([(source, target)])) is Reason.REWRITTEN
