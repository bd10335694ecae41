"""A reader of words: how likely each act is wanted, from all hypotheses with their shares, the prompt and, in mode `retry`, the readings.

One logistic sum an act over named pieces, all fitted at once; what it is fitted to are beliefs, of people or from the log. It proposes
meanings that no hypothesis has by itself, and weighs every candidate's.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array

from resay.commands.bench.asked import NOTHING, Asked
from resay.commands.bench.remembered import Belief, form_of, value_of
from rewrite_online.evaluate import Acts

Sparse = Any
"""A sparse matrix of scipy, whose types do not say what a product with a dense one is."""

HYPOTHESES_READ = 6
"""Those behind hardly differ from these; each costs as much as the first."""

WORDS_READ = 25
"""Longest of DSTC2's hypotheses but a few; a piece beyond tells nothing that those before do not."""

PIECES_MIN = 4
ACTS_MIN = 8
"""Turns in which a piece, or an act, must come: below that a weight is a guess."""

PRIOR = 0.3
"""Variance of the weights: chosen on train callers out of fold among 0.1, 0.3, 1."""

STEPS_MAX = 28
"""Of L-BFGS; what comes after moves weights of pieces that hardly ever come."""

_LEAST, _SURE = 1e-4, 0.5


@dataclass(frozen=True, slots=True)
class Read:
    """What the reader makes of one turn."""

    acts: Mapping[str, float]
    """Chance by act, where it is above a hundredth."""
    likely: Acts
    """All acts that are likelier than not."""
    proposed: tuple[Acts, ...]
    """Meanings worth a look."""
    joint: Mapping[Acts, float]
    """Chances of the meanings that were looked at; they sum to one."""

    def loglik(self, acts: Acts) -> float:
        """How well a meaning goes with the chances of all acts, as if these were apart."""
        wanted = sum(math.log(max(self.acts.get(act, 1e-3), _LEAST)) for act in acts)
        return wanted + sum(math.log(max(1 - chance, _LEAST)) for act, chance in self.acts.items() if act not in acts)


class Reader:
    """Fitted once, on turns and what was believed to be meant."""

    def __init__(self, pieces: Sequence[Mapping[str, float]], beliefs: Sequence[Belief]) -> None:
        seen = Counter(piece for each in pieces for piece in each)
        self._places = {piece: place for place, piece in enumerate(sorted(piece for piece, times in seen.items() if times >= PIECES_MIN))}
        wanted = [_acts(belief) for belief in beliefs]
        times: Counter[str] = Counter()
        for acts in wanted:
            times.update(acts)
        self.acts = sorted(act for act, count in times.items() if count >= ACTS_MIN)
        matrix, target = self._matrix(pieces), np.zeros((len(pieces), len(self.acts)))
        columns = {act: place for place, act in enumerate(self.acts)}
        for row, acts in enumerate(wanted):
            for act, chance in acts.items():
                if act in columns:
                    target[row, columns[act]] = chance
        self._weights = _fitted(matrix, target)

    def read(self, pieces: Sequence[Mapping[str, float]], tops: Sequence[Acts]) -> list[Read]:
        """What is made of turns, given their pieces and what is acted on."""
        chances = _logistic(_product(self._matrix(pieces), self._weights))
        return [self._read(row, top) for row, top in zip(chances, tops, strict=True)]

    def _read(self, chances: NDArray[np.float64], top: Acts) -> Read:
        acts = {act: float(chance) for act, chance in zip(self.acts, chances, strict=True) if chance > 0.01}
        best = sorted(acts.items(), key=lambda pair: -pair[1])[:5]
        likely = frozenset(act for act, chance in best if chance > _SURE)
        proposed = [likely, *(frozenset([act]) for act, chance in best if chance > 0.04)]
        proposed += [likely ^ {act} for act, chance in best if chance > 0.08]
        shown = Read(acts, likely, (), {})
        looked_at = dict.fromkeys((NOTHING, top, *proposed))
        likelihoods = {each: math.exp(max(shown.loglik(each), -30.0)) for each in looked_at}
        all_ = sum(likelihoods.values())
        joint = {each: likelihood / all_ for each, likelihood in likelihoods.items()}
        return Read(acts, likely, tuple(dict.fromkeys(each for each in proposed if each)), joint)

    def _matrix(self, pieces: Sequence[Mapping[str, float]]) -> Sparse:
        values: list[float] = []
        columns: list[int] = []
        ends = [0]
        for each in pieces:
            known = [(self._places[piece], value) for piece, value in each.items() if piece in self._places]
            columns += [place for place, _ in known]
            values += [value for _, value in known]
            ends.append(len(columns))
        # Single precision: half the time of every product, and far below what the prior blurs.
        return csr_array(
            (np.array(values, dtype=np.float32), np.array(columns, dtype=np.int32), np.array(ends)), shape=(len(pieces), len(self._places))
        )


