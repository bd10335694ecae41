"""What an assistant has understood: each text in each room once, and from one run to the next where there is a file to keep it in.

Knows nothing of how texts are read. Who reads them in another home, or by other sentences or rules, needs another file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from resay.lab.action import Action, Reach

MEANINGS_KEPT_MAX = 100_000
"""Texts and rooms, up to two kilobytes each: five times as many as the 40,000 recordings of `voice_home` come to."""

FILE_BYTES_MAX = 256 * 2**20
"""A file that has grown beyond this is begun anew: the limit above comes to some 30 MB, twice that where two runs kept the same."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the assistant makes of a text in a room."""

    reach: Reach
    intent: str = ""
    slots: Mapping[str, object] = field(default_factory=dict)
    """As understood: rooms by their id, names as they were said."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Words that stood where a name or a room should, and are none."""
    action: Action | None = None
    """What is done, or would be if the device or the title were there."""
    response: str = ""
    """Which of its sentences for this intent the assistant answers with."""

    @property
    def done(self) -> Action | None:
        """What was really done."""
        return self.action if self.reach is Reach.OK else None


class Heard(NamedTuple):
    """A text, and the room in which it was said."""

    text: str
    room: str


class Understood:
    """Meanings by text and room. Equal meanings are one: half of all that a recogniser hears is refused in a few ways."""

    def __init__(self, path: Path | None = None) -> None:
        """Read what was kept; a file that cannot be read or written is done without, as everything in it can be understood again."""
        self._path = path
        self._by_heard: dict[tuple[str, str], Meaning] = {}
        self._alike: dict[bytes, Meaning] = {}
        for heard, meaning in _kept_in(path) if path else ():
            self._by_heard[heard] = self._one(meaning)

    def find(self, text: str, room: str) -> Meaning | None:
        """What is known already."""
        return self._by_heard.get((text, room))

    def keep(self, heard: Heard, meaning: Meaning) -> Meaning:
        """Remember it; answers the one that equals it."""
        if len(self._by_heard) >= MEANINGS_KEPT_MAX:
            self._by_heard.clear()
            self._alike.clear()
        found = self._by_heard[heard] = self._one(meaning)
        if self._path:
            self._write(self._path, _encode((*heard, meaning)))
        return found

    def _one(self, meaning: Meaning) -> Meaning:
        return self._alike.setdefault(_encode(meaning), meaning)

    def _write(self, path: Path, line: bytes) -> None:
        try:
            with path.open("ab", buffering=0) as file:
                # A line is written at once, so that several runs can share the file. The break before it closes one that a crash cut off.
                file.write(b"\n" + line)
        except OSError:
            self._path = None


def _kept_in(path: Path) -> Iterator[tuple[Heard, Meaning]]:
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > FILE_BYTES_MAX:
            path.unlink()
        with path.open("rb") as lines:
            for line in lines:
                # An empty line, or one that a crash cut off.
                with suppress(msgspec.MsgspecError):
                    text, room, meaning = _line.decode(line)
                    yield Heard(text, room), meaning


_line = msgspec.json.Decoder(tuple[str, str, Meaning])
_encode = msgspec.json.Encoder().encode
