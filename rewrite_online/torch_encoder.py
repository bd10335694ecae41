"""The trunk and the search on a GPU: many texts at once, in few shapes; the same answers as one by one, within what eight bits move them.

Needs torch, which serving on a processor never imports; who starts it on a GPU hands this to `Towers` in place of the exported trunk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from resay.training.device import Device
from resay.training.encoder import TOKENS_MAX
from resay.training.encoder_export import MeanOfTokens
from resay.training.trunk import embedded_trunk, load_trunk, read_tokenizer
from resay.training.vocabulary import Vocabulary
from rewrite_online.encoder import HEADS_FILE, Heads, Towers, trunk_name
from rewrite_online.index import Index

LENGTHS = (16, 32, TOKENS_MAX)
"""Tokens that a batch is filled up to: most talk has fewer than 16, and each further length is a shape of its own."""

BATCH = 256
"""Most texts of a batch."""

BATCHES = (1, 8, 64)
"""Smaller batches that there are too; whatever lies between is filled up, so that there are twelve shapes in all."""

Vectors = NDArray[np.float32]


class TorchTrunk:
    """A BERT whose tokens' mean is a text's meaning, on a device."""

    def __init__(self, device: Device, *, trunk: Path | None = None, batch: int = BATCH) -> None:
        """The trunk of a folder, or the embedded one.

        Raises: TrunkUnavailable, WrongVocabulary.
        """
        folder = trunk or embedded_trunk()
        self._vocabulary = Vocabulary(read_tokenizer(folder), where=str(folder))
        self._model = MeanOfTokens(load_trunk(folder)).eval().to(device.name)
        self._device = device
        self._batch = batch

    def __call__(self, texts: Sequence[str], /) -> Vectors:
        """One row a text."""
        rows = [self._tokens(text) for text in texts]
        order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
        vectors = np.zeros((len(rows), self._width), dtype=np.float32)
        for begin in range(0, len(order), self._batch):
            places = order[begin : begin + self._batch]
            vectors[places] = self._run([rows[place] for place in places])[: len(places)]
        return vectors

    @property
    def _width(self) -> int:
        return int(self._model.trunk.config.hidden_size)

    def _tokens(self, text: str) -> list[int]:
        pieces = [piece.token for piece in self._vocabulary.pieces(text, TOKENS_MAX - 2)]
        return [self._vocabulary.first, *pieces, self._vocabulary.last]

    def _run(self, rows: Sequence[Sequence[int]]) -> Vectors:
        longest = max(len(row) for row in rows)
        length = next(each for each in LENGTHS if each >= longest)
        batch = next((each for each in BATCHES if len(rows) <= each < self._batch), self._batch)
        tokens = torch.full((batch, length), self._vocabulary.padding)  # (text, token)
        attention = torch.zeros((batch, length), dtype=torch.int64)  # (text, token)
        for place, row in enumerate(rows):
            tokens[place, : len(row)] = torch.tensor(row)
            attention[place, : len(row)] = 1
        # Rows that only fill up have a mean too.
        attention[len(rows) :, 0] = 1
        with torch.inference_mode(), self._device.autocast():
            vectors: Tensor = self._model(tokens.to(self._device.name), attention.to(self._device.name))  # (text, width)
        return vectors.float().cpu().numpy()


class Together:
    """A trunk that runs once for all who ask while it runs for others; safe to share between threads."""

    def __init__(self, trunk: Callable[[Sequence[str]], Vectors]) -> None:
        self._trunk = trunk
        self._waiting: list[_Texts] = []
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def __call__(self, texts: Sequence[str], /) -> Vectors:
        """One row a text."""
        mine = _Texts(list(texts))
        with self._lock:
            self._waiting.append(mine)
        # Whoever comes in first runs for all who have come meanwhile; they find it done.
        with self._turn:
            if mine.vectors is None and mine.error is None:
                self._run()
        if mine.error is not None:
            raise mine.error
        assert mine.vectors is not None, "whoever had a turn has run for all"
        return mine.vectors

    def _run(self) -> None:
        with self._lock:
            taken, self._waiting = self._waiting, []
        try:
            vectors = self._trunk([text for each in taken for text in each.texts])
        except Exception as error:  # Told to each who asked, and to nobody else.
            for each in taken:
                each.error = error
            return
        begin = 0
        for each in taken:
            each.vectors = vectors[begin : begin + len(each.texts)]
            begin += len(each.texts)


class _Texts:
    """What one caller asks, and what came of it."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.vectors: Vectors | None = None
        self.error: Exception | None = None


class TorchSearch:
    """Exact search on a device: every vector is compared, for many queries at once."""

    def __init__(self, numbers: NDArray[np.int64], vectors: Vectors, device: Device) -> None:
        """Take vectors, one a row, and their numbers, in order."""
        self._numbers = numbers
        self._vectors = torch.from_numpy(np.ascontiguousarray(vectors)).to(device.name, torch.bfloat16 if device.bf16 else torch.float32)

    def search(self, queries: Vectors, *, at_most: int, within: tuple[int, int] | None = None) -> tuple[NDArray[np.int64], Vectors]:
        """For each query the numbers of the nearest vectors, best first, and their products with it: (query, at_most) both."""
        begin, end = (0, len(self._numbers)) if within is None else np.searchsorted(self._numbers, within).tolist()
        asked = torch.from_numpy(np.ascontiguousarray(queries)).to(self._vectors.device, self._vectors.dtype)
        with torch.inference_mode():
            best = (asked @ self._vectors[begin:end].T).topk(max(0, min(at_most, end - begin)), dim=1)  # (query, at_most)
        return self._numbers[begin + best.indices.cpu().numpy()], best.values.float().cpu().numpy()


class DeviceIndex:
    """An index whose vectors lie on a device too, where all are compared; what they are exactly is told from where they came."""

    def __init__(self, index: Index, device: Device) -> None:
        self._index = index
        self._search = TorchSearch(index.numbers, index.vectors(index.numbers), device)

    def __len__(self) -> int:
        return len(self._index)

    def search(self, query: Vectors, *, at_most: int, within: tuple[int, int] | None = None) -> tuple[NDArray[np.int64], Vectors]:
        """The nearest vectors to one query, with their products with it; `within`: of numbers from one up to another, that left out."""
        numbers, scores = self._search.search(query[None, :], at_most=at_most, within=within)
        return numbers[0], scores[0]

    def holds(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of some numbers it holds."""
        return self._index.holds(numbers)

    def vectors(self, numbers: NDArray[np.int64]) -> Vectors:
        """The vectors of numbers that it holds."""
        return self._index.vectors(numbers)


def towers_on(device: Device, folder: Path, *, trunk: Path | None = None, batch: int = BATCH) -> Towers:
    """The towers of an encoder's folder with their trunk and their indexes on a device: the same answers within what eight bits move them.

    Raises: TrunkUnavailable, WrongVocabulary, WrongHeads.
    """
    path = folder / HEADS_FILE
    heads = Heads.of(path.read_bytes()) if path.exists() else None
    run = Together(TorchTrunk(device, trunk=trunk, batch=batch))
    # By the name of the exported trunk, of whose weights these are: else no generation would be served by it.
    return Towers(run, trunk_name=trunk_name(folder), heads=heads, place=lambda index: DeviceIndex(index, device))
