"""Models made ready for eight bits: they say what they said, and eight bits lose less of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from resay.training.export import export_int8
from resay.training.narrowed import narrowed
from resay.training.onnx_model import OnnxModel

CHANNELS = 32


class Uneven(nn.Module):
    """A row of embeddings, and a channel between two layers, that are a hundred times the others and matter no more."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.table = nn.Embedding(50, CHANNELS)
        self.table.weight.data[45] *= 100
        self.first = nn.Linear(CHANNELS, CHANNELS)
        self.first.weight.data[0] *= 100
        self.last = nn.Linear(CHANNELS, 4)
        self.last.weight.data[:, 0] /= 100

    def forward(self, tokens: Tensor) -> Tensor:
        """(text, token, 4)."""
        outputs: Tensor = self.last(self.first(self.table(tokens)))
        return outputs


TOKENS = torch.arange(40).reshape(4, 10)
"""Without the large row: it is for the scale of the table."""


def test_a_narrowed_model_says_what_it_said():
    """Up to the rounding of its embeddings; the model itself stays as it was."""
    model = Uneven()
    before = {name: value.clone() for name, value in model.state_dict().items()}

    made = narrowed(model, [(TOKENS,)])

    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    told, expected = made(TOKENS).detach(), model(TOKENS).detach()
    assert float((told - expected).abs().max() / expected.abs().max()) < 0.01


def test_eight_bits_lose_less_of_a_narrowed_model(tmp_path: Path):
    """Large channels and large rows no longer leave a few steps to the others: a quarter of the error is left at most."""
    model = Uneven()
    expected = model(TOKENS[1:]).detach().numpy()

    errors = []
    for name, each in (("plain", model), ("narrowed", narrowed(model, [(TOKENS,)]))):
        path = tmp_path / f"{name}.onnx"
        export_int8(each, {"tokens": TOKENS[:2]}, "numbers", axes=("text", "token"), path=path)
        told = OnnxModel(path, inputs=["tokens"], output="numbers").run({"tokens": TOKENS[1:].numpy()})
        errors.append(float(np.abs(told - expected).mean()))

    assert errors[1] < errors[0] / 4


def test_a_layer_that_no_sample_reached_is_no_trouble():
    """Its inputs count as the least."""
    made = narrowed(Uneven(), [])

    assert bool(torch.isfinite(made(TOKENS)).all())
