"""What is said where the libraries of the extra `train` are lacking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from resay.dialogue.errors import ResayError


class TrainingUnavailable(ResayError):
    """The libraries of the extra `train` are not installed."""


@contextmanager
def training_needed() -> Iterator[None]:
    """A block that imports what needs the extra `train`.

    Raises: TrainingUnavailable.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in {"torch", "transformers", "onnx"}:
            raise
        message = f"training needs the extra `train`; {error.name} is not installed; try pip install 'resay[train]'?"
        raise TrainingUnavailable(message) from error
