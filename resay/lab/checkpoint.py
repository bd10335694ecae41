"""How far a loop is, so that one that died goes on where it was: after each day of learning, and after each pass over the scored weeks.

Knows sums and how they are written down. What the system has learnt lies with the system, which must keep it by itself.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from resay.dialogue.errors import ResayError
from resay.lab.oracle import Meant, Place
from resay.lab.pace import Learning, Lesson
from resay.lab.tally import Tally


class BrokenStand(ResayError):
    """The file of a loop that is under way is not what it must be."""


@dataclass(slots=True)
class Passed:
    """The scored weeks, lived through once."""

    tally: Tally
    recordings: set[str] = field(default_factory=set)
    talk_s: float = 0.0
    """Seconds in which its turns were made."""


@dataclass(slots=True)
class Stand:
    """Where a loop stands."""

    learning: Tally
    days: int = 0
    """Learning days whose talk is landed; the night after the last of them may not have been."""
    meant: dict[Place, dict[str, Meant]] = field(default_factory=dict)
    """What the reference has seen."""
    lessons: dict[Lesson, Learning] = field(default_factory=dict)
    """What the log has shown, and what was served."""
    passes: dict[str, Passed] = field(default_factory=dict)
    """By name: those that are done."""


class Checkpoint:
    """One file with where a loop stands; replaced whole, so that whoever dies while writing leaves the one before."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Stand | None:
        """Where the loop stood; nothing where it has not begun.

        Raises: BrokenStand.
        """
        if not self._path.exists():
            return None
        try:
            return msgspec.msgpack.decode(self._path.read_bytes(), type=Stand)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = f"file {self._path} must tell where a loop stands, written by this version; {error}; does it begin anew without it?"
            raise BrokenStand(message) from error

    def save(self, stand: Stand) -> None:
        """Note where it stands now."""
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        draft.write_bytes(msgspec.msgpack.encode(stand))
        draft.replace(self._path)
