"""The model of failure points: weights of texts, trees, calibration and thresholds; neither torch nor scikit-learn is needed to ask it.

Knows how chances are made and what they are made of; how it was learnt is in `train`, where it lies in `model_folder`.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from failure_point.case import Case
from failure_point.evidence_words import LIKE, READING, WORDING, gram_told, value_of
from failure_point.features import NAMES, matrix
from failure_point.grams import BUCKETS, VIEWS, Grams, buckets_of
from failure_point.kept import SLIGHT, packed, unpacked
from failure_point.likeness import NAMES as LIKENESS
from failure_point.likeness import Likeness, key_of
from failure_point.linear import Floats, known_share, log_chances
from failure_point.point import POINTS, Evidence, FailurePoint, Verdict
from failure_point.reading import NAMES as READ
from failure_point.reading import Reader, logged_of
from failure_point.traffic import Traffic
from failure_point.wording import NAMES as WORDED
from failure_point.wording import WIDTH, Wordings, heard_of, transcripts_of
from resay.training.onnx_model import WrongModel
from resay.training.tree_model import TreeModel

CASES_A_BATCH = 512
"""Cases weighed at a time: their features take a megabyte."""

EVIDENCE_MAX = 6
"""Pieces of evidence that are told of one verdict: what a person looks up."""

_SCORE = NAMES.index("score")
_RECOGNISER = tuple(place for place, name in enumerate(NAMES) if name.startswith(("score", "hypotheses", "after_score")))

_SAID = (*(point.value for point in POINTS), "known")
_GROUPS = {"likeness": LIKENESS, "reading": READ, "wordings": WORDED}
"""What is told of texts together, and hidden together where evidence is looked for, in the order of what the trees see."""

SEEN = (*NAMES, *(name for group in _GROUPS.values() for name in group), *(f"{view} says {name}" for view in VIEWS for name in _SAID))
"""Names of all that the trees see, in order."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From chances to a named point."""

    slope: float
    shifts: Mapping[FailurePoint, float]
    """Chances are the softmax of slope · sums + shifts."""
    worth: Mapping[FailurePoint, float]
    """The point with the highest chance times worth is named: what it costs to miss one, relative to the others."""
    known_min: float
    """Where no chance is as high, the verdict is that it does not know."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a model's file holds."""

    weights: Mapping[str, NDArray[np.float32]]
    """By view: (bucket and the bias, point)."""
    likeness: Likeness
    trees: bytes
    reader: Reader = field(default_factory=Reader)
    wordings: Wordings = field(default_factory=Wordings)

    def __bytes__(self) -> bytes:
        """Equal content, equal bytes; buckets without a weight are left out."""
        texts = "\n".join(self.likeness.texts).encode("utf-8", "surrogatepass")
        kept: dict[str, NDArray[np.generic]] = {"trees": np.frombuffer(self.trees, dtype=np.uint8)}
        kept |= {"texts": np.frombuffer(texts, dtype=np.uint8), "ways": self.likeness.ways, "counts": self.likeness.counts}
        for view, weights in self.weights.items():
            kept |= packed(view, weights)
        kept |= {**_packed(self.reader), **_packed_wordings(self.wordings)}
        out = io.BytesIO()
        np.savez_compressed(out, **kept)  # type: ignore[arg-type]
        return out.getvalue()

    @classmethod
    def of(cls, content: bytes) -> Content:
        """The content of a file.

        Raises: WrongModel.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as kept:
                weights = {view: unpacked(kept, view) for view in VIEWS}
                texts = tuple(kept["texts"].tobytes().decode("utf-8", "surrogatepass").split("\n")) if len(kept["ways"]) else ()
                assert len(texts) == len(kept["ways"]) == len(kept["counts"]), "every text has a way and counts"
                return cls(
                    weights, Likeness(texts, kept["ways"], kept["counts"]), kept["trees"].tobytes(), _unpacked(kept), _wordings_in(kept)
                )
        # numpy raises whatever its reader of archives meets.
        except Exception as error:
            message = f"a model of failure points must be as it was written; {error}; was the file cut off, or is it of another version?"
            raise WrongModel(message) from error


def _packed(reader: Reader) -> dict[str, NDArray[np.generic]]:
    """A reader's parts; nothing where there is none."""
    kept: dict[str, NDArray[np.generic]] = {}
    for name, classes, weights in (("intents", reader.intents, reader.intent_weights), ("slots", reader.slots, reader.slot_weights)):
        if weights is not None:
            kept |= {f"{name}_names": np.frombuffer("\n".join(classes).encode(), dtype=np.uint8), **packed(name, weights, slight=SLIGHT)}
    return kept


