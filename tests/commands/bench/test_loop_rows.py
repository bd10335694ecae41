"""Figures of loops, from sums that stand here: cohorts and which of them may be called the worst, layers, and how quickly was learnt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from resay.commands.bench.loop import loop_rows
from resay.commands.bench.loop_runs import Run
from resay.commands.bench.report import BenchRow
from resay.lab.adviser import Mode
from resay.lab.loop import LoopOutcome
from resay.lab.pace import Learning
from resay.lab.tally import Arm, Cell, Layered, Member, Sums, Tally
from tests.builders import BASE

LARGE, FEW, TINY = 40, 5, 30
"""Customers of three cohorts: one that counts, one of few customers, one of few defects."""

WEEK = 4


def _members() -> dict[str, Member]:
    """All of them treated, and as many in control."""
    sizes = {"us": LARGE, "gb": FEW, "nyc": TINY}
    return {
        f"{cohort}{number}{arm}": Member(arm, cohort, main=True) for cohort, size in sizes.items() for number in range(size) for arm in Arm
    }


def _tally(defects: dict[str, int]) -> Tally:
    """Each customer spoke twenty times in one week; `defects` by cohort are of the treated, the others have ten, or one in `nyc`."""
    tally = Tally(_members())
    for customer, member in tally.members.items():
        usual = 1 if member.cohort == "nyc" else 10 if member.cohort == "us" else 100
        turns = 10 * usual if member.cohort == "gb" else 20
        failed = defects.get(member.cohort, usual) if member.arm is Arm.TREATMENT else usual
        tally.cells[Cell(customer, WEEK)] = Sums(turns=turns, defects=failed, right_as_said=turns - usual, wins=usual - failed)
    return tally


@pytest.fixture(scope="module")
def figures() -> dict[tuple[str, str], BenchRow]:
    ours = _tally({"us": 5, "gb": 90})
    ours.layers[Layered(main=True, layer="table")] = Sums(triggers=300, wins=250, losses=4, harmed=1)
    waited = [Learning(set(), BASE, BASE + timedelta(hours=hours)) for hours in (10, 20, 60)]
    outcome = LoopOutcome(
        learning=Tally(_members()),
        ours=ours,
        oracle=_tally({}),
        untouched=_tally({}),
        measured={},
        lessons=[*waited, Learning(set(), BASE), Learning(set(), BASE, BASE - timedelta(hours=5))],
        oracle_rewrites=9,
        talk_s=1.0,
        kept_on=_tally({"us": 8, "gb": 90}),
    )
    rows = loop_rows({"kal": Run(outcome, rewrites=8, supported=6, log_digest="", seconds=1.0)}, Mode.BEFORE, seed=1)
    return {(each.row, each.metric): each for each in rows}


def test_a_cohort_that_is_small_is_shown_and_not_called_the_worst(figures: dict[tuple[str, str], BenchRow]):
    """Five customers with 500 defects, and thirty with 30, tell of chance; the large one is the worst, being the only one that counts."""
    shown = {cohort: figures[f"cohort={cohort}", "defect_reduction"].value for cohort in ("us", "gb", "nyc")}
    mean = 1 - (200 + 450 + 30) / (400 + 500 + 30)

    assert shown == {"us": 0.5, "gb": pytest.approx(0.1), "nyc": 0.0}
    assert [figures[f"cohort={cohort}", "customers"].value for cohort in ("us", "gb", "nyc")] == [LARGE, FEW, TINY]
    assert [cohort for cohort in shown if (f"cohort={cohort}", "gap") in figures] == ["us"]
    assert figures["main/new-voice", "worst_cohort"].value == pytest.approx(0.5 / mean)
    assert figures["main/new-voice", "worst_gap"].value == pytest.approx(mean - 0.5)


def test_what_roll_back_changed_stands_beside_it(figures: dict[tuple[str, str], BenchRow]):
    """The same wishes with all that was learnt said throughout; the row that counts is the product as it runs."""
    defects = 400 + 500 + 30

    assert figures["main/new-voice", "defect_reduction"].value == pytest.approx(1 - (200 + 450 + 30) / defects)
    for row in ("main/new-voice/kept-on", "leave-out=kal/kept-on"):
        assert figures[row, "defect_reduction"].value == pytest.approx(1 - (320 + 450 + 30) / defects)


def test_a_layer_is_told_with_what_it_spared_of_all_that_would_have_failed(figures: dict[tuple[str, str], BenchRow]):
    """Wins less right turns that it broke, over 930 defects as said; layers that did nothing stand there with nought."""
    assert figures["table", "defect_reduction"].value == pytest.approx((250 - 1) / 930)
    assert [figures[layer, "triggers"].value for layer in ("taught", "personal", "table", "global")] == [0, 0, 300, 0]


def test_the_speed_of_learning_is_the_middle_of_those_who_were_served(figures: dict[tuple[str, str], BenchRow]):
    """Ten, twenty, sixty hours and none at all, where other evidence was enough; who was never served is counted and has no hours."""
    counted = [figures["main/new-voice", metric].value for metric in ("lessons", "lessons_served", "hours_to_served", "supported_by_10")]

    assert counted == [5, 4, 15.0, 0.75]


def test_new_voices_have_a_sequential_interval_over_the_scored_weeks(figures: dict[tuple[str, str], BenchRow]):
    """Arms beside each other, by the week."""
    so_far = figures[f"week={WEEK + 1}/new-voice", "defect_reduction_so_far"]

    assert so_far.value == pytest.approx(1 - 680 / 930)
    assert so_far.n == 2 * (LARGE + FEW + TINY)
