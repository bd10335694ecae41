"""The rewriter: asks the layers in order of precedence, lets the gate judge, and answers by the deadline whatever breaks.

Knows nothing of HTTP, of how layers find candidates, or of where generations lie.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Protocol

from resay.dialogue.rewrite import Action, Layer, Reason, Rewrite, RewriteAnswer, RewriteRequest
from resay.dialogue.text import canonical
from rewrite_online.ahead import Ahead
from rewrite_online.deadline import BUDGET_S, Deadline, Late, Workers
from rewrite_online.draw import Draw, Drawn, no_experiment
from rewrite_online.explanation import Explanation, Weighed
from rewrite_online.explore import NO_EXPLORATION, Exploration
from rewrite_online.gate import NO_VETOES, Vetoes, gain, judge_all, near_miss
from rewrite_online.hold_out import USUAL_HOLD_OUT, HoldOut
from rewrite_online.not_the_words import NOTHING_TOLD, NotTheWords
from rewrite_online.on_trial import NO_TRIALS, OnTrial

log = logging.getLogger(__name__)

PRECEDENCE = (Layer.TAUGHT, Layer.PERSONAL, Layer.TABLE, Layer.GLOBAL)
"""The order in which layers are asked; the first rewrite that passes the gate is served."""

SHARES = {Layer.TAUGHT: 0.4, Layer.PERSONAL: 0.4}
"""The share of the time left that a layer may take; all of it where nothing stands here. A store that hangs must leave the layers behind it
time for what they know: the slowest of them asks a model, which takes some ten of the usual twenty-five milliseconds."""

CANDIDATES_MAX = 100
"""Candidates weighed of one layer; what comes after a hundred worse ones is not worth the time."""


class RewriteLayer(Protocol):
    """Where candidates come from; safe to share between threads."""

    @property
    def layer(self) -> Layer:
        """Which layer it is."""

    def at_once(self, request: RewriteRequest) -> bool:
        """Whether it answers this from memory in microseconds; else it runs on a worker and is left behind at the deadline."""

    def offers(self, request: RewriteRequest) -> bool:
        """Whether the utterance already is what this layer would say here; never slow."""

    def candidates(self, request: RewriteRequest) -> Sequence[Rewrite]:
        """What could be said in place of the utterance, best first."""


@dataclass(frozen=True, slots=True)
class Live:
    """All that one answer draws on; swapped whole, so that an answer sees one generation."""

    generation: int | None
    """Nothing while no generation has been loaded."""
    layers: tuple[RewriteLayer, ...] = ()
    vetoes: Vetoes = NO_VETOES
    rewrites: tuple[Rewrite, ...] = ()
    """The generation's table, for those who show or count it."""
    failed_before: Callable[[RewriteRequest, Rewrite], bool] = lambda _request, _rewrite: False
    """Whether a rewrite failed this very customer, and never did well for them; whatever layer it comes from, it is not served then."""
    problem: str | None = None
    """Why there is no generation, or not the published one; for people."""
    needless: Callable[[RewriteRequest, Rewrite], bool] = lambda _request, _rewrite: False
    """Whether the assistant is known to do by the words as they are what a rewrite would have it do; whatever layer that comes from."""
    off: bool = False
    """Whether somebody switched everything off."""
    spares: Callable[[RewriteRequest], bool] = lambda _request: False
    """Whether the table knows that these words are not to be rewritten here, or for this customer: layers behind it are not asked then."""
    taught_otherwise: Callable[[RewriteRequest, Rewrite], bool] = lambda _request, _rewrite: False
    """Whether this customer taught us that a rewrite's own words mean something else: it would not end in one hop."""
    ahead: Callable[[RewriteRequest], Ahead | None] = lambda _request: None
    """What another core may do meanwhile for a layer that is asked last; nothing where none need be asked."""
    out_of_place: Callable[[RewriteRequest, Rewrite], bool] = lambda _request, _rewrite: False
    """Whether something else is wanted where and when this would be said, though it is good elsewhere."""
    not_the_words: NotTheWords = NOTHING_TOLD
    """Which words are known to fail for other reasons than the words, so that what many say in their place would not help."""
    trials: OnTrial = NO_TRIALS
    """How far rewrites have come by their own evidence."""

    @property
    def unserved(self) -> Reason | None:
        """Why nothing is served at all; nothing where something may be."""
        # What was taught needs no generation, but the vetoes must be known: without them there are no layers.
        return Reason.SWITCHED_OFF if self.off and self.ready else None if self.layers or self.ready else Reason.NOT_READY

    @property
    def ready(self) -> bool:
        """Whether there is a generation."""
        return self.generation is not None


