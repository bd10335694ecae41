"""Nearness of spelling: strings that share runs of characters, found among very many, and how alike two strings are.

Knows strings only: `sound` brings keys of how words sound here, too. Nothing is kept but numbers in arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

GRAM = 3
"""Characters of a run: long enough to tell words apart, and short enough that one wrong letter spares most of a word."""

TOUCHED_MAX = 400_000
"""Entries looked at for one query, the rarest runs first: about 2 ms. Ten thousand wordings have fewer in all."""

_SEEDS = np.array([1, 0x9E3779B1, 0x85EBCA77], dtype=np.uint64)
"""Odd numbers that keep runs of other characters apart; two that fall together only make a string seem nearer than it is."""

Floats = NDArray[np.float64]


class Runs:
    """Strings by the runs of characters in them; rare runs weigh more."""

    def __init__(self, texts: Sequence[str]) -> None:
        owners, codes = _runs(texts)
        pairs = np.unique(np.stack([codes, owners]), axis=1) if len(codes) else np.zeros((2, 0), dtype=np.uint64)
        self._codes, starts, counts = np.unique(pairs[0], return_index=True, return_counts=True)
        self._starts = np.append(starts, pairs.shape[1])
        self._owners = pairs[1].astype(np.int32)
        self._weights = np.log1p(len(texts) / counts) ** 2
        squares = np.bincount(self._owners, weights=np.repeat(self._weights, counts), minlength=len(texts))
        self._lengths = np.sqrt(np.maximum(squares, np.finfo(float).tiny))
        self._unseen = np.log1p(len(texts)) ** 2

    def scores(self, text: str) -> Floats:
        """The cosine of a text with each of the strings, 0 to 1; what shares only the commonest runs of very many may come out too low."""
        codes = np.unique(_runs([text])[1])
        at = np.searchsorted(self._codes, codes)
        known = at[(at < len(self._codes)) & (self._codes[np.minimum(at, len(self._codes) - 1)] == codes)] if len(self._codes) else at[:0]
        length = np.sqrt(self._weights[known].sum() + self._unseen * (len(codes) - len(known)))
        if not len(known):
            return np.zeros(len(self._lengths))
        rarest = known[np.argsort(-self._weights[known], kind="stable")]
        sizes = self._starts[rarest + 1] - self._starts[rarest]
        rarest, sizes = (each[: max(1, int(np.searchsorted(sizes.cumsum(), TOUCHED_MAX)))] for each in (rarest, sizes))
        owners = np.concatenate([self._owners[self._starts[one] : self._starts[one + 1]] for one in rarest])
        shared = np.bincount(owners, weights=np.repeat(self._weights[rarest], sizes), minlength=len(self._lengths))
        return cast("Floats", shared / (self._lengths * length))


def alike(queries: Sequence[str], texts: Sequence[str]) -> NDArray[np.float32]:
    """How alike each query is to each text, (query, text): twice what they share in order, over the letters of both; 0 to 1."""
    return cast("NDArray[np.float32]", cdist(queries, texts, scorer=Indel.normalized_similarity, dtype=np.float32))


def _runs(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """For each run of characters the place of its text, and the run's code; a space stands at either end."""
    lengths = np.fromiter((len(text) + 2 for text in texts), dtype=np.int64, count=len(texts))
    if not len(texts):
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint64)
    joined = "".join(f" {text} " for text in texts)
    characters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    places = np.repeat(np.arange(len(texts), dtype=np.uint64), lengths)
    if len(characters) < GRAM:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint64)
    count = len(characters) - GRAM + 1
    codes = np.zeros(count, dtype=np.uint64)
    for offset, seed in enumerate(_SEEDS):
        codes = codes * np.uint64(0x100000001B3) + characters[offset : offset + count] * seed
    inside = places[:count] == places[GRAM - 1 :]
    return places[:count][inside], codes[inside]