def _unpacked(kept: Mapping[str, NDArray[Any]]) -> Reader:
    if "intents_names" not in kept:
        return Reader()
    parts: list[Any] = []
    for name in ("intents", "slots"):
        parts += [tuple(kept[f"{name}_names"].tobytes().decode().split("\n")), unpacked(kept, name)]
    return Reader(*parts)


def _packed_wordings(wordings: Wordings) -> dict[str, NDArray[np.generic]]:
    """The known wordings' parts; nothing where there are none."""
    if wordings.weights is None or wordings.shares is None:
        return {}
    texts = np.frombuffer("\n".join(wordings.texts).encode("utf-8", "surrogatepass"), dtype=np.uint8)
    return {"wordings": texts, "wordings_shares": wordings.shares, **packed("wordings", wordings.weights, slight=1)}


def _wordings_in(kept: Mapping[str, NDArray[Any]]) -> Wordings:
    if "wordings" not in kept:
        return Wordings()
    texts = tuple(kept["wordings"].tobytes().decode("utf-8", "surrogatepass").split("\n"))
    return Wordings(texts, kept["wordings_shares"], unpacked(kept, "wordings", rows=WIDTH))


class FailurePointModel:
    """Names failure points; safe to share between threads."""

    def __init__(self, content: Content, thresholds: Thresholds, *, version: str = "") -> None:
        """A model from its content.

        It may see fewer features than this version makes: one that is new has a new name, and so has one that changes its meaning.

        Raises: WrongModel, where it sees what this version does not make.
        """
        self._weights, self._likeness, self._thresholds = content.weights, content.likeness, thresholds
        self._reader, self._wordings = content.reader, content.wordings
        self._trees = TreeModel(content.trees)
        seen = self._trees.about.get("features")
        named = [str(name) for name in seen] if isinstance(seen, list) else []
        strange = [name for name in named if name not in SEEN]
        if not named or strange or self._trees.names != tuple(point.value for point in POINTS):
            told = f"{len(strange)} others, {strange[0]!r} the first" if strange else f"{len(named)} of them"
            message = (
                f"a model of failure points must see features that this version makes, of {len(POINTS)} points; it sees {told}; "
                "was it trained by another version, and is `resay train failure-point` to be run again?"
            )
            raise WrongModel(message)
        self._columns = [SEEN.index(name) for name in named]
        self.version = version
        self._shifts = np.array([thresholds.shifts[point] for point in POINTS])
        self._worth = np.array([thresholds.worth[point] for point in POINTS])

    @property
    def worth(self) -> Mapping[FailurePoint, float]:
        """What each point is worth, in the order of `POINTS`."""
        return {point: self._thresholds.worth[point] for point in POINTS}

    def verdicts(self, cases: Sequence[Case], traffic: Traffic, *, explain: bool = False) -> Iterator[Verdict]:
        """A verdict for each case, in order; with its evidence where that is asked for, which takes a hundred times as long."""
        for start in range(0, len(cases), CASES_A_BATCH):
            some = cases[start : start + CASES_A_BATCH]
            seen, grams = self._seen(some, traffic)
            chances = self.chances_of(seen)
            for place, case in enumerate(some):
                named = int((chances[place] * self._worth).argmax())
                known = chances[place].max() >= self._thresholds.known_min
                told = {point: float(chance) for point, chance in zip(POINTS, chances[place], strict=True)}
                own = {view: grams[view][place] for view in VIEWS}
                evidence = tuple(self._evidence(case, seen[place], own, named=named)) if explain else ()
                yield Verdict(case.turn.turn_id, POINTS[named] if known else None, told, evidence)

    def chances(self, cases: Sequence[Case], traffic: Traffic) -> Floats:
        """Chances of all points: (case, point)."""
        return self.chances_of(self._seen(cases, traffic)[0])

    def chances_of(self, seen: NDArray[np.float32]) -> Floats:
        """Chances of rows as the trees see them."""
        turned = self._thresholds.slope * self._sums(seen) + self._shifts
        raised = np.exp(turned - turned.max(axis=1, keepdims=True, initial=-np.inf)) if len(seen) else turned
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)

    def _sums(self, seen: NDArray[np.float32]) -> Floats:
        return np.stack(self._trees.sums(dict.fromkeys(self._trees.names, seen[:, self._columns])), axis=1).astype(np.float64)

    def _seen(self, cases: Sequence[Case], traffic: Traffic) -> tuple[NDArray[np.float32], dict[str, list[Grams]]]:
        grams = {view: [buckets_of(view, case) for case in cases] for view in VIEWS}
        said = [
            part.astype(np.float32)
            for view in VIEWS
            for part in (log_chances(self._weights[view], grams[view]), known_share(self._weights[view], grams[view])[:, None])
        ]
        like = self._likeness.told([key_of(case) for case in cases]).astype(np.float32)
        read = self._reader.told([logged_of(case) for case in cases]).astype(np.float32)
        features = matrix(cases, traffic)
        # Lists of such a recogniser are as strange as their scores: the first transcript is what the assistant went by.
        heard = [
            (own[:1], after[:1]) if odd else (own, after) for (own, after), odd in zip(map(heard_of, cases), strange(features), strict=True)
        ]
        worded = self._wordings.told(heard).astype(np.float32)
        return np.concatenate([comparable(features), like, read, worded, *said], axis=1), grams

    def _evidence(self, case: Case, seen: NDArray[np.float32], grams: Mapping[str, Grams], *, named: int) -> Iterator[Evidence]:
        """What the named point's sum would lack without each thing that was seen; texts by view, with the grams that spoke loudest."""
        columns = [[place] for place in range(len(NAMES))]
        for size in (*map(len, _GROUPS.values()), *[len(_SAID)] * len(VIEWS)):
            start = columns[-1][-1] + 1
            columns.append([*range(start, start + size)])
        rows = np.repeat(seen[None, :], len(columns) + 1, axis=0)
        for row, hidden in enumerate(columns, start=1):
            rows[row, hidden] = np.nan
        sums = self._sums(rows)[:, named] * self._thresholds.slope
        lost = sums[0] - sums[1:]
        known = [place for place in range(len(columns)) if place >= len(NAMES) or not np.isnan(seen[place])]
        for place in sorted(known, key=lambda each: -abs(lost[each]))[:EVIDENCE_MAX]:
            if lost[place]:
                yield Evidence(*self._told(case, seen, grams, place=place, named=named), weight=round(float(lost[place]), 3))

    def _told(
        self, case: Case, seen: NDArray[np.float32], grams: Mapping[str, Grams], *, place: int, named: int
    ) -> tuple[str, float | str]:
        if place < len(NAMES):
            return NAMES[place], value_of(NAMES[place], float(seen[place]))
        group = place - len(NAMES)
        if group == 0:
            return LIKE, round(float(seen[SEEN.index("like any")]), 4)
        if group == 1:
            return READING, round(math.exp(seen[SEEN.index(READ[0])]), 4)
        if group == 2:
            return WORDING, self._wordings.likeliest(transcripts_of(case.turn)) or "noise"
        view = list(VIEWS)[group - len(_GROUPS)]
        weights = self._weights[view][:, named]
        words = {gram: weights[bucket] for gram, bucket in named_buckets(view, case) if bucket in grams[view]}
        loudest = sorted(words, key=lambda gram: -words[gram])[:3]
        return f"words {view}", " · ".join(map(gram_told, loudest))


def comparable(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features without scores and lists of a recogniser whose scores are no posteriors: it is of a kind that was never met."""
    left = features.copy()
    for place in _RECOGNISER:
        left[strange(features), place] = np.nan
    return left


def strange(features: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The cases whose recogniser's scores are no posteriors."""
    return np.asarray((features[:, _SCORE] < 0.0) | (features[:, _SCORE] > 1.0))


def named_buckets(view: str, case: Case) -> Iterator[tuple[str, int]]:
    """The grams of a case that people can read, with their buckets: runs of letters are left out."""
    import zlib

    for gram in VIEWS[view](case):
        if len(gram) > 5 or gram.startswith("w "):
            yield gram, zlib.crc32(gram.encode("utf-8", "surrogatepass")) % BUCKETS
