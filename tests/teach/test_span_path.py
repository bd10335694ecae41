"""The likeliest path: one run of words and one of meaning, in either order."""

from __future__ import annotations

import numpy as np
import pytest

from resay.teach.span_path import LABELS, Part, best_path

A, W, M = Part.AROUND, Part.WORDS, Part.MEANING
BOTH = ((W, M), (M, W))


def logs(*labels: int, doubt: float = 0.1) -> np.ndarray:
    """What a tagger says that gives each word one label, with little doubt."""
    told = np.full((len(labels), LABELS), np.log(doubt / (LABELS - 1)), dtype=np.float32)
    told[np.arange(len(labels)), labels] = np.log(1.0 - doubt)
    return told


def test_what_is_said_of_each_word_is_taken():
    """Around, words, words, around, meaning."""
    path = best_path(logs(0, 1, 2, 0, 3), BOTH)

    assert path is not None
    assert path.parts == (A, W, W, A, M)
    assert (path.run(W), path.run(M)) == ((1, 3), (4, 5))
    assert path.log_chance == pytest.approx(5 * np.log(0.9), abs=1e-5)


def test_the_meaning_may_come_first():
    """As in "dim the lights when I say movie night"."""
    path = best_path(logs(3, 4, 0, 1), BOTH)

    assert path is not None
    assert path.parts == (M, M, A, W)


def test_a_part_is_one_run():
    """A word that looks like the other part within a run is taken into it."""
    path = best_path(logs(1, 2, 0, 3, 2, 4), BOTH)

    assert path is not None
    assert path.parts == (W, W, A, M, M, M)


def test_parts_may_touch():
    """As in "call the lamp bertha"."""
    path = best_path(logs(0, 3, 1), BOTH)

    assert path is not None
    assert path.parts == (A, M, W)


def test_fewer_words_than_parts_have_no_path():
    """One word cannot be both."""
    assert best_path(logs(1), BOTH) is None
    assert best_path(logs(3), [(M,)]) is not None
