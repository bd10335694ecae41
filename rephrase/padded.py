"""Windows as arrays of one shape, as models take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rephrase.window import NOWHERE, Window

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Padded:
    """Windows of a batch, each filled up to the longest."""

    tokens: Whole  # (window, token)
    segments: Whole  # (window, token)
    attention: Whole  # (window, token)
    """1 for a token, 0 for what only fills up."""
    places: Whole  # (window, token)


def padded(windows: Sequence[Window], *, padding: int) -> Padded:
    """The arrays of a batch."""
    shape = len(windows), max(len(window.tokens) for window in windows)
    arrays = Padded(*(np.full(shape, filler, dtype=np.int64) for filler in (padding, 0, 0, NOWHERE)))
    for row, window in enumerate(windows):
        length = len(window.tokens)
        arrays.tokens[row, :length] = window.tokens
        arrays.segments[row, :length] = window.segments
        arrays.attention[row, :length] = 1
        arrays.places[row, :length] = window.places
    return arrays
