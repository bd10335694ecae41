"""A look's sums are those that `Reckoning` comes to, customer by customer: of whole days, of days that are cut, and of stale ones."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from resay.experiment.assign import CONTROL, TREATMENT
from resay.experiment.exposure import Exposure, exposed
from resay.experiment.reckoning import EVERYBODY, Counted, Past, Reckoning
from resay.experiment.statistic import Joint
from resay.label.rollup import keep_rollup
from resay.store.lake import Lake
from serving.experiments.counts import Stretch, by_day, in_whole, show_cohorts, show_counts
from tests.builders import BASE
from tests.serving.experiments.traffic import DAY, Traffic

ARMS = (CONTROL, TREATMENT)

STRETCH = Stretch(BASE - 3 * DAY, BASE + timedelta(hours=5), BASE + 4 * DAY)

METRICS = ("defect_rate", "barge_in", "goal_success")


def talked(seed: int) -> tuple[Traffic, list[Exposure]]:
    """Eight customers over eight days, each exposed at a moment of their own; one crosses."""
    chance, traffic, moments = Random(seed), Traffic(), []
    for number in range(8):
        customer, arm = f"c{number}", ARMS[number % 2]
        moments.append(Exposure(customer, arm, STRETCH.start + timedelta(minutes=chance.randrange(3 * 1_440))))
        for _ in range(12):
            at = BASE - 4 * DAY + timedelta(minutes=chance.randrange(9 * 1_440))
            traffic.judge(customer, at, round(chance.random(), 3), barge_in=chance.random() < 0.3)
        traffic.say(customer, BASE - 4 * DAY + timedelta(minutes=chance.randrange(9 * 1_440)), [chance.choice(("scots", "english"))])
    moments.append(Exposure("c7", CONTROL, STRETCH.start + 2 * DAY))
    return traffic, moments


def reckoned(traffic: Traffic, moments: list[Exposure]) -> Reckoning:
    """All in plain Python; chances in whole millionths, as they are added up."""
    first, spoken = exposed(moments), {(name, at) for _, name, at, *_ in traffic.friction}
    now, past = defaultdict[tuple[str, str], list[float]](lambda: [0, 0]), defaultdict[tuple[str, str], list[float]](lambda: [0, 0])

    def count(customer: str, at: datetime, metric: str, total: float) -> None:
        for sums, counts in ((past, STRETCH.past <= at < STRETCH.start), (now, bool(first.counts(customer, at)) and at < STRETCH.end)):
            if counts:
                had = sums[customer, metric]
                had[:] = had[0] + total, had[1] + 1

    for _, customer, at, outcome, defect, _ in traffic.outcomes:
        count(customer, at, "defect_rate", defect)  # type: ignore[arg-type]
        count(customer, at, "barge_in", (customer, at) in spoken)  # type: ignore[arg-type]
        count(customer, at, "goal_success", outcome == "success")  # type: ignore[arg-type]
    told = {each["customer_id"]: each["cohorts"] for each in map(traffic_record, traffic.records)}
    customers = {each.customer_id for each in moments}
    known = {
        name: Past({metric: tuple(past[name, metric]) for metric in METRICS if (name, metric) in past}, frozenset(told[name]))  # type: ignore[misc]
        for name in customers
    }
    reckoning = Reckoning(known)
    reckoning.add(first, [Counted(name, metric, (total, base)) for (name, metric), (total, base) in sorted(now.items())])
    return reckoning


def traffic_record(raw: bytes) -> dict[str, object]:
    """A record as it is sent."""
    record: dict[str, object] = json.loads(raw)
    return record


def told(joint: Joint) -> list[float]:
    """Its figures."""
    return [
        *(
            getattr(side, name)
            for side in (joint.now, joint.before)
            for name in ("units", "total", "base", "total_squared", "base_squared")
        ),
        *(joint.now.total_by_base, joint.before.total_by_base),
        *(joint.total_by_total, joint.total_by_base, joint.base_by_total, joint.base_by_base),
    ]


@pytest.mark.parametrize("kept", ["nothing", "all", "some"])
def test_sums_are_those_of_each_customer_counted_by_hand(tmp_path: Path, kept: str):
    """Whether days' sums are kept, or none, or all but those of days on which something changed since."""
    traffic, moments = talked(11)
    lake = Lake(traffic.write(tmp_path) / "lake")
    if kept != "nothing":
        keep_rollup(lake, [], now=BASE)
    stale = {"nothing": None, "all": [], "some": [BASE.date(), (BASE + 2 * DAY).date()]}[kept]
    expected = reckoned(traffic, moments)

    with lake.connect() as connection:
        show_counts(connection, exposed(moments), STRETCH, stale=stale)
        show_cohorts(connection, ["scots", "english"], stale=stale)
        found = {metric: in_whole(connection, metric) for metric in METRICS}
        days = by_day(connection, "defect_rate")

    for metric in METRICS:
        for cohort in (EVERYBODY, "scots", "english"):
            for arm, of_arm in zip(ARMS, expected.arms(ARMS, metric, cohort=cohort), strict=True):
                assert told(found[metric].get((arm, cohort), Joint())) == pytest.approx(told(of_arm.sums)), (metric, cohort, arm)
    for arm in ARMS:
        together = sum((gain for _, name, gain in days if name == arm), Joint())
        assert told(together) == pytest.approx(told(found["defect_rate"][arm, EVERYBODY]))
