"""Learning the heads of the towers from pairs: what was heard, and the wording that was meant. Plain arithmetic over vectors of the trunk.

Each pair's wording must lie nearer to what was heard than the wordings of the pairs beside it, and than those that look most like it
and mean something else. The trunk stays as it is, so a night's links are learnt in seconds on a processor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resay.dialogue.tick import Tick, silent
from rewrite_online.encoder import Heads, Towers, through
from rewrite_online.spelling import Runs

PAIRS_MAX = 200_000
"""Pairs learnt from, the first of all: 600 MB of vectors, and some minutes."""

PAIRS_MIN = 50
"""Below this nothing is learnt: fewer pairs than a head has rows teach it by heart."""

CHOOSE_SHARE = 0.15
"""Of wordings, by hash: what is learnt is kept only where it finds these better."""

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pair:
    """What was heard, and what was meant."""

    heard: str
    """Canonical text."""
    wording: str
    """Canonical text: what succeeded in its place."""
    meaning: str = ""
    """What the wording is taken for: others of that meaning are not wrong. Empty: its words are all that is known."""


@dataclass(frozen=True, slots=True)
class Teaching:
    """How heads are taught; the figures were chosen on texts apart (docs/log.md, 2026-11-22)."""

    epochs: int = 8
    batch: int = 256
    rate: float = 3e-4
    scale: float = 20.0
    """Of cosines before they compete: as sentence-transformers train."""
    decay: float = 0.02
    """How strongly a head is held where it began, a step."""
    hard: int = 2
    """Wordings that look like the one that was meant, and mean something else, beside each pair."""
    shared: bool = False
    """One head for both towers."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What came of teaching."""

    heads: Heads | None
    """Nothing where none is better than what was there."""
    reason: str
    """`learnt`, `too_few_pairs` or `no_better`."""
    pairs: int
    before: float
    """Share of pairs set apart whose wording is the nearest of all, without what was learnt; 0 to 1."""
    after: float


def learn_heads(
    pairs: Sequence[Pair],
    towers: Towers,
    *,
    rng: np.random.Generator,
    teaching: Teaching | None = None,
    tick: Tick = silent,
) -> Lesson:
    """Heads for the trunk of these towers, begun at the heads that it has; only if they find pairs set apart better."""
    unique = list(dict.fromkeys(pairs))[:PAIRS_MAX]
    learnt_from, apart = _dealt(unique)
    if len(learnt_from) < PAIRS_MIN or not apart:
        return Lesson(None, "too_few_pairs", len(unique), 0.0, 0.0)
    taught = _taught(_Class(learnt_from, towers), towers.heads_or_identity(), teaching or Teaching(), rng=rng, tick=tick)
    before, after = (recall_at_1(apart, unique, towers=towers, heads=heads) for heads in (towers.heads_or_identity(), taught))
    if after <= before:
        return Lesson(None, "no_better", len(unique), before, after)
    return Lesson(taught, "learnt", len(unique), before, after)


def recall_at_1(asked: Sequence[Pair], among: Sequence[Pair], *, towers: Towers, heads: Heads) -> float:
    """The share of pairs whose meaning is that of the nearest wording of all; 0 to 1."""
    choices = list({pair.wording: pair for pair in among}.values())
    wordings = through(heads.wordings, towers.trunk([pair.wording for pair in choices]))
    said = through(heads.heard, towers.trunk([pair.heard for pair in asked]))
    right = 0
    for begin in range(0, len(asked), _BLOCK):
        nearest = (said[begin : begin + _BLOCK] @ wordings.T).argmax(axis=1)
        right += sum(_means(choices[at], pair) for at, pair in zip(nearest, asked[begin : begin + _BLOCK], strict=False))
    return right / len(asked)


_BLOCK = 512
"""Rows compared at once, that a hundred thousand wordings take 200 MB."""


class _Class:
    """Pairs as vectors of the trunk, with the wordings that are easily taken for another."""

    def __init__(self, pairs: Sequence[Pair], towers: Towers) -> None:
        self.heard = towers.trunk([pair.heard for pair in pairs])
        choices = list({pair.wording: pair for pair in pairs}.values())
        self.wordings = towers.trunk([pair.wording for pair in choices])
        place = {pair.wording: at for at, pair in enumerate(choices)}
        self.right = np.array([place[pair.wording] for pair in pairs])
        meanings: dict[str, int] = {}
        self.meaning = np.array([meanings.setdefault(_meaning(pair), len(meanings)) for pair in choices])
        self.lookalikes = _lookalikes(choices, self.meaning)

    def __len__(self) -> int:
        return len(self.heard)


