"""Finding candidates: the wordings nearest to what was heard, by spelling, by sound and by meaning, over all hypotheses.

Knows nearness only; whether a candidate is any better than what was said is weighed elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from resay.dialogue.rewrite import Heard
from resay.dialogue.text import canonical
from resay.dialogue.wording import Wording
from rewrite_online.ahead import Ahead, Lately
from rewrite_online.candidate import Candidate, Nearness
from rewrite_online.misheard import may_be_heard
from rewrite_online.shelves import COMPARED_MAX, Ways, WordingShelf, number_of, numbers_of, shelved
from rewrite_online.sound import sound_key
from rewrite_online.spelling import Runs, alike

if TYPE_CHECKING:
    from rewrite_online.index import Index

QUERIES_MAX = 10
"""Hypotheses looked at, as recognisers list; each costs a search by spelling and one by sound."""

QUERY_CHARS_MAX = 400
"""Longest hypothesis looked for, of some 80 words: no wording that many customers share is as long."""

LOOKED_AT = 8
"""How many wordings each way brings, for one that is wanted: their order is not the one in which they are put, which is by letters alone.
With twice as many as are wanted a tenth more of the ten nearest were not found, and comparing costs a microsecond each."""

MEANING_WEIGHT = 0.5
"""Say of meaning beside spelling and sound, where candidates are put in order: best of 0, ¼, ½ and 1 (docs/log.md, 2026-11-22)."""

Vectors = NDArray[np.float32]
Places = NDArray[np.int64]


class Encoder(Protocol):
    """Texts to vectors of length one, whose product is nearness of meaning."""

    def heard(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what was heard: (text, width)."""

    def wordings(self, texts: Sequence[str]) -> Vectors:
        """Vectors of wordings: (text, width)."""

    def has(self, texts: Sequence[str]) -> bool:
        """Whether vectors of these are at hand, so that nothing need be run."""


class Searched(Protocol):
    """Vectors by number, wherever they lie."""

    def __len__(self) -> int:
        """How many there are."""

    def search(self, query: Vectors, *, at_most: int, within: tuple[int, int] | None = None) -> tuple[Places, Vectors]:
        """The numbers of those nearest to one query, with their products with it; `within`: from one number up to another."""

    def holds(self, numbers: Places) -> NDArray[np.bool_]:
        """Which of some numbers there are."""

    def vectors(self, numbers: Places) -> Vectors:
        """Those of some numbers."""


