"""The trunk and the search on a GPU: many texts at once, in few shapes; the same answers as one by one, within what eight bits move them.

Needs torch, which serving on a processor never imports; who starts it on a GPU hands this to `Towers` in place of the exported trunk.
"""

from __future__ import annotations

from collections.abc import Sequence
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

LENGTHS = (16, 32, TOKENS_MAX)
"""Tokens that a batch is filled up to: most talk has fewer than 16, and each further length is a shape of its own."""

BATCH = 256
"""Texts of a batch; fewer are filled up, so that there are as many shapes as lengths."""

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
        tokens = torch.full((self._batch, length), self._vocabulary.padding)  # (text, token)
        attention = torch.zeros((self._batch, length), dtype=torch.int64)  # (text, token)
        for place, row in enumerate(rows):
            tokens[place, : len(row)] = torch.tensor(row)
            attention[place, : len(row)] = 1
        # Rows that only fill up have a mean too.
        attention[len(rows) :, 0] = 1
        with torch.inference_mode(), self._device.autocast():
            vectors: Tensor = self._model(tokens.to(self._device.name), attention.to(self._device.name))  # (text, width)
        return vectors.float().cpu().numpy()


class TorchSearch:
    """Exact search on a device: every vector is compared, for many queries at once."""

    def __init__(self, numbers: NDArray[np.int64], vectors: Vectors, device: Device) -> None:
        self._numbers = numbers
        self._vectors = torch.from_numpy(np.ascontiguousarray(vectors)).to(device.name, torch.bfloat16 if device.bf16 else torch.float32)

    def search(self, queries: Vectors, *, at_most: int) -> tuple[NDArray[np.int64], Vectors]:
        """For each query the numbers of the nearest vectors, best first, and their products with it: (query, at_most) both."""
        asked = torch.from_numpy(np.ascontiguousarray(queries)).to(self._vectors.device, self._vectors.dtype)
        with torch.inference_mode():
            best = (asked @ self._vectors.T).topk(min(at_most, len(self._numbers)), dim=1)  # (query, at_most)
        return self._numbers[best.indices.cpu().numpy()], best.values.float().cpu().numpy()
