"""What texts and readings of a case say, as numbers of buckets: runs of letters, words, and names that the assistant logged."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from failure_point.case import Case
from failure_point.measures import plain
from resay.dialogue.turn import Turn, prompt_kind, said

BUCKETS = 1 << 15
"""So many weights a class and view: some twenty thousand distinct grams of one assistant's log fall together seldom enough."""

GRAMS_MAX = 2_000
"""Grams of one text: a text of the longest length has fewer."""

RUNS = (3, 4, 5)
"""Letters of a run."""

SLOTS_MAX = 12

Grams = NDArray[np.int32]


def heard(case: Case) -> Iterator[str]:
    """What was heard, and after which question."""
    text = plain(said(case.turn))
    yield from letters(text)
    yield from word_runs(text)
    prompt = prompt_kind(case.turn)
    if prompt:
        yield f"prompt {prompt}"
        yield from (f"{prompt}:{word}" for word in text.split())
    yield "." if text else "nothing"


def understood(case: Case) -> Iterator[str]:
    """What was made of it."""
    yield from _reading(case.turn)
    if prompt := prompt_kind(case.turn):
        yield f"prompt {prompt}"
    for place, other in enumerate(case.turn.interpretations[1:3], start=1):
        yield f"{place} {other.intent}"


def answered(case: Case) -> Iterator[str]:
    """What became of it."""
    response = case.turn.response
    intent = case.turn.interpretations[0].intent if case.turn.interpretations else ""
    if response is None:
        yield "silence"
        return
    yield f"status {response.status}"
    yield f"{intent} {response.status}"
    yield f"action {response.action[:60]}"
    yield from word_runs(plain(response.text))


def followed(case: Case) -> Iterator[str]:
    """What came next."""
    if not case.following:
        yield "nothing follows"
        return
    following = case.following[0]
    yield from word_runs(plain(said(following)))
    yield from _reading(following)
    intent = case.turn.interpretations[0].intent if case.turn.interpretations else ""
    other = following.interpretations[0].intent if following.interpretations else ""
    yield f"{intent}>{other}"
    if following.response:
        yield f"status {following.response.status}"


VIEWS: Mapping[str, Callable[[Case], Iterable[str]]] = {
    "heard": heard,
    "understood": understood,
    "answered": answered,
    "followed": followed,
}
"""By name; each has weights of its own."""


def buckets_of(view: str, case: Case) -> Grams:
    """The buckets of a case in one view, each once."""
    told = {zlib.crc32(gram.encode("utf-8", "surrogatepass")) % BUCKETS for gram in VIEWS[view](case)}
    return np.array(sorted(told)[:GRAMS_MAX], dtype=np.int32)


def letters(text: str) -> Iterator[str]:
    """Runs of letters of a text."""
    padded = f" {text} "
    for length in RUNS:
        yield from (padded[start : start + length] for start in range(len(padded) - length + 1))


def word_runs(text: str) -> Iterator[str]:
    """Words of a text, and neighbours."""
    words = text.split()
    yield from (f"w {word}" for word in words)
    yield from (f"w {one} {other}" for one, other in zip(["^", *words], [*words, "$"], strict=True))


def _reading(turn: Turn) -> Iterator[str]:
    if not turn.interpretations:
        yield "not understood"
    for first in turn.interpretations[:1]:
        yield f"intent {first.intent}"
        yield f"domain {first.domain}"
        for name, value in list(first.slots.items())[:SLOTS_MAX]:
            yield f"slot {name}"
            yield f"slot {name}={plain(str(value))}"
            yield f"{first.intent} {name}"
        yield f"{first.intent} {sorted(first.slots)[:SLOTS_MAX]}"
    for entity in turn.entities[:SLOTS_MAX]:
        yield f"{entity.slot} is {entity.status}"