class Rewriter:
    """The rewrite for an utterance now, or none; safe to share between threads."""

    def __init__(
        self,
        live: Callable[[], Live],
        *,
        hold_out: HoldOut = USUAL_HOLD_OUT,
        on_fault: Callable[[str, Exception], None] = lambda _part, _error: None,
        clock: Callable[[], float] = time.perf_counter,
        draw: Draw = no_experiment,
        exploration: Exploration = NO_EXPLORATION,
    ) -> None:
        """Answer from what `live` gives at the moment of asking; `on_fault` hears of every part that broke or was late, by name."""
        self._draw = draw
        self._exploration = exploration
        self._live = live
        self._hold_out = hold_out
        self._on_fault = on_fault
        self._clock = clock
        # Of each layer its own, so that one that hangs does not take those of the others.
        self._workers = {layer: Workers() for layer in PRECEDENCE}
        self._logged: set[tuple[str, type[Exception]]] = set()

    def rewrite(self, request: RewriteRequest, *, now: datetime, budget_s: float = BUDGET_S) -> RewriteAnswer:
        """The answer to one request; never raises, and passes through unchanged what it cannot decide in time."""
        return self.explain(request, now=now, budget_s=budget_s).answer

    def at_once(self, request: RewriteRequest, *, now: datetime, budget_s: float = BUDGET_S) -> RewriteAnswer | None:
        """The answer of `rewrite` where memory alone gives it, or nothing where a layer would have to be waited for."""
        try:
            return self._explain(request, now=now, budget_s=budget_s, waits=False).answer
        except _Waits:
            return None

    def explain(self, request: RewriteRequest, *, now: datetime, budget_s: float = BUDGET_S) -> Explanation:
        """The answer with every candidate and the time taken: the very path of `rewrite`, so that they cannot drift apart."""
        return self._explain(request, now=now, budget_s=budget_s, waits=True)

    def give_up(self, request: RewriteRequest, *, now: datetime, latency_ms: float = 0.0) -> RewriteAnswer:
        """The answer of whoever has no time left to ask: the words as they came."""
        asking = _Asking(request, Deadline(0.0, self._clock))
        return self._answer(asking, Reason.DEADLINE, generation=self._generation(), decision_id=decision_id(now), latency_ms=latency_ms)

    def _generation(self) -> int | None:
        try:
            return self._live().generation
        except Exception:  # Then it is not known, and nothing is the worse for it.
            return None

    def _explain(self, request: RewriteRequest, *, now: datetime, budget_s: float, waits: bool) -> Explanation:
        started = self._clock()
        asking = _Asking(request, Deadline(started + budget_s, self._clock), waits=waits)
        generation = None
        try:
            live = self._live()
            generation = live.generation
            reason = self._decide(live, asking)
            if reason is Reason.REWRITTEN:
                reason = self._settle(live, asking)
        except _Waits:
            raise
        except Exception as error:  # Whatever breaks, the customer's words go on unchanged (DESIGN 13.6).
            self._note("rewriter", error)
            reason = Reason.BROKEN
        latency_ms = (self._clock() - started) * 1000
        answer = self._answer(asking, reason, generation=generation, decision_id=decision_id(now), latency_ms=latency_ms)
        return Explanation(answer=answer, weighed=tuple(asking.weighed), parts_ms=tuple(asking.parts_ms))

    def close(self) -> None:
        """Give the workers back."""
        for workers in self._workers.values():
            workers.close()

    def _decide(self, live: Live, asking: _Asking) -> Reason:
        if not canonical(asking.request.heard.utterance):
            return Reason.EMPTY_UTTERANCE
        if live.unserved is not None:
            return live.unserved
        failed: Reason | None = None
        for layer in _in_order(live, asking.request):
            try:
                found = self._finds(layer, live, asking)
                if found is not None:
                    return found
            except _Waits:
                raise
            except Late as error:
                self._note(layer.layer, error)
                failed = Reason.DEADLINE
            except Exception as error:  # A broken layer is skipped, whatever broke it.
                self._note(layer.layer, error)
                failed = failed or Reason.BROKEN
        if failed is None and self._explores(live, asking):
            return Reason.NEAR_MISS
        return failed or (asking.weighed[0].reason if asking.weighed else Reason.NO_CANDIDATE if live.ready else Reason.NOT_READY)

    def _explores(self, live: Live, asking: _Asking) -> bool:
        """Whether something that was weighed missed the bar by little, and is tried on this turn."""
        heard = asking.request.heard
        missed = next((each for each in asking.weighed if near_miss(each.layer, each.rewrite, each.reason)), None)
        if missed is None or not self._exploration.share(missed.rewrite.risk) or self._draw(heard.customer_id) is not None:
            return False  # Whoever is in an experiment is shown what it is about and nothing else.
        if _still_served(live, asking.request, missed.rewrite, layer=missed.layer) is not Reason.REWRITTEN:
            return False
        asking.missed = missed
        return self._exploration.tries(heard, missed.rewrite.risk)

    def _settle(self, live: Live, asking: _Asking) -> Reason:
        """What becomes of a rewrite that is ready: held out, withheld from the control arm of an experiment, or served."""
        heard = asking.request.heard
        # What a customer told us outright is promised to them: it is no question of ours whether it helps.
        ready = asking.weighed[-1]
        if ready.layer is Layer.TAUGHT:
            return Reason.REWRITTEN
        # Held out in all arms alike, so that who is held out is not exposed by it.
        asking.hold_out = self._hold_out.at_least(live.trials.held_out(ready.layer, ready.rewrite))
        if asking.hold_out.keeps(heard):
            return Reason.HOLD_OUT
        asking.drawn = self._draw(heard.customer_id)
        return Reason.CONTROL_ARM if asking.drawn and asking.drawn.passes_through else Reason.REWRITTEN

    def _finds(self, layer: RewriteLayer, live: Live, asking: _Asking) -> Reason | None:
        """What a layer decides: `REWRITTEN` where a candidate passes the gate, `TARGET_OFFERED` where it would leave the words as they are.

        What decided is then the last one weighed. Nothing where the next layer is to be asked.

        Raises: Late, and whatever the layer raises.
        """
        # Over all layers before any but the taught one is asked: what one layer says, another must not change again.
        if layer.layer is not Layer.TAUGHT and asking.is_offered(live.layers):
            return Reason.TARGET_OFFERED
        started = self._clock()
        try:
            found = self._ask(layer, asking)
        finally:
            asking.parts_ms.append((layer.layer, (self._clock() - started) * 1000))
        said = canonical(asking.request.heard.utterance)
        looked_at = found[:CANDIDATES_MAX]
        judged = judge_all(layer.layer, looked_at, vetoes=live.vetoes)
        for rewrite, verdict in zip(looked_at, judged, strict=True):
            reason = verdict
            if canonical(rewrite.target) == said:
                reason = Reason.TARGET_OFFERED
            elif reason is Reason.REWRITTEN:
                reason = _still_served(live, asking.request, rewrite, layer=layer.layer)
            asking.weighed.append(Weighed(layer.layer, rewrite, reason, gain(rewrite)))
            if reason in {Reason.REWRITTEN, Reason.TARGET_OFFERED}:
                return reason
        return None

    def _ask(self, layer: RewriteLayer, asking: _Asking) -> Sequence[Rewrite]:
        left_s = asking.deadline.left_s
        if left_s > 0:
            found = self._candidates(layer, asking, left_s * SHARES.get(layer.layer, 1.0))
            if asking.deadline.left_s > 0:
                return found
        message = "the deadline passed"
        raise Late(message)

    def _candidates(self, layer: RewriteLayer, asking: _Asking, left_s: float) -> Sequence[Rewrite]:
        if layer.at_once(asking.request):
            return layer.candidates(asking.request)
        if not asking.waits:
            raise _Waits
        return self._workers[layer.layer].within(left_s, lambda: layer.candidates(asking.request))

    def _answer(self, asking: _Asking, reason: Reason, *, generation: int | None, decision_id: str, latency_ms: float) -> RewriteAnswer:
        utterance = asking.request.heard.utterance
        chosen = asking.missed if reason is Reason.NEAR_MISS else asking.weighed[-1] if reason in _READY else None
        # Where nothing is chosen the first candidate is named, so that what the gate turned down can be counted.
        named = chosen or (asking.weighed[0] if asking.weighed else None)
        rewritten = chosen if reason in {Reason.REWRITTEN, Reason.NEAR_MISS} else None
        return RewriteAnswer(
            decision_id=decision_id,
            action=Action.REWRITE if rewritten else Action.PASS_THROUGH,
            utterance=rewritten.rewrite.target if rewritten else utterance,
            original=utterance,
            reason=reason,
            layer=named.layer if named else None,
            rewrite_id=named.rewrite.rewrite_id if named else None,
            generation=generation,
            score=named.gain if named else None,
            experiment=asking.drawn.experiment if asking.drawn else None,
            arm=asking.drawn.arm if asking.drawn else None,
            propensity=self._propensity(reason, asking),
            latency_ms=latency_ms,
        )

    def _propensity(self, reason: Reason, asking: _Asking) -> float:
        """The chance with which this was drawn, given what was weighed."""
        if asking.missed is not None:
            tried = self._exploration.share(asking.missed.rewrite.risk)
            return tried if reason is Reason.NEAR_MISS else 1.0 - tried
        if reason not in _READY or asking.weighed[-1].layer is Layer.TAUGHT:
            return 1.0
        held_out = (asking.hold_out or self._hold_out).share
        return held_out if reason is Reason.HOLD_OUT else (1.0 - held_out) * (asking.drawn.share if asking.drawn else 1.0)

    def _note(self, part: str, error: Exception) -> None:
        self._on_fault(part, error)
        kind = (part, type(error))
        if kind not in self._logged:  # Once: a part that breaks at 200 requests a second must not fill the disk.
            self._logged.add(kind)
            log.warning("part_failed part=%s error=%s", part, type(error).__name__, exc_info=not isinstance(error, Late))


