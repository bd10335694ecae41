"""What is so while a customer talks: the hour, and what is on. It says in part what they want, and the assistant knows it too."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from resay.lab.action import Action
from resay.lab.ways import NOTHING_SWITCHED, ON, SWITCHING, Ways

HOURS = 24


class Circumstance:
    """The circumstances of one session; they change as things are done."""

    __slots__ = ("_hour", "_rng", "_states", "_ways")

    def __init__(self, ways: Ways, *, hour: int, rng: Random) -> None:
        """Begin in a local hour; what is on in a room is drawn when it first matters."""
        self._ways, self._hour, self._rng = ways, hour, rng
        self._states: dict[str, int] = {}

    def invites(self, goal: str, room: str) -> bool:
        """Whether a goal that comes to mind is wanted here and now; draws only where something speaks against it."""
        ways, chance = self._ways, 1.0
        begins = ways.times.get(goal)
        if begins is not None and (self._hour - begins) % HOURS >= ways.habits.timely_hours:
            chance = ways.habits.untimely
        switches = ways.rooms.get(room, NOTHING_SWITCHED)
        if goal in switches.wishes:
            bits, fulfilled = switches.wishes[goal]
            if self._state(room) & bits == fulfilled:
                chance *= ways.habits.needless
        return chance >= 1.0 or self._rng.random() < chance

    def states(self, room: str) -> Mapping[str, str]:
        """What is on and off in a room, as the assistant knows it."""
        switches = self._ways.rooms.get(room)
        return switches.told(self._state(room)) if switches and switches.devices else _NONE

    def change(self, done: Action | None, room: str) -> None:
        """What was done in a room, rightly or wrongly, changes what is on there."""
        switches = self._ways.rooms.get(room)
        if done is None or switches is None or done.verb not in SWITCHING:
            return
        bits = 0
        for place, device in enumerate(switches.devices):
            if device in done.targets:
                bits |= 1 << place
        if bits:
            on = SWITCHING[done.verb] == ON
            self._states[room] = self._state(room) | bits if on else self._state(room) & ~bits

    def _state(self, room: str) -> int:
        if room not in self._states:
            self._states[room] = self._rng.getrandbits(len(self._ways.rooms[room].devices))
        return self._states[room]


_NONE: Mapping[str, str] = {}
