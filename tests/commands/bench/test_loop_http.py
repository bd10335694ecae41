"""The loop as an experiment on a running service: what it reports is what is told everywhere, of the turns that the lab saw."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from resay.commands.bench.loop_http import HttpParts, Lived, run_over_http
from resay.commands.bench.loop_http_rows import counted, http_rows
from resay.commands.bench.loop_told import differences
from resay.dialogue.tick import silent
from resay.lab.assistant import Assistant
from resay.lab.cast import Casting
from resay.lab.loop import LoopPlan
from resay.lab.making import START
from resay.lab.tally import Arm
from tests.lab.loop_world import two_families

PLAN = LoopPlan(Casting(seed=3, customers=50, days=15, treatment_share=0.5), learning_days=12, learn_every_days=12)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    folder = tmp_path_factory.mktemp("http")
    world = two_families(folder / "world")
    return run_over_http(world, PLAN, HttpParts(folder / "home", Assistant(world.home), k=3), tick=silent)


@pytest.mark.slow
def test_what_is_reported_is_told_alike_everywhere_and_is_of_the_turns_that_the_lab_saw(lived: Lived):
    """Command line, files, HTTP and page; exposures, customers, turns and chances beside what the lab counted by itself."""
    rows = {(each.row, each.metric): each for each in http_rows(lived, "", seed=3)}

    assert rows["http", "report_differences"].value == 0
    assert rows["http", "report_differences"].n > 200
    assert rows["http", "misdrawn"].value == 0
    assert rows["http", "wins"].value > rows["http", "losses"].value == 0
    assert rows["http", "measured_minus_true"].value is not None
    assert {arm: len(customers) for arm, customers in counted(lived).items()} == {
        Arm(each["arm"]): each["customers"] for each in lived.tellings.answered["arms"]
    }


@pytest.mark.slow
def test_control_is_served_nothing_and_nobody_counts_before_their_exposure(lived: Lived):
    """The service withholds; the lab asks for everybody alike."""
    treated = {customer for customer, (_, arm) in lived.exposed.items() if arm == Arm.TREATMENT}

    served = {customer for customer, sums in lived.tally.by_customer().items() if sums.triggers}

    assert served
    assert served <= treated
    assert set(lived.exposed) - treated
    assert min(at for at, _ in lived.exposed.values()) >= START + timedelta(days=PLAN.learning_days - 1)
    assert sum(sums[1] for arm in counted(lived).values() for sums in arm.values()) < len(lived.turns)


@pytest.mark.slow
def test_a_figure_that_one_of_them_tells_otherwise_is_found(lived: Lived):
    """On the page, in a file, in a cell, in an answer; and a page that lacks one."""
    tellings = lived.tellings
    arm = tellings.answered["arms"][0]
    base = f"<td>{arm['base']:,.0f}</td>"
    assert base in tellings.page

    unlike = [
        replace(tellings, page=tellings.page.replace(base, "<td>1</td>")),
        replace(tellings, page=tellings.page.replace(base, "")),
        replace(tellings, files=tellings.files | {"json": tellings.files["json"].replace(f'"base": {arm["base"]}', '"base": 1.0')}),
        replace(tellings, sent=tellings.sent | {"csv": tellings.sent["csv"].replace("too_few_units", "")}),
        replace(tellings, answered=tellings.answered | {"crossed": 7}),
    ]

    assert differences(tellings)[0] == 0
    assert all(differences(each)[0] > 0 for each in unlike)


@pytest.mark.slow
def test_turns_that_the_lab_counts_otherwise_are_found(lived: Lived):
    """As of an exposure that the service does not know of, and of labels that were read wrongly."""
    otherwise = [
        replace(lived, exposed={customer: (START, arm) for customer, (_, arm) in lived.exposed.items()}),
        replace(lived, exposed=dict(list(lived.exposed.items())[1:])),
        replace(lived, told={turn_id: 1 - defect for turn_id, defect in lived.told.items()}),
    ]

    found = [next(row.value for row in http_rows(each, "", seed=3) if row.metric == "report_differences") for each in otherwise]

    assert all(found)
