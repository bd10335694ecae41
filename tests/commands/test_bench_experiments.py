"""`bench experiments`: its rows are EVALUATION's, a seed gives them again, planted faults turn them red, and the bars are met."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from resay.commands.bench.experiments import QUESTIONS, Answered, Question, answered, experiment_rows
from resay.commands.bench.experiments_rewrites import rewrite_rows
from resay.commands.bench.experiments_traffic import DAYS, Customers, DayOf, lived, losing
from resay.commands.bench.experiments_walks import Look, Walk, walks
from resay.commands.bench.report import BenchRow
from resay.commands.main import command_line
from resay.experiment.statistic import Moments

FEW = Customers(100)


def no_tick(_done: int, _total: int | None = None) -> None:
    """Nobody watches."""


def walk(*found: int, days: int = DAYS) -> Walk:
    """Found on these days, from 1; the truth always held."""
    return Walk(tuple(Look(found=day in found, held=True) for day in range(1, days + 1)))


def by_name(rows: list[BenchRow]) -> dict[tuple[str, str], BenchRow]:
    """By row and metric."""
    return {(each.row, each.metric): each for each in rows}


def test_the_report_is_that_of_evaluation():
    """Twenty experiments of each effect, as JSON."""
    ran = CliRunner().invoke(command_line(), ["bench", "experiments", "--experiments", "20", "--json"])

    report = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert (report["bench"], report["seed"]) == ("experiments", 7)
    named = {(row["row"], row["metric"]) for row in report["rows"]}
    assert named >= {
        ("sequential/A-A", "false_alarm"),
        ("naive/A-A", "false_alarm"),
        ("fixed/A-A", "false_alarm"),
        ("sequential/-13%", "days_to_detect"),
        ("sequential/-13%", "ratio"),
        ("fixed/-13%", "days_to_detect"),
        ("sequential/-4%", "power"),
        ("sequential+past/-4%", "coverage"),
        ("sample-ratio/lost", "power"),
        ("rewrites", "false_share"),
        ("rewrites/worse", "bad_exposures_p95"),
    }


def test_a_seed_gives_the_same_figures_again():
    """And another one others."""
    question = Question("-13%", 0.13, FEW)

    first, again, other = (experiment_rows(answered(question, 5, seed=seed, tick=no_tick)) for seed in (7, 7, 8))

    assert first == again
    assert first != other


def test_days_and_ratios_are_those_reckoned_by_hand():
    """Ten walks: one look has its power from day 12 on; the middle one found it on day 15, the eighth never."""
    fixed = [walk(*range(12, 29)) for _ in range(8)] + [walk(), walk()]
    sequential = [walk(day) for day in (3, 9, 12, 14, 15, 20, 28)] + [walk()] * 3
    ways = {"sequential": sequential, "fixed": fixed, "sequential+past": fixed, "fixed+past": fixed}

    rows = by_name(experiment_rows(Answered(QUESTIONS[1], ways, 0, [None] * 10)))

    assert rows["sequential/-13%", "power"].value == 0.7
    assert rows["sequential/-13%", "days_to_detect"].value == 15
    assert rows["sequential/-13%", "ratio"].value == 15 / 12
    assert rows["sequential/-13%", "days_to_detect_80"].value is None
    assert rows["sequential/-13%", "ratio_80"].value is None
    assert rows["fixed/-13%", "days_to_detect"].value == 12
    assert rows["fixed/-13%", "power"].value == 0.8
    assert rows["sequential+past/-13%", "ratio_plain"].value == 1


def test_false_alarms_are_counted_at_every_look_and_those_of_one_look_on_the_last_day():
    """An alarm that goes away again was one all the same; a fixed horizon only knows its last day."""
    ways = {"sequential": [walk(3), walk()], "fixed": [walk(3, 28), walk(5)]}

    rows = by_name(experiment_rows(Answered(QUESTIONS[0], ways, 1, [None, None])))

    assert rows["sequential/A-A", "false_alarm"].value == 0.5
    assert rows["fixed/A-A", "false_alarm"].value == 0.5
    assert rows["naive/A-A", "false_alarm"].value == 1
    assert rows["sample-ratio/A-A", "false_alarm"].value == 0.5


def test_made_up_customers_are_what_is_said_of_them():
    """Rates, clusters, effect, newcomers: found again in what the arms hold, of 20,000."""
    last = lived(Customers(20_000), 0.13, name="known", rng=np.random.default_rng(1))[-1]

    control, treatment = last.control.now, last.treatment.now
    assert control.total / control.base == pytest.approx(0.33, abs=0.005)
    assert treatment.total / treatment.base == pytest.approx(0.33 * 0.87, abs=0.005)
    assert last.control.before.units / control.units == pytest.approx(0.9, abs=0.02)
    assert last.exposed == (control.units, treatment.units)
    # Turns lean on each other: defects scatter more than coins of the same rate would.
    coins = 0.33 * 0.67 * control.base
    assert control.total_squared - 2 * 0.33 * control.total_by_base + 0.33**2 * control.base_squared > 1.3 * coins


def test_arms_by_matrices_are_the_arms_one_by_one():
    """The sums of a day are those that the product's own `Moments` would hold: no square, no product is missing."""
    day = lived(FEW, 0.13, name="sums", rng=np.random.default_rng(2))[9]

    for arm in (day.control, day.treatment):
        for sums in (arm.now, arm.before):
            assert isinstance(sums, Moments)
            assert sums.base_squared > sums.base > sums.total > 0
            assert sums.total_squared < sums.total_by_base < sums.base_squared
        assert arm.before.units <= arm.now.units
        assert arm.total_by_total < arm.total_by_base < arm.base_by_base


