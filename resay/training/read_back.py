"""Reading back: what an exported net of eight bits knows, as weights to begin with. The way back from `narrowed` and `export`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

_PRODUCT = "MatMulInteger"
_BEHIND_LAYER = "linear"
"""What `narrowed` calls a layer that stands behind its division by channel."""


def weights_in(path: Path) -> dict[str, Tensor]:
    """The weights of a net as they were before it was narrowed, by their names there, rounded as eight bits have them.

    The net was written by `export_int8` of what `narrowed` gave, and has no embeddings.
    """
    graph = onnx.load(str(path)).graph
    known = {each.name: np.array(numpy_helper.to_array(each)) for each in graph.initializer}
    divided = f".{_BEHIND_LAYER}."
    weights = {name.replace(divided, "."): value for name, value in known.items() if name.endswith((".bias", ".weight"))}
    for node in graph.node:
        if node.op_type == _PRODUCT:
            parts = node.name.strip("/").split("/")
            layer = ".".join(parts[: parts.index(_BEHIND_LAYER)])
            stem = node.input[1].removesuffix("_quantized")
            steps = known[f"{stem}_quantized"].astype(np.float32) - known[f"{stem}_zero_point"].astype(np.float32)
            weights[f"{layer}.weight"] = (steps * known[f"{stem}_scale"]).T * known[f"{layer}.inverse"]
    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in weights.items()}
