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

TOUCHED_MAX = 100_000
"""Entries looked at for one request, the rarest runs first: 1 to 2 ms. All hypotheses over ten thousand wordings have fewer; among very
many, texts that share only the commonest runs are not found."""

TEXTS_MAX = 1 << 24
"""Strings of one collection, as places are kept in 24 bits beside 40 of a run's code."""

_CODE_BITS = 40
_MIXED_BY = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))
"""Odd numbers that keep runs of other characters apart; two that fall together only make a string seem nearer than it is."""

_DENSE = 20
_FALL_TOGETHER = 10
"""Queries that may find one and the same string."""

Places = NDArray[np.int64]


class Runs:
    """Strings by the runs of characters in them; rare runs weigh more."""

    def __init__(self, texts: Sequence[str]) -> None:
        assert len(texts) < TEXTS_MAX, "places fit beside codes"
        owners, codes = _runs(texts)
        both = _sorted_once(codes << np.uint64(64 - _CODE_BITS) | owners)
        self._owners = (both & np.uint64(TEXTS_MAX - 1)).astype(np.int32)
        codes = both >> np.uint64(64 - _CODE_BITS)
        self._starts = np.append(np.flatnonzero(_changes(codes)), len(codes))
        self._codes, counts = codes[self._starts[:-1]], np.diff(self._starts)
        self._weights = (np.log1p(len(texts) / counts) ** 2).astype(np.float32)
        squares = np.bincount(self._owners, weights=np.repeat(self._weights, counts), minlength=len(texts))
        self._lengths = np.sqrt(np.maximum(squares, np.finfo(np.float32).tiny))

    def nearest(self, queries: Sequence[str], *, at_most: int) -> Places:
        """The places of the strings nearest to any of some texts, by cosine, each once, the nearest first."""
        asked, known, lengths = self._known(queries)
        if not len(known) or at_most < 1:
            return np.zeros(0, dtype=np.int64)
        sizes = self._starts[known + 1] - self._starts[known]
        # A few texts cannot be told apart by what all of them share; among very many that is most of the work.
        rarest = np.argsort(sizes, kind="stable")
        rarest = rarest[: max(1, int(np.searchsorted(sizes[rarest].cumsum(), TOUCHED_MAX)))]
        asked, known, sizes = asked[rarest], known[rarest], sizes[rarest]
        within = np.arange(sizes.sum()) - np.repeat(sizes.cumsum() - sizes, sizes)
        count = len(self._lengths)
        pairs = self._owners[np.repeat(self._starts[known], sizes) + within] + np.repeat(asked * count, sizes)
        shared = np.bincount(pairs, weights=np.repeat(self._weights[known], sizes))
        # Among very many nearly all share nothing, and looking through them takes longer than sorting those that do.
        pairs = np.flatnonzero(shared) if len(shared) < _DENSE * len(pairs) else np.unique(pairs)
        owners = pairs % count
        return _top(shared[pairs] / (self._lengths[owners] * lengths[pairs // count]), owners, at_most=at_most)

    def _known(self, queries: Sequence[str]) -> tuple[Places, Places, NDArray[np.float64]]:
        """For each run of the queries that is known the place of its query, and its own; and the length of each query."""
        asked, codes = _runs(queries)
        both = np.unique(np.stack([asked, codes]), axis=1) if len(codes) else np.zeros((2, 0), dtype=np.uint64)
        if not len(self._codes):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(len(queries))
        at = np.minimum(np.searchsorted(self._codes, both[1]), len(self._codes) - 1)
        is_known = self._codes[at] == both[1]
        weights = np.where(is_known, self._weights[at], self._weights.max())
        lengths = np.sqrt(np.bincount(both[0].astype(np.int64), weights=weights, minlength=len(queries)))
        return both[0][is_known].astype(np.int64), at[is_known], lengths


def alike(queries: Sequence[str], texts: Sequence[str]) -> NDArray[np.float32]:
    """How alike each query is to each text, (query, text): twice what they share in order, over the letters of both; 0 to 1."""
    return cast("NDArray[np.float32]", cdist(queries, texts, scorer=Indel.normalized_similarity, dtype=np.float32))


def _top(scores: NDArray[np.float64], owners: Places, *, at_most: int) -> Places:
    """The owners of the highest scores, each once; of equal scores those of lower place come first."""
    wanted = at_most * _FALL_TOGETHER
    if len(scores) > wanted:
        kept = np.flatnonzero(scores >= np.partition(scores, len(scores) - wanted)[len(scores) - wanted])
        scores, owners = scores[kept], owners[kept]
    best = dict.fromkeys(owners[np.lexsort((owners, -scores))].tolist())
    return np.fromiter(best, dtype=np.int64, count=len(best))[:at_most]


def _sorted_once(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers in order, each once."""
    ordered = np.sort(numbers)
    return ordered[_changes(ordered)]


def _changes(ordered: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which numbers are not the ones before them."""
    return np.concatenate([np.ones(min(1, len(ordered)), dtype=np.bool_), ordered[1:] != ordered[:-1]])


def _runs(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """For each run of characters the place of its text, and the run's code; a space stands at either end."""
    joined = "".join(f" {text} " for text in texts)
    if len(joined) < GRAM:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint64)
    characters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    lengths = np.fromiter((len(text) + 2 for text in texts), dtype=np.int64, count=len(texts))
    places = np.repeat(np.arange(len(texts), dtype=np.uint64), lengths)
    count = len(characters) - GRAM + 1
    codes = np.zeros(count, dtype=np.uint64)
    for offset, odd in enumerate(_MIXED_BY):
        codes = (codes ^ characters[offset : offset + count]) * odd
    inside = places[:count] == places[GRAM - 1 :]
    return places[:count][inside], codes[inside] >> np.uint64(64 - _CODE_BITS)
