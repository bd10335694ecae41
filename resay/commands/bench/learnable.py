"""Talk from which a rewrite is learnt: customers are refused, say it otherwise at once, and are served; one turn decides.

Knows what the floor of customers and the age of accounts ask for; knows nothing of topics and processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from resay.dialogue.codec import encode, whole
from resay.dialogue.turn import Interpretation, Response, ResponseStatus, Turn

NAMES = ("lamp", "radio", "heater", "kettle", "fan", "blender", "boiler", "printer", "projector", "humidifier")
"""Things of which somebody may say "… on now please"; one rewrite each."""

ACCOUNT_AGE = timedelta(days=9)
"""How long before its talk a customer was first heard: younger accounts than seven days do not count."""

BEFORE_NOW = timedelta(days=12)
"""When customers were first heard; all talk lies in the past."""

APART = timedelta(minutes=5)
AFTER_REFUSAL = timedelta(seconds=6)


@dataclass(frozen=True, slots=True)
class Learnable:
    """Talk about one thing: all but one turn of what makes a rewrite."""

    source: str
    """What is refused, and will be rewritten."""
    target: str
    before: tuple[Turn, ...]
    decisive: Turn
    """The turn after which so many customers have said it otherwise that the rewrite may be served."""


def learnable_talk(things: int, *, customers: int, now: datetime) -> list[Learnable]:
    """So many rewrites that lack one turn each; `customers` is the floor."""
    assert things <= len(NAMES), "there must be a name for every thing"
    return [_talk(number, name, customers=customers, start=now - BEFORE_NOW) for number, name in enumerate(NAMES[:things])]


def records_of(turns: Sequence[Turn], *, partitions: int) -> list[tuple[int, bytes]]:
    """Turns as a topic keeps them: a customer's in one partition."""
    return [(crc32(turn.customer_id.encode()) % partitions, encode(whole(turn))) for turn in turns]


def _talk(number: int, name: str, *, customers: int, start: datetime) -> Learnable:
    source, target = f"{name} on now please", f"turn on the {name} please"
    intent = f"{name.capitalize()}On"
    turns: list[Turn] = []
    for place in range(customers):
        who = f"fresh{number * customers + place}"
        at = start + place * APART
        talk = at + ACCOUNT_AGE + timedelta(hours=number)
        turns += [
            _turn(who, at, "hello there", intent="Hello"),
            _turn(who, talk, source, intent=""),
            _turn(who, talk + AFTER_REFUSAL, target, intent=intent),
        ]
    return Learnable(source, target, tuple(turns[:-1]), turns[-1])


def _turn(customer: str, at: datetime, utterance: str, *, intent: str) -> Turn:
    """A turn that was understood and done, or refused where there is no intent."""
    return Turn(
        turn_id=f"{customer}@{at:%Y%m%dT%H%M%S}",
        customer_id=customer,
        at=at,
        utterance=utterance,
        interpretations=(Interpretation(intent),) if intent else (),
        response=Response(text="", status=ResponseStatus.DONE if intent else ResponseStatus.UNSUPPORTED),
    )
