"""Looks that are kept: who waits for one, and how old one is that is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from resay.experiment.assign import CONTROL
from resay.store.experiments import ExperimentRecord
from serving.experiments.look import Look
from serving.experiments.looks import KEPT_FRESH, LIFE, SHOWN_MAX, Looks
from tests.builders import BASE
from tests.serving.experiments.traffic import Traffic, look, start

SECOND = timedelta(seconds=1)


class Kept:
    """Looks at one experiment of two customers, a time that is set, and how often the lake was asked."""

    def __init__(self, home: Path, *, large: int) -> None:
        self.record = start(home)
        traffic = Traffic()
        for customer in ("ann", "bob"):
            traffic.expose(customer, CONTROL, BASE)
        traffic.write(home)
        self.home, self.made, self.now = home, 0, BASE + timedelta(days=1)
        self.looks = Looks(self.look, lambda: [self.record], clock=lambda: self.now, large=large)

    def look(self, record: ExperimentRecord, now: datetime) -> Look:
        """One of the lake."""
        self.made += 1
        return replace(look(self.home, record.experiment, at=now), record=record)

    def age(self) -> timedelta:
        """How old what is shown is."""
        return self.now - self.looks.of(self.record).at


@pytest.fixture
def small(tmp_path: Path) -> Kept:
    """An experiment that is one customer short of a large one."""
    return Kept(tmp_path, large=3)


@pytest.fixture
def large(tmp_path: Path) -> Kept:
    """An experiment that is just large."""
    return Kept(tmp_path, large=2)


def test_a_look_is_kept_for_some_seconds(small: Kept):
    """Whoever looks behind them waits for a new one."""
    assert small.age() == 0 * SECOND
    small.now += LIFE
    assert (small.age(), small.made) == (LIFE, 1)
    small.now += SECOND
    assert (small.age(), small.made) == (0 * SECOND, 2)


def test_a_large_experiment_is_shown_as_it_was_and_made_anew_behind(large: Kept):
    """Nobody waits but the first."""
    large.age()
    large.now += SHOWN_MAX
    assert (large.age(), large.made) == (SHOWN_MAX, 1)

    large.looks.refresh()

    assert (large.age(), large.made) == (0 * SECOND, 2)
    large.looks.refresh()
    assert large.made == 2, "nobody has read it since"


def test_what_is_too_old_is_not_shown(large: Kept):
    """Rather than tell the morning of the evening."""
    large.age()
    large.now += SHOWN_MAX + SECOND
    assert (large.age(), large.made) == (0 * SECOND, 2)


@pytest.mark.parametrize("is_large", [True, False])
def test_an_experiment_that_was_stopped_is_looked_at_anew(tmp_path: Path, is_large: bool):
    """Whoever stops it sees that at once."""
    kept = Kept(tmp_path, large=2 if is_large else 3)
    kept.age()
    kept.record = replace(kept.record, stopped_at=kept.now)

    assert kept.looks.of(kept.record).record == kept.record


def test_a_large_experiment_that_runs_is_looked_at_without_readers(large: Kept):
    """So that the first in the morning does not wait; of one that was stopped nobody asks."""
    large.looks.refresh()
    large.now += KEPT_FRESH + SECOND
    large.looks.refresh()
    assert (large.made, large.age()) == (2, 0 * SECOND)

    large.now += KEPT_FRESH + SECOND
    large.record = replace(large.record, stopped_at=large.now)
    large.looks.refresh()
    assert large.made == 2


def test_a_small_one_is_looked_at_once_without_readers(small: Kept):
    """That tells that it is small."""
    for _ in range(3):
        small.looks.refresh()
        small.now += KEPT_FRESH + SECOND

    assert small.made == 1
