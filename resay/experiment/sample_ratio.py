"""Are the arms of the sizes that were drawn? Where not, something loses customers of one arm, and no figure means anything.

**The test**, valid at every look: against the planned shares θ stands a Dirichlet prior centred on them, with weight k; the Bayes factor

    E = B(kθ + n) / B(kθ) / Π θᵢ^nᵢ        (B the multivariate beta function, n the customers of each arm)

is a martingale with mean one as customers come in, if each is drawn by θ. By Ville's inequality it ever reaches 1/α with chance α at most:
exactly, for any number of customers and of looks (Lindon and Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022).
Knows counts and shares.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WEIGHT = 100.0
"""k: the prior then expects halves that are off by some five points. A tenth or ten times of it changes little: the cost is a log of it."""

ALPHA = 0.001
"""Chance of voiding a sound experiment, ever; as low as is usual for this check, for a void result costs weeks, and real faults are gross
(Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments", KDD 2019)."""

_EXPONENT_MAX = 700.0


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """What the sizes of arms tell."""

    e_value: float
    """Evidence that customers were not drawn by the shares."""
    alpha: float = ALPHA

    @property
    def mismatch(self) -> bool:
        """Whether the result is void."""
        return self.e_value >= 1 / self.alpha

    @property
    def p_value(self) -> float:
        """Never less than chance, at any look."""
        return min(1.0, 1 / self.e_value)


def sample_ratio(customers: Sequence[int], shares: Sequence[float], *, weight: float = WEIGHT, alpha: float = ALPHA) -> SampleRatio:
    """The evidence in these sizes against these shares."""
    assert len(customers) == len(shares) >= 2, "every arm must have a size and a share"
    assert math.isclose(sum(shares), 1), "shares of arms must come to one"
    prior = [weight * share for share in shares]
    after = [each + count for each, count in zip(prior, customers, strict=True)]
    planned = sum(count * math.log(share) for count, share in zip(customers, shares, strict=True))
    exponent = _log_beta(after) - _log_beta(prior) - planned
    return SampleRatio(math.exp(exponent) if exponent < _EXPONENT_MAX else math.inf, alpha)


def _log_beta(weights: Sequence[float]) -> float:
    return sum(math.lgamma(each) for each in weights) - math.lgamma(sum(weights))
