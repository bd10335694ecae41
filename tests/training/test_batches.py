"""Batches by length."""

from __future__ import annotations

import random

from resay.training.batches import batches_by_length

LENGTHS = [random.Random(3).randint(5, 90) for _ in range(1_000)]


def test_every_row_comes_once():
    """And no batch is larger than asked."""
    batches = list(batches_by_length(LENGTHS, 16, rng=random.Random(1)))

    assert sorted(row for batch in batches for row in batch) == list(range(1_000))
    assert {len(batch) for batch in batches} <= {16, 1_000 % 16}


def test_little_is_padded():
    """Rows of a batch are of like length: under a twentieth is filling."""
    batches = list(batches_by_length(LENGTHS, 16, rng=random.Random(1)))

    padded = sum(len(batch) * max(LENGTHS[row] for row in batch) for batch in batches)
    assert padded < 1.05 * sum(LENGTHS)


def test_equal_chance_gives_equal_batches():
    """And another chance gives others."""
    one, again, other = (list(batches_by_length(LENGTHS, 16, rng=random.Random(seed))) for seed in (1, 1, 2))

    assert one == again != other
