"""A turn as the assistant logs it: from what it heard and understood, and from nothing else. No truth passes through here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from resay.dialogue.turn import Audio, Context, Entity, Feedback, Hypothesis, Interpretation, Turn, Versions
from resay.lab.action import Reach
from resay.lab.assistant import Meaning
from resay.lab.home import Home
from resay.lab.response import domain_of, respond
from resay.lab.world import Sound

SPEECH_CHARS_PER_S = 15.0
"""How fast the assistant talks: about 180 words a minute."""

HYPOTHESES_LOGGED = 3
"""Length of the n-best list in the log: assistants keep it short, and the fourth is a quarter of the list's bytes."""

UTC_OFFSET = {"en-US": timedelta(hours=-4), "en-GB": timedelta(hours=1)}
"""New York and London in September and October, when the log plays."""

_INTERPRETED = frozenset(Reach) - {Reach.EMPTY, Reach.NO_MATCH}


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who speaks to which device, and when."""

    turn_id: str
    session_id: str
    customer_id: str
    at: datetime
    room: str
    device_type: str
    locale: str


@dataclass(frozen=True, slots=True)
class House:
    """The assistant in its home."""

    home: Home
    versions: Versions


@dataclass(frozen=True, slots=True)
class Manner:
    """How the customer behaved, as the device saw it."""

    barge_in: bool = False
    feedback: Feedback | None = None


def log_turn(occasion: Occasion, sound: Sound, *, meaning: Meaning, house: House, manner: Manner = Manner()) -> Turn:
    """The turn that the assistant logs."""
    local = occasion.at + UTC_OFFSET[occasion.locale]
    response = respond(meaning, home=house.home, local_time=local)
    return Turn(
        turn_id=occasion.turn_id,
        customer_id=occasion.customer_id,
        at=occasion.at,
        utterance=sound.text,
        session_id=occasion.session_id,
        device_id=f"{occasion.customer_id}-{occasion.room}",
        hypotheses=_hypotheses(sound),
        interpretations=(_interpretation(meaning, house.home),) if meaning.reach in _INTERPRETED else (),
        entities=_entities(meaning),
        response=response,
        barge_in=manner.barge_in,
        ended_at=occasion.at + timedelta(milliseconds=round(1000 * (sound.duration_s + len(response.text) / SPEECH_CHARS_PER_S))),
        audio=Audio(duration_s=sound.duration_s),
        context=Context(
            locale=occasion.locale,
            device_type=occasion.device_type,
            room=occasion.room,
            local_time=local.replace(tzinfo=None).isoformat(timespec="minutes"),
        ),
        feedback=manner.feedback,
        cohorts=(occasion.locale,),
        versions=house.versions,
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
