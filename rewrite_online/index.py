"""The index: vectors of wordings, searched by nearness. The one door to `faiss`.

Exact while few. From `EXACT_MAX` on what is near is looked for by codes of four bits in the nearest cells, and compared in sixteen bits a
number; these lie in a file that may be mapped or read by place, and only what is compared is read. What is deleted is gone from the
bytes. Knows numbers only: which wording a number stands for is the finder's to say.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, cast

import faiss as typed_faiss
import numpy as np
from numpy.typing import NDArray

from resay.dialogue.errors import ResayError
from resay.store.artifact import LargeFile, hash_of
from rewrite_online.index_rows import Halves, RowsInFile, full, halves

faiss: Any = typed_faiss
"""Its types lack what it adds to its classes as it is imported."""

EXACT_MAX = 4_000
"""Vectors that are compared one by one: 6 MB, which a core reads in half a millisecond."""

VECTORS_MAX = 20_000_000
"""Vectors of one index: 16 GB in sixteen bits."""

CELLS_A_ROOT = 2
"""Cells for each square root of the number of vectors: 2,000 for a million. Twice as many take four times as long to train, and find no
more for as many vectors compared."""

TRAINED_A_CELL = 40
"""Vectors that each cell is trained on: faiss warns below 39."""

ROUNDS = 8
"""Of training the cells: later ones move next to nothing."""

NUMBERS_A_CODE = 4
"""Numbers of a vector that four bits stand for: 48 bytes for 384 of them, a core goes through 20,000 in a tenth of a millisecond."""

COMPARED = (200, 400, 800)
"""Vectors that codes bring for one query, to be compared in full: the first by which enough is found where all cells are searched. Among
200 are all of the ten nearest of 20,000 made-up texts, .998 of 100,000 and .985 of 190,000; among 400 .996 of these (docs/log.md,
2026-11-23). Gathering 200 takes a twentieth of a millisecond from memory and three tenths from a file."""

COMPARED_A_WANTED = 4
"""The same for each that is wanted, where many are."""

RECALL_MIN = 0.98
"""Of the ten nearest to what may be asked of it, found (EVALUATION 7): as many cells are searched as this takes. Texts spread over so many
directions that no fixed share of the cells is right: of 100,000 and of 190,000 texts a third is needed, of vectors that lie close around
few a hundredth (docs/log.md, 2026-11-23)."""

RECALL_BY_CODES = 0.985
"""The same where every cell is searched, by which it is told how many are compared: what else may be missed is left for the cells."""

ASKED_TO_CHOOSE = 200
"""Questions by which that is told: half a percent either way."""

NEAREST = 10

FORM = "resay.index/2"
_HEAD_BYTES = 4
"""In which a snapshot says how long its head is."""
_ALIGNED = 64
"""Bytes by which its arrays begin, so that they are used where they lie."""

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]


class WrongIndex(ResayError):
    """Bytes are no index, or not the index of this generation and encoder."""


@dataclass(frozen=True, slots=True)
class Label:
    """What an index is of."""

    encoder: str
    """Name of the encoder whose vectors it holds."""
    generation: int
    """Number of the generation that it was made for."""


class Index:
    """Vectors of length one by number. Searching is safe between threads; whoever adds or deletes must be alone."""

    _numbers: Numbers
    """In order."""
    _rows: Vectors | Halves | RowsInFile
    """(vector, width), in the order of the numbers: as they were given while few, else their upper halves."""
    _codes: Any
    """What looks among many; nothing while few."""
    _searched: int
    """Cells that are searched for one query."""
    _compared: int
    """Vectors that are compared in full for one query."""

    def __init__(self, numbers: Numbers, vectors: Vectors, *, asked: Callable[[], Vectors] | None = None) -> None:
        """Take vectors, one a row, and a number for each; of those with one number the first is kept.

        `asked` gives vectors of what may be asked of it, by which it is told how far must be looked, where they are many; else it is told
        by some of its own.
        """
        assert len(numbers) == len(vectors), "every vector has a number"
        assert len(numbers) <= VECTORS_MAX, "an index has an end"
        self._numbers, first = np.unique(numbers, return_index=True)
        rows = np.ascontiguousarray(vectors[first], dtype=np.float32)
        self._rows, self._codes, self._searched, self._compared = rows, None, 0, COMPARED[0]
        if len(rows) > EXACT_MAX:
            self._rows = halves(rows)
            # As exactly as they are kept, so that an index that is made of these again has the same bytes.
            rows = full(self._rows)
            self._codes = _in_cells(rows)
            self._codes.add_with_ids(rows, self._numbers)
            self._searched, self._compared = self._far_enough(_probes(rows, asked() if asked else None))

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def is_exact(self) -> bool:
        """Whether every vector is compared, and as it was given."""
        return self._codes is None

    @property
    def numbers(self) -> Numbers:
        """The numbers that it holds, in order."""
        return self._numbers

    @property
    def searched(self) -> tuple[int, int]:
        """How many cells are searched for one query, and how many there are; none where all are compared."""
        return (0, 0) if self.is_exact else (self._searched, int(self._codes.nlist))

    @property
    def compared(self) -> int:
        """How many vectors are compared in full for one query."""
        return len(self) if self.is_exact else self._compared

    def add(self, numbers: Numbers, vectors: Vectors) -> None:
        """Add vectors; a number that is held already gets the new one."""
        numbers, first = np.unique(numbers, return_index=True)
        self.delete(numbers)
        rows = np.ascontiguousarray(vectors[first], dtype=np.float32)
        at = np.searchsorted(self._numbers, numbers)
        self._numbers = np.insert(self._numbers, at, numbers)
        self._rows = np.insert(self._rows[:], at, rows if self.is_exact else halves(rows), axis=0)
        if not self.is_exact:
            self._codes.add_with_ids(rows, numbers)

    def delete(self, numbers: Numbers) -> int:
        """Delete vectors, and say how many were there."""
        gone = np.unique(numbers[self.holds(numbers)])
        if len(gone):
            at = np.searchsorted(self._numbers, gone)
            self._numbers, self._rows = np.delete(self._numbers, at), np.delete(self._rows[:], at, axis=0)
            if not self.is_exact:
                self._codes.remove_ids(faiss.IDSelectorArray(np.ascontiguousarray(gone)))
        return len(gone)

    def search(self, query: Vectors, *, at_most: int, within: tuple[int, int] | None = None) -> tuple[Numbers, Vectors]:
        """The nearest vectors to one query, with their products with it; `within`: of numbers from one up to another, that left out."""
        begin, end = (0, len(self)) if within is None else np.searchsorted(self._numbers, within).tolist()
        if begin >= end or at_most < 1:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        # Where the last of a kind of prompt stands alone codes would have to look far for it.
        few = self.is_exact or end - begin <= self._compared
        far = self._searched, self._compared
        places = np.arange(begin, end) if few else self._looked_for(query, (begin, end), at_most, far=far)
        scores = self._full(slice(begin, end) if few else places) @ query
        best = np.argsort(-scores, kind="stable")[:at_most]
        return self._numbers[places[best]], scores[best]

    def holds(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Which of some numbers it holds."""
        if not len(self._numbers):
            return np.zeros(len(numbers), dtype=np.bool_)
        return np.asarray(self._numbers[self._places(numbers)] == numbers, dtype=np.bool_)

    def vectors(self, numbers: Numbers) -> Vectors:
        """The vectors of numbers that it holds, as near as sixteen bits keep them."""
        return self._full(self._places(numbers) if len(numbers) else np.zeros(0, dtype=np.int64))

    def snapshot(self, label: Label) -> bytes:
        """All of it as bytes."""
        codes = b"" if self.is_exact else faiss.serialize_index(self._codes).tobytes()
        body = b"".join([self._numbers.tobytes(), self._rows[:].tobytes(), codes])
        told = {"form": FORM, "count": len(self), "width": self._rows.shape[1], "searched": self._searched, **asdict(label)}
        told |= {} if self.is_exact else {"compared": self._compared}
        head = json.dumps(told | {"sha256": hashlib.sha256(body).hexdigest()}, sort_keys=True).encode()
        head += b" " * (-(_HEAD_BYTES + len(head)) % _ALIGNED)
        return b"".join([len(head).to_bytes(_HEAD_BYTES, "little"), head, body])

    @classmethod
    def load(cls, content: bytes | memoryview, label: Label) -> Index:
        """An index from its bytes, which it goes on to use where they lie, only if it is what is asked for.

        Raises: WrongIndex.
        """
        told, body = _taken_apart(content)
        _check(told, body, label)
        count, width, searched = int(told["count"]), int(told["width"]), int(told["searched"])
        kind = np.dtype(np.uint16 if searched else np.float32)
        rows_from, codes_from = 8 * count, 8 * count + kind.itemsize * count * width
        index = cls.__new__(cls)
        # Earlier versions compared as many whatever they held.
        index._searched, index._compared = searched, int(told.get("compared", COMPARED[0]))
        index._numbers = np.frombuffer(body[:rows_from], dtype=np.int64)
        file = body.obj
        if isinstance(file, LargeFile):
            index._rows = RowsInFile(file, len(file) - len(body) + rows_from, shape=(count, width))
        else:
            index._rows = np.frombuffer(body[rows_from:codes_from], dtype=kind).reshape(count, width)
        index._codes = faiss.deserialize_index(np.frombuffer(body[codes_from:], dtype=np.uint8)) if searched else None
        if isinstance(file, LargeFile):
            file.madvise(mmap.MADV_DONTNEED)  # Codes were copied, and pages from which they were read are not needed again.
        return index

    def _places(self, numbers: Numbers) -> Numbers:
        """Where numbers stand, or whatever stands there in their place."""
        return np.minimum(np.searchsorted(self._numbers, numbers), len(self._numbers) - 1)

    def _full(self, places: Numbers | slice) -> Vectors:
        """Rows in full width."""
        rows = self._rows[places]
        return cast("Vectors", rows) if rows.dtype == np.float32 else full(cast("Halves", rows))

    def _looked_for(self, query: Vectors, stretch: tuple[int, int], at_most: int, *, far: tuple[int, int]) -> Numbers:
        """Places in a stretch of them that codes bring, more than are wanted; `far`: of how many cells, and how many at least."""
        begin, end = stretch
        cells, compared = far
        whole = begin == 0 and end == len(self)
        selector = None if whole else faiss.IDSelectorRange(int(self._numbers[begin]), int(self._numbers[end - 1]) + 1)
        with _one_thread():
            _, found = self._codes.search(
                np.ascontiguousarray(query, dtype=np.float32)[None, :],
                min(max(compared, COMPARED_A_WANTED * at_most), end - begin),
                params=faiss.SearchParametersIVF(sel=selector, nprobe=cells),
            )
        # In order, so that of equal ones the same come first in whatever order codes bring them.
        return np.sort(self._places(found[0][found[0] >= 0]))

    def _far_enough(self, probes: _Probes) -> tuple[int, int]:
        """How many cells must be searched, and how many vectors compared, for nearly all of the nearest to be found."""
        every = int(self._codes.nlist)
        for compared in COMPARED:
            most = self._recall(probes, (every, compared))
            if most >= RECALL_BY_CODES:
                break
        # What codes confuse no number of cells brings back: then what they can find is enough, but for a thousandth.
        enough = min(RECALL_MIN, most - 0.001)
        fewer = (int(every / 2 ** (steps / 4)) for steps in range(4 * every.bit_length(), -1, -1))
        return next((each for each in fewer if each and self._recall(probes, (each, compared)) >= enough), every), compared

    def _recall(self, probes: _Probes, far: tuple[int, int]) -> float:
        """The share of what is nearest to some questions that is found where so far is looked."""
        wanted, found = int(probes.nearest.shape[1]), 0
        for asked, nearest in zip(probes.asked, probes.nearest, strict=True):
            places = self._looked_for(asked, (0, len(self)), wanted, far=far)
            best = places[np.argsort(-(self._full(places) @ asked), kind="stable")[:wanted]]
            found += len(np.intersect1d(best, nearest)) - probes.own
        return found / ((wanted - probes.own) * len(probes.asked))


