"""A look at an experiment: what counts of whom from when, and all that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from resay.experiment.assign import CONTROL, TREATMENT
from resay.experiment.compare import Ruling
from resay.experiment.exposure import Exposure, exposed
from resay.experiment.guard import Safety
from resay.experiment.reckoning import EVERYBODY
from resay.label.rollup import keep_rollup
from resay.store.books import Books
from resay.store.experiments import ExperimentBooks
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.sums import erase_sums
from resay.store.tables import CUSTOMER_DAYS, Table
from serving.experiments.counts import Stretch, in_whole, show_cohorts, show_counts
from tests.builders import BASE
from tests.serving.experiments.traffic import DAY, Talk, Traffic, asked, look, ran, start

NOON = BASE + timedelta(hours=3)


def arms_of(home: Path, at: datetime = BASE + 30 * DAY) -> list[tuple[str, int, int, float, float]]:
    """Of each arm: customers exposed, customers counted, defects, turns."""
    return [(each.arm, each.exposed, each.customers, each.total, each.base) for each in look(home, at=at).arms]


def test_turns_count_from_the_exposure_on(tmp_path: Path):
    """What came before it, by an hour or a day, is of no arm; the turn that exposes counts."""
    start(tmp_path)
    traffic = Traffic()
    traffic.expose("ann", TREATMENT, NOON)
    for moment, defect in ((NOON - DAY, 1.0), (NOON - timedelta(hours=1), 1.0), (NOON, 0.25), (NOON + DAY, 0.5)):
        traffic.judge("ann", moment, defect)
    traffic.write(tmp_path)

    assert arms_of(tmp_path) == [("control", 0, 0, 0.0, 0.0), ("treatment", 1, 1, 0.75, 2)]


def test_sums_that_leave_the_disk_during_a_look_are_not_missed(tmp_path: Path):
    """For their age, when the look knows which days it takes from them, and has not read them yet."""
    start(tmp_path)
    traffic = Traffic()
    traffic.expose("ann", TREATMENT, NOON)
    for day in range(4):
        traffic.judge("ann", NOON + day * DAY, 0.5)
    traffic.write(tmp_path)
    keep_rollup(Lake(tmp_path / "lake"), [], now=NOON)
    before = look(tmp_path)

    during = look(tmp_path, lake=ErasedLake(tmp_path / "lake"))

    assert before.arms[1].base == 4
    assert during.arms == before.arms
    assert during.days == before.days


class ErasedLake(Lake):
    """A lake whose sums leave the disk just before they are read."""

    def connect(self, tables: Sequence[Table] = ()) -> AbstractContextManager[Connection]:
        """Once they are asked for by name."""
        if CUSTOMER_DAYS in tables:
            erase_sums(self)
        return super().connect(tables)


def test_who_was_never_exposed_does_not_count(tmp_path: Path):
    """Nor who was exposed in another experiment."""
    start(tmp_path)
    traffic = Traffic()
    traffic.expose("bob", CONTROL, NOON, experiment="another")
    for customer in ("ann", "bob"):
        traffic.judge(customer, NOON + DAY, 1.0)
    traffic.write(tmp_path)

    assert arms_of(tmp_path) == [("control", 0, 0, 0.0, 0.0), ("treatment", 0, 0, 0.0, 0.0)]
    assert look(tmp_path).report.decision.reason == "no_exposure"


def test_turns_count_until_the_end(tmp_path: Path):
    """What came after it was stopped is of no arm, however late it is looked at."""
    start(tmp_path)
    with_books = Books(tmp_path / "books.sqlite")
    ExperimentBooks(with_books).stop("rewriting", at=NOON + DAY, by="ada", why="enough")
    with_books.close()
    traffic = Traffic()
    traffic.expose("ann", CONTROL, NOON)
    for moment in (NOON, NOON + DAY, NOON + 2 * DAY):
        traffic.judge("ann", moment, 1.0)
    traffic.write(tmp_path)

    assert arms_of(tmp_path)[0] == ("control", 1, 1, 1.0, 1)


def test_who_was_served_by_both_arms_is_missed_where_they_began_and_not_counted(tmp_path: Path):
    """From the first turn on."""
    start(tmp_path)
    traffic = Traffic()
    traffic.expose("ann", CONTROL, NOON + DAY)
    traffic.expose("ann", TREATMENT, NOON)
    traffic.judge("ann", NOON, 1.0)
    traffic.judge("ann", NOON + DAY, 1.0)
    traffic.write(tmp_path)

    assert arms_of(tmp_path) == [("control", 0, 0, 0.0, 0.0), ("treatment", 1, 0, 0.0, 0.0)]
    assert look(tmp_path).report.crossed == 1
    assert [each.n for each in look(tmp_path).days[-1].arms] == [0, 0], "nor on any day"


def test_the_past_is_what_lies_before_the_start_and_not_too_far(tmp_path: Path):
    """Four weeks; the hours between start and exposure are no past either, as one day for all keeps it simple to tell."""
    start(tmp_path)
    traffic = Traffic()
    traffic.expose("ann", TREATMENT, NOON)
    traffic.judge("ann", NOON, 0.0)
    for moment in (BASE - 29 * DAY, BASE - 27 * DAY, BASE - timedelta(seconds=1), BASE + timedelta(hours=1)):
        traffic.judge("ann", moment, 1.0)
    traffic.write(tmp_path)

    with Lake(tmp_path / "lake").connect() as connection:
        stretch = Stretch(BASE - 28 * DAY, BASE, BASE + DAY)
        show_counts(connection, exposed([Exposure("ann", TREATMENT, NOON)]), stretch, stale=None)
        show_cohorts(connection, [], stale=None)
        past = in_whole(connection, "defect_rate")[TREATMENT, EVERYBODY].before
    assert (past.total, past.base) == (2.0, 2)


def test_what_is_better_is_found_and_every_day_is_told(tmp_path: Path):
    """Half as many defects: better; the last day says what is known now, to the digit."""
    found = look(ran(tmp_path))

    assert (found.report.decision.ruling, found.report.stop) == (Ruling.BETTER, ())
    assert [each.day for each in found.days] == [BASE.date() + number * DAY for number in range(3)]
    last = found.days[-1]
    assert last.lift.value == pytest.approx(found.report.decision.lift.value, rel=1e-9)
    assert (last.lift.lo, last.lift.hi) == pytest.approx((found.report.decision.lift.lo, found.report.decision.lift.hi), rel=1e-9)
    assert [each.value for each in last.arms] == pytest.approx([each.rate.value for each in found.arms], rel=1e-9)
    assert found.days[0].lift.lo is not None
    assert last.lift.lo is not None
    assert found.report.decision.variance_kept is not None, "what was before is taken out"
    assert found.report.decision.variance_kept < 1


def test_arms_of_the_wrong_size_void_every_figure(tmp_path: Path):
    """Half of treatment's customers never arrive: no lift, no rate of any arm on any later day, and it must stop."""
    found = look(ran(tmp_path, Talk(lost=0.5)))

    assert found.report.decision.reason == "sample_ratio_mismatch"
    assert found.report.stop == ("sample_ratio_mismatch",)
    assert found.ratio.mismatch
    assert [each.rate.value for each in found.arms] == [None, None]
    assert found.days[-1].lift.value is None
    assert [each.value for each in found.days[-1].arms] == [None, None]


