"""Reference rows of replay: exact memory of what people wrote down on train calls. They tell how far exact tables can go at all.

A text (after a prompt, and in mode `retry` with what the NLU made of it) stands for the meaning that people most often wrote down for it,
and is answered by the commonest text that the NLU reads so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from resay.dialogue.rewrite import RetryRequest, RewriteRequest
from resay.dialogue.text import canonical
from resay.label.corpora.dstc2 import Call
from resay.label.corpora.dstc2_turn import acts_of, before_request, content_acts, retry_request
from rewrite_online.evaluate import PASS_THROUGH, Acts, Answer, Meanings, Mode, Rewriting, heard_text, understood

SHRINKAGE = 1.0
"""Turns of no gain that every memory is thought to have seen beside its own: one lucky turn is no certainty."""

Key = tuple[object, ...]
KeyOf = Callable[[RewriteRequest], Key]


def by_text(request: RewriteRequest) -> Key:
    """What was said and, where it is known, what the NLU made of it."""
    return (canonical(request.heard.utterance), _read(request))


def by_text_and_prompt(request: RewriteRequest) -> Key:
    """The same, after this kind of prompt."""
    return (*by_text(request), _kind(request))


def remember(calls: Sequence[Call], *, key_of: KeyOf, mode: Mode) -> Rewriting:
    """Exact memory of train calls; its score is how much oftener its meaning was right than the NLU's, per turn remembered."""
    wanted: dict[Key, Counter[Acts]] = defaultdict(Counter)
    read_right: Counter[Key] = Counter()
    for call in calls:
        for turn, truth in zip(call.live.turns, call.truth.turns, strict=True):
            key = key_of(before_request(call.live, turn) if mode is Mode.BEFORE else retry_request(call.live, turn))
            acts = content_acts(truth.acts)
            wanted[key][acts] += 1
            read_right[key] += acts == understood(turn)
    wordings = Wordings(calls)

    def answer(request: RewriteRequest) -> Answer:
        key = key_of(request)
        meant = wanted.get(key)
        if not meant:
            return PASS_THROUGH
        acts = min(meant, key=lambda each: (-meant[each], sorted(each)))
        target = wordings.of(acts, kind=_kind(request)) if acts else None
        score = (meant[acts] - read_right[key]) / (meant.total() + SHRINKAGE)
        return Answer(target=target, layer="memory", score=score) if target is not None and score > 0 else PASS_THROUGH

    return answer


class Wordings:
    """The commonest text that the NLU reads as given acts: after a prompt where one is known, else at all."""

    def __init__(self, calls: Iterable[Call]) -> None:
        times: dict[tuple[Acts, str | None], Counter[str]] = defaultdict(Counter)
        self._meanings = Meanings()
        for call in calls:
            self._meanings.add(call.live)
            for turn in call.live.turns:
                kind = _kind(before_request(call.live, turn))
                for place in (kind, None):
                    times[understood(turn), place][heard_text(turn)] += 1
        self._times = times

    def of(self, acts: Acts, *, kind: str) -> str | None:
        """A text that means just these acts after this kind of prompt, or nothing where there is none."""
        for place in (kind, None):
            counts = self._times.get((acts, place), Counter())
            ranked = sorted((text for text in counts if text), key=lambda text: (-counts[text], text))
            found = next((text for text in ranked if self._meanings.of(text, kind=kind) == acts), None)
            if found is not None:
                return found
        return None


def _kind(request: RewriteRequest) -> str:
    return request.heard.prompt.kind if request.heard.prompt else ""


def _read(request: RewriteRequest) -> Acts | None:
    """What the NLU made of it; nothing in mode `before`."""
    if not isinstance(request, RetryRequest) or not request.interpretations:
        return None
    return content_acts(acts_of(request.interpretations[0]))
