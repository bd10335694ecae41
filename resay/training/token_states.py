"""What an exported encoder knows of each token of a text within its layers: for models that say something of single words."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resay.training.encoder import ENCODER_FILE, INPUTS, OUTPUT, TOKENIZER_FILE, TOKENS_MAX
from resay.training.onnx_model import OnnxModel, WrongModel
from resay.training.vocabulary import Piece, Vocabulary

LAYERS = 3
"""Layers that are read through: the lower half knows words and how they hang together, and serves whatever is learnt above it."""

STATE_SIZE = 384


class Known(NamedTuple):
    """A text's tokens and their states."""

    pieces: tuple[Piece, ...]
    states: NDArray[np.float32]
    """(token, size), of the first and the last token too, which stand for no piece."""


class TokenStates:
    """Texts to states; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Of the encoder in a folder.

        Raises: WrongModel, WrongVocabulary.
        """
        inner = f"/trunk/encoder/layer.{LAYERS - 1}/output/LayerNorm/LayerNormalization_output_0"
        self._model = OnnxModel(folder / ENCODER_FILE, inputs=INPUTS, output=OUTPUT, inner=[inner])
        try:
            content = (folder / TOKENIZER_FILE).read_bytes()
        except OSError as error:
            message = f"file {folder / TOKENIZER_FILE} must be there; {error}; was it written by `resay train encoder`?"
            raise WrongModel(message) from error
        self.vocabulary = Vocabulary(content, where=str(folder / TOKENIZER_FILE))

    def __call__(self, text: str, /) -> Known:
        """The tokens of a text, as many as are read, and what is known of each."""
        pieces = self.vocabulary.pieces(text, TOKENS_MAX - 2)
        tokens = np.array([[self.vocabulary.first, *(each.token for each in pieces), self.vocabulary.last]], dtype=np.int64)
        (states,) = self._model.inner({"tokens": tokens, "attention": np.ones_like(tokens)})
        return Known(pieces, states[0])
