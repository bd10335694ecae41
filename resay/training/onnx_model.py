"""Running an exported model. The one door to `onnxruntime`; needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from resay.dialogue.errors import ResayError

_QUIET = 3
"""Errors only: onnxruntime warns of processors that it does not know."""


class WrongModel(ResayError):
    """A file is no model, or not the one that is needed."""


class OnnxModel:
    """An exported model, run on the processor by the calling thread alone: equal inputs give equal numbers, whatever else runs."""

    def __init__(self, path: Path, *, inputs: Sequence[str], output: str) -> None:
        """A model from its file.

        Raises: WrongModel.
        """
        self._path = path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _QUIET
        try:
            self._session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        # onnxruntime raises exceptions of its own for each way in which a file is none.
        except Exception as error:
            message = f"model {path} must be one that onnxruntime reads; {_first_line(error)}; was it cut off, or is it something else?"
            raise WrongModel(message) from error
        found = sorted(each.name for each in self._session.get_inputs()), [each.name for each in self._session.get_outputs()]
        if found != (sorted(inputs), [output]):
            message = f"model {path} must take {', '.join(inputs)} and give {output}; it takes {', '.join(found[0])}; is it another model?"
            raise WrongModel(message)

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The output for these inputs.

        Raises: WrongModel, where it cannot be computed: a token that it does not know, more of them than it has places for.
        """
        try:
            return cast("NDArray[np.float32]", self._session.run(None, dict(inputs))[0])
        # As above.
        except Exception as error:
            message = f"model {self._path} must answer what it is asked; {_first_line(error)}; does its tokeniser belong to it?"
            raise WrongModel(message) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
