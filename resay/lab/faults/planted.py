"""Faults of the result, planted: devices that are offline, titles that are missing, services that are down.

The recordings hold few such faults. A turn's point is `result` where it is right with the fault repaired, and wrong with it: that the
fault is there changes nothing of what was heard or understood, so the two differ by that alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from resay.dialogue.turn import Response, ResponseStatus, Turn
from resay.lab.action import Reach
from resay.lab.assistant import Assistant
from resay.lab.home import Home
from resay.lab.linked.part import Part
from resay.lab.understood import Meaning

OFFLINE_SHARE = 0.35
"""Share of a stricken home's devices that are offline. Made up: enough that each kind of device is met."""

DOWN_SHARE = 0.3
"""Share of the verbs without a device (timers, lists, weather …) whose service is down."""

DOWN: Mapping[Part, tuple[str, ...]] = {
    Part.TRAIN: (
        "Sorry, something went wrong",
        "An unexpected error occurred",
        "Sorry, I can't reach {service} right now",
        "{service} is not responding",
        "That didn't work, the server returned an error",
        "Sorry, that timed out",
    ),
    Part.CHOOSE: ("I could not connect to {service}", "Sorry, {service} has a problem at the moment"),
    Part.TEST: ("Failed to call the {service} service", "Sorry, {service} can't be used just now", "There was an error doing that"),
}
"""What assistants say when a service is down. Those of one part are of no other, so that no sentence is known by heart."""

SERVICES = {"Timer": "the timer service", "List": "the shopping list", "Weather": "the weather service", "Media": "the music service"}


@dataclass(frozen=True, slots=True)
class Stricken:
    """An assistant in a home with faults: hears and understands as the sound one, and cannot do all that it did."""

    sound: Assistant
    offline: frozenset[str]
    """Devices."""
    missing: frozenset[str]
    """Titles that the library has lost."""
    down: frozenset[str]
    """Verbs whose service is down."""

    @property
    def version(self) -> str:
        """As the sound one: a fault is no version."""
        return self.sound.version

    def understand(self, text: str, room: str) -> Meaning:
        """What a text means here."""
        meaning = self.sound.understand(text, room)
        action = meaning.action
        if meaning.reach is not Reach.OK or action is None:
            return meaning
        if dict(action.parameters).get("media") in self.missing:
            return replace(meaning, reach=Reach.NOT_FOUND)
        struck = action.verb in self.down or (bool(action.targets) and set(action.targets) <= self.offline)
        return replace(meaning, reach=Reach.UNAVAILABLE) if struck else meaning


def strike(assistant: Assistant, home: Home, verbs: frozenset[str], *, rng: Random) -> Stricken:
    """A home in which some things do not work; the same chance strikes the same things."""
    offline = frozenset(name for name in sorted(home.devices) if rng.random() < OFFLINE_SHARE)
    missing = frozenset(title for title in sorted(home.media) if rng.random() < OFFLINE_SHARE)
    down = frozenset(verb for verb in sorted(verbs) if rng.random() < DOWN_SHARE)
    return Stricken(assistant, offline, missing, down)


def told(turn: Turn, stricken: Stricken, *, part: Part, rng: Random) -> Turn:
    """A failed turn as assistants tell of it whose service is down: in other words than of a device that is offline."""
    response = turn.response
    verb = response.action if response else ""
    intent = turn.interpretations[0].intent if turn.interpretations else ""
    if response is None or response.status is not ResponseStatus.FAILED or not (intent in stricken.down or verb in stricken.down):
        return turn
    service = next((name for part_of, name in SERVICES.items() if part_of in intent), "the device")
    said = rng.choice(DOWN[part]).format(service=service)
    return replace(turn, response=Response(said[:1].upper() + said[1:], ResponseStatus.FAILED, ""))
