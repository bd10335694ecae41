"""The loop's page: every figure is there, in one file, and a real browser can show it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from resay.commands.bench.loop_plot import over_weeks, ranges
from resay.commands.bench.loop_report import loop_html
from resay.commands.bench.loop_so_far import METRIC, reduction_up_to
from resay.commands.bench.report import BenchReport, BenchRow
from resay.lab.scenarios.verdict import Part, Ruling, Verdict, rule
from resay.lab.tally import Arm, Cell, Member, Sums, Tally


def _share(row: str, metric: str, value: float | None, lo: float | None = None, hi: float | None = None) -> BenchRow:
    return BenchRow(row, metric, value, lo, hi, 900, "share")


ROWS = (
    _share("main/new-voice", "defect_reduction", 0.12, 0.05, 0.19),
    BenchRow("main/new-voice", "wins", 120, n=130, unit="count"),
    BenchRow("main/new-voice", "losses", 10, n=130, unit="count"),
    BenchRow("main/new-voice", "win_loss", 12.0, 8.1, 19.0, 130, "ratio"),
    _share("main/new-voice", "harm", 0.0004, 0.0, 0.001),
    BenchRow("main/new-voice", "wrong_actions_caused", 9, n=900, unit="count"),
    BenchRow("main/new-voice", "risky_wrong_actions_caused", 0, n=900, unit="count"),
    BenchRow("main/new-voice", "worst_cohort", 0.41, n=2, unit="ratio"),
    _share("main/new-voice", "measured_minus_true", -0.013, -0.04, 0.02),
    _share("oracle-table", "defect_reduction", 0.21, 0.15, 0.27),
    _share("cohort=us", "defect_reduction", 0.15, 0.06, 0.21),
    _share("cohort=<b>gb</b>", "defect_reduction", 0.05, -0.04, 0.11),
    _share("cohort=us", "gap", -0.03),
    _share("cohort=<b>gb</b>", "gap", 0.07),
    BenchRow("main/new-voice", "rewrites", 34, unit="count"),
    BenchRow("main/new-voice", "oracle_rewrites", 224, unit="count"),
    _share("main/new-voice", "supported_by_10", 1.0),
    BenchRow("main/new-voice", "lessons", 60, n=60, unit="count"),
    BenchRow("main/new-voice", "lessons_served", 21, n=60, unit="count"),
    BenchRow("main/new-voice", "hours_to_served", 30.4, 22.0, 47.0, 21, "hours"),
    *(_share(f"week={week}", "defect_rate_before", 0.35, 0.31, 0.38) for week in (1, 2, 3)),
    *(_share(f"week={week}", "defect_rate_after", 0.36 - 0.02 * week, 0.32 - 0.02 * week, 0.39 - 0.02 * week) for week in (1, 2, 3)),
    *(_share(f"week={week}", METRIC, 0.02 * week, -0.1 + 0.02 * week, 0.12) for week in (2, 3)),
    _share("week=1", METRIC, None),
    _share("week=3/new-voice", METRIC, 0.021, -0.01, 0.05),
    BenchRow("global", "triggers", 0, n=0, unit="count"),
    BenchRow("table", "triggers", 200, n=200, unit="count"),
    BenchRow("table", "wins", 120, n=200, unit="count"),
    BenchRow("table", "losses", 10, n=200, unit="count"),
    BenchRow("A/A", "false_alarm", 0.014, 0.009, 0.02, 2000, "share"),
)
VERDICTS = (
    Verdict("aa", Ruling.HELD, "14 of 1,000 were called one"),
    rule("forgotten", kept=False, happened="The table kept 2 rewrites of <script>alert(1)</script>", needs=Part.FORGETTING),
)
REPORT = BenchReport("loop", "2026-11-21", 7, "abc1234", "Linux, 2 cores", ROWS)


def test_the_page_needs_nothing_from_outside_and_escapes_what_worlds_are_named():
    """No script, no link, no address; whatever a world calls its cohorts is text."""
    page = loop_html(REPORT, VERDICTS)

    assert "<script" not in page
    assert "http" not in page
    assert "src=" not in page
    assert "<b>gb</b>" not in page
    assert "&lt;b&gt;gb&lt;/b&gt;" in page


def test_a_report_of_planted_cases_alone_is_a_page_too():
    """Without loops there are verdicts, and no empty plots."""
    page = loop_html(BenchReport("loop", "2026-11-21", 7, "abc1234", "Linux", ()), VERDICTS)

    assert "Planted cases" in page
    assert "Defects by arm and week" not in page


def test_each_mode_has_its_own_part():
    """Figures of `retry` are not drawn among those of `before`."""
    retry = tuple(replace(each, row=f"{each.row}/retry", value=0.77) for each in ROWS if each.metric == "defect_reduction")

    page = loop_html(replace(REPORT, rows=ROWS + retry), ())
    before, after = page.split("Asked after a refusal")

    assert "Asked before the NLU" in before
    assert "+77.0%" not in before
    assert "+77.0%" in after
    assert "Defects by arm and week" not in after


def test_figures_stand_where_the_axis_says():
    """Nought is where its tick is; a figure halfway to a tick is drawn halfway."""
    plot = ranges([("all", _share("all", "defect_reduction", 0.1, 0.0, 0.2))])

    assert plot is not None
    places = {tick.words: tick.at for tick in plot.ticks}
    assert plot.zero == places["0%"] == plot.marks[0].lo
    assert plot.marks[0].value == pytest.approx((places["0%"] + places["20%"]) / 2, abs=0.1)
    assert plot.marks[0].hi == places["20%"]


def test_hours_are_told_in_hours():
    """From nought to the tick behind the longest; a share would be told in hundredths."""
    plot = ranges([(each.row, each) for each in ROWS if each.metric == "hours_to_served"])

    assert plot is not None
    assert plot.marks[0].words == "30 h (22 h … 47 h)"
    assert [tick.words for tick in plot.ticks] == ["0 h", "12 h", "24 h", "36 h", "48 h"]


def test_what_was_learnt_stands_on_the_page():
    """Rewrites, who stands behind them, and how quickly; layers that did nothing are not scored."""
    page = loop_html(REPORT, ())
    learnt = page.split("What was learnt, and how quickly")[1].split("By cohort")[0]

    assert [words in learnt for words in ("34", "100%", "224", "60 / 21", "30 h (22 h … 47 h)")] == [True] * 5
    assert "<td>global</td>" not in page.split("All figures")[0]
    assert "farthest behind: &lt;b&gt;gb&lt;/b&gt;, 7.0 points" in page


def test_weeks_without_a_figure_leave_no_mark():
    """A week in which nothing could be said is not drawn as nought."""
    plot = over_weeks([("reduction", [each for each in ROWS if each.metric == METRIC and "/" not in each.row])])

    assert plot is not None
    assert [week.words for week in plot.weeks] == ["week 2", "week 3"]
    assert over_weeks([("reduction", [_share("week=1", METRIC, None)])]) is None


def test_the_reduction_so_far_counts_a_customer_once_whatever_the_weeks():
    """Forty customers an arm, two weeks in two tallies: rates of all turns, and as many units as customers."""
    members = {f"c{number}": Member(Arm.CONTROL if number % 2 else Arm.TREATMENT, "us", True) for number in range(80)}
    first, later = Tally(members), Tally(members)
    for number, customer in enumerate(members):
        first.cells[Cell(customer, 0)] = Sums(turns=4, defects=2 if number % 4 < 2 else 1)
        later.cells[Cell(customer, 1)] = Sums(turns=4, defects=2 if number % 2 else 0)

    one, both = (reduction_up_to(week, (first, later), (first, later)) for week in (0, 1))

    assert (one.value, one.n) == (0.0, 80)
    assert both.value == pytest.approx(1 - (1.5 / 8) / (3.5 / 8))
    assert both.n == 80


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_shows_the_page(browser: Browser, tmp_path: Path, scheme: Any, width: int):
    """From the file alone: verdicts, plots and figures can be seen, nothing is asked for elsewhere, and nothing runs out of the side."""
    file = tmp_path / "loop.html"
    file.write_text(loop_html(REPORT, VERDICTS), encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    page.goto(file.as_uri())

    for name in ("Planted cases", "Defects by arm and week", "The reduction up to each week", "New voices up to each week", "By cohort"):
        expect(page.get_by_role("heading", name=name)).to_be_visible()
    for name in ("Measured minus true", "What was learnt, and how quickly"):
        expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.locator(".verdict", has_text="forgotten")).to_contain_text("Not built yet: forgetting a customer")
    assert page.get_by_label("Defect rates by arm and week").locator("circle").count() == 6
    expect(page.get_by_text("main/new-voice: the worst cohort has 0.41 times the mean reduction")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in page.locator("table").first.locator("td:first-child").all():
        box = name.bounding_box()
        assert box is not None
        assert box["height"] < 40, "a row's name is not broken over many lines"
    assert complaints == []
    assert asked == [file.as_uri()]
    context.close()