@dataclass(frozen=True, slots=True)
class _Probes:
    """Questions, and what would be found for them if all were compared."""

    asked: Vectors
    nearest: Numbers
    """(question, place)."""
    own: int
    """How many of these are the question itself, which is found in any case, and does not count."""


def _probes(vectors: Vectors, asked: Vectors | None) -> _Probes:
    """What is asked, or else some of the vectors themselves, taken evenly."""
    if asked is not None and len(asked):
        return _Probes(asked, _nearest_exactly(asked, vectors, NEAREST), 0)
    own = vectors[np.linspace(0, len(vectors) - 1, min(len(vectors), ASKED_TO_CHOOSE)).astype(np.int64)]
    return _Probes(own, _nearest_exactly(own, vectors, NEAREST + 1), 1)


def _taken_apart(content: bytes | memoryview) -> tuple[dict[str, Any], memoryview]:
    """What a snapshot says of itself, and the rest."""
    whole = memoryview(content)
    size = int.from_bytes(whole[:_HEAD_BYTES], "little")
    try:
        told = json.loads(bytes(whole[_HEAD_BYTES : _HEAD_BYTES + size]))
    except ValueError as error:
        message = f"index must begin with what it is of; {error}; is it another file?"
        raise WrongIndex(message) from error
    if not isinstance(told, dict) or told.get("form") != FORM:
        message = f"index must be of form {FORM}; got {str(told)[:80]}; was it written by another version?"
        raise WrongIndex(message)
    return told, whole[_HEAD_BYTES + size :]


