"""Rewrites, and the question and answer of `/v1/rewrite`, as values.

The two modes are two types, so that this turn's interpretations cannot reach a rewriter that works before the NLU.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resay.dialogue.turn import AppliedRewrite, Audio, Context, Hypothesis, Interpretation, Prompt, ResponseStatus, Turn, Versions, said


class Layer(StrEnum):
    """Where a rewrite comes from, in order of precedence."""

    TAUGHT = "taught"
    PERSONAL = "personal"
    TABLE = "table"
    GLOBAL = "global"


class Risk(StrEnum):
    """How much it would matter if an action were carried out wrongly."""

    LOW = "low"
    HIGH = "high"
    """Doors, locks, alarms, payments, everything in the house at once: more evidence, or a person."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a wording is said, as far as that may change what is meant by it. At most one of room and kind of device is named."""

    kind: str = ""
    """What the assistant had asked; empty: nothing."""
    room: str = ""
    """Empty: any."""
    device_type: str = ""
    """Empty: any."""

    @property
    def is_split_off(self) -> bool:
        """Whether it is less than all talk after such a question."""
        return bool(self.room or self.device_type)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What the system puts in place of an utterance, with why."""

    rewrite_id: str
    """Equal for equal (source, place, target), in every generation."""
    source: str
    """Canonical text."""
    prompt_kind: str
    """The context in which it holds; empty: where nothing had been asked."""
    target: str
    """The wording that is handed to the assistant."""
    state: str
    """The interpretation that the target reaches."""
    risk: Risk
    score: float
    """Chance that talk starting at the source ends in success through this state: N[s,t]·R[t,success]; 0 to 1."""
    success_as_said: float
    """Chance of success of the source as it is; 0 to 1."""
    success_as_rewritten: float
    """Chance of success of the target wording; 0 to 1."""
    support: int
    """Customers who began with the source and succeeded by this state."""
    times: int
    """How often they did."""
    evidence: tuple[str, ...]
    """Ids of decisive turns, a sample: the first try, then the try that worked, pair after pair."""
    room: str = ""
    """The room in which it holds, as turns name it; empty: in all but `not_rooms`."""
    device_type: str = ""
    """The kind of device on which it holds; empty: on all but `not_device_types`. One that holds in a place wins over one that does not."""
    not_rooms: tuple[str, ...] = ()
    """Rooms in which customers mean something else by the source, in order: there it is never served, whether or not another one is."""
    not_device_types: tuple[str, ...] = ()
    """Kinds of device on which they do."""
    not_cohorts: tuple[str, ...] = ()
    """Cohorts whose own evidence refutes it, in order: whoever is of one of them is never served it."""

    @property
    def place(self) -> Place:
        """Where it holds."""
        return Place(self.prompt_kind, self.room, self.device_type)

    @property
    def source_key(self) -> tuple[str, str]:
        """The source wherever it is said: canonical text and prompt kind."""
        return self.source, self.prompt_kind

    def spares(self, *, room: str, device_type: str, cohorts: Collection[str] = ()) -> bool:
        """Whether it must not be served here, or to customers of these cohorts, though nothing better is known."""
        return room in self.not_rooms or device_type in self.not_device_types or self.spares_any(cohorts)

    def spares_any(self, cohorts: Collection[str]) -> bool:
        """Whether it must not be served to customers of these cohorts, wherever they are."""
        return any(each in self.not_cohorts for each in cohorts)


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a turn before the assistant's NLU has seen it."""

    turn_id: str
    customer_id: str
    at: datetime
    """Event time, UTC."""
    utterance: str
    hypotheses: tuple[Hypothesis, ...] = ()
    prompt: Prompt | None = None
    context: Context | None = None
    audio: Audio | None = None
    session_id: str | None = None
    device_id: str | None = None
    barge_in: bool = False
    versions: Versions | None = None
    cohorts: tuple[str, ...] = ()
    """Of the customer, as the turn's log record names them."""

    @staticmethod
    def of(turn: Turn) -> Heard:
        """What was known of a turn before the NLU saw it: what the customer said, whatever we made of it."""
        return Heard(
            turn_id=turn.turn_id,
            customer_id=turn.customer_id,
            at=turn.at,
            utterance=said(turn),
            hypotheses=turn.hypotheses,
            prompt=turn.prompt,
            context=turn.context,
            audio=turn.audio,
            session_id=turn.session_id,
            device_id=turn.device_id,
            barge_in=turn.barge_in,
            versions=turn.versions,
            cohorts=turn.cohorts,
        )