def pieces_of(asked: Asked) -> dict[str, float]:
    """Everything that speaks for one act or another, by name, with how loudly."""
    found = {"always": 1.0, f"kind {asked.kind}": 1.0}
    found.update((f"asked {act}", 1.0) for act in asked.kind.split("|"))
    for place, (text, share) in enumerate(asked.hypotheses[:HYPOTHESES_READ]):
        for gram in _grams(text):
            found[f"heard {gram}"] = found.get(f"heard {gram}", 0.0) + share
            if place == 0:
                found[f"first {gram}"] = 0.5
        found.update((f"somewhere {word}", 0.5) for word in set(text.split()[:WORDS_READ]))
    words = set(asked.text.split()[:WORDS_READ])
    found.update((f"after {asked.kind}: {word}", 0.7) for word in words)
    found.update((f"prompted {word}", 1.0) for word in words & set(asked.prompt.split()))
    if len(words) <= 3:
        found[f"after {asked.kind}: ={asked.text}"] = 1.0
    return found | dict(_of_readings(asked)) if asked.is_retry else found


def _of_readings(asked: Asked) -> Iterator[tuple[str, float]]:
    top, here = asked.top, asked.kind
    yield f"read as {form_of(top)}", 1.0
    yield f"read as {form_of(top)} after {here}", 0.7
    yield "read as nothing", asked.readings.get(NOTHING, 0.0)
    for act in top:
        yield f"acted on {act}", 1.0
    for act, chance in marginals(asked.readings).items():
        yield f"read {act}", chance
        yield f"read at all {act}", max(-3.0, math.log(chance + 1e-3)) / 3 + 1


def marginals(chances: Mapping[Acts, float]) -> dict[str, float]:
    """Chance by single act, over all meanings that hold it."""
    found: dict[str, float] = {}
    for acts, chance in chances.items():
        for act in acts:
            found[act] = found.get(act, 0.0) + chance
    return found


def names_value(act: str) -> bool:
    """Whether an act names a value that can be heard."""
    return value_of(act) not in {"", "dontcare"}


def _grams(text: str) -> set[str]:
    spoken = text.split()[:WORDS_READ]
    edged = ["<", *spoken, ">"]
    grams = set(spoken) | {" ".join(edged[at : at + size]) for size in (2, 3) for at in range(len(edged) - size + 1)}
    return grams | {f"={text}"} if len(spoken) <= 3 else grams


def _acts(belief: Belief) -> dict[str, float]:
    return marginals(belief)


def _fitted(matrix: Sparse, target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights, piece by act, that lose least in log loss, kept small by a Gaussian prior."""
    shape = matrix.shape[1], target.shape[1]
    turned = matrix.T.tocsr()

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape)
        sums = _product(matrix, weights)
        value = np.logaddexp(0, sums).sum() - (sums * target).sum() + 0.5 / PRIOR * (flat @ flat)
        slope = _product(turned, _logistic(sums) - target) + weights / PRIOR
        return float(value), slope.ravel()

    found = minimize(loss, np.zeros(shape[0] * shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": STEPS_MAX, "maxcor": 6})
    return np.asarray(found.x, dtype=np.float64).reshape(shape)


def _product(left: Sparse, right: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(left @ right.astype(np.float32), dtype=np.float64)


def _logistic(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-sums)), dtype=np.float64)
