"""A/A in the lab: equal arms are seldom called different, arms that differ are, and both kinds of defects are counted by day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from random import Random

import pytest

from resay.dialogue.rewrite import Rewrite
from resay.dialogue.tick import silent
from resay.experiment.sequential import moments
from resay.lab.assistant import Assistant
from resay.lab.cast import arm_of
from resay.lab.scenarios import even_arms
from resay.lab.scenarios.even_arms import Counts, alarms, daily_counts
from resay.lab.scenarios.venue import Learner, Venue
from resay.lab.scenarios.verdict import Ruling
from resay.lab.tally import Arm
from tests.lab.loop_world import LightsSystem, two_families


class Table(LightsSystem):
    """The lights, with a table to look at."""

    def rewrites(self) -> tuple[Rewrite, ...]:
        """None."""
        return ()


@contextmanager
def _system() -> Iterator[Learner]:
    yield Table()


def _open() -> AbstractContextManager[Learner]:
    return _system()


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Venue:
    world = two_families(tmp_path_factory.mktemp("world"))
    return Venue(world, Assistant(world.home), _open, customers=80, k=3, seed=5, tick=silent)


def _counts(*, treated: float) -> Counts:
    """Eighty customers, three turns a day for ten days; a chance of a defect of 0.3, or another for those whom split 0 treats."""
    rng = Random(3)
    return {
        f"c{number}": [
            (sum(rng.random() < (treated if arm_of(f"c{number}", share=0.5, seed=0) is Arm.TREATMENT else 0.3) for _ in range(3)), 3)
            for _ in range(10)
        ]
        for number in range(80)
    }


def test_equal_arms_are_seldom_called_different_and_naive_looks_do_it_often():
    """Of two hundred splits of the same customers."""
    found = alarms(_counts(treated=0.3), splits=200)

    assert found.sequential <= 10
    assert found.naive >= 2 * found.sequential


def test_arms_that_differ_are_called_so():
    """The one split after which the customers were made to differ raises the alarm."""
    assert alarms(_counts(treated=0.05), splits=1).sequential == 1


def test_the_sums_of_a_split_are_those_of_its_customers():
    """What a matrix adds up is what adding customers by hand gives, on the last day."""
    counts = _counts(treated=0.3)

    (looks,) = even_arms._experiments(counts, 1)

    units = [
        (sum(defects for defects, _ in days), sum(turns for _, turns in days))
        for customer, days in counts.items()
        if arm_of(customer, share=0.5, seed=0) is Arm.TREATMENT
    ]
    assert looks[-1][1] == moments(units)


def test_every_turn_is_counted_on_its_day_by_truth_and_by_labels(venue: Venue):
    """Labels that call each turn half a defect give half the turns of each day; the truth gives whole ones."""
    truth, labels = daily_counts(venue, 3)

    assert [turns for days in truth.values() for _, turns in days] == [turns for days in labels.values() for _, turns in days]
    assert all(defects == turns / 2 for days in labels.values() for defects, turns in days)
    assert 0 < sum(defects for days in truth.values() for defects, _ in days) < sum(turns for days in truth.values() for _, turns in days)


def test_a_verdict_has_a_row_for_each_interval(venue: Venue):
    """Sequential and naive, by truth and by labels, each with its bounds."""
    verdict = even_arms.play(venue, worlds=2, splits=100, days=6)

    assert [each.row for each in verdict.figures] == ["A/A", "A/A/naive", "A/A/labels", "A/A/labels/naive"]
    assert {each.n for each in verdict.figures} == {200}
    assert verdict.ruling is Ruling.HELD
