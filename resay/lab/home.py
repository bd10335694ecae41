"""The home that an assistant controls: rooms, devices, media, and the words for them. Knows data, not speech."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resay.dialogue.errors import ResayError

HOME_FILE = "home.json"

FAULTS_SHOWN = 5
"""So many faults of a world are named; the first ones mostly explain the rest."""


class BrokenWorld(ResayError):
    """A file of a world folder is missing, or is not what it must be."""


@dataclass(frozen=True, slots=True)
class Room:
    """One room of the home."""

    floor: str
    names: tuple[str, ...]
    """What people call it; the first is its own name."""


@dataclass(frozen=True, slots=True)
class Device:
    """One thing that the assistant can act on or ask."""

    device_id: str
    room: str | None
    device_class: str | None
    names: tuple[str, ...]
    available: bool
    """False where it is offline: the assistant understands, and nothing happens."""

    @property
    def domain(self) -> str:
        """What kind of thing it is."""
        return self.device_id.split(".")[0]


@dataclass(frozen=True, slots=True)
class Home:
    """Everything in the home that can be named."""

    floors: Mapping[str, tuple[str, ...]]
    """Names by floor."""
    rooms: Mapping[str, Room]
    devices: Mapping[str, Device]
    media: tuple[str, ...]
    """Titles that the player can find."""
    players: Mapping[str, str]
    """The media player of a room, by room."""

    def named(self, name: object) -> frozenset[str]:
        """Ids of the devices that go by a name."""
        return frozenset(each.device_id for each in self.devices.values() if name in each.names)


def read_home(folder: Path) -> Home:
    """The home of a world folder.

    Raises: BrokenWorld.
    """
    written = read_json(folder / HOME_FILE)
    try:
        home = Home(
            floors={floor: tuple(names) for floor, names in written["floors"].items()},
            rooms={room: Room(floor=each["floor"], names=tuple(each["names"])) for room, each in written["areas"].items()},
            devices={device_id: _device(device_id, each) for device_id, each in written["devices"].items()},
            media=tuple(written["media"]),
            players=dict(written["room_player"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise broken(folder / HOME_FILE, error) from error
    faults = list(_faults(home))
    if faults:
        raise broken(folder / HOME_FILE, ValueError("; ".join(faults[:FAULTS_SHOWN])))
    return home


def _faults(home: Home) -> Iterator[str]:
    """What a home refers to and does not have."""
    if not home.rooms:
        yield "there must be rooms in `areas`"
    yield from (f"area {name!r} must have a name" for name, room in home.rooms.items() if not room.names)
    yield from (f"area {name!r} is on no floor {room.floor!r}" for name, room in home.rooms.items() if room.floor not in home.floors)
    for device in home.devices.values():
        if device.room is not None and device.room not in home.rooms:
            yield f"device {device.device_id!r} is in no area {device.room!r}"
    for room, player in home.players.items():
        if room not in home.rooms or player not in home.devices:
            yield f"room_player has {player!r} for area {room!r}, and one of them is not there"


def read_json(path: Path) -> Any:
    """A JSON file of a world folder.

    Raises: BrokenWorld.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise broken(path, error) from error


def broken(path: Path, error: Exception) -> BrokenWorld:
    """The error of a world file that cannot be used, in words."""
    return BrokenWorld(f"world file {path} must be as its README says; {type(error).__name__}: {error}; is this the folder of a world?")


def _device(device_id: str, written: Mapping[str, Any]) -> Device:
    return Device(
        device_id=device_id,
        room=written["area"],
        device_class=written["device_class"],
        names=tuple(written["names"]),
        available=written["available"],
    )
