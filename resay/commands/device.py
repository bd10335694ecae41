"""The encoder and its vectors on a device that torch knows; nothing of torch is read where none is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from resay.dialogue.errors import ResayError
from rewrite_online.encoder import Towers

ENCODED_AT_ONCE = 64
"""Requests whose texts are encoded together at most: each waits on a thread of its own, and a batch of that many is one of few shapes."""


class NoTorch(ResayError):
    """A device was named, and there is nothing to use it by."""


def towers_on_device(name: str, folder: Path) -> Callable[[], Towers | None]:
    """The towers of an encoder's folder on a device, which is looked for at once; whoever asks finds them there.

    Raises: NoTorch, DeviceUnavailable, TrunkUnavailable, WrongVocabulary, WrongHeads.
    """
    try:
        # Here, as it takes seconds, and only whoever names a device needs it.
        from resay.training.device import device_of
        from rewrite_online.torch_encoder import towers_on
    except ModuleNotFoundError as error:
        message = (
            f"device {name!r} must be reached by torch; {error.name} is not installed; "
            "try pip install 'resay[train]', or leave --device out?"
        )
        raise NoTorch(message) from error
    towers = towers_on(device_of(name), folder, batch=ENCODED_AT_ONCE)
    towers.trunk(["so"])  # The first run of a network makes room for all: no request should wait for that.
    return lambda: towers
