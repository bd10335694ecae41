"""Cosine: the later turn whose vector is nearest to the first try's. A baseline; the encoder is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rephrase.candidates import Bounds, candidates_of
from rephrase.overlap import CHARS_COMPARED_MAX, link_of
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.dialogue.text import canonical
from resay.dialogue.turn import said

Vectors = NDArray[np.float32]


class Encode(Protocol):
    """Texts to vectors of length one; equal texts give equal vectors, in whatever company."""

    def __call__(self, texts: Sequence[str], /) -> Vectors:
        """One row a text."""


class CosineDetector:
    """Links a turn with the later one that is nearest to it."""

    name = "cosine"

    def __init__(self, encode: Encode, *, version: str = "1", bounds: Bounds | None = None) -> None:
        self._encode, self.version = encode, version
        self._bounds = bounds or Bounds()

    def links(self, session: Session) -> list[RephraseLink]:
        """One link a source at most; its probability is the cosine where that is not below nothing, which no calibration has touched."""
        pairs = list(candidates_of(session, self._bounds))
        if not pairs:
            return []
        # Utterances without words are near to nothing.
        texts = [canonical(said(turn))[:CHARS_COMPARED_MAX] for turn in session.turns]
        vectors = self._encode(texts)
        best: dict[int, tuple[float, int]] = {}
        for pair in pairs:
            alike = float(vectors[pair.source] @ vectors[pair.target]) if texts[pair.source] and texts[pair.target] else 0.0
            # Ties go to the nearer turn.
            if alike > best.get(pair.source, (0.0, 0))[0]:
                best[pair.source] = (min(1.0, alike), pair.target)
        detector = f"{self.name}/{self.version}"
        return [
            link_of(session.turns[source], session.turns[target], probability=alike, span=None, detector=detector)
            for source, (alike, target) in sorted(best.items())
        ]
