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
"""Texts and rooms; what is met beyond them is answered and not kept. Eight times the 11,400 of the longest loops in `voice_home`."""

FILE_BYTES_MAX = 256 * 2**20
"""A file that has grown beyond this is begun anew: the limit above comes to some 17 MB, twice that where two runs kept it at once."""

FILES = "understood-*.jsonl"
"""How files are called that lie beside each other: one for each home and each set of rules."""

FILES_KEPT_MAX = 4
"""Of those, the ones that were added to last: two homes, before and after a change of rules. Older ones go when a new one comes."""


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
            if self._full:
                break
            self._by_heard[heard] = self._one(meaning)

    def find(self, text: str, room: str) -> Meaning | None:
        """What is known already."""
        return self._by_heard.get((text, room))

    def keep(self, heard: Heard, meaning: Meaning) -> Meaning:
        """Remember it, while there is room; answers the one that equals it."""
        if self._full:
            return meaning
        found = self._by_heard[heard] = self._one(meaning)
        if self._path:
            self._write(self._path, _encode((*heard, meaning)))
        return found

    @property
    def _full(self) -> bool:
        return len(self._by_heard) >= MEANINGS_KEPT_MAX

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
        if not path.exists():
            _make_room(path.parent)
        elif path.stat().st_size > FILE_BYTES_MAX:
            path.unlink()
        with path.open("rb") as lines:
            for line in lines:
                # An empty line, or one that a crash cut off; msgspec has no error of its own for what is not UTF-8.
                with suppress(msgspec.MsgspecError, UnicodeDecodeError):
                    text, room, meaning = _line.decode(line)
                    yield Heard(text, room), meaning


def _make_room(folder: Path) -> None:
    """Remove what other rules or homes understood long ago, so that one more file can come."""
    newest = sorted(folder.glob(FILES), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in newest[FILES_KEPT_MAX - 1 :]:
        path.unlink(missing_ok=True)


_line = msgspec.json.Decoder(tuple[str, str, Meaning])
_encode = msgspec.json.Encoder().encode
