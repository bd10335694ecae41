"""Where a model is trained, how precisely, and from which seed: the one place that asks the machine."""

from __future__ import annotations

import random
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch

from resay.dialogue.errors import ResayError


class DeviceUnavailable(ResayError):
    """A processor that was named is not there."""


@dataclass(frozen=True, slots=True)
class Device:
    """A processor, and the precision of its products."""

    name: str
    """As torch names it: `cpu`, `cuda`, `cuda:1`."""
    bf16: bool
    """Whether products are taken in bfloat16; weights stay float32."""

    def autocast(self) -> AbstractContextManager[object]:
        """A block whose products are taken in this precision."""
        return torch.autocast(self.name.partition(":")[0], dtype=torch.bfloat16, enabled=self.bf16)


def device_of(name: str = "", *, bf16: bool | None = None) -> Device:
    """The device of that name; without one the GPU, where there is one. bfloat16 where it is faster, unless it is asked for or refused.

    Raises: DeviceUnavailable.
    """
    chosen = name or ("cuda" if torch.cuda.is_available() else "cpu")
    _check(chosen)
    return Device(chosen, _is_faster_in_bf16(chosen) if bf16 is None else bf16)


def seed_all(seed: int) -> None:
    """Let every source of chance that training draws from begin at a seed."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _check(name: str) -> None:
    """That torch has a device: a small tensor can be put there."""
    try:
        torch.empty(1, device=name)
    # torch raises a RuntimeError of many kinds, and an AssertionError where it was built without CUDA.
    except (RuntimeError, AssertionError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        message = f"device {name!r} must be one that torch has here; {reason}; is there a GPU, with its driver, or is cpu meant?"
        raise DeviceUnavailable(message) from error


def _is_faster_in_bf16(name: str) -> bool:
    if name.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported())
    # Processors without such products emulate them, many times slower.
    return bool(torch.cpu._is_avx512_bf16_supported())