def _still_served(live: Live, request: RewriteRequest, rewrite: Rewrite, *, layer: Layer) -> Reason:
    """What is known of a rewrite that passed the gate and its layer need not know."""
    if layer is Layer.TAUGHT:
        return Reason.REWRITTEN  # The customer's own word, spoken after whatever failed before.
    if live.trials.refuses(layer, rewrite, request.heard):
        return Reason.TAKEN_BACK
    if any(each.layer is Layer.TAUGHT for each in live.layers) and live.taught_otherwise(request, rewrite):
        return Reason.TAUGHT_OTHERWISE
    if live.failed_before(request, rewrite):
        return Reason.FAILED_BEFORE
    return _wanted(live, request, rewrite, layer=layer)


def _wanted(live: Live, request: RewriteRequest, rewrite: Rewrite, *, layer: Layer) -> Reason:
    """What is known of the words as they are said, here."""
    if live.out_of_place(request, rewrite):
        return Reason.OUT_OF_PLACE
    if layer in _OF_MANY and live.not_the_words(request.heard):
        return Reason.NOT_THE_WORDS
    return Reason.NEEDLESS if live.needless(request, rewrite) else Reason.REWRITTEN


_OF_MANY = frozenset({Layer.TABLE, Layer.GLOBAL})
"""Layers that say what helped others."""


