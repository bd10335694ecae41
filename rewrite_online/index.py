"""The index: vectors of wordings, searched by nearness. The one door to `faiss`.

Exact while few; from `EXACT_MAX` on in cells, in sixteen bits a number, of which the nearest cells are searched. What is deleted is gone
from the bytes. Knows numbers only: which wording a number stands for is the finder's to say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, cast

import faiss as typed_faiss
import numpy as np
from numpy.typing import NDArray

from resay.dialogue.errors import ResayError

faiss: Any = typed_faiss
"""Its types lack what it adds to its classes as it is imported."""

EXACT_MAX = 8_000
"""Vectors that are compared one by one: 12 MB, which a core reads in a millisecond."""

VECTORS_MAX = 20_000_000
"""Vectors of one index: 16 GB in sixteen bits."""

CELLS_A_ROOT = 2
"""Cells for each square root of the number of vectors: 2,000 for a million. Twice as many take four times as long to train, and find no
more for as many vectors compared."""

TRAINED_A_CELL = 40
"""Vectors that each cell is trained on: faiss warns below 39."""

ROUNDS = 8
"""Of training the cells: later ones move next to nothing."""

RECALL_MIN = 0.99
"""Of the ten nearest to vectors of its own, found: as many cells are searched as this takes. Texts spread over so many directions that no
fixed share of the cells is right: of 22,000 texts a fourth is needed, of a million that are more alike a hundredth (docs/log.md)."""

ASKED_TO_CHOOSE = 200
"""Vectors by which that is told: half a percent either way."""

NEAREST = 10

FORM = "resay.index/1"
_HEAD_BYTES = 4
"""In which a snapshot says how long its head is."""

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

    def __init__(self, numbers: Numbers, vectors: Vectors) -> None:
        """Take vectors, one a row, and a number for each; of those with one number the first is kept."""
        assert len(numbers) == len(vectors), "every vector has a number"
        assert len(numbers) <= VECTORS_MAX, "an index has an end"
        numbers, first = np.unique(numbers, return_index=True)
        vectors = vectors[first]
        self._faiss = _exact(vectors.shape[1]) if len(vectors) <= EXACT_MAX else _in_cells(vectors)
        self._numbers = numbers
        self._faiss.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), numbers)
        self._searched = 0 if self.is_exact else _enough_cells(self._faiss, numbers, vectors)

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    @property
    def is_exact(self) -> bool:
        """Whether every vector is compared, and as it was given."""
        return isinstance(self._faiss, faiss.IndexIDMap2)

    @property
    def numbers(self) -> Numbers:
        """The numbers that it holds, in order."""
        return self._numbers

    @property
    def searched(self) -> tuple[int, int]:
        """How many cells are searched for one query, and how many there are; none where all are compared."""
        return (0, 0) if self.is_exact else (self._searched, int(self._faiss.nlist))

    def add(self, numbers: Numbers, vectors: Vectors) -> None:
        """Add vectors; a number that is held already gets the new one."""
        numbers, first = np.unique(numbers, return_index=True)
        self.delete(numbers)
        self._faiss.add_with_ids(np.ascontiguousarray(vectors[first], dtype=np.float32), numbers)
        self._numbers = np.union1d(self._numbers, numbers)

    def delete(self, numbers: Numbers) -> int:
        """Delete vectors, and say how many were there."""
        gone = np.intersect1d(numbers, self._numbers)
        if len(gone):
            self._faiss.remove_ids(faiss.IDSelectorArray(np.ascontiguousarray(gone)))
            self._numbers = np.setdiff1d(self._numbers, gone)
        return len(gone)

    def search(self, query: Vectors, *, at_most: int, within: tuple[int, int] | None = None) -> tuple[Numbers, Vectors]:
        """The nearest vectors to one query, with their products with it; `within`: of numbers from one up to another, that left out."""
        if not len(self) or at_most < 1:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        selector = None if within is None else faiss.IDSelectorRange(*within)
        with _one_thread():
            scores, numbers = self._faiss.search(
                np.ascontiguousarray(query, dtype=np.float32)[None, :], min(at_most, len(self)), params=self._how(selector)
            )
        found = numbers[0] >= 0
        return numbers[0][found], scores[0][found]

    def holds(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Which of some numbers it holds."""
        if not len(self._numbers):
            return np.zeros(len(numbers), dtype=np.bool_)
        at = np.minimum(np.searchsorted(self._numbers, numbers), len(self._numbers) - 1)
        return np.asarray(self._numbers[at] == numbers, dtype=np.bool_)

    def vectors(self, numbers: Numbers) -> Vectors:
        """The vectors of numbers that it holds, as near as sixteen bits keep them."""
        if not len(numbers):
            return np.zeros((0, self._faiss.d), dtype=np.float32)
        return cast("Vectors", self._faiss.reconstruct_batch(np.ascontiguousarray(numbers, dtype=np.int64)))

    def snapshot(self, label: Label) -> bytes:
        """All of it as bytes."""
        body = b"".join([self._numbers.tobytes(), faiss.serialize_index(self._faiss).tobytes()])
        told = {"form": FORM, "count": len(self), "searched": self._searched, "sha256": hashlib.sha256(body).hexdigest(), **asdict(label)}
        head = json.dumps(told, sort_keys=True).encode()
        return b"".join([len(head).to_bytes(_HEAD_BYTES, "little"), head, body])

    @classmethod
    def load(cls, content: bytes, label: Label) -> Index:
        """An index from its bytes, only if it is what is asked for.

        Raises: WrongIndex.
        """
        told, body = _taken_apart(content)
        _check(told, body, label)
        size = np.dtype(np.int64).itemsize * int(told["count"])
        index = cls.__new__(cls)
        index._numbers = np.frombuffer(body[:size], dtype=np.int64).copy()
        index._searched = int(told["searched"])
        index._faiss = faiss.deserialize_index(np.frombuffer(body[size:], dtype=np.uint8))
        assert len(index) == len(index._numbers), "a snapshot holds as many vectors as numbers"
        return index

    def _how(self, selector: Any) -> Any:
        if self.is_exact:
            return faiss.SearchParameters(sel=selector)
        return faiss.SearchParametersIVF(sel=selector, nprobe=self._searched)


