"""The encoder: text to a vector of its meaning, by an exported BERT. Needs no torch; how it was exported is in `encoder_export`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resay.training.onnx_model import OnnxModel, WrongModel
from resay.training.vocabulary import Vocabulary

ENCODER_FILE = "encoder.onnx"
TOKENIZER_FILE = "tokenizer.json"

INPUTS = ("tokens", "attention")
OUTPUT = "vector"

TOKENS_MAX = 64
"""Longest text, of some 50 words: an utterance of 20 s."""


class TextEncoder:
    """Texts to vectors of length one. Each is encoded by itself, so that equal texts have equal vectors in whatever company."""

    def __init__(self, folder: Path) -> None:
        """The encoder of a folder.

        Raises: WrongModel, WrongVocabulary.
        """
        self._model = OnnxModel(folder / ENCODER_FILE, inputs=INPUTS, output=OUTPUT)
        self._vocabulary = Vocabulary(_read(folder / TOKENIZER_FILE), where=str(folder / TOKENIZER_FILE))

    def __call__(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """One row a text."""
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> NDArray[np.float32]:
        pieces = [piece.token for piece in self._vocabulary.pieces(text, TOKENS_MAX - 2)]
        tokens = np.array([[self._vocabulary.first, *pieces, self._vocabulary.last]], dtype=np.int64)
        return np.asarray(self._model.run({"tokens": tokens, "attention": np.ones_like(tokens)})[0])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"file {path} must be there; {error}; was it written by `resay train encoder`?"
        raise WrongModel(message) from error
