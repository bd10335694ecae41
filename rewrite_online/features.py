"""What the ranker sees of a request: named numbers, one row for doing nothing and one a candidate.

Both modes make the same columns; what a mode or a request lacks is NaN, and nothing here can reach interpretations that a request of mode
`before` does not have. Knows no model, and no language.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from resay.dialogue.rewrite import Heard, RetryRequest, RewriteRequest, Risk
from resay.dialogue.state import interpretation_key
from resay.dialogue.text import canonical
from resay.dialogue.turn import Hypothesis, ResponseStatus
from resay.dialogue.wording import Wording
from rewrite_online.candidate import Candidate

Row = list[float]
Matrix = NDArray[np.float32]

NOT_KNOWN = math.nan
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REFUSED = frozenset({ResponseStatus.FAILED, ResponseStatus.UNSUPPORTED})
HYPOTHESES_MAX = 20
"""Hypotheses looked at; recognisers give five to ten, and what comes after twenty has no chance."""

OF_REQUEST = (
    "is_retry",
    "words",
    "hypotheses",
    "first_score",
    "first_lead",
    "score_spread",
    "first_share",
    "barge_in",
    "is_prompted",
    "duration_s",
    "snr_db",
    "readings",
    "is_refused",
    "top_confidence",
    "second_confidence",
    "top_is_said_state",
    "said_success",
    "said_times",
    "said_customers",
    "said_age_days",
    "said_is_read",
    "candidates",
    "best_success",
    "best_spelling",
    "best_sound",
    "best_meaning",
    "best_confidence",
    "as_said_by_pieces",
    "best_meant",
)
"""Of the request, the same in every row: as heard, as read (mode `retry`), as known from others, and the best of all candidates."""

OF_CANDIDATE = (
    "nearest_meaning",
    "nearest_sound",
    "nearest_spelling",
    "first_meaning",
    "first_sound",
    "first_spelling",
    "place",
    "hypothesis",
    "hypothesis_share",
    "hypothesis_behind",
    "words_more",
    "is_after_this_prompt",
    "success",
    "success_more",
    "times",
    "customers",
    "age_days",
    "is_high_risk",
    "is_said_state",
    "state_confidence",
    "state_place",
    "state_candidates",
    "state_share",
    "spelling_lead",
    "sound_lead",
    "meaning_lead",
    "meant",
    "meant_lead",
)
"""Features of one candidate; NaN in the row of doing nothing. `…_lead` is over the best candidate of another state."""

FEATURES = OF_REQUEST + OF_CANDIDATE


@dataclass(frozen=True, slots=True)
class Example:
    """One request whose outcome is known, or guessed, as said and as rewritten."""

    request: RewriteRequest
    said: Wording | None
    """What is known of the text as said, from other turns than this one."""
    candidates: tuple[Candidate, ...]
    right: tuple[float | None, ...]
    """The chance that each candidate would have been right, one a candidate: 1 and 0 where it is certain, nothing where it is not known."""
    said_right: float | None
    """The same of doing nothing."""
    customer_id: str
    weight: float = 1.0
    """How much it counts: exposure that was drawn with a propensity counts by one over it."""
    voice: int | None = None
    """Which group of customers this one sounds like, where that is told: groups are judged by trees grown on others."""

    def __post_init__(self) -> None:
        assert len(self.right) == len(self.candidates), "every candidate is right, wrong or not known"


def matrix(request: RewriteRequest, said: Wording | None, candidates: Sequence[Candidate]) -> Matrix:
    """The features of one request, float32: doing nothing first, then the candidates in their order."""
    shown = _Shown.of(request, said, candidates)
    head = _of_request(shown, candidates)
    nothing = [NOT_KNOWN] * len(OF_CANDIDATE)
    rows = [head + nothing, *(head + _of_candidate(shown, place, each) for place, each in enumerate(candidates))]
    table = np.array(rows, dtype=np.float32)
    # A score of minus infinity says no more than none at all, and trees cannot stand between it and the next.
    table[np.isinf(table)] = NOT_KNOWN
    return table


@dataclass(frozen=True, slots=True)
class _Shown:
    """What all rows of a request draw on."""

    heard: Heard
    said: Wording | None
    kind: str
    day: float
    words: int
    shares: tuple[float, ...]
    """Of the hypotheses, by score; they sum to one."""
    confidences: Mapping[str, float] | None
    """States among the interpretations, likeliest first; nothing in mode `before`."""
    is_refused: bool | None
    by_state: Mapping[str, _OneState]

    @staticmethod
    def of(request: RewriteRequest, said: Wording | None, candidates: Sequence[Candidate]) -> _Shown:
        heard = request.heard
        shares = _shares(heard.hypotheses[:HYPOTHESES_MAX])
        retry = request if isinstance(request, RetryRequest) else None
        return _Shown(
            heard=heard,
            said=said,
            kind=heard.prompt.kind if heard.prompt else "",
            day=(heard.at - _EPOCH).total_seconds() / 86_400,
            words=len(canonical(heard.utterance).split()),
            shares=shares,
            confidences=_confidences(retry) if retry else None,
            is_refused=(retry.status in _REFUSED or not retry.interpretations) if retry else None,
            by_state=_by_state(candidates, shares),
        )


@dataclass(slots=True)
class _OneState:
    """The candidates of one state together."""

    candidates: int = 0
    share: float = 0.0
    spelling: float = 0.0
    sound: float = 0.0
    meaning: float = 0.0


def _of_request(shown: _Shown, candidates: Sequence[Candidate]) -> Row:
    heard, said = shown.heard, shown.said
    scores = [each.score for each in heard.hypotheses[:HYPOTHESES_MAX] if each.score is not None]
    readings = sorted((shown.confidences or {}).values(), reverse=True)
    top_state = next(iter(shown.confidences), "") if shown.confidences is not None else None
    audio = heard.audio
    return [
        float(shown.confidences is not None),
        float(shown.words),
        float(len(heard.hypotheses)),
        scores[0] if scores else NOT_KNOWN,
        scores[0] - scores[1] if len(scores) > 1 else NOT_KNOWN,
        scores[0] - scores[-1] if scores else NOT_KNOWN,
        shown.shares[0] if shown.shares else NOT_KNOWN,
        float(heard.barge_in),
        float(bool(shown.kind)),
        _known(audio.duration_s if audio else None),
        _known(audio.snr_db if audio else None),
        NOT_KNOWN if shown.confidences is None else float(len(shown.confidences)),
        _known(shown.is_refused),
        readings[0] if readings else NOT_KNOWN,
        readings[1] if len(readings) > 1 else NOT_KNOWN,
        float(top_state == said.state) if said and top_state is not None else NOT_KNOWN,
        *_of_said(said, shown.day),
        float(len(candidates)),
        _most([each.wording.success for each in candidates]),
        _most([each.nearest.spelling for each in candidates]),
        _most([each.nearest.sound for each in candidates]),
        _most([each.nearest.meaning for each in candidates]),
        _most([(shown.confidences or {}).get(each.wording.state) for each in candidates]),
        _most([each.meant.as_said if each.meant else None for each in candidates]),
        _most([each.meant.chance if each.meant else None for each in candidates]),
    ]


def _of_said(said: Wording | None, day: float) -> Row:
    if said is None:
        return [NOT_KNOWN] * 5
    return [said.success, math.log1p(said.times), math.log1p(said.customers), day - said.last_day, float(bool(said.state))]


def _of_candidate(shown: _Shown, place: int, candidate: Candidate) -> Row:
    wording, nearest, first = candidate.wording, candidate.nearest, candidate.first
    said, state = shown.said, wording.state
    at = candidate.hypothesis if candidate.hypothesis is not None and candidate.hypothesis < len(shown.shares) else None
    share = shown.shares[at] if at is not None else 0.0
    together = shown.by_state[state]
    return [
        _known(nearest.meaning),
        _known(nearest.sound),
        _known(nearest.spelling),
        _known(first.meaning),
        _known(first.sound),
        _known(first.spelling),
        float(place),
        _known(at),
        share,
        _behind(shown.heard.hypotheses, at),
        float(len(wording.text.split()) - shown.words),
        float(wording.prompt_kind == shown.kind),
        wording.success,
        wording.success - said.success if said else NOT_KNOWN,
        math.log1p(wording.times),
        math.log1p(wording.customers),
        shown.day - wording.last_day,
        float(wording.risk is Risk.HIGH),
        float(said.state == state) if said else NOT_KNOWN,
        *_read(shown.confidences, state),
        float(together.candidates),
        together.share,
        _known(nearest.spelling) - _rival(shown.by_state, state, "spelling"),
        _known(nearest.sound) - _rival(shown.by_state, state, "sound"),
        _known(nearest.meaning) - _rival(shown.by_state, state, "meaning"),
        candidate.meant.chance if candidate.meant else NOT_KNOWN,
        candidate.meant.chance - candidate.meant.rival if candidate.meant else NOT_KNOWN,
    ]


def _read(confidences: Mapping[str, float] | None, state: str) -> Row:
    """How sure the assistant is of this state, and its place among the readings."""
    if confidences is None:
        return [NOT_KNOWN, NOT_KNOWN]
    if state not in confidences:
        return [0.0, NOT_KNOWN]
    return [confidences[state], float(list(confidences).index(state))]


def _confidences(request: RetryRequest) -> dict[str, float]:
    """Confidence by state; readings of one state count together, and one without confidence counts nothing."""
    found: dict[str, float] = {}
    for each in request.interpretations:
        key = interpretation_key(each)
        found[key] = found.get(key, 0.0) + (each.confidence or 0.0)
    return found


def _shares(hypotheses: Sequence[Hypothesis]) -> tuple[float, ...]:
    """Scores as shares: log-like ones by the exponential, others (0 to 1, or none) as they stand."""
    scores = [each.score for each in hypotheses]
    if not scores:
        return ()
    known = [score for score in scores if score is not None and math.isfinite(score)]
    if len(known) < len(scores):
        return (1 / len(scores),) * len(scores)
    top = max(known)
    parts = [math.exp(score - top) for score in known]
    return tuple(part / sum(parts) for part in parts)


def _by_state(candidates: Sequence[Candidate], shares: Sequence[float]) -> dict[str, _OneState]:
    found: dict[str, _OneState] = {}
    for each in candidates:
        one = found.setdefault(each.wording.state, _OneState())
        one.candidates += 1
        if each.hypothesis is not None and each.hypothesis < len(shares):
            one.share += shares[each.hypothesis]
        one.spelling = max(one.spelling, each.nearest.spelling or 0.0)
        one.sound = max(one.sound, each.nearest.sound or 0.0)
        one.meaning = max(one.meaning, each.nearest.meaning or 0.0)
    return found


def _rival(by_state: Mapping[str, _OneState], state: str, way: str) -> float:
    """How near the nearest candidate of another state is; 0 where there is none."""
    return max((getattr(one, way) for other, one in by_state.items() if other != state), default=0.0)


def _behind(hypotheses: Sequence[Hypothesis], at: int | None) -> float:
    """How far a hypothesis scores behind the first."""
    if at is None or hypotheses[0].score is None or hypotheses[at].score is None:
        return NOT_KNOWN
    return (hypotheses[0].score or 0.0) - (hypotheses[at].score or 0.0)


def _most(values: Sequence[float | None]) -> float:
    return max((value for value in values if value is not None), default=NOT_KNOWN)


def _known(value: float | None) -> float:
    return NOT_KNOWN if value is None else float(value)
