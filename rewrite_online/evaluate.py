"""The replay scorer: what a rewriter's answers would have done to real calls (EVALUATION 1).

Takes any function from a request to an answer; knows nothing of how answers are found, and hands out nothing of the truth.
Intervals are made elsewhere (`resay.experiment.bounds`) from the results, which come turn by turn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from resay.dialogue.rewrite import RewriteRequest
from resay.dialogue.text import canonical
from resay.label.corpora.dstc2 import Call, LiveCall, LiveTurn, TurnTruth
from resay.label.corpora.dstc2_turn import before_request, content_acts, prompt_kind, retry_request

Acts = frozenset[str]


class Mode(StrEnum):
    """When the rewriter is asked; never mixed in one figure."""

    BEFORE = "before"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rewriter says of one turn: a target text, or acts (a choice among the NLU's own readings), or neither: pass through."""

    target: str | None = None
    acts: tuple[str, ...] | None = None
    layer: str = ""
    score: float | None = None


PASS_THROUGH = Answer()

Rewriting = Callable[[RewriteRequest], Answer]


class Outcome(StrEnum):
    """What an answer did to a turn."""

    UNTOUCHED = "untouched"
    """Passed through."""
    WIN = "win"
    """A defective turn made right."""
    LOSS = "loss"
    """A right turn made wrong, or a refused one turned into a wrong action."""
    NEUTRAL = "neutral"
    """The rest."""


@dataclass(frozen=True, slots=True)
class TurnResult:
    """One turn, before and after."""

    call_id: str
    caller: str
    index: int
    source: str
    """Canonical text of what the recogniser heard first."""
    answer: Answer
    """`PASS_THROUGH` where the answer changes nothing."""
    was_right: bool
    is_right: bool
    caused_wrong_action: bool
    """The NLU had found nothing to do, and now something wrong would be done."""

    @property
    def is_triggered(self) -> bool:
        """Whether something was put in the place of what was said."""
        return self.answer.target is not None or self.answer.acts is not None

    @property
    def outcome(self) -> Outcome:
        """Win, loss, neutral or untouched."""
        if not self.is_triggered:
            return Outcome.UNTOUCHED
        if self.is_right and not self.was_right:
            return Outcome.WIN
        if self.caused_wrong_action or (self.was_right and not self.is_right):
            return Outcome.LOSS
        return Outcome.NEUTRAL


class Meanings:
    """What the live NLU made of a text most often, after the same kind of prompt or, where that never came, at all."""

    def __init__(self, calls: Iterable[LiveCall] = ()) -> None:
        self._after: dict[tuple[str, str], Counter[Acts]] = defaultdict(Counter)
        self._anywhere: dict[str, Counter[Acts]] = defaultdict(Counter)
        for call in calls:
            self.add(call)

    def add(self, call: LiveCall) -> None:
        """Remember how the NLU read a call."""
        for turn in call.turns:
            text, acts = heard_text(turn), understood(turn)
            self._after[text, prompt_kind(turn.prompt_acts)][acts] += 1
            self._anywhere[text][acts] += 1

    def of(self, text: str, *, kind: str) -> Acts | None:
        """The content acts that a text stands for, or nothing where it was never heard."""
        said = canonical(text)
        counts = self._after.get((said, kind)) or self._anywhere.get(said)
        if not counts:
            return None
        # Equal counts go to the acts that sort first, so that a run can be repeated.
        return min(counts, key=lambda acts: (-counts[acts], sorted(acts)))


def replay(calls: Iterable[Call], earlier: Iterable[LiveCall], *, mode: Mode, rewriting: Rewriting) -> Iterator[TurnResult]:
    """Ask the rewriter at every turn, and tell what its answers would have done.

    A target means what the live NLU made of it in `earlier` calls and in those of `calls` that had ended when this one began.
    """
    meanings = Meanings(earlier)
    for call, ended in in_order(calls):
        for past in ended:
            meanings.add(past)
        for turn, truth in zip(call.live.turns, call.truth.turns, strict=True):
            request = before_request(call.live, turn) if mode is Mode.BEFORE else retry_request(call.live, turn)
            yield _judge(call.live, turn, answer=rewriting(request), truth=truth, meanings=meanings)


def in_order(calls: Iterable[Call]) -> Iterator[tuple[Call, Sequence[LiveCall]]]:
    """Calls in the order in which they began, each with those that have ended since the one before: calls overlap."""
    waiting: list[LiveCall] = []
    for call in sorted(calls, key=lambda each: (each.live.started, each.live.call_id)):
        ended = [each for each in waiting if _end(each) <= call.live.started]
        waiting = [each for each in waiting if _end(each) > call.live.started] + [call.live]
        yield call, ended


def heard_text(turn: LiveTurn) -> str:
    """Canonical text of what the recogniser heard first."""
    return canonical(turn.hypotheses[0].text) if turn.hypotheses else ""


def understood(turn: LiveTurn) -> Acts:
    """The content acts that the assistant acted on."""
    return content_acts(turn.readings[0].acts) if turn.readings else frozenset()


def _judge(call: LiveCall, turn: LiveTurn, *, answer: Answer, truth: TurnTruth, meanings: Meanings) -> TurnResult:
    assert answer.target is None or answer.acts is None, "an answer is a text or acts, not both"
    wanted, before = content_acts(truth.acts), understood(turn)
    after: Acts | None = before
    if _changes_nothing(turn, answer):
        answer = PASS_THROUGH
    elif answer.target is not None:
        after = meanings.of(answer.target, kind=prompt_kind(turn.prompt_acts))
    else:
        after = content_acts(answer.acts or ())
    return TurnResult(
        call_id=call.call_id,
        caller=call.caller,
        index=turn.index,
        source=heard_text(turn),
        answer=answer,
        was_right=before == wanted,
        is_right=after == wanted,
        caused_wrong_action=not before and bool(after) and after != wanted,
    )


def _changes_nothing(turn: LiveTurn, answer: Answer) -> bool:
    """Nothing is said, or the very words that were heard, or the very reading that was acted on."""
    if answer.target is not None:
        return canonical(answer.target) == heard_text(turn)
    return answer.acts is None or content_acts(answer.acts) == understood(turn)


def _end(call: LiveCall) -> datetime:
    return call.started + timedelta(seconds=call.turns[-1].said_s[1] if call.turns else 0.0)
