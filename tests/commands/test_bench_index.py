"""The bench of the index: its figures are those of an index of its own process, and its wordings are distinct."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from resay.commands.bench.index import Asked, index_rows, made_wordings
from resay.commands.bench.made_vectors import made_vectors
from rewrite_online.encoder import Towers


class NumberTrunk:
    """Vectors of chance, by the letters of a text."""

    def __call__(self, texts: Sequence[str], /) -> np.ndarray:
        """One row a text."""
        rows = np.stack([np.random.default_rng(list(text.encode())).normal(size=24) for text in texts]).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_figures_are_those_of_an_index_in_cells(tmp_path: Path):
    """Recall with its interval, times, memory, readiness; nothing is left behind."""
    asked = Asked((9_000,), encoded=200, seed=7)

    rows = {
        row.metric: row for row in index_rows(Towers(NumberTrunk(), trunk_name="numbers"), asked, folder=tmp_path, tick=lambda *_: None)
    }

    assert {row.row for row in rows.values()} == {"index/9k"}
    recall = rows["recall_at_10"]
    assert recall.value is not None
    assert recall.value >= 0.95
    assert recall.lo is not None
    assert recall.lo < recall.value
    assert {"p50_ms", "p99_ms", "exact_p50_ms", "ready_s", "peak_gb", "build_s", "delete_us", "cells_searched"} < set(rows)
    assert list(tmp_path.iterdir()) == []


def test_made_up_wordings_are_distinct_and_the_same_for_a_seed():
    """So that two runs measure one thing."""
    once, again = (made_wordings(3_000, np.random.default_rng(1)) for _ in range(2))

    assert once == again
    assert len(set(once)) == 3_000


def test_made_up_vectors_are_of_length_one():
    """As all vectors of the index are."""
    known = NumberTrunk()(["a", "b", "c"])

    assert np.allclose(np.linalg.norm(made_vectors(known, np.arange(100) % 3, np.random.default_rng(1)), axis=1), 1)
