"""Learning what texts mean: a softmax over states and a logistic of success as said, from texts with what they came to mean.

Training only. Pieces that fewer customers said than the floor asks for are never looked at, so that nothing of them is in what is learnt.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from rewrite_online.meaning import Floats, Meaning, Weights
from rewrite_online.pieces import pieces_of

PIECES_MAX = 12_000
"""Pieces that are kept, those of most texts first: 4 MB with a hundred states, and weights of 30 MB while they are learnt."""

STATES_MAX = 400
"""States that are told apart, those most often meant first; rarer ones are found by nearness alone."""

ROUNDS = 25
"""Steps of the minimiser. Stopping early smooths: on voices that were not learnt from, 40 rounds did no better than 20."""

SMOOTHING = 0.05
"""L2 on the weights."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One text in one room: what it came to mean, and how it fared as said."""

    text: str
    room: str
    meant: Mapping[str, float]
    right: float
    wrong: float


def common_pieces(speakers: Mapping[str, Collection[int]], *, customers_min: int) -> tuple[str, ...]:
    """Pieces that enough customers said, in order; `speakers` are those of each text, or as many of them as are enough."""
    by_piece: dict[str, set[int]] = defaultdict(set)
    texts: Counter[str] = Counter()
    for text, customers in speakers.items():
        for piece in pieces_of(text):
            texts[piece] += 1
            said_by = by_piece[piece]
            if len(said_by) < customers_min:
                said_by.update(customers)
    enough = [piece for piece, customers in by_piece.items() if len(customers) >= customers_min]
    return tuple(sorted(sorted(enough, key=lambda piece: (-texts[piece], piece))[:PIECES_MAX]))


def fit_meaning(lessons: Sequence[Lesson], pieces: Sequence[str], states: Iterable[str]) -> Weights | None:
    """What was learnt; nothing where there are no two states to tell apart."""
    told = _states(lessons, frozenset(states))
    if len(told) < 2 or not pieces:
        return None
    rooms = tuple(sorted({each.room for each in lessons if each.room}))
    rarity = _rarity(lessons, pieces)
    empty = Weights(tuple(pieces), rooms, told, rarity, np.zeros((0, 0), np.float32), np.zeros(0, np.float32))
    table = _table(lessons, Meaning(empty))
    meant, sure = _meant(lessons, told)
    rows = np.flatnonzero(sure > 0)
    weights = _minimum(table[rows], meant[rows], sure[rows])
    as_said = _minimum_of_two(table, *_fared(lessons))
    return Weights(tuple(pieces), rooms, told, rarity, weights, as_said)


def _states(lessons: Sequence[Lesson], known: Collection[str]) -> tuple[str, ...]:
    times: Counter[str] = Counter()
    for each in lessons:
        for state, weight in each.meant.items():
            if state in known:
                times[state] += weight  # type: ignore[assignment]
    return tuple(sorted(state for state, _ in times.most_common(STATES_MAX)))


def _rarity(lessons: Sequence[Lesson], pieces: Sequence[str]) -> Floats:
    known = {piece: place for place, piece in enumerate(pieces)}
    texts = np.zeros(len(pieces))
    seen = {each.text for each in lessons}
    for text in seen:
        for piece in pieces_of(text):
            if piece in known:
                texts[known[piece]] += 1
    return np.log((len(seen) + 1) / (texts + 1)).astype(np.float32)


def _table(lessons: Sequence[Lesson], meaning: Meaning) -> sparse.csr_matrix:
    """(lesson, piece and room)."""
    rows = [meaning.columns(each.text, each.room) for each in lessons]
    ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns = np.concatenate([each for each, _ in rows]) if rows else np.zeros(0, np.int64)
    values = np.concatenate([each for _, each in rows]) if rows else np.zeros(0, np.float32)
    return sparse.csr_matrix((values, columns, ends), shape=(len(lessons), meaning.width))


def _meant(lessons: Sequence[Lesson], states: Sequence[str]) -> tuple[Floats, Floats]:
    """(lesson, state): the share of each state; (lesson): how much it counts."""
    place = {state: column for column, state in enumerate(states)}
    shares = np.zeros((len(lessons), len(states)), dtype=np.float32)
    for row, each in enumerate(lessons):
        for state, weight in each.meant.items():
            if state in place:
                shares[row, place[state]] += weight
    sums = shares.sum(axis=1)
    shares[sums > 0] /= sums[sums > 0, None]
    # A text that is said a thousand times teaches more than one that is said once, and not a thousand times as much.
    return shares, np.sqrt(sums)


def _fared(lessons: Sequence[Lesson]) -> tuple[Floats, Floats]:
    judged = np.array([each.right + each.wrong for each in lessons], dtype=np.float32)
    share = np.array([each.right / max(each.right + each.wrong, 1e-9) for each in lessons], dtype=np.float32)
    return share, np.sqrt(judged)


def _minimum(table: sparse.csr_matrix, shares: Floats, counts: Floats) -> Floats:
    """(piece and room, state): the weights of the softmax."""
    turned = table.T.tocsr()
    size = (table.shape[1], shares.shape[1])

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        sums = table @ flat.reshape(size).astype(np.float32)
        sums -= sums.max(axis=1, keepdims=True)
        raised = np.exp(sums)
        wholes = raised.sum(axis=1, keepdims=True)
        likely = (shares * (sums - np.log(wholes))).sum(axis=1)
        slope = turned @ ((raised / wholes - shares) * counts[:, None])
        smooth = SMOOTHING / 2 * float(flat @ flat)
        return smooth - float(counts @ likely), SMOOTHING * flat + slope.ravel().astype(np.float64)

    return _least(loss, size[0] * size[1]).reshape(size)


def _minimum_of_two(table: sparse.csr_matrix, share: Floats, counts: Floats) -> Floats:
    """(piece and room): the weights of the logistic."""
    turned = table.T.tocsr()

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        sums = table @ flat.astype(np.float32)
        likely = share * sums - np.logaddexp(0, sums)
        slope = turned @ ((1 / (1 + np.exp(-sums)) - share) * counts)
        smooth = SMOOTHING / 2 * float(flat @ flat)
        return smooth - float(counts @ likely), SMOOTHING * flat + slope.astype(np.float64)

    return _least(loss, table.shape[1])


def _least(loss: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]], size: int) -> Floats:
    # One thread: where others use the machine, threads that wait for each other after every step take five times as long.
    with threadpool_limits(1, user_api="blas"):
        found = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS, "maxcor": 6})
    return np.asarray(found.x, dtype=np.float32)
