"""A request of replay as rows (e) to (h) look at it: hypotheses with their shares, readings by content acts.

Made from the request alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from resay.dialogue.rewrite import RetryRequest, RewriteRequest
from resay.dialogue.text import canonical
from resay.label.corpora.dstc2 import Call
from resay.label.corpora.dstc2_turn import acts_of, before_request, content_acts, retry_request
from rewrite_online.evaluate import Acts, Mode, understood

NOTHING: Acts = frozenset()

TurnKey = tuple[str, int]
"""Call and turn."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rewriter may see of one turn."""

    request: RewriteRequest
    text: str
    """Canonical text of what was heard first."""
    kind: str
    prompt: str
    """Canonical text of the prompt."""
    hypotheses: tuple[tuple[str, float], ...]
    """Distinct canonical texts with their shares, best first."""
    scores: tuple[float, ...]
    readings: Mapping[Acts, float]
    """Probability by content acts, that which was acted on first; none in mode `before`."""
    is_empty: bool
    """The NLU made nothing at all of the words; False in mode `before`."""

    @property
    def is_retry(self) -> bool:
        """Whether the NLU's readings are known."""
        return isinstance(self.request, RetryRequest)

    @property
    def top(self) -> Acts:
        """What is acted on as it was said; only asked in mode `retry`."""
        assert self.is_retry, "what the NLU made of a turn is not known before it"
        return next(iter(self.readings), NOTHING)


@dataclass(frozen=True, slots=True)
class PastTurn:
    """A turn of an earlier call, with what the live NLU made of it: what memories are made of."""

    key: TurnKey
    caller: str
    asked: Asked
    understood: Acts


def asked(request: RewriteRequest) -> Asked:
    """What rows look at, from a request."""
    heard = request.heard
    scores = tuple(each.score if each.score is not None else 0.0 for each in heard.hypotheses)
    readings: dict[Acts, float] = {}
    retry = request.interpretations if isinstance(request, RetryRequest) else ()
    for each in retry:
        acts = content_acts(acts_of(each))
        readings[acts] = readings.get(acts, 0.0) + (each.confidence or 0.0)
    return Asked(
        request=request,
        text=canonical(heard.hypotheses[0].text) if heard.hypotheses else "",
        kind=heard.prompt.kind if heard.prompt else "",
        prompt=canonical(heard.prompt.text) if heard.prompt else "",
        hypotheses=tuple(_shares(zip((canonical(each.text) for each in heard.hypotheses), scores, strict=True))),
        scores=scores,
        readings=readings,
        is_empty=isinstance(request, RetryRequest) and not (retry and acts_of(retry[0])),
    )


def past_turns(calls: Iterable[Call], mode: Mode) -> Iterator[PastTurn]:
    """All turns of calls as they would be asked in a mode; the truth is not looked at."""
    for call in calls:
        for turn in call.live.turns:
            request = before_request(call.live, turn) if mode is Mode.BEFORE else retry_request(call.live, turn)
            yield PastTurn((call.live.call_id, turn.index), call.live.caller, asked(request), understood(turn))


def _shares(texts: Iterable[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    """Log-like scores as shares; texts that are one in canonical form count together."""
    scored = list(texts)
    top = max((score for _, score in scored), default=0.0)
    found: dict[str, float] = {}
    for text, score in scored:
        found[text] = found.get(text, 0.0) + math.exp(score - top)
    total = sum(found.values())
    return ((text, part / total) for text, part in found.items())