class WordingFinder:
    """Wordings by kind of prompt, each kind on a shelf of its own. Nothing changes in it."""

    def __init__(
        self, wordings: Iterable[Wording], *, ways: Ways | None = None, encoder: Encoder | None = None, index: Searched | None = None
    ) -> None:
        """Take wordings. `index` holds vectors under their `number_of`; without one it is made by the encoder, 1 to 2 ms a wording.

        What the index holds beyond the wordings is never found, and wordings that it does not hold are not found by meaning.
        """
        self._ways = ways or Ways()
        self._shelves = shelved(wordings, self._ways)
        self._encoder = encoder if self._ways.meaning else None
        self._lately: Lately[tuple[object, ...], Places] = Lately()
        self._meant_lately: Lately[tuple[object, ...], Places] = Lately()
        self._index: Searched | None = index
        if self._encoder is not None and index is None and self._shelves:
            self._index = index_of(self.wordings, self._encoder)

    def __len__(self) -> int:
        return sum(len(shelf.wordings) for shelf in self._shelves.values())

    @property
    def wordings(self) -> tuple[Wording, ...]:
        """All of them, by kind of prompt and text."""
        return tuple(wording for shelf in self._shelves.values() for wording in shelf.wordings)

    @classmethod
    def of(cls, shelves: Mapping[str, WordingShelf], *, encoder: Encoder | None = None, index: Searched | None = None) -> WordingFinder:
        """A finder of shelves that were made before, in order of their kinds of prompt; meaning counts where there is an index."""
        finder = cls((), encoder=encoder, index=index)
        finder._shelves = dict(shelves)
        return finder

    def by_letters(self) -> WordingFinder:
        """The same wordings, found by spelling and sound alone."""
        other = copy(self)
        other._encoder = None
        return other

    def find(self, heard: Heard, *, at_most: int) -> Sequence[Candidate]:
        """The nearest wordings after the same kind of prompt, best first; then those after others, where they are wanted."""
        said, kind = canonical(heard.utterance), heard.prompt.kind if heard.prompt else ""
        queries = _queries(said, heard)
        if at_most < 1 or not self._shelves or not queries:
            return ()
        search = _Search(queries, self._vectors_of(queries))
        same = self._shelves.get(kind)
        found = [] if same is None else [each for _, each in self._nearest(search, kind, at_most, spared={said})]
        room = min(self._ways.others_max, at_most - len(found))
        if room < 1:
            return found
        spared = {said} if same is None else {said, *same.texts}
        return [*found, *self._others(search, [other for other in self._shelves if other != kind], room, spared=spared)]

    def ahead(self, heard: Heard, *, at_most: int) -> Ahead | None:
        """What may be done before these are asked for; nothing where no encoder need be run for it."""
        queries = _queries(canonical(heard.utterance), heard)
        encoded = self._encoded(queries)
        if self._encoder is None or not encoded or self._encoder.has(encoded):
            return None
        kind = heard.prompt.kind if heard.prompt else ""

        def elsewhere() -> None:
            # Most of the time that the search takes it lets the interpreter go, as the encoder does.
            self._meant(_Search(queries, self._vectors_of(queries)), kind, 2 * at_most)

        return Ahead(elsewhere, lambda: self._near_by_letters(_Search(queries, None), kind, at_most))

    def _others(self, search: _Search, kinds: Iterable[str], room: int, *, spared: set[str]) -> list[Candidate]:
        """The nearest after all of some kinds, each text once."""
        ranked = [each for kind in kinds for each in self._nearest(search, kind, room, spared=spared)]
        ranked.sort(key=lambda each: (-each[0], each[1].wording.text, each[1].wording.prompt_kind))
        by_text: dict[str, Candidate] = {}
        for _, candidate in ranked:
            by_text.setdefault(candidate.wording.text, candidate)
        return list(by_text.values())[:room]

    def _vectors_of(self, queries: Sequence[tuple[str, int | None]]) -> Vectors | None:
        encoded = self._encoded(queries)
        return self._encoder.heard(encoded) if self._encoder is not None and encoded else None

    def _encoded(self, queries: Sequence[tuple[str, int | None]]) -> list[str]:
        """The texts whose meaning is looked at."""
        if self._encoder is None or self._index is None or not len(self._index):
            return []
        return [text for text, _ in queries[: self._ways.hypotheses_encoded]]

    def _nearest(self, search: _Search, kind: str, at_most: int, *, spared: set[str]) -> list[tuple[float, Candidate]]:
        """The nearest of one kind, best first, with what they are ordered by."""
        shelf = self._shelves[kind]
        if len(shelf.wordings) <= COMPARED_MAX:
            shortlist = np.arange(len(shelf.wordings))
        else:
            shortlist = np.unique(np.concatenate([self._near_by_letters(search, kind, at_most), self._meant(search, kind, 2 * at_most)]))
        if not len(shortlist):
            return []
        nearness = self._nearness(search, shelf, shortlist)
        found: list[tuple[float, Candidate]] = []
        for row in np.lexsort((shortlist, -nearness.total)).tolist():
            wording = shelf.wordings[shortlist[row]]
            if wording.text not in spared and nearness.total[row] > 0:
                candidate = Candidate(wording, nearness.nearest(row), nearness.first(row), search.places.get(wording.text))
                found.append((float(nearness.total[row]), candidate))
            if len(found) == at_most:
                break
        return found

    def _near_by_letters(self, search: _Search, kind: str, at_most: int) -> Places:
        """The places that spelling and sound find."""
        shelf = self._shelves.get(kind)
        runs = [] if shelf is None else _runs_of(shelf, search)

        def find() -> Places:
            ways = [each.nearest(texts, at_most=LOOKED_AT * at_most) for each, texts in runs]
            return np.concatenate([np.zeros(0, dtype=np.int64), *ways])

        return self._lately.of((kind, at_most, *search.texts), find)

    def _meant(self, search: _Search, kind: str, at_most: int) -> Places:
        """The places that the index finds for the vectors."""
        shelf, index, vectors = self._shelves.get(kind), self._index, search.vectors
        if shelf is None or index is None or vectors is None or len(shelf.wordings) <= COMPARED_MAX:
            return np.zeros(0, dtype=np.int64)

        def find() -> Places:
            return np.concatenate([_places_of(shelf, index.search(each, at_most=at_most, within=numbers_of(kind))[0]) for each in vectors])

        return self._meant_lately.of((kind, at_most, *search.texts[: len(vectors)]), find)

    def _nearness(self, search: _Search, shelf: WordingShelf, shortlist: Places) -> _NearnessOfMany:
        texts, keys = shelf.letters(shortlist)
        spelling = alike(search.texts, texts) if self._ways.spelling else None
        sound = alike(search.keys, keys) if self._ways.sound else None
        return _NearnessOfMany(len(shortlist), (self._meaning(search, shelf, shortlist), sound, spelling))

    def _meaning(self, search: _Search, shelf: WordingShelf, shortlist: Places) -> Vectors | None:
        """Nearness of meaning, (query, wording); not a number where the index does not hold the wording."""
        if search.vectors is None or self._index is None:
            return None
        meaning = np.full((len(search.vectors), len(shortlist)), np.nan, dtype=np.float32)
        numbers = shelf.numbers[0][shortlist]
        held = self._index.holds(numbers)
        meaning[:, held] = np.clip(search.vectors @ self._index.vectors(numbers[held]).T, 0.0, 1.0)
        return meaning


