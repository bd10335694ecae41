"""Wordings: what customers say after a kind of prompt, what it is taken for, and how it fares.

A wording that fares well is what others may be rewritten to; one that fares badly is what rewriting is for. Only wordings of enough
customers are kept in what is published; a customer's own are theirs alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from resay.dialogue.rewrite import Risk


@dataclass(frozen=True, slots=True)
class Fared:
    """How customers fared lately with something else said in place of a wording, or of texts of which it is the nearest."""

    state: str
    """What was reached in its place."""
    is_near: bool
    """Whether it is of other texts, which are written nearly like the wording: of those that too few customers said to be named."""
    wins: float
    """Turns that succeeded, those of long ago counting less."""
    losses: float
    """Turns that failed, likewise; none where fewer than three customers saw them fail."""


@dataclass(frozen=True, slots=True)
class Failing:
    """Why a wording failed lately, by verdicts of where turns failed first: shares of customers, each of whom weighs alike."""

    since: int
    """First day that was looked at: days since 1970-01-01, UTC."""
    customers: int
    """Customers who count, and for whom it failed in turns with a verdict."""
    result: float
    """Chance that what failed was the result: words were understood, and something was down or missing. 0 to 1."""
    correct: float
    """Chance that nothing failed that the assistant could have done, as where it rightly does not support what was asked."""

    @property
    def not_the_words(self) -> float:
        """Chance that other words would not have helped."""
        return self.result + self.correct


@dataclass(frozen=True, slots=True)
class Wording:
    """One text after one kind of prompt, over all who said it themselves."""

    text: str
    """Canonical text."""
    prompt_kind: str
    """What the assistant had asked; empty: nothing."""
    state: str
    """The interpretation that it is taken for most often; empty: none, the assistant refuses it."""
    risk: Risk
    """Of acting on that state."""
    customers: int
    """Customers who count and said it."""
    times: float
    """Turns that were judged, those of long ago counting less."""
    success: float
    """Chance that it succeeds, after the data and before a certain doubt (posterior mean); 0 to 1."""
    last_day: int
    """Day on which it was last said: days since 1970-01-01, UTC."""
    evidence: tuple[str, ...] = ()
    """Ids of turns that succeeded with it, a sample."""
    fared: tuple[Fared, ...] = ()
    """What we had said in its place, or in place of what is written nearly like it."""
    failing: Failing | None = None
    """Why it failed, where enough customers tell; nothing where nobody classifies turns."""
