"""What a turn tells about itself: whether the assistant read it, refused it, was asked for more.

One place, so that friction, goals and rephrase detection cannot read the same turn differently.
"""

from __future__ import annotations

from resay.dialogue.state import is_unresolved
from resay.dialogue.text import words
from resay.dialogue.turn import ResponseStatus, Turn
from resay.label.wordings import ENGLISH, Wordings

REFUSAL_CHARS_READ = 400
"""How much of an answer is searched for a refusal; an assistant apologises in its first sentences."""

_QUESTION_MARKS = ("?", "\uff1f", "\u061f")
"""Latin, full-width and Arabic."""


def status_of(turn: Turn) -> ResponseStatus | None:
    """The response status as the assistant reports it, or nothing where it reports none.

    An answer with words and status `none` did not stay silent: its sender just logs no status.
    """
    if turn.response is None or (turn.response.status is ResponseStatus.NONE and turn.response.text):
        return None
    return turn.response.status


def is_refused(turn: Turn, wordings: Wordings = ENGLISH) -> bool:
    """Whether the assistant failed or refused, by its status or, where it logs none, by its words."""
    status = status_of(turn)
    if status is not None:
        return status in {ResponseStatus.FAILED, ResponseStatus.UNSUPPORTED}
    answer = turn.response.text[:REFUSAL_CHARS_READ] if turn.response else ""
    if not answer:
        return False
    spoken = f" {' '.join(word.replace(chr(39), '') for word in words(answer))} "
    return any(f" {phrase} " in spoken for phrase in wordings.refusals)


def is_done(turn: Turn) -> bool:
    """Whether the assistant reports that it did what it understood."""
    return status_of(turn) is ResponseStatus.DONE


def is_read(turn: Turn) -> bool:
    """Whether the assistant made something of the words: an intent is named and every entity was found."""
    return bool(turn.interpretations and turn.interpretations[0].intent) and not is_unresolved(turn)


def is_answer(turn: Turn, *, after: Turn) -> bool:
    """Whether the assistant had asked something, by the prompt, the status or the words of its answer before."""
    prompted = turn.prompt is not None and bool(turn.prompt.kind or turn.prompt.text)
    asked = status_of(after) is ResponseStatus.ASKED
    return prompted or asked or (after.response is not None and after.response.text.rstrip().endswith(_QUESTION_MARKS))