def _taught(lesson: _Class, start: Heads, teaching: Teaching, *, rng: np.random.Generator, tick: Tick) -> Heads:
    heads = [start.heard.copy(), start.wordings.copy()]
    begun = (start.heard, start.wordings)
    steps = [_Adam(head.shape, teaching.rate) for head in heads]
    for seen, (rows, columns) in enumerate(_batches(lesson, teaching, rng=rng), start=1):
        slopes = _slopes(lesson, heads, rows, columns=columns, scale=teaching.scale)
        if teaching.shared:
            slopes = [slopes[0] + slopes[1]] * 2
        for head, slope, step, origin in zip(heads, slopes, steps, begun, strict=True):
            head -= step(slope) + teaching.decay * teaching.rate * (head - origin)
        tick(seen)
    return Heads.of(bytes(Heads(start.trunk, heads[0], heads[1])))


def _slopes(lesson: _Class, heads: Sequence[Matrix], rows: NDArray[np.intp], *, columns: NDArray[np.intp], scale: float) -> list[Matrix]:
    """How the loss changes with each head: cross entropy of the right wording against the others of the batch."""
    said, meant = lesson.heard[rows], lesson.wordings[columns]  # (row, width), (column, width)
    turned = [said @ heads[0].T, meant @ heads[1].T]
    lengths = [np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-9) for each in turned]
    units = [each / length for each, length in zip(turned, lengths, strict=True)]
    logits = scale * units[0] @ units[1].T  # (row, column)
    right = lesson.right[rows][:, None] == columns[None, :]
    logits[(lesson.meaning[lesson.right[rows]][:, None] == lesson.meaning[columns][None, :]) & ~right] = -np.inf
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    error = scale * (chances - right) / len(rows)
    pulls = [error @ units[1], error.T @ units[0]]
    bent = [
        (pull - unit * (pull * unit).sum(axis=1, keepdims=True)) / length for pull, unit, length in zip(pulls, units, lengths, strict=True)
    ]
    return [bent[0].T @ said, bent[1].T @ meant]


class _Adam:
    """Steps against a slope, each entry by how it has varied (Kingma and Ba 2015)."""

    def __init__(self, shape: tuple[int, ...], rate: float) -> None:
        self._mean = np.zeros(shape, dtype=np.float32)
        self._square = np.zeros(shape, dtype=np.float32)
        self._rate, self._count = rate, 0

    def __call__(self, slope: Matrix) -> Matrix:
        """What to take away."""
        self._count += 1
        self._mean += 0.1 * (slope - self._mean)
        self._square += 0.01 * (slope**2 - self._square)
        mean, square = self._mean / (1 - 0.9**self._count), self._square / (1 - 0.99**self._count)
        return np.asarray(self._rate * mean / (np.sqrt(square) + 1e-8), dtype=np.float32)


def _batches(lesson: _Class, teaching: Teaching, *, rng: np.random.Generator) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Pairs in an order of chance, each epoch another, with the wordings that they compete with."""
    for _ in range(teaching.epochs):
        order = rng.permutation(len(lesson))
        for begin in range(0, len(order), teaching.batch):
            rows = order[begin : begin + teaching.batch]
            right = lesson.right[rows]
            hard = lesson.lookalikes[right][:, : teaching.hard].ravel()
            yield rows, np.unique(np.concatenate([right, hard[hard >= 0]]))


def _lookalikes(choices: Sequence[Pair], meaning: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each wording those spelt most like it that mean something else; −1 where there are no more."""
    runs = Runs([pair.wording for pair in choices])
    found = np.full((len(choices), _LOOKALIKES), -1)
    for at, pair in enumerate(choices):
        nearest = runs.nearest([pair.wording], at_most=_LOOKED_AT)
        others = nearest[meaning[nearest] != meaning[at]][:_LOOKALIKES]
        found[at, : len(others)] = others
    return found


_LOOKALIKES, _LOOKED_AT = 4, 16


def _dealt(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Pairs to learn from and pairs set apart, no wording in both."""
    apart = [int.from_bytes(hashlib.sha256(pair.wording.encode()).digest()[:8]) / 2**64 < CHOOSE_SHARE for pair in pairs]
    return (
        [pair for pair, is_apart in zip(pairs, apart, strict=True) if not is_apart],
        [pair for pair, is_apart in zip(pairs, apart, strict=True) if is_apart],
    )


def _meaning(pair: Pair) -> str:
    return pair.meaning or f"\0{pair.wording}"


def _means(found: Pair, wanted: Pair) -> bool:
    return found.wording == wanted.wording or _meaning(found) == _meaning(wanted)
