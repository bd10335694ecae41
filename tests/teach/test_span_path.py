"""The likeliest places: one run of words and one of meaning, in either order, and their chance among all others."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from resay.teach.span_path import SCORES, Part, Scores, best_places, run_scores

W, M = Part.WORDS, Part.MEANING
BOTH = ((W, M), (M, W))
RNG = np.random.default_rng(7)


def scores(*parts: str, doubt: float = 3.0) -> Scores:
    """What a net says that takes each word for a part: `w` and `m`, and `.` for what is around them."""
    told = np.full((len(parts), SCORES), -doubt, dtype=np.float32)
    for place, part in enumerate(parts):
        if part in "wm":
            told[place, 3 * "wm".index(part)] = doubt
    told[:, [1, 2, 4, 5]] = 0.0
    return told


def test_what_is_said_of_each_word_is_taken():
    """Around, words, words, around, meaning."""
    places = best_places(scores(".", "w", "w", ".", "m"), BOTH)

    assert places is not None
    assert places.runs == {W: (1, 3), M: (4, 5)}


def test_the_meaning_may_come_first():
    """As in "dim the lights when I say movie night"."""
    places = best_places(scores("m", "m", ".", "w"), BOTH)

    assert places is not None
    assert places.runs == {M: (0, 2), W: (3, 4)}


def test_a_part_is_one_run():
    """A word that looks like the other part within a run is taken into it."""
    places = best_places(scores("w", "w", ".", "m", "w", "m", "m"), BOTH)

    assert places is not None
    assert places.runs == {W: (0, 2), M: (3, 7)}


def test_parts_may_touch():
    """As in "call the lamp bertha"; where one ends and the other begins is said by their ends."""
    told = scores(".", "m", "m", "m")
    told[3, 1] = 20.0

    places = best_places(told, BOTH)

    assert places is not None
    assert places.runs == {M: (1, 3), W: (3, 4)}


def test_a_part_may_stand_alone():
    """As in "no, I meant dim the lights"."""
    places = best_places(scores(".", ".", "m", "m"), [(M,)])

    assert places is not None
    assert places.runs == {M: (2, 4)}


def test_fewer_words_than_parts_have_no_places():
    """One word cannot be both."""
    assert best_places(scores("w"), BOTH) is None
    assert best_places(scores("m"), [(M,)]) is not None


@pytest.mark.parametrize("orders", [BOTH, ((M,),), ((W, M),)])
@pytest.mark.parametrize("words", [2, 3, 6])
def test_the_chance_is_that_among_all_places(orders: tuple[tuple[Part, ...], ...], words: int):
    """Counted out one by one."""
    told = RNG.normal(0, 2, (words, SCORES)).astype(np.float32)
    by_part = {part: run_scores(told, part) for part in (W, M)}
    runs = [(first, last) for first in range(words) for last in range(first, words)]
    every = {}
    for order in orders:
        for chosen in product(runs, repeat=len(order)):
            if all(one[1] < other[0] for one, other in pairwise(chosen)):
                every[order, chosen] = sum(by_part[part][run] for part, run in zip(order, chosen, strict=True))
    (order, chosen), best = max(every.items(), key=lambda item: item[1])

    places = best_places(told, orders)

    assert places is not None
    assert places.runs == {part: (run[0], run[1] + 1) for part, run in zip(order, chosen, strict=True)}
    assert places.log_chance == pytest.approx(best - np.logaddexp.reduce(list(every.values())))
