"""Doubt: whether the NLU or the recogniser was unsure of a turn.

Confidences of NLUs are probabilities and comparable enough; scores of recognisers are not (log-likelihoods, posteriors, word means),
so a recogniser's score is only ever compared with the same recogniser's scores of other turns.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from resay.dialogue.turn import Turn

CONFIDENCE_LOW = 0.5
"""Below this the NLU doubts: a confidence is a probability, and under a half its reading is likelier wrong than right."""

SCORE_SHARE_LOW = 0.1
"""The share of a recogniser's turns, lowest scores first, that it doubts. Data set voice_home (learning recordings of phrases that the
assistant knows, well-served speakers, quiet): 77 % of the lowest tenth went wrong, 48 % of the second, 25 % of all."""

SCORES_MIN = 200
"""A recogniser heard less often has no floor yet: of 200 scores the lowest tenth is twenty, and its edge good to about ± 2 percentiles."""

NO_FLOORS: Mapping[str, float] = MappingProxyType({})
"""No recogniser has a floor: scores are not read."""


def is_doubted(turn: Turn, floors: Mapping[str, float] = NO_FLOORS) -> bool:
    """Whether the NLU gave its reading little, or the recogniser scored its first hypothesis under its own floor."""
    confidence = turn.interpretations[0].confidence if turn.interpretations else None
    if confidence is not None and confidence < CONFIDENCE_LOW:
        return True
    score = turn.hypotheses[0].score if turn.hypotheses else None
    floor = floors.get(_recogniser(turn))
    return score is not None and floor is not None and score < floor


def score_floors(turns: Iterable[Turn]) -> dict[str, float]:
    """The score under which the lowest tenth of each recogniser's turns lies, by recogniser version."""
    scores: dict[str, array[float]] = {}
    for turn in turns:
        score = turn.hypotheses[0].score if turn.hypotheses else None
        if score is not None:
            scores.setdefault(_recogniser(turn), array("d")).append(score)
    return {
        recogniser: sorted(heard)[int(len(heard) * SCORE_SHARE_LOW)] for recogniser, heard in scores.items() if len(heard) >= SCORES_MIN
    }


def _recogniser(turn: Turn) -> str:
    return turn.versions.asr if turn.versions else ""
