"""What is remembered of an assistant's traffic, without any label: which texts were said, by how many customers, and what came of them.

A recogniser mishears each time otherwise; wordings that the NLU does not know come again and again in the same words. Nothing of it is
kept: it is made of the log that is judged, and goes with it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from failure_point.measures import plain, sound
from resay.dialogue.turn import ResponseStatus, Turn, said

TEXTS_MAX = 20_000
"""Texts that neighbours are looked for among, those of most customers first: ten thousand requests take some 20 s against them."""

NEIGHBOURS = 10
ROWS_A_BATCH = 256
"""Texts compared with all at a time: 20 MB."""

TURNS_MIN = 200
"""Turns below which nothing is remembered: of a handful, that a wording was never carried out says nothing."""

SCORES_MAX = 50_000
"""Scores kept of a recogniser, the first ones: their order is known to a half percent from a tenth of them."""

OWN_MAX = 300
"""Turns remembered of one customer, the first ones: weeks of a lively one."""

OTHER_TALK = timedelta(minutes=30)
"""Turns of one customer so far apart are of other talk: what follows at once is told by itself, or is not to be seen yet."""

_LOST = (ResponseStatus.FAILED, ResponseStatus.UNSUPPORTED)


@dataclass(slots=True)
class Said:
    """What came of one text."""

    customers: set[str] = field(default_factory=set)
    times: int = 0
    done: int = 0
    lost: int = 0
    intents: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Own:
    """One turn of a customer, as it is remembered."""

    at: datetime
    text: str
    sound: str
    done: bool


@dataclass(frozen=True, slots=True)
class Near:
    """The texts nearest to one, and where they stand to it; itself is none of them."""

    places: NDArray[np.int64]
    alike: NDArray[np.float32]
    good: float
    """How alike the nearest text is that was done."""
    good_place: int
    good_sound: float
    """How alike the nearest such text sounds."""
    oftener: float
    """How alike the nearest text is that more customers say."""
    oftener_by: float
    """How many more, as a logarithm."""
    refused: float
    """How alike the nearest text is that several customers said and never was done."""


NOWHERE = Near(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32), np.nan, -1, np.nan, np.nan, np.nan, np.nan)


class Traffic:
    """The memory of one log."""

    def __init__(self, turns: Iterable[Turn] = ()) -> None:
        """Take in the turns of a log; without any, nothing is known of anything."""
        self.said: dict[str, Said] = {}
        self._values: dict[str, Counter[str]] = defaultdict(Counter)
        self._scores: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._own: dict[str, list[Own]] = defaultdict(list)
        self.turns = 0
        taken = list(turns)
        for turn in taken if len(taken) >= TURNS_MIN else ():
            self._take(turn)
        for scores in self._scores.values():
            scores.sort()
        self._words = Counter(word for text in self.said for word in set(text.split()))
        self._pairs = Counter(pair for text in self.said for pair in set(pairs_of(text)))
        ordered = sorted(self.said, key=lambda text: (-len(self.said[text].customers), text))
        self.texts = [text for text in ordered if text][:TEXTS_MAX]
        self._sounds = [sound(text) for text in self.texts]
        self._counts = np.array([len(self.said[text].customers) for text in self.texts], dtype=np.float32)
        self._done = np.array([self.said[text].done > 0 for text in self.texts], dtype=bool)
        self._refused = np.array([_is_refused(self.said[text]) for text in self.texts], dtype=bool)
        self._near: dict[str, Near] = {}

    def look_up(self, texts: Iterable[str]) -> None:
        """Find the neighbours of many texts at once; what is asked for later is then there."""
        wanted = [text for text in dict.fromkeys(texts) if text and text not in self._near]
        if not self.texts:
            return
        for start in range(0, len(wanted), ROWS_A_BATCH):
            some = wanted[start : start + ROWS_A_BATCH]
            alike = cdist(some, self.texts, scorer=Indel.normalized_similarity, dtype=np.float32)
            sounds = cdist([sound(text) for text in some], self._sounds, scorer=Indel.normalized_similarity, dtype=np.float32)
            for text, row, heard in zip(some, alike, sounds, strict=True):
                self._near[text] = self._nearest(text, row, heard)

    def near(self, text: str) -> Near:
        """The neighbours of a text."""
        if text not in self._near:
            self.look_up([text])
        return self._near.get(text, NOWHERE)

    def own(self, turn: Turn) -> Sequence[Own]:
        """What the customer of a turn said in other talk."""
        return [each for each in self._own.get(turn.customer_id, ()) if abs(each.at - turn.at) >= OTHER_TALK]

    def words_known(self, text: str) -> tuple[float, float, float]:
        """Share of words, and of pairs of neighbouring words, that other texts have too; and how often, the rarest pair."""
        own = text in self.said
        words, pairs = text.split(), pairs_of(text)
        if not words or not self.turns:
            return np.nan, np.nan, np.nan
        known = sum(self._words[word] > own for word in words) / len(words)
        times = [self._pairs[pair] - own for pair in pairs]
        return known, sum(time > 0 for time in times) / len(times), float(np.log1p(max(0, min(times))))

    def value_known(self, slot: str, value: str) -> tuple[float, float]:
        """How often a slot was filled so and it was done, as a logarithm; and how alike the nearest such value is."""
        values = self._values.get(slot)
        if not values:
            return np.nan, np.nan
        if value in values:
            return float(np.log1p(values[value])), 1.0
        nearest = max(Indel.normalized_similarity(value, each) for each, _ in values.most_common(500))
        return 0.0, float(nearest)

    def rank(self, kind: str, version: str, score: float) -> float:
        """Where a score stands among those of its kind; 0 the lowest, 1 the highest."""
        scores = self._scores.get((kind, version))
        return bisect_left(scores, score) / len(scores) if scores else np.nan

    def _take(self, turn: Turn) -> None:
        self.turns += 1
        text = plain(said(turn))
        entry = self.said.setdefault(text, Said())
        entry.customers.add(turn.customer_id)
        entry.times += 1
        status = turn.response.status if turn.response else ResponseStatus.NONE
        entry.done += status is ResponseStatus.DONE
        own = self._own[turn.customer_id]
        if len(own) < OWN_MAX:
            own.append(Own(turn.at, text, sound(text), status is ResponseStatus.DONE))
        entry.lost += status in _LOST
        version = turn.versions.asr if turn.versions else ""
        if turn.hypotheses and turn.hypotheses[0].score is not None:
            self._keep("asr", version, turn.hypotheses[0].score)
        if not turn.interpretations:
            return
        first = turn.interpretations[0]
        entry.intents[first.intent] += 1
        if first.confidence is not None:
            self._keep("nlu", "", first.confidence)
        if status not in _LOST:
            for slot, value in first.slots.items():
                self._values[slot][plain(str(value))] += 1

    def _keep(self, kind: str, version: str, score: float) -> None:
        kept = self._scores[kind, version]
        if len(kept) < SCORES_MAX:
            kept.append(score)

    def _nearest(self, text: str, alike: NDArray[np.float32], sounds: NDArray[np.float32]) -> Near:
        own = np.float32(len(self.said[text].customers)) if text in self.said else np.float32(0)
        others = alike < 1.0
        alike, sounds = np.where(others, alike, 0), np.where(others, sounds, 0)
        size = min(NEIGHBOURS, len(alike))
        top = np.argpartition(-alike, size - 1)[:size]
        top = top[np.argsort(-alike[top], kind="stable")]
        good = np.where(self._done, alike, 0)
        place = int(good.argmax())
        oftener = np.where(self._counts > own, alike, 0)
        best = int(oftener.argmax())
        return Near(
            top,
            alike[top],
            good=float(good[place]),
            good_place=place,
            good_sound=float(np.where(self._done, sounds, 0).max()),
            oftener=float(oftener[best]),
            oftener_by=float(np.log(self._counts[best] / max(own, 1))),
            refused=float(np.where(self._refused, alike, 0).max()),
        )


def pairs_of(text: str) -> Sequence[tuple[str, str]]:
    """Neighbouring words, the text's ends with them."""
    words = ["", *text.split(), ""]
    return list(pairwise(words))


def _is_refused(entry: Said) -> bool:
    return len(entry.customers) > 1 and entry.lost > 0 and not entry.done
