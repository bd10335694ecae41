"""What each metric counts of a customer, and which cohorts are theirs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from resay.experiment.assign import TREATMENT
from resay.experiment.exposure import Exposure, exposed
from resay.experiment.reckoning import EVERYBODY
from resay.experiment.statistic import Unit
from resay.store.lake import Lake
from resay.store.reading import Connection
from serving.experiments.counts import Stretch, in_whole, show_cohorts, show_counts
from tests.builders import BASE
from tests.serving.experiments.traffic import DAY, Traffic

STRETCH = Stretch(BASE - 28 * DAY, BASE, BASE + DAY)


def at(second: int) -> tuple[str, object]:
    """A customer and a moment, as rows name them."""
    return "ann", BASE + timedelta(seconds=second)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """Four turns of one customer, in three goals of which one cannot be told; the second turn says the first again, and was spoken over."""
    traffic = Traffic(
        outcomes=[
            ("t1", *at(1), "failure", 0.9, "rules/1"),
            ("t2", *at(2), "success", 0.1, "rules/1"),
            ("t3", *at(3), "censored", 0.5, "rules/1"),
            ("t4", *at(4), "success", 0.0, "rules/1"),
        ],
        segments=[
            ("t1", "t1", 0, *at(1), "success", "rules/1"),
            ("t1", "t2", 1, *at(2), "success", "rules/1"),
            ("t3", "t3", 0, *at(3), "censored", "rules/1"),
            ("t4", "t4", 0, *at(4), "failure", "rules/1"),
        ],
        links=[
            ("t1", "t2", *at(1), 0.8, 0, 4, "overlap/1"),
            ("t3", "t4", *at(3), 0.3, 0, 4, "overlap/1"),
        ],
        friction=[
            ("t2", *at(2), "barge_in", "t3"),
            ("t1", *at(1), "denial", "t2"),
            ("t2", *at(2), "denial", "t3"),
            ("t4", *at(4), "low_confidence", "t4"),
        ],
    )
    traffic.say("ann", BASE, [])
    traffic.say("ann", BASE + timedelta(seconds=2), ["new", "scots"])
    traffic.say("ann", BASE + timedelta(seconds=3), ["old"])
    traffic.write(tmp_path)
    with Lake(tmp_path / "lake").connect() as opened:
        show_counts(opened, exposed([Exposure("ann", TREATMENT, BASE)]), STRETCH, stale=None)
        yield opened


@pytest.mark.parametrize(
    ("metric", "counted"),
    [
        ("defect_rate", (1.5, 4)),
        ("rephrase_rate", (1.0, 4)),
        ("barge_in", (1.0, 4)),
        ("negative_feedback", (2.0, 4)),
        ("goal_success", (1.0, 2)),
    ],
)
def test_a_metric_counts_what_it_says(connection: Connection, metric: str, counted: Unit):
    """Chances of defects, likely second tries, signs of friction; goals once each, but for those that cannot be told."""
    show_cohorts(connection, [], stale=None)
    (found,) = in_whole(connection, metric).items()

    assert found[0] == (TREATMENT, EVERYBODY)
    assert (found[1].now.units, found[1].now.total, found[1].now.base) == (1, *counted)


def test_a_customer_s_cohorts_are_those_of_the_first_turn_that_names_any(connection: Connection):
    """Of those that are asked for: what is said later, which treatment may have changed, moves nobody."""
    assert show_cohorts(connection, ["scots", "old", "en-GB"], stale=None) == {(TREATMENT, EVERYBODY): 1, (TREATMENT, "scots"): 1}
    assert show_cohorts(connection, [], stale=None) == {(TREATMENT, EVERYBODY): 1}
