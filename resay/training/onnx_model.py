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

    def __init__(self, path: Path, *, inputs: Sequence[str], output: str, inner: Sequence[str] = ()) -> None:
        """A model from its file; `inner` are values within it that are asked for too, by the names that they have there.

        Raises: WrongModel.
        """
        self._inner = list(inner)
        self._path = path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _QUIET
        try:
            self._session = onnxruntime.InferenceSession(_shown(path.read_bytes(), inner), options, providers=["CPUExecutionProvider"])
        # onnxruntime raises exceptions of its own for each way in which a file is none.
        except Exception as error:
            message = f"model {path} must be one that onnxruntime reads; {_first_line(error)}; was it cut off, or is it something else?"
            raise WrongModel(message) from error
        found = sorted(each.name for each in self._session.get_inputs()), [each.name for each in self._session.get_outputs()]
        if found != (sorted(inputs), [output, *inner]):
            message = f"model {path} must take {', '.join(inputs)} and give {output}; it takes {', '.join(found[0])}; is it another model?"
            raise WrongModel(message)

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The output for these inputs.

        Raises: WrongModel, where it cannot be computed: a token that it does not know, more of them than it has places for.
        """
        return self._run(None, inputs)[0]

    def inner(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """The inner values for these inputs; what only the output needs is not computed.

        Raises: WrongModel, as above.
        """
        return self._run(self._inner, inputs)

    def _run(self, names: list[str] | None, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        try:
            return cast("list[NDArray[np.float32]]", self._session.run(names, dict(inputs)))
        # As above.
        except Exception as error:
            message = f"model {self._path} must answer what it is asked; {_first_line(error)}; does its tokeniser belong to it?"
            raise WrongModel(message) from error


def _shown(content: bytes, names: Sequence[str]) -> bytes:
    """A model that gives out inner values too: two protobuf messages behind one another are read as one, with the lists of both."""
    return content + b"".join(_field(_GRAPH, _field(_OUTPUT, _field(_NAME, name.encode()))) for name in names)


_GRAPH, _OUTPUT, _NAME = 7, 12, 1
"""Numbers of the fields `ModelProto.graph`, `GraphProto.output` and `ValueInfoProto.name` in onnx.proto."""


def _field(number: int, content: bytes) -> bytes:
    assert len(content) < 1 << 14, "two bytes of length are enough for names"
    length = bytes([len(content)]) if len(content) < 1 << 7 else bytes([len(content) & 127 | 128, len(content) >> 7])
    return bytes([number << 3 | 2]) + length + content


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
