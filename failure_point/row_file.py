"""Rows as the content of a file: making them takes minutes, reading them again none. Knows no folder, and not what rows are of."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from failure_point.grams import VIEWS, Grams
from failure_point.reading import Logged
from failure_point.train import Rows


def content_of(rows: Rows) -> bytes:
    """Rows as bytes."""
    kept: dict[str, NDArray[Any]] = {"features": rows.features, "points": rows.points}
    for view in VIEWS:
        grams = rows.grams[view]
        kept[f"{view}_grams"] = np.concatenate([*grams, np.zeros(0, dtype=np.int32)])
        kept[f"{view}_lengths"] = np.array([len(each) for each in grams], dtype=np.int64)
    logged = [[each.text, each.intent, list(each.slots)] for each in rows.logged]
    words = [list(rows.groups), list(rows.sources), [list(key) for key in rows.keys], logged, list(rows.heard)]
    kept["words"] = np.frombuffer(json.dumps(words).encode(), dtype=np.uint8)
    out = io.BytesIO()
    np.savez_compressed(out, **kept)  # type: ignore[arg-type]
    return out.getvalue()


def rows_in(content: bytes) -> Rows:
    """The rows that were written so.

    Raises: ValueError, OSError, KeyError and zipfile.BadZipFile, where they were not.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        groups, sources, keys, logged, heard = json.loads(kept["words"].tobytes())
        return Rows(
            kept["features"],
            {view: _parted(kept[f"{view}_grams"], kept[f"{view}_lengths"]) for view in VIEWS},
            kept["points"],
            groups,
            sources,
            [(text, way) for text, way in keys],
            [Logged(text, intent, tuple(slots)) for text, intent, slots in logged],
            [(tuple(own), tuple(after)) for own, after in heard],
        )


def _parted(flat: Grams, lengths: NDArray[np.int64]) -> Sequence[Grams]:
    return np.split(flat, np.cumsum(lengths)[:-1]) if len(lengths) else []
