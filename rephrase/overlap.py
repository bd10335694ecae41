"""Likeness of two utterances by words and by letters, and the baseline that looks at nothing else."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from rapidfuzz import fuzz

from rephrase.candidates import Bounds, candidates_of
from rephrase.span import whole_span
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.dialogue.text import canonical
from resay.dialogue.turn import Turn, said

CHARS_COMPARED_MAX = 300
"""Letters of an utterance that are compared: a sentence of 20 s; edit distance costs their product."""


def word_overlap(one: AbstractSet[str], other: AbstractSet[str]) -> float:
    """Shared words over all words; 0 where neither has any."""
    return len(one & other) / len(one | other) if one or other else 0.0


def letter_likeness(one: str, other: str) -> float:
    """Letters kept in order, over all letters, of two canonical texts; 0 where one is empty."""
    return fuzz.ratio(one[:CHARS_COMPARED_MAX], other[:CHARS_COMPARED_MAX]) / 100.0 if one and other else 0.0


class OverlapDetector:
    """Links a turn with the later one that is most like it, by words and letters.

    A baseline: it cannot tell a failed try from a good one.
    """

    name = "overlap"
    version = "1"

    def __init__(self, bounds: Bounds | None = None) -> None:
        self._bounds = bounds or Bounds()

    def links(self, session: Session) -> list[RephraseLink]:
        """One link a source at most; its probability is the likeness, which no calibration has touched."""
        texts = [canonical(said(turn)) for turn in session.turns]
        sets = [frozenset(text.split()) for text in texts]
        best: dict[int, tuple[float, int]] = {}
        for pair in candidates_of(session, self._bounds):
            overlap = word_overlap(sets[pair.source], sets[pair.target])
            alike = (overlap + letter_likeness(texts[pair.source], texts[pair.target])) / 2
            # Ties go to the nearer turn.
            if overlap > 0 and alike > best.get(pair.source, (0.0, 0))[0]:
                best[pair.source] = (alike, pair.target)
        return [
            link_of(session.turns[source], session.turns[target], probability=alike, span=None, detector=f"{self.name}/{self.version}")
            for source, (alike, target) in sorted(best.items())
        ]


def link_of(source: Turn, target: Turn, *, probability: float, span: tuple[int, int] | None, detector: str) -> RephraseLink:
    """A link between two turns; without a span, the whole of the target's utterance."""
    start, end = span or whole_span(target.utterance)
    return RephraseLink(
        source_turn_id=source.turn_id,
        target_turn_id=target.turn_id,
        customer_id=source.customer_id,
        at=source.at,
        probability=probability,
        start=start,
        end=end,
        detector=detector,
    )
