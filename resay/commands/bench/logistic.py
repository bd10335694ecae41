"""Logistic regression over named features, for the reference rows of benches. Small, exact, the same again with the same input."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array

RIDGE = 1.0
"""Weight of the squared coefficients: a feature seen once cannot speak louder than one in e to one."""

ITERATIONS_MAX = 200
"""L-BFGS settles on some 30,000 examples in under a hundred steps."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Logistic:
    """A chance as a sum of log-odds of the features that hold."""

    weights: Mapping[str, float]

    def chance(self, features: Iterable[str]) -> float:
        """The chance; features that were never seen add nothing."""
        log_odds = sum(self.weights.get(feature, 0.0) for feature in features)
        return 1.0 / (1.0 + math.exp(-log_odds)) if log_odds > -700 else 0.0


def fit_logistic(examples: Sequence[tuple[Sequence[str], bool]], *, ridge: float = RIDGE) -> Logistic:
    """The weights under which the labels are likeliest, drawn towards nothing by `ridge`."""
    places = {feature: place for place, feature in enumerate(dict.fromkeys(name for names, _ in examples for name in names))}
    rows = np.repeat(np.arange(len(examples)), [len(names) for names, _ in examples])
    columns = np.array([places[name] for names, _ in examples for name in names], dtype=np.int64)
    matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(examples), len(places)))
    labels = np.array([float(label) for _, label in examples])

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        log_odds: Numbers = np.asarray(matrix @ weights)
        chances = 1.0 / (1.0 + np.exp(-log_odds))
        value = np.sum(np.logaddexp(0.0, log_odds) - labels * log_odds) + ridge / 2 * weights @ weights
        return float(value), matrix.T @ (chances - labels) + ridge * weights

    found = minimize(loss, np.zeros(len(places)), jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS_MAX})
    return Logistic(dict(zip(places, found.x.tolist(), strict=True)))
