"""The wire form of `/v1/rewrite`: pydantic at the edge, dialogue values behind it.

The only place that knows the JSON of question and answer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

from resay.dialogue.codec import HYPOTHESES_MAX, ID_CHARS_MAX, UTTERANCE_CHARS_MAX, instant, wire_value
from resay.dialogue.rewrite import Action, BeforeRequest, Heard, RetryRequest, RewriteAnswer, RewriteRequest
from resay.dialogue.teaching import Taught
from resay.dialogue.text import has_control_characters
from resay.dialogue.turn import Audio, Context, Hypothesis, Interpretation, Prompt, ResponseStatus, Versions
from resay.label.explore import QUESTION
from resay.teach.ask import question as question_before
from rewrite_online.deadline import BUDGET_S

DEADLINE_MS_MAX = 1_000
"""Longest deadline that a caller may set: after a second of silence a customer asks again."""

COHORTS_MAX = 64
"""Cohorts of one customer: an assistant tells a handful apart, and each is looked up for each answer."""

STATES_MAX = 1_000
"""Devices whose states may be told: a large home has some hundred, and a turn may tell of all."""

_encode = msgspec.json.Encoder().encode


class RewriteQuestion(BaseModel):
    """A turn as it is known now: before the assistant's NLU (`before`), or after it refused or doubted (`retry`)."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    mode: Literal["before", "retry"]
    """`before`: nothing of this turn's NLU is given. `retry`: its interpretations are."""
    turn_id: str = Field(min_length=1, max_length=ID_CHARS_MAX)
    """The turn's id, the same that its log record will carry."""
    customer_id: str = Field(min_length=1, max_length=ID_CHARS_MAX)
    """Pseudonymous."""
    at: str | int | float
    """Event time: RFC 3339 with offset, or milliseconds since 1970 UTC."""
    utterance: str = Field(max_length=UTTERANCE_CHARS_MAX)
    """What the recogniser heard first; may be empty."""
    hypotheses: tuple[Hypothesis, ...] = Field((), max_length=HYPOTHESES_MAX)
    """The recogniser's n-best, best first."""
    prompt: Prompt | None = None
    """What the assistant had just asked."""
    context: Context | None = None
    """Where and when the customer spoke: words that mean something else by room, device, hour, activity or what is on are told apart by
    it, where the turns of the log tell it too. What is not known is left out."""
    audio: Audio | None = None
    """How the utterance sounded."""
    session_id: str | None = Field(None, max_length=ID_CHARS_MAX)
    """The assistant's own session id."""
    device_id: str | None = Field(None, max_length=ID_CHARS_MAX)
    """The device."""
    barge_in: bool = False
    """Whether the customer spoke over the response before."""
    versions: Versions | None = None
    """The versions of the assistant's parts."""
    cohorts: tuple[Annotated[str, Field(max_length=ID_CHARS_MAX)], ...] = Field((), max_length=COHORTS_MAX)
    """Of the customer, as the turn's log record will name them: a rewrite that is known to hurt one of them is not served."""
    deadline_ms: int = Field(int(BUDGET_S * 1000), ge=1, le=DEADLINE_MS_MAX)
    """When the answer is due; later the utterance passes through unchanged."""
    interpretations: tuple[Interpretation, ...] | None = Field(None, max_length=HYPOTHESES_MAX)
    """`retry` only: this turn's NLU n-best, best first; may be empty."""
    status: ResponseStatus | None = None
    """`retry` only: what became of the request."""

    @model_validator(mode="after")
    def _tells_no_more_than_it_may(self) -> Self:
        told = self.context
        if told is None:
            return self
        long = [name for name in ("locale", "device_type", "room", "activity", "local_time") if len(getattr(told, name)) > ID_CHARS_MAX]
        faults = [f"context.{name} must not be longer than {ID_CHARS_MAX} characters; got {len(getattr(told, name)):,}" for name in long]
        if len(told.device_states) > STATES_MAX:
            faults.append(f"context.device_states must not be of more than {STATES_MAX:,} devices; got {len(told.device_states):,}")
        if faults:
            message = "; ".join(faults)
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _keeps_to_its_mode(self) -> Self:
        given = [name for name in ("interpretations", "status") if getattr(self, name) is not None]
        if self.mode == "before" and given:
            message = f"{' and '.join(given)} must not be given in mode 'before', which asks before the NLU; did you mean mode 'retry'?"
            raise ValueError(message)
        if self.mode == "retry" and self.interpretations is None:
            message = "interpretations must be given in mode 'retry' (they may be empty); they are missing; did you mean mode 'before'?"
            raise ValueError(message)
        return self


class Applied(BaseModel):
    """What the assistant is to copy into field `rewrite` of the turn's log record; members without a value are left out."""

    decision_id: str
    original: str
    rewrite_id: str | None = None
    generation: int | None = None
    layer: str | None = None
    experiment: str | None = None
    arm: str | None = None


