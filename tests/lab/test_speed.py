"""Turns a second: the same talk is timed that was heard before, and all of it is counted."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from resay.lab.assistant import Assistant
from resay.lab.speed import speed_of
from resay.lab.world import read_world
from tests.lab.small_world import write_world


def test_a_week_is_timed_once_all_of_it_is_understood(tmp_path: Path):
    """By the clock that is handed in; twice the same seed is the same talk."""
    world = read_world(write_world(tmp_path))
    assistant = Assistant(world.home)
    ticks = count(step=3)

    one, other = (speed_of(world, assistant, seed=1, clock=lambda: float(next(ticks))) for _ in range(2))

    assert one == other
    assert one.seconds == pytest.approx(3)
    assert one.turns > 5_000
