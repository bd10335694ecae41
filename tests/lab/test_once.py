"""What is made once, and what a loop's talk keeps."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import pytest

from resay.lab.assistant import Assistant
from resay.lab.cast import Cast, Casting, casts
from resay.lab.making import START
from resay.lab.once import KEPT_MAX, Once, OncePaired
from resay.lab.traffic import Span, talk
from resay.lab.world import World, read_world
from tests.lab.small_world import write_world

DAYS = 5
KEPT_MORE_MAX = 200_000
"""Bytes: the turns of forty-five more days are eight megabytes."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return read_world(write_world(tmp_path))


def test_what_comes_again_is_made_once():
    """By identity: equal values are two."""
    made: list[list[int]] = []
    count = Once(lambda value: made.append(value) or len(made))
    one, other = [1], [1]

    told = [count(each) for each in (one, one, other, one)]

    assert told == [1, 1, 2, 1]


def test_only_so_much_is_kept():
    """Then all is forgotten, and made again where it is met."""
    made: list[str] = []
    values = [f"value {number}" for number in range(KEPT_MAX + 1)]
    once_made = Once(lambda value: made.append(value) or value)

    for each in values:
        once_made(each)
    once_made(values[0])

    assert len(made) == KEPT_MAX + 2


def test_what_comes_again_in_the_same_company_is_made_once():
    """Two values together are another matter than each with others, and than the two the other way round."""
    made: list[tuple[list[int], list[int]]] = []
    count = OncePaired(lambda value, other: made.append((value, other)) or len(made))
    one, other = [1], [1]

    told = [count(*each) for each in ((one, other), (one, one), (other, one), (one, other))]

    assert told == [1, 2, 3, 1]


def test_only_so_many_pairs_are_kept():
    """As of single values."""
    made: list[str] = []
    values = [f"value {number}" for number in range(KEPT_MAX + 1)]
    once_made = OncePaired(lambda value, _other: made.append(value) or value)

    for each in [*values, values[0]]:
        once_made(each, "company")

    assert len(made) == KEPT_MAX + 2


def test_memory_does_not_grow_with_the_turns(world: World):
    """Ten times as many days leave no more behind, and need no more while they are talked through."""
    cast, _ = casts(world, Assistant(world.home), Casting(seed=1, customers=150, days=12 * DAYS))
    _talk_through(cast, range(DAYS))

    tracemalloc.start()
    few, few_peak = _talk_through(cast, range(DAYS, 2 * DAYS))
    many, many_peak = _talk_through(cast, range(2 * DAYS, 12 * DAYS))
    tracemalloc.stop()

    assert many - few < KEPT_MORE_MAX
    assert many_peak < 2 * few_peak + KEPT_MORE_MAX


def _talk_through(cast: Cast, days: range) -> tuple[int, int]:
    """Bytes that are left, and the most that there were at once."""
    if tracemalloc.is_tracing():
        tracemalloc.reset_peak()
    turns = sum(len(each) for each in talk(cast.stage, cast.customers, span=Span(START, days.start, days.stop), seed=1, false_wakes=()))
    assert turns > len(days)
    gc.collect()
    return tracemalloc.get_traced_memory()
