"""A folder of what training and scoring failure points made on the way, so that a run that was cut off goes on where it was.

Each file says what it is of: the seed, the sources' sizes, and the code that made it. What is of something else is made anew.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
import typer

import failure_point
import resay.lab
import resay.label
import resay.training
import rewrite_online.fit
from failure_point.row_file import content_of, rows_in
from failure_point.train import Array, Rows
from resay.commands.bench.report import BenchRow
from resay.commands.failure_sets import Places
from resay.dialogue.errors import ResayError

Made = TypeVar("Made")

KeptOption = Annotated[
    Path | None,
    typer.Option("--kept", metavar="DIR", help="Keep what is made on the way there, and go on from it after a run that was cut off."),
]


class WrongKept(ResayError):
    """A folder of what was made on the way cannot be written."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is made once; without a folder it is made every time."""

    folder: Path | None
    mark: Mapping[str, Any]
    """What all of it is of."""

    def rows(self, name: str, make: Callable[[], Rows]) -> Rows:
        """Rows, from the folder where they are there.

        Raises: WrongKept.
        """
        return self._kept(name, make, write=content_of, read=rows_in)

    def array(self, name: str, make: Callable[[], Array]) -> Array:
        """An array, from the folder where it is there.

        Raises: WrongKept.
        """
        return self._kept(name, make, write=_written, read=_array_in)

    def figures(self, name: str, make: Callable[[], Sequence[BenchRow]]) -> Sequence[BenchRow]:
        """Figures, from the folder where they are there.

        Raises: WrongKept.
        """
        return self._kept(
            name,
            make,
            write=lambda rows: json.dumps([asdict(each) for each in rows]).encode(),
            read=lambda content: [BenchRow(**each) for each in json.loads(content)],
        )

    def _kept(self, name: str, make: Callable[[], Made], *, write: Callable[[Made], bytes], read: Callable[[bytes], Made]) -> Made:
        if self.folder is None:
            return make()
        path = self.folder / f"{name.replace('/', '-').replace(' ', '-')}.kept"
        mark = json.dumps(dict(self.mark), sort_keys=True).encode() + b"\n"
        try:
            content = path.read_bytes()
            if content.startswith(mark):
                return read(content[len(mark) :])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            # There is none, or it was cut off: then it is made.
            pass
        made = make()
        _write(path, mark + write(made))
        return made


def kept_in(folder: Path | None, places: Places, **of: Any) -> Kept:
    """What is made of these places, and of whatever else bears on it, by this code."""
    if folder is None:
        return Kept(None, {})
    sources = {name: _sizes(path) for name, path in (("world", places.world), ("texts", places.texts), ("calls", places.calls))}
    return Kept(folder, {**of, **sources, "size": places.size, "code": _code()})


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        message = f"folder {path.parent} must be writable; {error}; is it yours, and is there room?"
        raise WrongKept(message) from error


def _written(array: Array) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def _array_in(content: bytes) -> Array:
    return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))


def _sizes(path: Path) -> str:
    """The hash of the names and sizes of a folder's files: another world or corpus has others."""
    files = sorted((str(each.relative_to(path)), each.stat().st_size) for each in path.rglob("*") if each.is_file())
    return hashlib.sha256(repr(files).encode()).hexdigest()[:16]


def _code() -> str:
    """The hash of the code that makes sets, rows and models."""
    packages = (failure_point, resay.lab, resay.label, resay.training)
    own = Path(__file__).parent
    files = [path for package in packages for path in Path(str(package.__file__)).parent.rglob("*.py")]
    files += [*own.glob("failure_*.py"), *own.glob("*/failure_*.py"), own / "example_sets.py", Path(rewrite_online.fit.__file__)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()[:16]
