"""Running boosted trees that were written by `tree_export`: named ensembles in one file, each from a matrix of floats to one sum a row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from resay.training.onnx_model import WrongModel

ABOUT = "resay"
"""The entry of the model's metadata under which its maker's own words stand, as JSON."""

_QUIET = 3
"""Errors only: onnxruntime warns of processors that it does not know."""


class TreeModel:
    """Boosted trees, run by the calling thread alone; safe to share between threads."""

    def __init__(self, content: bytes) -> None:
        """The trees of a file's content.

        Raises: WrongModel.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _QUIET
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            self.about: dict[str, Any] = json.loads(self._session.get_modelmeta().custom_metadata_map[ABOUT])
        # onnxruntime raises exceptions of its own for each way in which content is no model.
        except Exception as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
            message = f"boosted trees must be a model that resay wrote; {reason}; was the file cut off, or is it something else?"
            raise WrongModel(message) from error
        self.names: tuple[str, ...] = tuple(each.name for each in self._session.get_inputs())

    def sums(self, asked: dict[str, NDArray[np.float32]]) -> Sequence[NDArray[np.float32]]:
        """The sum over all trees of each ensemble by name, a number a row, in the order of `names`."""
        assert tuple(asked) == self.names, "every ensemble is asked, in the order of its file"
        return [each[:, 0] for each in self._session.run(None, asked)]
