"""A log and its truth as files: names, reading and writing. Needs neither a world nor the extra `demo`."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from resay.dialogue.codec import decode, encode, whole
from resay.dialogue.errors import ResayError
from resay.dialogue.turn import Turn, TurnPart
from resay.lab.action import Action, action_from_json
from resay.lab.conversation import Truth
from resay.lab.customer import Try

LEARNING = "learning.jsonl.gz"
LATER = "later.jsonl.gz"
TRUTH = "truth.jsonl.gz"


class BrokenLog(ResayError):
    """A file of a log is missing, or is not what it must be."""


def read_truth(folder: Path) -> dict[str, Truth]:
    """The truth about the later turns of a log, by turn id.

    Raises: BrokenLog.
    """
    return {line.turn_id: _truth(line) for line in _truth_lines(folder / TRUTH)}


def read_turns(path: Path, *, now: datetime) -> Iterator[Turn]:
    """The turns of a log, one record each.

    Raises: BrokenLog.
    """
    for number, record in enumerate(_unpacked(path).splitlines(), start=1):
        part = decode(record, where=f"{path.name}:{number}", now=now)
        if not isinstance(part, TurnPart):
            message = f"record {part.where} must be a turn; {part.reason}; was it edited by hand?"
            raise BrokenLog(message)
        yield part.turn


def write_turns(path: Path, turns: Iterable[Turn]) -> None:
    """Write a log: equal turns give equal bytes."""
    _write(path, b"".join(encode(whole(turn)) + b"\n" for turn in turns))


def write_truth(path: Path, truths: Iterable[Truth]) -> None:
    """Write the truth about turns, one line each."""
    encoder = msgspec.json.Encoder()
    _write(path, b"".join(encoder.encode(_line(truth)) + b"\n" for truth in truths))


class _TruthLine(msgspec.Struct, omit_defaults=True):
    """A line of the truth file."""

    turn_id: str
    outcome: str
    failure_point: str
    attempt: Try
    cohort: str
    main: bool
    goal: str = ""
    wanted: list[object] | None = None
    recording: str = ""


def _line(truth: Truth) -> _TruthLine:
    return _TruthLine(
        turn_id=truth.turn_id,
        outcome=truth.outcome,
        failure_point=truth.failure_point,
        attempt=truth.attempt,
        cohort=truth.cohort,
        main=truth.main,
        goal=truth.goal,
        wanted=truth.wanted.as_json() if truth.wanted else None,
        recording=truth.recording,
    )


def _truth(line: _TruthLine) -> Truth:
    wanted: Action | None = action_from_json(line.wanted) if line.wanted else None
    return Truth(
        turn_id=line.turn_id,
        goal=line.goal,
        wanted=wanted,
        outcome=line.outcome,
        failure_point=line.failure_point,
        attempt=line.attempt,
        recording=line.recording,
        cohort=line.cohort,
        main=line.main,
    )


def _truth_lines(path: Path) -> Iterator[_TruthLine]:
    decode_line = msgspec.json.Decoder(_TruthLine).decode
    for record in _unpacked(path).splitlines():
        try:
            yield decode_line(record)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = f"every line of {path} must be the truth about a turn; {error}; was it edited by hand?"
            raise BrokenLog(message) from error


def _unpacked(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        message = f"file {path} must be there and whole; {error}; is it the folder of a log that `resay lab log` made?"
        raise BrokenLog(message) from error


def prepare(folder: Path) -> None:
    """Make sure that a log can be written to a folder, before the work begins.

    Raises: BrokenLog.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error


def _write(path: Path, content: bytes) -> None:
    """Write a gzip file whole or not at all; no time and no name in it, so that equal content gives equal bytes."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> BrokenLog:
    return BrokenLog(f"{path} must be writable; {error}; is the disk full, or the folder not yours?")
