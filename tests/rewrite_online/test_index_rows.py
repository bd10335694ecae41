"""Rows of an index, read from a large file by their places."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from resay.store.artifact import LargeFile
from rewrite_online.index_rows import RowsInFile, full, halves

BEGIN = 64
"""Byte at which rows begin."""


@pytest.fixture
def rows(tmp_path: Path) -> tuple[RowsInFile, np.ndarray]:
    """Rows in a file, and the same in memory."""
    expected = np.random.default_rng(3).integers(0, 1 << 16, (8_000, 384)).astype(np.uint16)
    path = tmp_path / "rows"
    path.write_bytes(bytes(BEGIN) + expected.tobytes() + b"behind")
    with path.open("rb") as file:
        return RowsInFile(LargeFile(file.fileno()), BEGIN, shape=expected.shape), expected


@pytest.mark.parametrize("places", [[5, 7, 7, 4_000], [5, 7, 4_000], [3, 4, 5], [7_999], [2, 1], []], ids=str)
def test_rows_come_by_their_places(rows: tuple[RowsInFile, np.ndarray], places: list[int]):
    """In the order asked, as from an array."""
    in_file, expected = rows

    assert np.array_equal(in_file[np.array(places, dtype=np.int64)], expected[places])


@pytest.mark.parametrize("stretch", [slice(None), slice(3, 9), slice(7_998, 9_000), slice(5, 5)], ids=str)
def test_a_stretch_of_rows_comes_at_once(rows: tuple[RowsInFile, np.ndarray], stretch: slice):
    """As from an array, too."""
    in_file, expected = rows

    assert np.array_equal(in_file[stretch], expected[stretch])


def test_what_was_read_is_not_kept(rows: tuple[RowsInFile, np.ndarray], tmp_path: Path):
    """No page of the file is in this process's memory, however many rows were asked for; were they mapped, all would be."""
    in_file, _ = rows

    for place in range(0, 8_000, 20):
        in_file[np.array([place, place + 9])]

    assert resident_kb(tmp_path / "rows") == 0


def resident_kb(path: Path) -> int:
    """How much of a mapped file is in this process's memory."""
    told = Path("/proc/self/smaps").read_text(errors="replace")
    found = re.search(rf"{re.escape(str(path.resolve()))}\n.*?^Rss: +(\d+) kB", told, re.DOTALL | re.MULTILINE)
    assert found is not None, "the file is mapped"
    return int(found[1])


def test_halves_of_what_halves_gave_are_the_same():
    """So that vectors may go from one index into another, night by night, without wearing off."""
    vectors = np.random.default_rng(1).normal(size=(50, 8)).astype(np.float32)

    once = halves(vectors)

    assert np.array_equal(halves(full(once)), once)
    assert np.abs(full(once) - vectors).max() <= np.abs(vectors).max() / 256