def _in_order(live: Live, request: RewriteRequest) -> Sequence[RewriteLayer]:
    """The layers to be asked, first things first."""
    ordered = sorted(live.layers, key=lambda each: PRECEDENCE.index(each.layer))
    if ordered and PRECEDENCE.index(ordered[-1].layer) > _TABLE and live.spares(request):
        return [each for each in ordered if PRECEDENCE.index(each.layer) <= _TABLE]
    return ordered


_TABLE = PRECEDENCE.index(Layer.TABLE)

_READY = frozenset({Reason.REWRITTEN, Reason.HOLD_OUT, Reason.CONTROL_ARM})
"""Reasons behind which a rewrite was ready, whether it was served or not."""


def decision_id(now: datetime) -> str:
    """A new id that sorts by time: milliseconds, then 64 bits of chance."""
    return f"{int(now.timestamp() * 1000):012x}{_CHANCE.getrandbits(64):016x}"


_CHANCE = Random(secrets.token_bytes(32))
"""Seeded by the system once: to ask it for every id is a call of the kernel's, a millisecond on some machines. Ids are no secrets."""


class _Waits(Exception):
    """A layer would have to be waited for, and may not be."""


class _Asking:
    """One request under way: what has been weighed and timed so far."""

    __slots__ = ("_offered", "deadline", "drawn", "hold_out", "missed", "parts_ms", "request", "waits", "weighed")

    def __init__(self, request: RewriteRequest, deadline: Deadline, *, waits: bool = True) -> None:
        self.request = request
        self.waits = waits
        self.deadline = deadline
        self.drawn: Drawn | None = None
        self.hold_out: HoldOut | None = None
        self.missed: Weighed | None = None
        self.weighed: list[Weighed] = []
        self.parts_ms: list[tuple[str, float]] = []
        self._offered: bool | None = None

    def is_offered(self, layers: Sequence[RewriteLayer]) -> bool:
        """Whether the utterance already is what any of these layers would say; looked up once."""
        if self._offered is None:
            self._offered = any(each.offers(self.request) for each in layers)
        return self._offered