def _check(told: Mapping[str, Any], body: memoryview, label: Label) -> None:
    """That a snapshot is whole, and of the generation and encoder that are asked for; all faults at once."""
    faults = []
    if told.get("sha256") != hash_of(body):
        faults.append("its bytes are not those that were written")
    if told.get("generation") != label.generation:
        faults.append(f"it was made for generation {told.get('generation')}")
    if told.get("encoder") != label.encoder:
        faults.append(f"its vectors are those of {told.get('encoder')}")
    if faults:
        message = (
            f"index must be whole, and of generation {label.generation} and encoder {label.encoder}; {', and '.join(faults)}; "
            "was a part of a generation put in another?"
        )
        raise WrongIndex(message)


@contextmanager
def _one_thread() -> Iterator[None]:
    """A block in which faiss does not spread one query over threads: starting them takes longer than the search, and others wait."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _in_cells(vectors: Vectors) -> Any:
    """What looks among many, without any yet, trained on a sample of them, taken evenly."""
    width = vectors.shape[1]
    cells = min(int(CELLS_A_ROOT * len(vectors) ** 0.5), len(vectors) // TRAINED_A_CELL)
    codes = faiss.IndexIVFPQFastScan(faiss.IndexFlatIP(width), width, cells, width // NUMBERS_A_CODE, 4, faiss.METRIC_INNER_PRODUCT)
    codes.cp.niter = ROUNDS
    sample = np.linspace(0, len(vectors) - 1, min(len(vectors), cells * TRAINED_A_CELL)).astype(np.int64)
    codes.train(np.ascontiguousarray(vectors[sample], dtype=np.float32))
    return codes


def _nearest_exactly(asked: Vectors, vectors: Vectors, at_most: int) -> Numbers:
    """For each row asked the places of the nearest rows, in no order."""
    best = np.zeros((len(asked), 0), dtype=np.float32)
    places = np.zeros((len(asked), 0), dtype=np.int64)
    for begin in range(0, len(vectors), _BLOCK):
        scores = asked @ vectors[begin : begin + _BLOCK].T
        best = np.concatenate([best, scores], axis=1)
        places = np.concatenate([places, np.broadcast_to(np.arange(begin, begin + scores.shape[1]), scores.shape)], axis=1)
        kept = np.argpartition(-best, min(at_most, best.shape[1]) - 1, axis=1)[:, :at_most]
        best, places = np.take_along_axis(best, kept, axis=1), np.take_along_axis(places, kept, axis=1)
    return places


_BLOCK = 50_000
"""Rows compared at once: 40 MB of products."""