@dataclass(frozen=True, slots=True)
class BeforeRequest:
    """A request for a rewrite before the NLU: mode `before`."""

    heard: Heard


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """A request for a rewrite after the assistant refused or doubted: mode `retry`."""

    heard: Heard
    interpretations: tuple[Interpretation, ...]
    """This turn's NLU n-best, best first; may be empty."""
    status: ResponseStatus = ResponseStatus.NONE


RewriteRequest = BeforeRequest | RetryRequest


class Action(StrEnum):
    """What the assistant should do with the answer."""

    REWRITE = "rewrite"
    PASS_THROUGH = "pass_through"
    ASK = "ask"
    """Send the utterance on, and ask the customer afterwards whether it did what was wanted."""


class Reason(StrEnum):
    """Why the answer is what it is."""

    REWRITTEN = "rewritten"
    NO_CANDIDATE = "no_candidate"
    EMPTY_UTTERANCE = "empty_utterance"
    BELOW_MARGIN = "below_margin"
    """A candidate was known, and not enough better than what was said."""
    HIGH_RISK = "high_risk"
    VETOED = "vetoed"
    TARGET_OFFERED = "target_offered"
    """The utterance already is what we would say."""
    FAILED_BEFORE = "failed_before"
    """It failed this very customer before, and never succeeded for them."""
    TAKEN_BACK = "taken_back"
    """It failed too often where it was served, and was rolled back by itself."""
    NEEDLESS = "needless"
    """As it is said it succeeds, and is taken for what the rewrite would reach."""
    TAUGHT_OTHERWISE = "taught_otherwise"
    """What it would say means something else to this customer, who taught us so."""
    OUT_OF_PLACE = "out_of_place"
    """It is good elsewhere; where and when it would be said, something else is wanted."""
    NOT_THE_WORDS = "not_the_words"
    """When these words fail it is mostly not for the words: something is down or missing, or the assistant cannot do it at all."""
    CONTROL_ARM = "control_arm"
    HOLD_OUT = "hold_out"
    """Of the small share that is never rewritten, so that success as said stays measurable."""
    NOT_READY = "not_ready"
    """No generation is published yet."""
    SWITCHED_OFF = "switched_off"
    """Somebody turned everything off."""
    DEADLINE = "deadline"
    BROKEN = "broken"
    """A part raised; the utterance passes through unchanged."""
    EXPLORE = "explore"
    NEAR_MISS = "near_miss"
    """Not sure enough, and said all the same on a small share of turns, so that it is found out."""
    CONFUSABLE = "confusable"
    """Two candidates are nearly as likely, and mean different things."""
    LESS_LIKELY = "less_likely"
    """Another candidate is likelier."""


@dataclass(frozen=True, slots=True)
class RewriteAnswer:
    """The answer to a request for a rewrite."""

    decision_id: str
    action: Action
    utterance: str
    """What to hand to the NLU: the target, or the utterance unchanged."""
    original: str
    """What the customer said."""
    reason: Reason
    layer: Layer | None = None
    rewrite_id: str | None = None
    generation: int | None = None
    score: float | None = None
    """Expected success of the target less that of the original; −1 to 1."""
    experiment: str | None = None
    arm: str | None = None
    propensity: float = 1.0
    """The chance with which this action was drawn, given what was known."""
    latency_ms: float = 0.0

    def applied(self) -> AppliedRewrite | None:
        """What the assistant is to log in the turn's field `rewrite`, or nothing where nothing was rewritten."""
        if self.action is not Action.REWRITE:
            return None
        return AppliedRewrite(
            decision_id=self.decision_id,
            original=self.original,
            rewrite_id=self.rewrite_id,
            generation=self.generation,
            layer=self.layer,
            experiment=self.experiment,
            arm=self.arm,
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """Our own record of one answer: a row of table `decisions`."""

    decision_id: str
    turn_id: str
    customer_id: str
    at: datetime
    """Event time of the turn, UTC."""
    mode: str
    """`before` or `retry`."""
    source: str
    """Canonical text of what was said."""
    target: str | None
    layer: str | None
    generation: int | None
    rewrite_id: str | None
    experiment: str | None
    arm: str | None
    propensity: float
    reason: str
    latency_ms: float
