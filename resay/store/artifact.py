"""Artifacts: what learning leaves, as immutable, numbered, hashed directories (generations), and one pointer.

Knows files and hashes; knows nothing of what is in them.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import mmap
import os
import shutil
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from resay.dialogue.errors import ResayError, told_without_place

_MANIFEST = "manifest.json"
_POINTER = "current"
_LOCK = ".lock"

LOCK_WAIT_S = 60.0
"""How long one waits for another to publish: writing a table and moving the pointer takes a second, at a million rewrites some ten."""

MAPPED_FROM = 1 << 27
"""Bytes from which a file is mapped and not read: 128 MiB, vectors of 170,000 wordings. What is read stays in memory; pages of a mapped
file that nobody looked at for a while are taken away by a system that needs them, and who asks next waits for the disk: with 100,000
wordings mapped, the slowest of a hundred answers took 28 to 275 ms (docs/decisions/0048-a-million-wordings.md). Whoever cuts off a mapped
file by hand ends the process."""

LOCK_LOOK_S = 0.02
"""How often one looks whether the other is done."""


class BrokenArtifact(ResayError):
    """A generation is missing, incomplete, or not what was written."""


class ShelfUnavailable(ResayError):
    """The shelf cannot be read or written where it stands."""


class LargeFile(mmap.mmap):
    """A mapped file that may be read by place, too: what is read so is nowhere in this process's memory but with who asked for it."""

    _descriptor: int

    def __new__(cls, descriptor: int) -> Self:
        """Map what a descriptor has open; it may be closed behind that."""
        file = super().__new__(cls, descriptor, 0, access=mmap.ACCESS_READ)
        file._descriptor = os.dup(descriptor)
        weakref.finalize(file, os.close, file._descriptor)
        return file

    def read_at(self, begin: int, size: int) -> bytes:
        """So many bytes from one on.

        Raises: BrokenArtifact, where there are fewer: whoever cut it off.
        """
        content = os.pread(self._descriptor, size, begin)
        return content if len(content) == size else self._pieced(content, begin, size)

    def _pieced(self, content: bytes, begin: int, size: int) -> bytes:
        """The same where the system reads less at once than is wanted, as it does beyond two gigabytes."""
        parts, read = [content], len(content)
        while parts[-1] and read < size:
            parts.append(os.pread(self._descriptor, size - read, begin + read))
            read += len(parts[-1])
        if read < size:
            message = f"file must have {size:,} bytes from {begin:,} on; it has {read:,}; was it cut off by hand while it was in use?"
            raise BrokenArtifact(message)
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Generation:
    """One immutable artifact, its files checked against their hashes."""

    number: int
    path: Path
    sha256: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Hashes of its files, as they were found when it was opened; none of one that was only glanced at, or has just been written."""

    def read(self, name: str) -> bytes:
        """One of its files.

        Raises: BrokenArtifact.
        """
        return _read(self.path, name)

    def mapped(self, name: str) -> memoryview:
        """One of its files; where it is large, where it lies: only as much of it is in memory as somebody looks at.

        What is mapped stays whole while generations are only written once and removed by name, as the shelf does.

        Raises: BrokenArtifact.
        """
        return _mapped(self.path, name)


class Shelf:
    """All generations of one kind of artifact under one folder, and the pointer to the one that is live."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, files: Mapping[str, bytes]) -> Generation:
        """Keep files as the next generation; it is not live before `publish`.

        Whole or not at all: files are written beside the shelf's numbers and moved in by one rename.
        Two writers get two numbers.

        Raises: ShelfUnavailable.
        """
        assert _MANIFEST not in files, f"{_MANIFEST} is written by the shelf"
        draft = self._root / f".draft-{os.getpid()}-{os.urandom(4).hex()}"
        try:
            draft.mkdir(parents=True)
            _fill(draft, files)
            return self._number(draft)
        except OSError as error:
            raise _unavailable(self._root, error) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def publish(self, number: int) -> Generation:
        """Make a generation live by one rename; a reader sees the old pointer or the new. Rolling back is publishing an older number.

        Raises: BrokenArtifact, ShelfUnavailable, and then the pointer has not moved.
        """
        generation = self.open(number)
        draft = self._root / f".pointer-{os.getpid()}-{os.urandom(4).hex()}"
        try:
            _write_through(draft, f"{number}\n".encode())
            draft.replace(self._root / _POINTER)
            _sync_folder(self._root)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise _unavailable(self._root, error) from error
        return generation

    @contextmanager
    def alone(self, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
        """A block in which one worker on this machine is at a time: for whoever publishes only if nobody else did meanwhile.

        The system lets go of it when its holder dies. Readers ask nobody.

        Raises: ShelfUnavailable where the other is not done in time.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            lock = (self._root / _LOCK).open("w")
        except OSError as error:
            raise _unavailable(self._root, error) from error
        with lock:
            _take(lock.fileno(), self._root, wait_s=wait_s)
            yield

    def current(self) -> Generation | None:
        """The live generation, or nothing where none was published.

        Raises: BrokenArtifact, ShelfUnavailable.
        """
        try:
            pointer = (self._root / _POINTER).read_text(errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unavailable(self._root, error) from error
        if not pointer.strip().isdigit():
            message = f"pointer {self._root / _POINTER} must hold a generation's number; it holds {pointer[:20]!r}; was it edited by hand?"
            raise BrokenArtifact(message)
        return self.open(int(pointer))

    def stamp(self) -> tuple[int, int] | None:
        """A mark that changes whenever the pointer moves, for the price of one stat; nothing where no pointer can be seen."""
        try:
            pointer = (self._root / _POINTER).stat()
        except OSError:
            return None
        return pointer.st_ino, pointer.st_mtime_ns

    def open(self, number: int) -> Generation:
        """A generation by its number, every file checked against its hash.

        Raises: BrokenArtifact.
        """
        path = self._root / _name(number)
        hashes = _hashes(path, number)
        for name, expected in hashes.items():
            if hash_of(_mapped(path, name)) != expected:
                message = f"file {path / name} must be as it was written; its hash differs; was it edited by hand?"
                raise BrokenArtifact(message)
        return Generation(number=number, path=path, sha256=hashes)

    def glance(self, number: int, name: str) -> Generation:
        """A generation of which only one file is checked against its hash: to tell many of them apart, where checking all takes seconds.

        Raises: BrokenArtifact.
        """
        path = self._root / _name(number)
        if hash_of(_mapped(path, name)) != _hashes(path, number).get(name):
            message = f"file {path / name} must be as it was written; its hash differs; was it edited by hand?"
            raise BrokenArtifact(message)
        return Generation(number=number, path=path)

    def remove(self, number: int) -> None:
        """Take a generation that is not live off the shelf, for good: for what must not be loaded again. Nothing where it is not there.

        Raises: ShelfUnavailable.
        """
        live = self.current()
        assert live is None or live.number != number, "what is live stays"
        gone = self._root / f".gone-{os.getpid()}-{os.urandom(4).hex()}"
        try:
            # By one rename first, so that nobody finds half of it.
            (self._root / _name(number)).rename(gone)
            shutil.rmtree(gone)
            _sync_folder(self._root)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unavailable(self._root, error) from error

    def sweep(self) -> None:
        """Remove what was left behind by whoever was killed while writing or removing; by whoever is alone on the shelf.

        Raises: ShelfUnavailable.
        """
        try:
            for pattern in (".gone-*", ".draft-*"):
                for path in self._root.glob(pattern):
                    shutil.rmtree(path, ignore_errors=True)
        except OSError as error:
            raise _unavailable(self._root, error) from error

    def numbers(self) -> list[int]:
        """All generations that are whole, oldest first."""
        if not self._root.exists():
            return []
        return sorted(int(path.name) for path in self._root.iterdir() if path.name.isdigit() and (path / _MANIFEST).exists())

    def _number(self, draft: Path) -> Generation:
        number = (self.numbers() or [0])[-1]
        while True:
            number += 1
            path = self._root / _name(number)
            try:
                # A rename onto a folder that is not empty fails: the number was taken by another writer meanwhile.
                draft.rename(path)
            except OSError:
                if not path.exists():
                    raise
                continue
            _sync_folder(self._root)
            return Generation(number=number, path=path)


def _take(lock: int, root: Path, *, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                message = f"shelf {root} must be free to publish within {wait_s:g} s; another process holds it; is one stopped or hanging?"
                raise ShelfUnavailable(message) from error
            time.sleep(LOCK_LOOK_S)
        else:
            return


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        _write_through(folder / name, content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    _write_through(folder / _MANIFEST, (json.dumps({"sha256": hashes}, indent=1) + "\n").encode())
    _sync_folder(folder)


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _hashes(path: Path, number: int) -> dict[str, str]:
    try:
        return dict(json.loads((path / _MANIFEST).read_text())["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"generation {number} must lie in {path.parent}; {told_without_place(error)}; was it deleted, or never finished?"
        raise BrokenArtifact(message) from error


def _read(path: Path, name: str) -> bytes:
    try:
        return (path / name).read_bytes()
    except OSError as error:
        message = f"file {name} must be in {path}; {told_without_place(error)}; was it deleted?"
        raise BrokenArtifact(message) from error


def _mapped(path: Path, name: str) -> memoryview:
    try:
        with (path / name).open("rb") as file:
            if os.fstat(file.fileno()).st_size < MAPPED_FROM:
                return memoryview(file.read())
            return memoryview(LargeFile(file.fileno()))
    except OSError as error:
        message = f"file {name} must be in {path}; {told_without_place(error)}; was it deleted?"
        raise BrokenArtifact(message) from error


def hash_of(content: bytes | memoryview) -> str:
    """The hash of a file's content, which is let go of again piece by piece where it is mapped: it need not be in memory all at once."""
    whole, told = memoryview(content), hashlib.sha256()
    for begin in range(0, len(whole), _HASHED_AT_ONCE):
        told.update(whole[begin : begin + _HASHED_AT_ONCE])
        if isinstance(whole.obj, mmap.mmap):
            whole.obj.madvise(mmap.MADV_DONTNEED, begin, min(_HASHED_AT_ONCE, len(whole) - begin))
    return told.hexdigest()


_HASHED_AT_ONCE = 1 << 24
"""A whole number of pages."""


def _unavailable(root: Path, error: OSError) -> ShelfUnavailable:
    reason = told_without_place(error)
    return ShelfUnavailable(f"artifacts must be readable and writable in {root}; {reason}; is the disk full, or the folder not yours?")


def _name(number: int) -> str:
    return f"{number:06d}"
