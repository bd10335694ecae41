"""Sessions: a customer's turns with no silence longer than the gap. Cut from event time, never from arrival."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from resay.dialogue.errors import ResayError
from resay.dialogue.turn import Turn

SESSION_GAP = timedelta(seconds=45)
"""The silence that ends a session: 45 s (Ponnusamy et al. 2020)."""

SESSION_TURNS_MAX = 500
"""A session is cut here whatever the gaps: a stuck device repeats for hours, and every reader works session by session."""


class DisorderedTurns(ResayError):
    """Turns of one customer went back in event time."""


@dataclass(frozen=True, slots=True)
class Session:
    """A customer's turns with no silence longer than the gap, in event time."""

    customer_id: str
    turns: tuple[Turn, ...]


def sessionize(turns: Iterable[Turn], gap: timedelta = SESSION_GAP) -> Iterator[Session]:
    """Cut turns into sessions; turns must come customer by customer, each customer's in event time.

    A new session begins with another customer, after a silence longer than `gap` (from the end of the earlier turn where it is known),
    where the assistant's own session id changes, and at `SESSION_TURNS_MAX`.

    Raises: DisorderedTurns.
    """
    session: list[Turn] = []
    for turn in turns:
        if session and _begins_session(session, turn, gap):
            yield Session(session[0].customer_id, tuple(session))
            session = []
        session.append(turn)
    if session:
        yield Session(session[0].customer_id, tuple(session))


def silence_between(earlier: Turn, later: Turn) -> timedelta:
    """The time gap between two turns, from the end of the earlier where it is known; never negative."""
    since = max(earlier.ended_at or earlier.at, earlier.at)
    return max(later.at - since, timedelta(0))


def _begins_session(session: list[Turn], turn: Turn, gap: timedelta) -> bool:
    last = session[-1]
    if turn.customer_id != last.customer_id:
        return True
    if turn.at < last.at:
        message = (
            f"turns of customer {turn.customer_id!r} must not go back in event time; "
            f"got {turn.at} after {last.at}; were they sorted by customer and time?"
        )
        raise DisorderedTurns(message)
    named_apart = turn.session_id is not None and last.session_id is not None and turn.session_id != last.session_id
    return named_apart or silence_between(last, turn) > gap or len(session) >= SESSION_TURNS_MAX