def _runs_of(shelf: WordingShelf, search: _Search) -> list[tuple[Runs, Sequence[str]]]:
    """What to look in, and for what."""
    both = zip(shelf.runs, (search.texts, search.keys), strict=True)
    return [(runs, queries) for runs, queries in both if runs is not None]


def _places_of(shelf: WordingShelf, numbers: Places) -> Places:
    """The places of those numbers that are of wordings of a shelf."""
    own, order = shelf.numbers
    at = np.minimum(np.searchsorted(own, numbers, sorter=order), len(own) - 1)
    return np.asarray(order[at][own[order[at]] == numbers], dtype=np.int64)


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
        """By which they are ordered."""
        meaning, *others = self._tops
        if meaning is not None:
            # The index may not hold a wording.
            self.total += MEANING_WEIGHT * np.nan_to_num(meaning)
        for top in others:
            if top is not None:
                self.total += top

    def nearest(self, row: int) -> Nearness:
        """Of one wording to whichever query is nearest, way by way."""
        return Nearness(*(None if top is None else _known(top[row]) for top in self._tops))

    def first(self, row: int) -> Nearness:
        """Of one wording to what was heard first."""
        return Nearness(*(None if way is None else _known(way[0][row]) for way in self._ways))


def index_of(wordings: Sequence[Wording], encoder: Encoder, *, before: Index | None = None) -> Index:
    """The index of some wordings; what was in another `before`, by this encoder, is not encoded again."""
    from rewrite_online.index import EXACT_MAX, Index  # Here, as a service that looks for no meaning must start without it.

    numbers = np.array([number_of(each) for each in wordings], dtype=np.int64)
    # What many are kept as is too little for few, which are compared as they were given.
    is_held = before.holds(numbers) if before and (before.is_exact or len(numbers) > EXACT_MAX) else np.zeros(len(numbers), dtype=np.bool_)
    vectors = encoder.wordings([each.text for each, held in zip(wordings, is_held.tolist(), strict=True) if not held])
    if before is not None and is_held.any():
        known = before.vectors(numbers[is_held])
        made = np.empty((len(numbers), known.shape[1]), dtype=np.float32)
        made[is_held] = known
        made[~is_held] = vectors.reshape(-1, known.shape[1])
        vectors = made
    return Index(numbers, vectors, asked=lambda: encoder.heard(may_be_heard(wordings)))


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


def _known(value: np.float32) -> float | None:
    return None if np.isnan(value) else float(value)
