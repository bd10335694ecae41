"""Narrowing: a model that says the same, so made that eight bits lose less of it.

Inputs of a layer are brought to eight bits by the largest of them, and a few channels of a BERT are far larger than the others, which are
left with a few steps: they are divided by channel, and the weights multiplied by the same (SmoothQuant, Xiao et al. 2023). Embeddings
have one scale a row in place of one for the whole table.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from functools import partial

import torch
from torch import Tensor, nn

MIGRATION = 0.75
"""How much of the unevenness moves from inputs to weights: best of 0.3 to 1 (docs/log.md, 2026-11-21), as the paper has it for models with
large channels. Less leaves it to the inputs, at 1 the weights have it."""

LARGEST = 127
"""Of eight bits with a sign."""

_LEAST = 1e-5
"""Below this a channel, or a row, is nothing."""


def narrowed(model: nn.Module, samples: Iterable[tuple[Tensor, ...]]) -> nn.Module:
    """A copy of a model that is ready for eight bits, by what its layers see of some samples."""
    made = copy.deepcopy(model).eval()
    linears = {name: layer for name, layer in made.named_modules() if isinstance(layer, nn.Linear)}
    tables = {name: layer for name, layer in made.named_modules() if isinstance(layer, nn.Embedding)}
    largest = _largest_inputs(made, linears, samples)
    for name, linear in linears.items():
        _put(made, name, _Divided(linear, largest[name]))
    for name, table in tables.items():
        _put(made, name, _ScaledRows(table))
    return made


class _Divided(nn.Module):
    """A linear layer behind a division by channel."""

    def __init__(self, linear: nn.Linear, largest: Tensor) -> None:
        super().__init__()
        self.linear = linear
        weights = linear.weight.detach().abs().amax(0).clamp_min(_LEAST)  # (in,)
        scales = largest.clamp_min(_LEAST) ** MIGRATION / weights ** (1 - MIGRATION)
        linear.weight.data *= scales
        self.inverse = nn.Buffer(1.0 / scales)

    def forward(self, inputs: Tensor) -> Tensor:
        """As the layer said before: (…, out)."""
        outputs: Tensor = self.linear(inputs * self.inverse)
        return outputs


class _ScaledRows(nn.Module):
    """Embeddings in eight bits, each row with a scale of its own."""

    def __init__(self, table: nn.Embedding) -> None:
        super().__init__()
        weights = table.weight.detach()
        scales = weights.abs().amax(1, keepdim=True).clamp_min(_LEAST) / LARGEST
        self.rows = nn.Buffer(torch.round(weights / scales).to(torch.int8))
        self.scales = nn.Buffer(scales)

    def forward(self, tokens: Tensor) -> Tensor:
        """As the table said before: (…, hidden)."""
        return self.rows[tokens].to(self.scales.dtype) * self.scales[tokens]


def _put(model: nn.Module, name: str, layer: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, layer)


def _largest_inputs(model: nn.Module, linears: Mapping[str, nn.Linear], samples: Iterable[tuple[Tensor, ...]]) -> dict[str, Tensor]:
    """For each layer the largest input of each channel."""
    largest = {name: torch.zeros(linear.in_features) for name, linear in linears.items()}

    def look(_layer: nn.Module, inputs: tuple[Tensor, ...], name: str) -> None:
        largest[name] = torch.maximum(largest[name], inputs[0].detach().abs().flatten(0, -2).amax(0))

    hooks = [linear.register_forward_pre_hook(partial(look, name=name)) for name, linear in linears.items()]
    with torch.no_grad():
        for sample in samples:
            model(*sample)
    for hook in hooks:
        hook.remove()
    return largest
