"""The tagger: what each token of an utterance belongs to, and what kind of teaching it is, by a small net over an encoder's states.

Knows weights and arithmetic; needs numpy alone. How it is trained is in `train`, which has the same net in torch.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resay.teach.span_path import LABELS
from resay.training.token_states import LAYERS, STATE_SIZE

KINDS = ("none", "request", "name", "correction")
"""What an utterance is, in the order of the net's answers."""

NARROW, HIDDEN = 64, 48
"""Widths: what a token's states are narrowed to, and what is remembered in each direction."""

Numbers = NDArray[np.float32]


class Tagged(NamedTuple):
    """What is said of an utterance."""

    labels: Numbers
    """Logarithms of chances, (token, label)."""
    kinds: Numbers
    """Chances, (kind)."""


def shapes() -> dict[str, tuple[int, ...]]:
    """The weights by name, as torch names them."""
    wide = len(LAYERS) * STATE_SIZE
    named: dict[str, tuple[int, ...]] = {f"norm.{what}": (len(LAYERS), STATE_SIZE) for what in ("weight", "bias")}
    named |= {"narrow.weight": (NARROW, wide), "narrow.bias": (NARROW,)}
    for way in ("", "_reverse"):
        named |= {f"memory.weight_ih_l0{way}": (4 * HIDDEN, NARROW), f"memory.weight_hh_l0{way}": (4 * HIDDEN, HIDDEN)}
        named |= {f"memory.bias_{part}_l0{way}": (4 * HIDDEN,) for part in ("ih", "hh")}
    for name, size in (("labels", LABELS), ("kinds", len(KINDS))):
        named |= {f"{name}.weight": (size, 2 * HIDDEN), f"{name}.bias": (size,)}
    return named


class Tagger:
    """The net; immutable."""

    def __init__(self, weights: Mapping[str, Numbers]) -> None:
        """With these weights.

        Raises: ValueError, where one is missing or has another shape.
        """
        wanted = shapes()
        for name, shape in wanted.items():
            if name not in weights or weights[name].shape != shape:
                message = f"weight {name} must be {shape}; got {weights[name].shape if name in weights else 'none'}"
                raise ValueError(message)
        self._weights = {name: np.asarray(weights[name], dtype=np.float32) for name in wanted}

    def __call__(self, states: Numbers, /) -> Tagged:
        """What is said of one utterance; `states` is (token, layers × size), of at least one token."""
        own = self._weights
        narrowed = np.maximum(self._normed(states) @ own["narrow.weight"].T + own["narrow.bias"], 0.0)  # (token, NARROW)
        remembered = np.concatenate([self._remembered(narrowed, ""), self._remembered(narrowed[::-1], "_reverse")[::-1]], axis=-1)
        labels = remembered @ own["labels.weight"].T + own["labels.bias"]
        kinds = remembered.max(axis=0) @ own["kinds.weight"].T + own["kinds.bias"]
        return Tagged(_log_softmax(labels), np.exp(_log_softmax(kinds)))

    def _normed(self, states: Numbers) -> Numbers:
        layered = states.reshape(len(states), len(LAYERS), STATE_SIZE)
        centred = layered - layered.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _EPSILON)
        normed: Numbers = (scaled * self._weights["norm.weight"] + self._weights["norm.bias"]).reshape(states.shape)
        return normed

    def _remembered(self, tokens: Numbers, way: str) -> Numbers:
        """What a memory of one direction holds after each token: an LSTM as torch has it."""
        own = self._weights
        bias = own[f"memory.bias_ih_l0{way}"] + own[f"memory.bias_hh_l0{way}"]
        heard = tokens @ own[f"memory.weight_ih_l0{way}"].T + bias  # (token, 4 × HIDDEN)
        told = np.zeros(HIDDEN, dtype=np.float32)
        cell = np.zeros(HIDDEN, dtype=np.float32)
        states = []
        for each in heard:
            taken, kept, new, shown = np.split(each + own[f"memory.weight_hh_l0{way}"] @ told, 4)
            cell = _sigmoid(kept) * cell + _sigmoid(taken) * np.tanh(new)
            told = _sigmoid(shown) * np.tanh(cell)
            states.append(told)
        return np.stack(states)


_EPSILON = 1e-5
"""As torch's LayerNorm has it."""


def encode_weights(weights: Mapping[str, Numbers]) -> bytes:
    """Weights as the bytes of a file, in sixteen bits."""
    file = io.BytesIO()
    named = {name: np.asarray(weights[name], dtype=np.float16) for name in shapes()}
    np.savez_compressed(file, allow_pickle=False, **named)
    return file.getvalue()


def decode_weights(content: bytes) -> dict[str, Numbers]:
    """The inverse.

    Raises: ValueError, OSError, KeyError: whatever numpy raises of what is no such file.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name].astype(np.float32) for name in shapes()}


def _sigmoid(numbers: Numbers) -> Numbers:
    halved: Numbers = 0.5 + 0.5 * np.tanh(0.5 * numbers)
    return halved


def _log_softmax(numbers: Numbers) -> Numbers:
    shifted = numbers - numbers.max(axis=-1, keepdims=True)
    logs: Numbers = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logs
