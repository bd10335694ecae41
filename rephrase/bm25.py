"""BM25: later turns ranked as documents for the earlier one as query, words weighed by how rare they are in the background. A baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from rephrase.candidates import Bounds, candidates_of
from rephrase.overlap import link_of
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.dialogue.text import words
from resay.dialogue.turn import said

SATURATION = 1.2
"""k1: how soon a repeated word stops counting more; the usual value (Robertson & Zaragoza 2009)."""

LENGTH_WEIGHT = 0.75
"""b: how much a long utterance is discounted; the usual value."""

WORDS_KNOWN_MAX = 1_000_000
"""Words that a background keeps; the rarest beyond are taken as new. A large voice log has some 100,000."""


@dataclass(frozen=True, slots=True)
class Background:
    """How rare words are, and how long utterances are, in the talk around."""

    utterances: int
    words_a_turn: float
    heard_in: Mapping[str, int]
    """In how many utterances each word occurs."""

    def rarity(self, word: str) -> float:
        """Inverse document frequency; never negative."""
        times = self.heard_in.get(word, 0)
        return log(1.0 + (self.utterances - times + 0.5) / (times + 0.5))


def background_of(utterances: Iterable[str]) -> Background:
    """The background that utterances make up."""
    heard_in: Counter[str] = Counter()
    total = count = 0
    for utterance in utterances:
        spoken = words(utterance)
        count += 1
        total += len(spoken)
        heard_in.update(set(spoken))
        if len(heard_in) > 2 * WORDS_KNOWN_MAX:
            heard_in = Counter(dict(heard_in.most_common(WORDS_KNOWN_MAX)))
    return Background(count, total / count if count else 1.0, dict(heard_in))


class Bm25Detector:
    """Links a turn with the later one that BM25 ranks first."""

    name = "bm25"
    version = "1"

    def __init__(self, background: Background, bounds: Bounds | None = None) -> None:
        self._background = background
        self._bounds = bounds or Bounds()

    def links(self, session: Session) -> list[RephraseLink]:
        """One link a source at most; its probability is the score over that of the query itself, which no calibration has touched."""
        spoken = [words(said(turn)) for turn in session.turns]
        best: dict[int, tuple[float, int]] = {}
        for pair in candidates_of(session, self._bounds):
            score = bm25(spoken[pair.source], spoken[pair.target], background=self._background)
            # Ties go to the nearer turn.
            if score > best.get(pair.source, (0.0, 0))[0]:
                best[pair.source] = (score, pair.target)
        detector = f"{self.name}/{self.version}"
        links = []
        for source, (score, target) in sorted(best.items()):
            alike = min(1.0, score / bm25(spoken[source], spoken[source], background=self._background))
            links.append(link_of(session.turns[source], session.turns[target], probability=alike, span=None, detector=detector))
        return links


def bm25(query: Sequence[str], document: Sequence[str], *, background: Background) -> float:
    """The BM25 score of a document for a query."""
    times = Counter(document)
    length = 1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * len(document) / max(background.words_a_turn, 1e-9)
    return sum(
        background.rarity(word) * times[word] * (SATURATION + 1.0) / (times[word] + SATURATION * length)
        for word in set(query) & times.keys()
    )
