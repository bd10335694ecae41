"""Finding candidates: the wordings nearest to what was heard, by spelling, by sound and by meaning, over all hypotheses.

Knows nearness only; whether a candidate is any better than what was said is weighed elsewhere.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from resay.dialogue.rewrite import Heard
from resay.dialogue.text import canonical
from resay.dialogue.wording import Wording
from rewrite_online.candidate import Candidate, Nearness
from rewrite_online.sound import sound_key
from rewrite_online.spelling import Runs, alike

QUERIES_MAX = 10
"""Hypotheses looked at, as recognisers list; each costs a search by spelling and one by sound."""

QUERY_CHARS_MAX = 400
"""Longest hypothesis looked for, of some 80 words: no wording that many customers share is as long."""

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Texts to vectors of length one, whose product is nearness of meaning."""

    def heard(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what was heard: (text, width)."""

    def wordings(self, texts: Sequence[str]) -> Vectors:
        """Vectors of wordings: (text, width)."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How wordings are found."""

    spelling: bool = True
    sound: bool = True
    meaning: bool = True
    """Only where there is an encoder."""
    hypotheses_encoded: int = 1
    """Of how many hypotheses the meaning is looked at: each costs a run of the encoder, which is most of the time."""
    others_max: int = 0
    """How many wordings after other kinds of prompt may follow those after the same kind, where there is room; a text that is known after
    the same kind is not offered again."""


class WordingFinder:
    """Wordings in an order of their own, so that those of a kind are neighbours and the order given does not matter."""

    def __init__(
        self, wordings: Iterable[Wording], *, ways: Ways | None = None, encoder: Encoder | None = None, vectors: Vectors | None = None
    ) -> None:
        """Take wordings; `vectors` are theirs, row for row, if they are known already.

        Of two wordings with one text after one kind of prompt that of more customers is kept.
        """
        given = list(wordings)
        order = _order(given)
        self._wordings = tuple(given[place] for place in order)
        self._kinds = [wording.prompt_kind for wording in self._wordings]
        self._texts = [wording.text for wording in self._wordings]
        self._ways = ways or Ways()
        self._encoder = encoder if self._ways.meaning else None
        self._keys = [sound_key(text) for text in self._texts] if self._ways.sound else []
        self._spelt = Runs(self._texts) if self._ways.spelling else None
        self._sounding = Runs(self._keys) if self._ways.sound else None
        self._vectors: Vectors | None = None
        if self._encoder is not None and self._wordings:
            self._vectors = self._encoder.wordings(self._texts) if vectors is None else vectors[order]

    def __len__(self) -> int:
        return len(self._wordings)

    @property
    def wordings(self) -> tuple[Wording, ...]:
        """All of them, by kind of prompt and text."""
        return self._wordings

    def find(self, heard: Heard, *, at_most: int) -> Sequence[Candidate]:
        """The nearest wordings after the same kind of prompt, best first; then those after others, where they are wanted."""
        said = canonical(heard.utterance)
        queries = _queries(said, heard)
        if at_most < 1 or not self._wordings or not queries:
            return ()
        kind = heard.prompt.kind if heard.prompt else ""
        begin, end = bisect_left(self._kinds, kind), bisect_left(self._kinds, kind + "\0")
        search = _Search(queries, self._vectors_of(queries))
        same = self._nearest(search, np.arange(begin, end), at_most, spared={said})
        room = min(self._ways.others_max, at_most - len(same))
        others = np.concatenate([np.arange(begin), np.arange(end, len(self._wordings))])
        if room < 1 or not len(others):
            return same
        return [*same, *self._nearest(search, others, room, spared={said, *self._texts[begin:end]})]

    def _vectors_of(self, queries: Sequence[tuple[str, int | None]]) -> Vectors | None:
        if self._encoder is None or self._vectors is None:
            return None
        return self._encoder.heard([text for text, _ in queries[: self._ways.hypotheses_encoded]])

    def _nearest(self, search: _Search, among: NDArray[np.intp], at_most: int, *, spared: set[str]) -> list[Candidate]:
        """The nearest of some wordings; texts that are spared, or were taken already, do not come."""
        shortlist = np.unique(np.concatenate([among[_top(scores, 2 * at_most)] for scores in self._scores(search, among)]))
        nearness = self._nearness(search, shortlist)
        best = np.lexsort((shortlist, -nearness.total))
        found: list[Candidate] = []
        taken = set(spared)
        for row in best:
            wording = self._wordings[shortlist[row]]
            if len(found) < at_most and wording.text not in taken:
                taken.add(wording.text)
                found.append(
                    Candidate(wording, nearness.nearest(row), nearness.first(row), search.places.get(wording.text)),
                )
        return found

    def _scores(self, search: _Search, among: NDArray[np.intp]) -> list[NDArray[np.float64]]:
        """For each way the nearness of some wordings to the nearest query, roughly."""
        found = [
            np.max([runs.scores(text)[among] for text in texts], axis=0)
            for runs, texts in ((self._spelt, search.texts), (self._sounding, search.keys))
            if runs is not None
        ]
        if search.vectors is not None and self._vectors is not None:
            found.append((self._vectors[among] @ search.vectors.T).max(axis=1).astype(np.float64))
        return found

    def _nearness(self, search: _Search, shortlist: NDArray[np.intp]) -> _NearnessOfMany:
        ways = self._ways
        spelling = alike(search.texts, [self._texts[place] for place in shortlist]) if ways.spelling else None
        sound = alike(search.keys, [self._keys[place] for place in shortlist]) if ways.sound else None
        meaning = None
        if search.vectors is not None and self._vectors is not None:
            meaning = np.clip(search.vectors @ self._vectors[shortlist].T, 0.0, 1.0)
        return _NearnessOfMany(len(shortlist), (meaning, sound, spelling))


class _Search:
    """What is looked for."""

    def __init__(self, queries: Sequence[tuple[str, int | None]], vectors: Vectors | None) -> None:
        self.texts = [text for text, _ in queries]
        self.keys = [sound_key(text) for text in self.texts]
        self.places = {text: place for text, place in queries if place is not None}
        self.vectors = vectors


class _NearnessOfMany:
    """Meaning, sound and spelling: for each a matrix (query, wording), or nothing."""

    def __init__(self, count: int, ways: tuple[Vectors | None, Vectors | None, Vectors | None]) -> None:
        self._ways = ways
        self._tops = tuple(None if way is None else way.max(axis=0) for way in self._ways)
        self.total = np.zeros(count)
        """By which they are ordered: the sum of all ways."""
        for top in self._tops:
            self.total += 0.0 if top is None else top

    def nearest(self, row: int) -> Nearness:
        """Of one wording to whichever query is nearest, way by way."""
        return Nearness(*(None if top is None else float(top[row]) for top in self._tops))

    def first(self, row: int) -> Nearness:
        """Of one wording to what was heard first."""
        return Nearness(*(None if way is None else float(way[0][row]) for way in self._ways))


def _order(wordings: Sequence[Wording]) -> list[int]:
    """Places by kind of prompt and text, each such pair once."""
    order = sorted(range(len(wordings)), key=lambda place: _by_kind(wordings[place]))
    kept: dict[tuple[str, str], int] = {}
    for place in order:
        kept.setdefault((wordings[place].prompt_kind, wordings[place].text), place)
    return list(kept.values())


def _by_kind(wording: Wording) -> tuple[str, str, int, float, str]:
    return wording.prompt_kind, wording.text, -wording.customers, -wording.times, wording.state


def _queries(said: str, heard: Heard) -> list[tuple[str, int | None]]:
    """What was heard, best first, each text once, with its place in the n-best; nothing is near to nothing, nor to a speech."""
    if not said or len(said) > QUERY_CHARS_MAX:
        return []
    queries: dict[str, int | None] = {said: None}
    for place, hypothesis in enumerate(heard.hypotheses[:QUERIES_MAX]):
        text = canonical(hypothesis.text)
        if text and (text not in queries or queries[text] is None):
            queries[text] = place
    return [(text, place) for text, place in queries.items() if len(text) <= QUERY_CHARS_MAX]


def _top(scores: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """The places of the greatest scores, the first of equals before later ones; those of nothing are left out."""
    if len(scores) > most:
        least = np.partition(scores, len(scores) - most)[len(scores) - most]
        places = np.flatnonzero(scores >= least)
        places = places[np.argsort(-scores[places], kind="stable")][:most]
    else:
        places = np.arange(len(scores))
    return places[scores[places] > 0]