def _taken_apart(content: bytes) -> tuple[dict[str, Any], memoryview]:
    """What a snapshot says of itself, and the rest."""
    size = int.from_bytes(content[:_HEAD_BYTES], "little")
    try:
        told = json.loads(content[_HEAD_BYTES : _HEAD_BYTES + size])
    except ValueError as error:
        message = f"index must begin with what it is of; {error}; is it another file?"
        raise WrongIndex(message) from error
    if not isinstance(told, dict) or told.get("form") != FORM:
        message = f"index must be of form {FORM}; got {str(told)[:80]}; was it written by another version?"
        raise WrongIndex(message)
    return told, memoryview(content)[_HEAD_BYTES + size :]


def _check(told: Mapping[str, Any], body: memoryview, label: Label) -> None:
    """That a snapshot is whole, and of the generation and encoder that are asked for; all faults at once."""
    faults = []
    if told.get("sha256") != hashlib.sha256(body).hexdigest():
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


def _exact(width: int) -> Any:
    return faiss.IndexIDMap2(faiss.IndexFlatIP(width))


def _in_cells(vectors: Vectors) -> Any:
    """An index without vectors, trained on a sample of them, taken evenly."""
    width = vectors.shape[1]
    cells = int(CELLS_A_ROOT * len(vectors) ** 0.5)
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(width), width, cells, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, True
    )
    index.cp.niter = ROUNDS
    sample = np.linspace(0, len(vectors) - 1, min(len(vectors), cells * TRAINED_A_CELL)).astype(np.int64)
    index.train(np.ascontiguousarray(vectors[sample], dtype=np.float32))
    # By which single vectors are found again, to be deleted or compared.
    index.set_direct_map_type(faiss.DirectMap.Hashtable)
    return index


def _enough_cells(index: Any, numbers: Numbers, vectors: Vectors) -> int:
    """How many cells must be searched for nearly all of the nearest to be found."""
    rows = np.linspace(0, len(vectors) - 1, min(len(vectors), ASKED_TO_CHOOSE)).astype(np.int64)
    asked = np.ascontiguousarray(vectors[rows], dtype=np.float32)
    true = [set(numbers[nearest]) for nearest in _nearest_exactly(asked, vectors)]
    cells = int(index.nlist)
    # Each vector is nearest to itself, which is found in any case, and does not count.
    wanted = RECALL_MIN * len(rows) * NEAREST
    for searched in (int(cells / 2 ** (halves / 2)) for halves in range(2 * cells.bit_length(), -1, -1)):
        found = index.search(asked, NEAREST + 1, params=faiss.SearchParametersIVF(nprobe=max(1, searched)))[1]
        if sum(len(each & set(row)) - 1 for each, row in zip(true, found, strict=True)) >= wanted:
            return max(1, searched)
    return cells


def _nearest_exactly(asked: Vectors, vectors: Vectors) -> Numbers:
    """For each row asked the places of the nearest rows, itself among them."""
    best = np.zeros((len(asked), 0), dtype=np.float32)
    places = np.zeros((len(asked), 0), dtype=np.int64)
    for begin in range(0, len(vectors), _BLOCK):
        scores = asked @ vectors[begin : begin + _BLOCK].T
        best = np.concatenate([best, scores], axis=1)
        places = np.concatenate([places, np.broadcast_to(np.arange(begin, begin + scores.shape[1]), scores.shape)], axis=1)
        kept = np.argsort(-best, axis=1, kind="stable")[:, : NEAREST + 1]
        best, places = np.take_along_axis(best, kept, axis=1), np.take_along_axis(places, kept, axis=1)
    return places


_BLOCK = 50_000
"""Rows compared at once: 40 MB of products."""
