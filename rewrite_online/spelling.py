"""Nearness of spelling: strings that share runs of characters, found among very many, and how alike two strings are.

Knows strings only: `sound` brings keys of how words sound here, too. Nothing is kept but numbers in arrays.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

GRAM = 3
"""Characters of a run: long enough to tell words apart, and short enough that one wrong letter spares most of a word."""

TOUCHED_MAX = 6_000
"""Entries looked at for one text, the rarest runs first: a fifth of a millisecond, among however many texts. What shares only the commonest
runs is not found."""

TEXTS_MAX = 1 << 24
"""Strings of one collection, as places are kept in 24 bits beside 40 of a run's code."""

_CODE_BITS = 40
_MIXED_BY = tuple(map(np.uint64, (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)))
"""Odd numbers that keep runs of other characters apart, in turn; two that fall together only make a string seem nearer than it is."""

ARRAYS = ("owners", "starts", "codes", "weights", "lengths")
"""Of which a collection is made."""

Places = NDArray[np.int64]
Scores = NDArray[np.float32]


class Runs:
    """Strings by the runs of characters in them; rare runs weigh more. Safe to share between threads."""

    def __init__(self, texts: Sequence[str], *, gram: int = GRAM) -> None:
        """Take strings, to be found by runs of so many characters."""
        assert len(texts) < TEXTS_MAX, "places fit beside codes"
        owners, codes = _runs(texts, gram)
        both = _sorted_once(codes << np.uint64(64 - _CODE_BITS) | owners)
        self._gram = gram
        self._owners = (both & np.uint64(TEXTS_MAX - 1)).astype(np.int32)
        codes = both >> np.uint64(64 - _CODE_BITS)
        self._starts = np.append(np.flatnonzero(_changes(codes)), len(codes))
        self._codes, counts = codes[self._starts[:-1]], np.diff(self._starts)
        self._weights = (np.log1p(len(texts) / counts) ** 2).astype(np.float32)
        squares = np.bincount(self._owners, weights=np.repeat(self._weights, counts), minlength=len(texts))
        self._lengths = np.sqrt(np.maximum(squares, np.finfo(np.float32).tiny)).astype(np.float32)
        self._sums = _Sums(len(texts))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it as arrays by name."""
        return {name: getattr(self, f"_{name}") for name in ARRAYS}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], *, gram: int = GRAM) -> Runs:
        """The same from its arrays, which it goes on to use where they lie."""
        runs = cls.__new__(cls)
        runs._gram = gram
        runs._owners, runs._starts, runs._codes, runs._weights, runs._lengths = (arrays[name] for name in ARRAYS)
        runs._sums = _Sums(len(runs._lengths))
        return runs

    def nearest(self, queries: Sequence[str], *, at_most: int) -> Places:
        """The places of the strings nearest to any of some texts, by cosine, each once, the nearest first."""
        if at_most < 1 or not len(self._codes):
            return np.zeros(0, dtype=np.int64)
        found = [self._nearest(query, at_most) for query in queries]
        return _first_of_all(found, at_most=at_most)

    def _nearest(self, query: str, at_most: int) -> tuple[Scores, Places]:
        """The strings nearest to one text, in no order, with how near they are."""
        known, length = self._known(query)
        sizes = self._starts[known + 1] - self._starts[known]
        rarest = np.argsort(sizes, kind="stable")
        # One at least, however common: a few texts cannot be told apart by what all of them share, but something must be found.
        rarest = rarest[: max(1, int(np.searchsorted(sizes[rarest].cumsum(), TOUCHED_MAX, side="right")))]
        known, sizes = known[rarest], sizes[rarest]
        if not len(known):
            return np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)
        touched = [self._owners[begin : begin + size] for begin, size in zip(self._starts[known].tolist(), sizes.tolist(), strict=True)]
        owners, shared = self._sums.by_owner(np.concatenate(touched), np.repeat(self._weights[known], sizes))
        scores = shared / (self._lengths[owners] * length)
        if len(scores) > at_most:
            # All that are as near as the last, so that the order of the strings alone decides between them.
            kept = np.flatnonzero(scores >= np.partition(scores, len(scores) - at_most)[len(scores) - at_most])
            scores, owners = scores[kept], owners[kept]
        return scores, owners

    def _known(self, query: str) -> tuple[Places, np.float32]:
        """The runs of a text that are known, and the length of the text."""
        codes = _sorted_once(_runs([query], self._gram)[1])
        at = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        is_known = self._codes[at] == codes
        weights = np.where(is_known, self._weights[at], self._weights.max(initial=0.0))
        return at[is_known], np.sqrt(np.maximum(weights.sum(), np.finfo(np.float32).tiny))


class _Sums(threading.local):
    """A sum for every string, all nought between two questions; each thread has its own.

    Sorting what is touched takes twice as long, and counting over all strings is linear in their number.
    """

    def __init__(self, count: int) -> None:
        self._sums = np.zeros(count, dtype=np.float32)
        self._last = np.zeros(count, dtype=np.int32)

    def by_owner(self, owners: NDArray[np.int32], weights: Scores) -> tuple[Places, Scores]:
        """Each owner once, with the sum of the weights that stand beside it."""
        np.add.at(self._sums, owners, weights)
        order = np.arange(len(owners), dtype=np.int32)
        self._last[owners] = order
        once = owners[self._last[owners] == order]
        sums = self._sums[once]
        self._sums[once] = 0.0
        return once.astype(np.int64), sums


def alike(queries: Sequence[str], texts: Sequence[str]) -> NDArray[np.float32]:
    """How alike each query is to each text, (query, text): twice what they share in order, over the letters of both; 0 to 1."""
    return cast("NDArray[np.float32]", cdist(queries, texts, scorer=Indel.normalized_similarity, dtype=np.float32))


def _first_of_all(found: Sequence[tuple[Scores, Places]], *, at_most: int) -> Places:
    """The owners of the highest scores, each once; of equal scores those of lower place come first."""
    scores = np.concatenate([np.zeros(0, dtype=np.float32), *(scores for scores, _ in found)])
    owners = np.concatenate([np.zeros(0, dtype=np.int64), *(owners for _, owners in found)])
    best = dict.fromkeys(owners[np.lexsort((owners, -scores))].tolist())
    return np.fromiter(best, dtype=np.int64, count=len(best))[:at_most]


def _sorted_once(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers in order, each once."""
    ordered = np.sort(numbers)
    return ordered[_changes(ordered)]


def _changes(ordered: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which numbers are not the ones before them."""
    return np.concatenate([np.ones(min(1, len(ordered)), dtype=np.bool_), ordered[1:] != ordered[:-1]])


def _runs(texts: Sequence[str], gram: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """For each run of characters the place of its text, and the run's code; a space stands at either end."""
    joined = "".join(f" {text} " for text in texts)
    if len(joined) < gram:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint64)
    characters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    lengths = np.fromiter((len(text) + 2 for text in texts), dtype=np.int64, count=len(texts))
    places = np.repeat(np.arange(len(texts), dtype=np.uint64), lengths)
    count = len(characters) - gram + 1
    codes = np.zeros(count, dtype=np.uint64)
    for offset in range(gram):
        codes = (codes ^ characters[offset : offset + count]) * _MIXED_BY[offset % len(_MIXED_BY)]
    inside = places[:count] == places[gram - 1 :]
    return places[:count][inside], codes[inside] >> np.uint64(64 - _CODE_BITS)
