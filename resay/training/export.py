"""Export: a torch model as ONNX with weights of eight bits, for processors. Knows inputs and outputs by name; knows no model of ours."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]
from torch import Tensor, nn

OPSET = 17
"""Of ONNX: the first with layer normalisation, read by every onnxruntime since 1.13."""


def export_int8(model: nn.Module, inputs: Mapping[str, Tensor], output: str, *, axes: Sequence[str], path: Path) -> None:
    """Write a model, traced on these inputs, whose first `axes` may be of any size afterwards.

    Weights are kept in eight bits a channel; activations are brought to eight bits as they come, so nothing is calibrated.
    """
    model.eval()
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "float.onnx"
        export_float(model, inputs, output, axes=axes, path=whole)
        with warnings.catch_warnings(), _quiet():
            warnings.simplefilter("ignore")
            quantize_dynamic(whole, path, weight_type=QuantType.QInt8, per_channel=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """A block in which the quantiser does not advise, on the root logger, a step that changes nothing for these models."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def export_float(model: nn.Module, inputs: Mapping[str, Tensor], output: str, *, axes: Sequence[str], path: Path) -> None:
    """Write a model as it is."""
    sizes = {place: name for place, name in enumerate(axes)}
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter that traces warns of its age and of every size that Python sees; the newer one needs one more library.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes={name: sizes for name in inputs} | {output: sizes},
            opset_version=OPSET,
            dynamo=False,
        )