def test_arms_whose_turns_are_lost_are_of_the_wrong_size_though_their_exposures_are_not(tmp_path: Path):
    """The ratio that is told is the worse of the two."""
    start(tmp_path)
    traffic = Traffic()
    for number in range(400):
        arm = CONTROL if number % 2 else TREATMENT
        traffic.expose(f"c{number}", arm, NOON)
        if arm == CONTROL or number % 4:
            traffic.judge(f"c{number}", NOON, float(number % 3 == 0))
    traffic.write(tmp_path)

    found = look(tmp_path)

    assert [each.exposed for each in found.arms] == [200, 200]
    assert found.ratio.mismatch
    assert found.report.decision.reason == "sample_ratio_mismatch"


def test_a_guardrail_that_is_harmed_stops_it(tmp_path: Path):
    """Fewer defects, and answers spoken over four times as often."""
    found = look(ran(tmp_path, Talk(barge_in=(0.1, 0.4))))

    assert found.report.decision.ruling is Ruling.BETTER
    assert {each.guardrail.metric.name: each.safety for each in found.report.guardrails}["barge_in"] is Safety.HARMED
    assert "guardrail=barge_in" in found.report.stop


def test_cohorts_are_those_that_the_first_turns_name(tmp_path: Path):
    """Declared and added ones alike; the sizes of all come to the whole."""
    home = ran(tmp_path, Talk(customers=200, cohorts=("en-GB", "scots")), asked(cohorts=("en-GB",)))
    books = Books(home / "books.sqlite")
    ExperimentBooks(books).add_cohort("rewriting", "scots", at=NOON, by="ada")
    books.close()

    found = look(home)

    assert {name: each.lift.n for name, each in found.report.cohorts.items()} == {"en-GB": 100, "scots": 100}
    assert found.report.worst is not None


def test_an_arm_whose_customers_are_too_few_has_no_interval(tmp_path: Path):
    """Its rate is told, and why not more."""
    found = look(ran(tmp_path, Talk(customers=40)))

    assert found.report.decision.reason == "too_few_units"
    for each in found.arms:
        assert each.rate.value is not None
        assert (each.rate.lo, each.rate.reason) == (None, "too_few_units")


def test_an_experiment_that_nobody_met_yet_has_no_days(tmp_path: Path):
    """And an empty lake is no fault."""
    start(tmp_path)

    found = look(tmp_path)

    assert (found.days, found.report.decision.reason) == ((), "no_exposure")


def test_what_is_told_of_a_day_is_what_was_known_at_its_end(tmp_path: Path):
    """Whoever looked at midnight saw, customer by customer, what the chart shows of that day; fractions of defects and all."""
    home = ran(tmp_path, Talk(customers=120, days=4, turns=3, fractions=True))
    days = look(home).days

    midnights = [BASE.replace(hour=0) + (number + 1) * DAY for number in range(4)]
    looks = [look(home, at=midnight) for midnight in midnights]

    for day, found in zip(days, looks, strict=True):
        decision = found.report.decision.lift
        assert (day.lift.value, day.lift.lo, day.lift.hi) == pytest.approx((decision.value, decision.lo, decision.hi), rel=1e-9)
        assert [each.value for each in day.arms] == pytest.approx([each.rate.value for each in found.arms], rel=1e-9)
        assert [each.lo for each in day.arms] == pytest.approx([each.rate.lo for each in found.arms], rel=1e-9)
    assert len({day.lift.value for day in days}) == 4
