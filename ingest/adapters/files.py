"""Files of JSON as other systems leave them: one value, a value a line, lists of them, plain or gzip, or folders of such files.

Knows JSON and bytes; what the values mean is the adapters' business.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ingest.adapters.adapter import Document
from ingest.source import SourceUnavailable
from resay.dialogue.codec import NESTING_MAX, RECORD_BYTES_MAX, nests_too_deep
from resay.dialogue.turn import Reject

CONTENT_BYTES_MAX = 536_870_912
"""Unpacked bytes that one import reads: talks are put in order in memory, where their JSON takes some six times as much."""

FILES_MAX = 100_000
"""Files of one import: a run a file for ten years of a home that speaks thirty times a day."""

ENDINGS = (".json", ".jsonl", ".ndjson", ".vcon", ".log", ".json.gz", ".jsonl.gz", ".ndjson.gz")
"""Files that are looked for in a folder."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Contents:
    """A file and what it held."""

    path: Path
    documents: Sequence[Document]
    rejects: Sequence[Reject]
    """Lines that are no JSON."""
    length: int
    """Unpacked bytes."""


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The files that paths name, and those below the folders that they name, each once and in order of name.

    Raises: SourceUnavailable.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = sorted(each for each in path.rglob("*") if each.name.endswith(ENDINGS) and each.is_file())
            if not below:
                message = f"folder {path} must hold files of JSON; none ends in {', '.join(ENDINGS[:4])}; is it the right folder?"
                raise SourceUnavailable(message)
            found += below
        else:
            found.append(path)
    files = list(dict.fromkeys(each.resolve() for each in found))
    if len(files) > FILES_MAX:
        message = f"an import must not have more than {FILES_MAX:,} files; got {len(files):,}; can it be done folder by folder?"
        raise SourceUnavailable(message)
    return files


def read_file(path: Path, *, bytes_max: int = CONTENT_BYTES_MAX) -> Contents:
    """What a file holds.

    Raises: SourceUnavailable.
    """
    content = _content(path, bytes_max)
    documents, rejects = _whole_or_lines(content, path.name)
    return Contents(path, documents, rejects, length=len(content))


def first_record(paths: Sequence[Path]) -> object:
    """The first record of the first file that holds one, to tell by it what the files are; nothing where it cannot be told.

    Raises: SourceUnavailable.
    """
    for path in files_of(paths):
        line = _first_line(path)
        first = _decoded(line.removeprefix(_BYTE_ORDER_MARK), "")
        if isinstance(first, Reject) and line.strip():
            try:
                documents = read_file(path).documents
            except SourceUnavailable:
                return None
            first = documents[0] if documents else first
        if isinstance(first, Document):
            return first.content[0] if isinstance(first.content, list) and first.content else first.content
    return None


def _first_line(path: Path) -> bytes:
    """The first line of a file; nothing where it cannot be read: whoever reads the file will say why."""
    if not path.is_file():
        return b""
    try:
        with path.open("rb") as bare:
            packed = bare.read(2) == b"\x1f\x8b"
            bare.seek(0)
            return (gzip.GzipFile(fileobj=bare) if packed else bare).readline(RECORD_BYTES_MAX)
    except (OSError, EOFError, zlib.error):
        return b""


def _content(path: Path, bytes_max: int) -> bytes:
    try:
        with path.open("rb") as bare:
            packed = bare.read(2) == b"\x1f\x8b"
            bare.seek(0)
            content = gzip.GzipFile(fileobj=bare).read(bytes_max + 1) if packed else bare.read(bytes_max + 1)
    except (OSError, EOFError, zlib.error) as error:
        # The sentence of the system names the path a second time.
        reason = getattr(error, "strerror", None) or error
        message = f"file {path} must be there and readable; {reason}; is the path right, and the file whole?"
        raise SourceUnavailable(message) from error
    if len(content) > bytes_max:
        message = (
            f"files of one import must not hold more than {CONTENT_BYTES_MAX:,} bytes; {path} goes beyond; can it be done week by week?"
        )
        raise SourceUnavailable(message)
    return content.removeprefix(_BYTE_ORDER_MARK)


def _whole_or_lines(content: bytes, name: str) -> tuple[Sequence[Document], Sequence[Reject]]:
    whole = _decoded(content, name)
    if isinstance(whole, Document):
        return [whole], []
    documents: list[Document] = []
    rejects: list[Reject] = []
    for each in _lines(content, name):
        if isinstance(each, Document):
            documents.append(each)
        else:
            rejects.append(each)
    return documents, rejects


def _lines(content: bytes, name: str) -> Iterator[Document | Reject]:
    for ordinal, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            yield _decoded(line, f"{name}:{ordinal}")


def _decoded(raw: bytes, where: str) -> Document | Reject:
    if nests_too_deep(raw):
        return Reject(raw[:RECORD_BYTES_MAX], f"record must not nest deeper than {NESTING_MAX} objects and lists; it does", where)
    try:
        return Document(msgspec.json.decode(raw), where)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Reject(raw[:RECORD_BYTES_MAX], f"record must be JSON; {error}; was it cut off?", where)
