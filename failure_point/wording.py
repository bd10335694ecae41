"""Which known wording it was: what people say to an assistant, and how it is misheard, learnt from recordings of which that is known.

Whether the recogniser or a later part failed first hangs on the words as they were spoken, and the first transcript seldom holds them: so
every transcript of the list is looked at, and those of the next try. Of words unlike all that it knows it says how far they are.
How it is learnt is in `fit_wording`.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from failure_point.case import Case
from failure_point.measures import plain, sound
from failure_point.point import FailurePoint
from resay.dialogue.turn import Turn, said

WIDTH = 4_096
"""Buckets of grams: half of them give the same figures out of fold, and a quarter fewer (docs/decisions/0047)."""

TRANSCRIPTS_MAX = 4
"""Of one turn that are looked at: logs seldom hold more."""

RUNS = (3, 4, 5)
"""Letters of a run, as written and as it sounds."""

SHARPNESS = 25.0
"""From sums to chances: likeliest out of fold."""

TOLD = (FailurePoint.ASR, FailurePoint.NLU, FailurePoint.ER)
"""Points that hang on what was said."""

NOISE = ""
"""The wording of what nobody said."""

ROWS_A_BATCH = 256
"""Turns compared with all wordings at a time: a megabyte."""

_ONE = (
    *(f"worded {point.value}" for point in TOLD),
    *(f"worded like {point.value}" for point in TOLD),
    "worded noise",
    "worded surest",
    "worded as surest",
    "worded first as surest",
)
NAMES = (*_ONE, *(f"next {name}" for name in _ONE), "worded the same next")

Floats = NDArray[np.float64]
Grams = tuple[NDArray[np.int32], NDArray[np.float32]]
"""Buckets, and what each counts."""

Heard = tuple[tuple[str, ...], tuple[str, ...]]
"""Transcripts of a turn and of the next one, in canonical form, the best first."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A recording of which it is known what was said."""

    transcripts: tuple[str, ...]
    """In canonical form."""
    wording: str
    """What was said; empty for a noise."""
    point: FailurePoint
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Wordings:
    """The known wordings, and weights by which transcripts are theirs."""

    texts: tuple[str, ...] = ()
    shares: NDArray[np.float32] | None = None
    """(wording, point of `TOLD`): where it fails when it fails."""
    weights: NDArray[np.float32] | None = None
    """(bucket, wording)."""

    def told(self, heard: Sequence[Heard]) -> Floats:
        """What is known of turns and their next: (turn, name)."""
        told = np.full((len(heard), len(NAMES)), np.nan)
        asked = sorted({transcripts for both in heard for transcripts in both if transcripts})
        if self.weights is None or not asked:
            return told
        places = {transcripts: place for place, transcripts in enumerate(asked)}
        chances = np.concatenate([self._chances(asked[start : start + ROWS_A_BATCH]) for start in range(0, len(asked), ROWS_A_BATCH)])
        known = self._known(asked, chances)
        for row, (own, after) in enumerate(heard):
            if own:
                told[row, : len(_ONE)] = known[places[own]]
            if after:
                told[row, len(_ONE) : 2 * len(_ONE)] = known[places[after]]
            if own and after:
                told[row, -1] = float(chances[places[own]] @ chances[places[after]])
        return told

    def likeliest(self, transcripts: tuple[str, ...]) -> str:
        """The wording that it most likely was; nothing where nothing was heard or is known."""
        if not transcripts or self.weights is None:
            return NOISE
        return self.texts[int(self._chances([transcripts])[0].argmax())]

    def _chances(self, asked: Sequence[tuple[str, ...]]) -> Floats:
        assert self.weights is not None, "only what was learnt is asked"
        sums = np.stack([counts @ self.weights[buckets] for buckets, counts in map(grams_of, asked)]).astype(np.float64)
        raised = np.exp(SHARPNESS * (sums - sums.max(axis=1, keepdims=True)))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def _known(self, asked: Sequence[tuple[str, ...]], chances: Floats) -> Floats:
        """What is known of each list of transcripts: (list, name of one)."""
        assert self.shares is not None, "only what was learnt is asked"
        known = np.zeros((len(asked), len(_ONE)))
        noise = [place for place, text in enumerate(self.texts) if text == NOISE]
        sums = chances @ self.shares
        sounds = [sound(text) for text in self.texts]
        for start in range(0, len(asked), ROWS_A_BATCH):
            some = asked[start : start + ROWS_A_BATCH]
            flat = [text for transcripts in some for text in transcripts]
            near = (_alike(flat, self.texts) + _alike([sound(text) for text in flat], sounds)) / 2
            ends = np.cumsum([len(transcripts) for transcripts in some])[:-1]
            for place, rows in enumerate(np.split(near, ends), start=start):
                own, best = rows.max(axis=0), int(chances[place].argmax())
                known[place, : len(TOLD)] = np.log(sums[place] + 0.01)
                known[place, len(TOLD) : 2 * len(TOLD)] = np.where(self.shares > 0.5, own[:, None], 0.0).max(axis=0)
                known[place, 2 * len(TOLD) :] = (chances[place, noise].sum(), chances[place, best], own[best], rows[0, best])
        return known


def heard_of(case: Case) -> Heard:
    """The transcripts of a case and of its next turn."""
    return transcripts_of(case.turn), transcripts_of(case.following[0]) if case.following else ()


def transcripts_of(turn: Turn) -> tuple[str, ...]:
    """What may have been heard, each once, the best first; nothing where nothing was."""
    heard = (said(turn), *(each.text for each in turn.hypotheses[1:TRANSCRIPTS_MAX]))
    return tuple(dict.fromkeys(text for each in heard if (text := plain(each))))


def grams_of(transcripts: Sequence[str]) -> Grams:
    """The buckets of a list of transcripts, together of length one; what most of them have counts most."""
    counts = Counter[int]()
    for text in transcripts:
        counts.update({zlib.crc32(gram.encode("utf-8", "surrogatepass")) % WIDTH for gram in _grams(text)})
    buckets = np.array(sorted(counts), dtype=np.int32)
    weights = np.sqrt(np.array([counts[bucket] for bucket in buckets.tolist()], dtype=np.float32))
    return buckets, np.asarray(weights / max(float(np.sqrt((weights**2).sum())), 1e-6), dtype=np.float32)


def _grams(text: str) -> Iterator[str]:
    for kind, spelt in (("w", f" {text} "), ("s", f" {sound(text)} ")):
        for length in RUNS:
            yield from (f"{kind}{spelt[start : start + length]}" for start in range(len(spelt) - length + 1))
    yield from (f"= {word}" for word in text.split())


def _alike(texts: Sequence[str], others: Sequence[str]) -> NDArray[np.float32]:
    return np.asarray(cdist(texts, others, scorer=Indel.normalized_similarity, dtype=np.float32))
