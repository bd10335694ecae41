"""What the wordings that a rewrite could target mean, room by room: so that scoring needs no assistant."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resay.dialogue.text import canonical
from resay.lab.action import Action, action_from_json
from resay.lab.assistant import Assistant

_REFUSED = -1
"""Stands in the file for a wording that the assistant refuses."""


@dataclass(frozen=True, slots=True)
class Meanings:
    """The assistant's actions by canonical text and room."""

    actions: tuple[Action, ...]
    """All actions that occur."""
    places: Mapping[str, Mapping[str, int]]
    """By text, then by room: the place of the action in `actions`, or −1 where the assistant refuses."""

    def knows(self, text: str, room: str) -> bool:
        """Whether the wording was put to the assistant in that room."""
        return room in self.places.get(canonical(text), {})

    def action(self, text: str, room: str) -> Action | None:
        """What the assistant does; None where it refuses, or where the wording was never put to it."""
        place = self.places.get(canonical(text), {}).get(room, _REFUSED)
        return None if place == _REFUSED else self.actions[place]


def ask(assistant: Assistant, texts: Iterable[str], rooms: Sequence[str]) -> Meanings:
    """What the assistant makes of each text in each room."""
    actions: dict[Action, int] = {}
    places: dict[str, dict[str, int]] = {}
    for text in texts:
        by_room = {}
        for room in rooms:
            done = assistant.understand(text, room).done
            by_room[room] = _REFUSED if done is None else actions.setdefault(done, len(actions))
        places[canonical(text)] = by_room
    return Meanings(actions=tuple(actions), places=places)


def encode_meanings(meanings: Meanings) -> bytes:
    """The file that `decode_meanings` reads back; a text that means the same in every room stands there once."""
    texts = {text: _folded(places) for text, places in sorted(meanings.places.items())}
    rooms = sorted({room for places in meanings.places.values() for room in places})
    content = {"rooms": rooms, "actions": [action.as_json() for action in meanings.actions], "texts": texts}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def decode_meanings(raw: bytes) -> Meanings:
    """The meanings in a file."""
    content = json.loads(raw)
    rooms: list[str] = content["rooms"]
    actions = tuple(action_from_json(written) for written in content["actions"])
    return Meanings(actions=actions, places={text: _unfolded(places, rooms) for text, places in content["texts"].items()})


def _folded(places: Mapping[str, int]) -> int | dict[str, int]:
    return next(iter(places.values())) if len(set(places.values())) == 1 else dict(places)


def _unfolded(places: int | dict[str, int], rooms: Sequence[str]) -> dict[str, int]:
    return dict.fromkeys(rooms, places) if isinstance(places, int) else places