def test_lost_logs_shrink_treatment_alone():
    """A fifth, more or less, on all days."""
    days = lived(Customers(2_000), 0.0, name="lost", rng=np.random.default_rng(3))

    sizes = list(losing(days, 0.2, np.random.default_rng(4)))

    assert [size[0] for size in sizes] == [day.exposed[0] for day in days]
    assert sizes[-1][1] / days[-1].exposed[1] == pytest.approx(0.8, abs=0.04)


def test_arms_that_lean_on_each_other_are_seen_red():
    """A planted fault: turns counted as if each were a customer of its own make coverage fail."""
    experiments = [lived(FEW, 0.0, name=f"planted/{each}", rng=np.random.default_rng(each)) for each in range(80)]

    right = sum(not walks(days, 0.0)["fixed"].looks[-1].held for days in experiments)
    planted = sum(not walks([_as_if_unclustered(days[-1])], 0.0)["fixed"].looks[-1].held for days in experiments)

    assert right <= 10
    assert planted > 2 * right


def _as_if_unclustered(day: DayOf) -> DayOf:
    """The sums that coins would give, with twice the customers' true turns for clusters that are denied."""

    def denied(arm: Moments) -> Moments:
        rate = arm.total / arm.base
        squares = rate * (1 - rate) * arm.base / 2 + 2 * rate * arm.total_by_base - rate**2 * arm.base_squared
        return replace(arm, total_squared=squares)

    return replace(
        day, control=replace(day.control, now=denied(day.control.now)), treatment=replace(day.treatment, now=denied(day.treatment.now))
    )


def test_rewrites_on_trial_end_where_they_belong():
    """Two worlds of eighty: what is better is promoted, what is worse is taken back, and soon."""
    rows = by_name(rewrite_rows(2, seed=7, tick=no_tick))

    assert (rows["rewrites/better", "promoted"].value or 0) >= 0.9
    assert rows["rewrites/worse", "promoted"].value == 0
    assert rows["rewrites/worse", "taken_back"].value == 1
    assert rows["rewrites", "false_share"].value == 0
    assert (rows["rewrites/worse", "bad_exposures_p95"].value or 99) <= 25


@pytest.mark.slow
def test_the_bars_of_evaluation_are_met():
    """False alarms, the naive looks beside them, coverage, and days beside one look, over a thousand experiments."""
    even, thirteen = (experiment_rows(answered(question, 1_000, seed=7, tick=no_tick)) for question in QUESTIONS[:2])
    rows = by_name([*even, *thirteen])

    for way in ("sequential", "sequential+past"):
        assert (rows[f"{way}/A-A", "false_alarm"].hi or 1) <= 0.065
        assert (rows[f"{way}/-13%", "coverage"].lo or 0) >= 0.935
        assert (rows[f"{way}/-13%", "ratio"].hi or 9) <= 1.5
    assert (rows["naive/A-A", "false_alarm"].value or 0) > 0.2