class OfferMade(BaseModel):
    """A teaching that the customer may agree to; their yes or no goes to `/v1/teachings/offers/{teaching_id}`."""

    teaching_id: str
    say: str
    """What to ask."""
    words: str
    meaning: str


class RewriteReply(BaseModel):
    """What to do with the utterance, and why."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    decision_id: str
    """Names this answer in our own record."""
    action: Literal["rewrite", "pass_through", "ask"]
    """What the assistant should do; `ask`: hand the utterance on as it is, and ask afterwards. Only where the service is told to ask."""
    utterance: str
    """What to hand to the NLU: the rewrite, or the utterance unchanged."""
    original: str
    """What the customer said."""
    reason: str
    """Why (`resay.dialogue.rewrite.Reason`)."""
    layer: Literal["taught", "personal", "table", "global"] | None
    """Where the rewrite, or the candidate that was not served, comes from."""
    rewrite_id: str | None
    """Equal for equal (source, prompt kind, target), in every generation."""
    generation: int | None
    """The generation that answered; null before the first."""
    score: float | None
    """Expected success of the target less that of the original."""
    mode: Literal["before", "retry"]
    """As asked."""
    experiment: str | None
    """The experiment in which the customer takes part."""
    arm: str | None
    """The customer's arm."""
    propensity: float
    """The chance with which this action was drawn."""
    latency_ms: float
    """Time to decide."""
    rewrite: Applied | None
    """To be copied into the turn's log record; null where nothing was rewritten."""
    say: str | None
    """Where `action` is `ask`: what to ask the customer once the assistant has responded; their yes or no goes to `/v1/feedback`."""
    offer: OfferMade | None
    """What to offer the customer once the assistant has responded, after a failure and a second try that worked; only where told to."""


class Fault(BaseModel):
    """Why a request was refused."""

    detail: str


REFUSALS: dict[int | str, dict[str, object]] = {
    401: {"model": Fault, "description": "The key is missing, wrong, revoked or past its time."},
    403: {"model": Fault, "description": "The key has not the scope that this needs."},
    413: {"model": Fault, "description": "The body is too long."},
    422: {"model": Fault, "description": "The body is not what it must be; all faults in one sentence."},
    429: {"model": Fault, "description": "The key asks too often; header Retry-After says in how many seconds to ask again."},
}
"""How requests are refused, for the published description."""


def request_of(question: RewriteQuestion, *, now: datetime, pseudonym: Callable[[str], str] = str) -> RewriteRequest:
    """The question as a dialogue value; customer ids go through `pseudonym`, as they do at ingest, so that both sides name them alike.

    Raises: ValueError, naming all that is wrong with its ids and time.
    """
    heard = Heard(
        turn_id=question.turn_id,
        customer_id=pseudonym(question.customer_id),
        at=_checked_time(question, now),
        utterance=question.utterance,
        hypotheses=question.hypotheses,
        prompt=question.prompt,
        context=question.context,
        audio=question.audio,
        session_id=question.session_id,
        device_id=question.device_id,
        barge_in=question.barge_in,
        versions=question.versions,
        cohorts=question.cohorts,
    )
    if question.interpretations is None:
        return BeforeRequest(heard)
    return RetryRequest(heard, question.interpretations, question.status or ResponseStatus.NONE)


def reply_bytes(question: RewriteQuestion, answer: RewriteAnswer, *, offered: Taught | None = None) -> bytes:
    """The answer as JSON, in the form of `RewriteReply`."""
    applied = answer.applied()
    return _encode(
        {
            "decision_id": answer.decision_id,
            "action": answer.action,
            "utterance": answer.utterance,
            "original": answer.original,
            "reason": answer.reason,
            "layer": answer.layer,
            "rewrite_id": answer.rewrite_id,
            "generation": answer.generation,
            "score": answer.score,
            "mode": question.mode,
            "experiment": answer.experiment,
            "arm": answer.arm,
            "propensity": answer.propensity,
            "latency_ms": round(answer.latency_ms, 3),
            "rewrite": None if applied is None else wire_value(applied),
            "say": QUESTION if answer.action is Action.ASK else None,
            "offer": None if offered is None else _offer(offered),
        }
    )


def _offer(offered: Taught) -> dict[str, str]:
    """In the form of `OfferMade`."""
    return {"teaching_id": offered.teaching_id, "say": question_before(offered), "words": offered.words, "meaning": offered.meaning}


def _checked_time(question: RewriteQuestion, now: datetime) -> datetime:
    faults = [
        f"{name} must not hold control characters; got {value[:40]!r}"
        for name, value in (("turn_id", question.turn_id), ("customer_id", question.customer_id))
        if has_control_characters(value)
    ]
    moment = now
    try:
        moment = instant(question.at, now=now)
    except (ValueError, OverflowError) as error:
        faults.append(f"at {error}")
    if faults:
        raise ValueError("; ".join(faults))
    return moment
