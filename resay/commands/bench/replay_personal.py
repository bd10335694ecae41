"""Rows g and h of replay: e+ and f with the product's personal layer, on the last calls of train callers who called often.

A caller's history is what the log of their earlier calls shows: what they said, whether they said it again, and what it became then. The
models have seen none of the calls that are scored; the same turns without the personal layer stand beside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from rephrase.detector import Detector
from resay.commands.bench.beliefs import linked_turns
from resay.commands.bench.proposals import state_of_acts
from resay.commands.bench.table import BUDGET_S
from resay.dialogue.history import Tried, Way
from resay.dialogue.rewrite import Action, Reason, RewriteRequest
from resay.label.corpora.dstc2 import Call, LiveCall, LiveTurn
from resay.label.corpora.dstc2_turn import prompt_kind
from rewrite_online.evaluate import PASS_THROUGH, Answer, Rewriting, heard_text, understood
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.personal_layer import PersonalLayer
from rewrite_online.rewriter import Live, Rewriter

CALLS_MIN = 5
"""Calls of a caller from which on rows g and h look at them (EVALUATION 1)."""

LAST_SHARE = 0.4
"""Of these the last, by time, are scored."""

SAID_AGAIN_FROM = 0.5
"""The link's chance from which on a turn counts as failed."""


def last_calls(calls: Sequence[Call]) -> tuple[list[Call], list[Call]]:
    """All other calls, and the last of callers who called often."""
    by_caller: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        by_caller[call.live.caller].append(call)
    last: set[str] = set()
    for own in by_caller.values():
        if len(own) >= CALLS_MIN:
            in_order = sorted(own, key=lambda each: (each.live.started, each.live.call_id))
            last |= {each.live.call_id for each in in_order[len(own) - round(LAST_SHARE * len(own)) :]}
    others = [call for call in calls if call.live.call_id not in last]
    return others, [call for call in calls if call.live.call_id in last]


def with_personal(calls: Iterable[LiveCall], detector: Detector, otherwise: Rewriting) -> Rewriting:
    """The product's personal layer over everything of a caller's earlier calls, and where it has nothing to say what is said otherwise."""
    tried = _by_caller(calls, detector)
    rewriters: dict[str | None, Rewriter] = {}

    def answer(request: RewriteRequest) -> Answer:
        heard = request.heard
        if heard.session_id not in rewriters:
            rewriters[heard.session_id] = _rewriter(_read_before(tried, heard.at))
        told = rewriters[heard.session_id].rewrite(request, now=heard.at, budget_s=BUDGET_S)
        if told.action is Action.REWRITE:
            return Answer(target=told.utterance, layer=told.layer or "", score=told.score)
        # What works for this caller as it is said is left alone by all layers.
        return PASS_THROUGH if told.reason is Reason.TARGET_OFFERED else otherwise(request)

    return answer


_History = dict[str, list[tuple[datetime, Tried]]]


def _by_caller(calls: Iterable[LiveCall], detector: Detector) -> _History:
    """What each caller tried, with the end of the call, after which it is known."""
    found: _History = defaultdict(list)
    for call in calls:
        ended = call.started + timedelta(seconds=call.turns[-1].said_s[1] if call.turns else 0.0)
        found[call.caller] += [(ended, each) for each in _tried(call, detector)]
    return found


def _tried(call: LiveCall, detector: Detector) -> Iterator[Tried]:
    again = {place: max(links, key=lambda pair: pair[1]) for place, links in linked_turns(call, detector).items()}
    failed = {place for place, (_, chance) in again.items() if chance >= SAID_AGAIN_FROM}
    for place, turn in enumerate(call.turns):
        worked = place not in failed and bool(understood(turn))
        yield _one(call, turn, turn, way=Way.SAID, successes=int(worked))
        if place in failed and again[place][0] not in failed and understood(call.turns[again[place][0]]):
            yield _one(call, turn, call.turns[again[place][0]], way=Way.REPHRASED, successes=1)


def _one(call: LiveCall, said: LiveTurn, target: LiveTurn, *, way: Way, successes: int) -> Tried:
    return Tried(
        said=heard_text(said),
        prompt_kind=prompt_kind(said.prompt_acts),
        room="",
        way=way,
        target=heard_text(target),
        wording=heard_text(target),
        state=state_of_acts(understood(target)),
        times=1,
        successes=successes,
        last_day=call.started.astimezone(UTC).date(),
        turn_id=f"{call.call_id}/{target.index}",
    )


def _read_before(tried: _History, moment: datetime) -> Callable[[str], list[Tried]]:
    return lambda caller: [each for ended, each in tried.get(caller, ()) if ended <= moment]


def _rewriter(read: Callable[[str], list[Tried]]) -> Rewriter:
    layer = PersonalLayer(lambda caller, _since: read(caller), lambda: 1)
    live = Live(generation=1, layers=(layer,), failed_before=layer.failed_before)
    return Rewriter(lambda: live, hold_out=NO_HOLD_OUT)
