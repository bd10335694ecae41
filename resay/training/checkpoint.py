"""Checkpoints: training as it stands, in one file that is whole or absent, so that it can go on where it was cut off."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from resay.dialogue.errors import ResayError


class WrongCheckpoint(ResayError):
    """A checkpoint is none, or that of another training."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where training keeps its state."""

    path: Path
    mark: str
    """What the training is of: another training's state is not taken up."""

    def save(self, state: dict[str, Any]) -> None:
        """Keep a state in place of the last one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".draft")
        torch.save({"mark": self.mark, "state": state}, draft)
        draft.replace(self.path)

    def load(self) -> dict[str, Any] | None:
        """The state that was kept last; nothing where there is none.

        Raises: WrongCheckpoint.
        """
        if not self.path.exists():
            return None
        try:
            kept = torch.load(self.path, map_location="cpu", weights_only=True)
            mark, state = kept["mark"], dict(kept["state"])
        # torch raises whatever its unpickler meets.
        except Exception as error:
            message = f"checkpoint {self.path} must be one of training; {error}; was it cut off? Delete it to begin anew?"
            raise WrongCheckpoint(message) from error
        if mark != self.mark:
            message = f"checkpoint {self.path} must be of this training; it is of {mark!r}, not {self.mark!r}; delete it to begin anew?"
            raise WrongCheckpoint(message)
        return state

    def forget(self) -> None:
        """Delete what was kept: the training has ended."""
        self.path.unlink(missing_ok=True)
