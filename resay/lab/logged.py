"""A turn as the assistant logs it: from what it heard and understood, and from nothing else. No truth passes through here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from resay.dialogue.turn import Audio, Context, Entity, Feedback, Hypothesis, Interpretation, Response, Turn, Versions
from resay.lab.action import Reach
from resay.lab.home import Home
from resay.lab.once import Once, OncePaired
from resay.lab.response import domain_of, respond, tells_time
from resay.lab.understood import Meaning
from resay.lab.world import Sound

SPEECH_CHARS_PER_S = 15.0
"""How fast the assistant talks: about 180 words a minute."""

HYPOTHESES_LOGGED = 3
"""Length of the n-best list in the log: assistants keep it short, and the fourth is a quarter of the list's bytes."""

UTC_OFFSET = {"en-US": timedelta(hours=-4), "en-GB": timedelta(hours=1)}
"""New York and London in September and October, when the log plays."""


def utc_offset(locale: str) -> timedelta:
    """How far local time is ahead of UTC; nothing for locales of which we do not know."""
    return UTC_OFFSET.get(locale, _NONE)


_NONE = timedelta(0)


_ANY_TIME = datetime(2026, 9, 7, tzinfo=UTC)
"""For sentences in which no time occurs."""

_INTERPRETED = frozenset(Reach) - {Reach.EMPTY, Reach.NO_MATCH}


class Occasion(NamedTuple):
    """Who speaks to which device, and when."""

    turn_id: str
    session_id: str
    customer_id: str
    at: datetime
    room: str
    device_type: str
    locale: str
    device_states: Mapping[str, str] = MappingProxyType({})
    """What is on and off in the room, as the assistant knows it."""


@dataclass(frozen=True, slots=True)
class House:
    """The assistant in its home."""

    home: Home
    versions: Versions
    told: OncePaired[Sound, Meaning, _Told] = field(init=False, repr=False, compare=False)
    """What the log tells of a sound that is understood so."""
    read: Once[Meaning, _Read] = field(init=False, repr=False, compare=False)
    """What it tells of a meaning, however it was said."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "told", OncePaired(lambda sound, meaning: _as_told(sound, self.read(meaning))))
        object.__setattr__(self, "read", Once(lambda meaning: _as_read(meaning, self.home)))


@dataclass(frozen=True, slots=True)
class _Read:
    """What the log tells of a meaning, whenever it is understood."""

    interpretations: tuple[Interpretation, ...]
    entities: tuple[Entity, ...]
    response: Response | None
    """None where it tells the time."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What the log tells of a sound and its meaning, whenever it is heard."""

    hypotheses: tuple[Hypothesis, ...]
    audio: Audio
    read: _Read
    lasts: timedelta | None
    """From the first word to the end of the response; None where that tells the time."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the customer behaved, as the device saw it."""

    barge_in: bool = False
    feedback: Feedback | None = None


USUAL = Manner()
"""Nothing to be seen."""


def log_turn(occasion: Occasion, sound: Sound, *, meaning: Meaning, house: House, manner: Manner = USUAL) -> Turn:
    """The turn that the assistant logs."""
    local = occasion.at + utc_offset(occasion.locale)
    told = house.told(sound, meaning)
    read = told.read
    response = read.response or respond(meaning, home=house.home, local_time=local)
    return Turn(
        turn_id=occasion.turn_id,
        customer_id=occasion.customer_id,
        at=occasion.at,
        utterance=sound.text,
        session_id=occasion.session_id,
        device_id=f"{occasion.customer_id}-{occasion.room}",
        hypotheses=told.hypotheses,
        interpretations=read.interpretations,
        entities=read.entities,
        response=response,
        barge_in=manner.barge_in,
        ended_at=occasion.at + (told.lasts or _lasts(sound, response)),
        audio=told.audio,
        context=Context(
            locale=occasion.locale,
            device_type=occasion.device_type,
            room=occasion.room,
            # Wall-clock time has no offset: the first sixteen letters are the minute.
            local_time=local.isoformat()[:16],
            device_states=occasion.device_states,
        ),
        feedback=manner.feedback,
        cohorts=(occasion.locale,),
        versions=house.versions,
    )


def _as_told(sound: Sound, read: _Read) -> _Told:
    lasts = _lasts(sound, read.response) if read.response else None
    return _Told(_hypotheses(sound), Audio(duration_s=sound.duration_s), read, lasts)


def _lasts(sound: Sound, response: Response) -> timedelta:
    return timedelta(milliseconds=round(1000 * (sound.duration_s + len(response.text) / SPEECH_CHARS_PER_S)))


def _as_read(meaning: Meaning, home: Home) -> _Read:
    return _Read(
        interpretations=(_interpretation(meaning, home),) if meaning.reach in _INTERPRETED else (),
        entities=_entities(meaning),
        response=None if tells_time(meaning) else respond(meaning, home=home, local_time=_ANY_TIME),
    )


def _hypotheses(sound: Sound) -> tuple[Hypothesis, ...]:
    if not sound.text:
        return ()
    return (Hypothesis(sound.text, sound.score), *(Hypothesis(text) for text in sound.others[: HYPOTHESES_LOGGED - 1]))


def _interpretation(meaning: Meaning, home: Home) -> Interpretation:
    return Interpretation(intent=meaning.intent, domain=domain_of(meaning, home), slots={**meaning.slots, **meaning.unknown})


def _entities(meaning: Meaning) -> tuple[Entity, ...]:
    """What the slots with names were resolved to."""
    unknown = [Entity(slot, words, status="not_found") for slot, words in meaning.unknown.items()]
    found = "not_found" if meaning.reach is Reach.NO_TARGET else "resolved"
    places = [
        Entity(slot, str(meaning.slots[slot]), f"{slot}.{meaning.slots[slot]}") for slot in ("area", "floor") if slot in meaning.slots
    ]
    return (*unknown, *_named(meaning, found), *places, *_media(meaning))


def _named(meaning: Meaning, status: str) -> list[Entity]:
    if "name" not in meaning.slots:
        return []
    targets = meaning.action.targets if meaning.action else ()
    return [Entity("name", str(meaning.slots["name"]), targets[0] if targets else None, status=status)]


def _media(meaning: Meaning) -> list[Entity]:
    if "search_query" not in meaning.slots:
        return []
    title = dict(meaning.action.parameters).get("media") if meaning.action else None
    status = "resolved" if title else "not_found"
    return [Entity("search_query", str(meaning.slots["search_query"]).strip(), str(title) if title else None, status=status)]
