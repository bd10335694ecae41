"""Views: what logs of other assistants would hold of the same talk, with fewer of the things that a log may hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random

from resay.dialogue.turn import Response, ResponseStatus, Turn

LESS_SHARE = 0.3
"""Chance with which a made log lacks each of the things that it may lack. Made up."""

View = Callable[[Iterable[Turn]], tuple[Turn, ...]]


def without_words(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """The assistant's words gone, the status kept."""
    return tuple(replace(turn, response=replace(turn.response, text="") if turn.response else None) for turn in turns)


def without_status(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """The status gone, and what was made of the request with it; the assistant's words kept."""
    return tuple(replace(turn, response=_words_alone(turn.response), interpretations=(), entities=()) for turn in turns)


def without_times(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """All turns at one instant, as in an export without times."""
    kept = tuple(turns)
    return tuple(replace(turn, at=kept[0].at, ended_at=None) for turn in kept)


def without_others(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """What else the recogniser may have heard gone."""
    return tuple(replace(turn, hypotheses=()) for turn in turns)


def with_less(turns: Iterable[Turn], rng: Random) -> tuple[Turn, ...]:
    """Some of these at once, by chance."""
    kept = tuple(turns)
    for view in (without_words, without_status, without_times, without_others):
        if rng.random() < LESS_SHARE:
            kept = view(kept)
    return kept


def _words_alone(response: Response | None) -> Response | None:
    if response is None or not response.text:
        return None
    return Response(text=response.text, status=ResponseStatus.NONE)
