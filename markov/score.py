"""How sure counted successes make us: Beta posteriors, and bounds on what is gained.

Pure arithmetic. Thin evidence gives wide posteriors, wide posteriors low bounds, and low bounds are not published.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import betaincinv, ndtri

PRIOR = 1.0
"""Successes and failures that are believed before any is seen: the uniform prior."""


@dataclass(frozen=True, slots=True)
class Chance:
    """What is believed of an unknown chance: mean and variance of its posterior."""

    mean: float
    variance: float


def chance(successes: float, failures: float) -> Chance:
    """The posterior of a chance after so many successes and failures, which may be weights."""
    a, b = successes + PRIOR, failures + PRIOR
    return Chance(mean=a / (a + b), variance=a * b / ((a + b) ** 2 * (a + b + 1)))


def both(one: Chance, other: Chance) -> Chance:
    """The chance that two independent things hold."""
    second_moment = (one.variance + one.mean**2) * (other.variance + other.mean**2)
    mean = one.mean * other.mean
    return Chance(mean=mean, variance=max(0.0, second_moment - mean**2))


def bound_below(successes: float, failures: float, *, confidence: float) -> float:
    """The chance is at least this with the given confidence (exact quantile of the posterior)."""
    return float(betaincinv(successes + PRIOR, failures + PRIOR, 1.0 - confidence))


def bound_above(successes: float, failures: float, *, confidence: float) -> float:
    """The chance is at most this with the given confidence."""
    return 1.0 - bound_below(failures, successes, confidence=confidence)


def gain_below(after: Chance, before: Chance, *, confidence: float) -> float:
    """What is gained by going from `before` to `after` is at least this with the given confidence (normal approximation)."""
    deviation = math.sqrt(after.variance + before.variance)
    return after.mean - before.mean - float(ndtri(confidence)) * deviation
