"""The page of `resay bench loop --report`: every figure of the loops, drawn, and the verdicts on the planted cases; one file for itself.

Made from a report's rows alone, so that whoever has the JSON can check what is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resay.commands.bench.loop_learnt import HOURS, SUPPORTED
from resay.commands.bench.loop_plot import RangesPlot, WeeksPlot, in_words, over_weeks, ranges
from resay.commands.bench.loop_so_far import METRIC
from resay.commands.bench.report import BenchReport, BenchRow
from resay.commands.pages import render
from resay.lab.adviser import Mode
from resay.lab.scenarios.verdict import Verdict

COHORT = "cohort="
NEW = "/new-voice"
LAYERS = ("taught", "personal", "table", "global")
"""In the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class Score:
    """Wins and losses of one row."""

    name: str
    wins: int
    losses: int
    ratio: str
    """Wins over losses with the bound, in words."""
    wins_share: float
    """Of what was decided, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the loops of one row learnt, in words."""

    name: str
    rewrites: str
    supported: str
    """Share of them behind which ten customers stand."""
    reference: str
    """Rewrites of the oracle table."""
    lessons: str
    """Lessons that the log had shown of enough customers, and how many of them were served."""
    hours: str
    """Until then."""


@dataclass(frozen=True, slots=True)
class Loop:
    """What is shown of the loops of one mode."""

    mode: str
    tiles: tuple[tuple[str, str], ...]
    """Figures in words, and what they are."""
    weeks: WeeksPlot | None
    so_far: WeeksPlot | None
    so_far_new: WeeksPlot | None
    """Of new voices, over the scored weeks."""
    reductions: RangesPlot | None
    cohorts: RangesPlot | None
    worst: str
    """The worst cohort beside the mean, in a sentence; empty where it is not known."""
    measured: RangesPlot | None
    scores: tuple[Score, ...]
    layers: tuple[Score, ...]
    learnt: tuple[Learnt, ...]
    hours: RangesPlot | None
    """How quickly, by row."""


class Figures:
    """The rows of a report, by name and metric."""

    def __init__(self, rows: Sequence[BenchRow]) -> None:
        self.rows = rows
        self._named = {(each.row, each.metric): each for each in rows}

    def get(self, row: str, metric: str) -> BenchRow:
        """A row; an empty one where there is none."""
        return self._named.get((row, metric), BenchRow(row, metric, None))

    def of(self, metric: str, start: str, *, end: str) -> list[BenchRow]:
        """Rows of one metric and mode whose names begin so, in the order of the report."""
        return [each for each in self.rows if each.metric == metric and each.row.startswith(start) and mode_end(each.row) == end]


def loop_html(report: BenchReport, verdicts: Sequence[Verdict]) -> str:
    """The page."""
    figures = Figures(report.rows)
    ends = {str(mode): "" if mode is Mode.BEFORE else f"/{mode}" for mode in Mode}
    loops = [_loop(mode, figures, end) for mode, end in ends.items() if figures.of("defect_reduction", "main/", end=end)]
    alarms = ranges([(each.row, each) for each in report.rows if each.metric == "false_alarm"])
    return render("loop.html", report=report, loops=loops, verdicts=verdicts, alarms=alarms, cells=_figure)


def mode_end(row: str) -> str:
    """How the names of rows of a mode end; nothing for `before`."""
    return f"/{Mode.RETRY}" if row.endswith(f"/{Mode.RETRY}") else ""


def _loop(mode: str, figures: Figures, end: str) -> Loop:
    weeks = [(arm, figures.of(metric, "week=", end=end)) for arm, metric in _ARMS]
    reductions = [*figures.of("defect_reduction", "main/", end=end), *figures.of("defect_reduction", "oracle-table", end=end)]
    reductions += [*figures.of("defect_reduction", "stress", end=end), *figures.of("defect_reduction", "leave-out=", end=end)]
    cohorts = figures.of("defect_reduction", COHORT, end=end)
    measured = [*figures.of("measured_minus_true", "main/", end=end), *figures.of("measured_minus_true", "arm=", end=end)]
    scored = [each.row for each in figures.of("win_loss", "", end=end)]
    so_far = figures.of(METRIC, "week=", end=end)
    hours = figures.of(HOURS, "", end=end)
    return Loop(
        mode=mode,
        tiles=_tiles(figures, end),
        weeks=over_weeks(weeks),
        so_far=over_weeks([("reduction", [each for each in so_far if NEW not in each.row])]),
        so_far_new=over_weeks([("reduction", [each for each in so_far if NEW in each.row])]),
        reductions=ranges([(each.row, each) for each in reductions]),
        cohorts=ranges([(each.row.removeprefix(COHORT), each) for each in cohorts]),
        worst=_worst(figures, end),
        measured=ranges([(each.row, each) for each in measured]),
        scores=tuple(_score(figures, row) for row in scored),
        layers=tuple(
            _score(figures, row.row) for row in figures.of("triggers", "", end=end) if row.row.split("/")[0] in LAYERS and row.value
        ),
        learnt=tuple(_learnt(figures, each) for each in hours),
        hours=ranges([(each.row, each) for each in hours]),
    )


_ARMS = (("control", "defect_rate_before"), ("treatment", "defect_rate_after"))


def _tiles(figures: Figures, end: str) -> tuple[tuple[str, str], ...]:
    """The first figures that one wants to know, of new voices where they were scored."""
    row = next(each.row for each in figures.of("defect_reduction", "main/", end=end))
    reduction, harm, risky = (figures.get(row, each) for each in ("defect_reduction", "harm", "risky_wrong_actions_caused"))
    won, _, bound = _ratio(figures.get(row, "win_loss")).partition(" ")
    return (
        (in_words(reduction).split(" ")[0], f"fewer defects, {row}"),
        (won, f"wins over losses {bound}, of {figures.get(row, 'win_loss').n:,} decided".replace(" ,", ",")),
        ("–" if harm.value is None else f"{harm.value:.2%}", "of right turns made wrong"),
        (_count(figures.get(row, "wrong_actions_caused")), f"wrong actions caused, {_count(risky)} risky"),
    )


def _worst(figures: Figures, end: str) -> str:
    told = [each for each in figures.of("worst_cohort", "main/", end=end) if each.value is not None]
    sentences = [f"{each.row}: the worst cohort has {each.value:.2f} times the mean reduction" for each in told]
    gaps = [each for each in figures.of("gap", COHORT, end=end) if each.value is not None]
    if gaps:
        worst = max(gaps, key=lambda each: each.value or 0.0)
        sentences.append(
            f"farthest behind: {worst.row.removeprefix(COHORT)}, {100 * (worst.value or 0.0):.1f} points; small cohorts do not count"
        )
    return "; ".join(sentences)


def _learnt(figures: Figures, hours: BenchRow) -> Learnt:
    rewrites, supported, reference, lessons, served = (
        figures.get(hours.row, each) for each in ("rewrites", SUPPORTED, "oracle_rewrites", "lessons", "lessons_served")
    )
    share = "–" if supported.value is None else f"{supported.value:.0%}"
    return Learnt(hours.row, _count(rewrites), share, _count(reference), f"{_count(lessons)} / {_count(served)}", in_words(hours))


def _score(figures: Figures, row: str) -> Score:
    wins, losses = (round(figures.get(row, metric).value or 0) for metric in ("wins", "losses"))
    return Score(row, wins, losses, _ratio(figures.get(row, "win_loss")), wins / (wins + losses) if wins + losses else 0.0)


def _ratio(row: BenchRow) -> str:
    if row.value is None:
        return "–"
    shown = "∞" if row.value == float("inf") else f"{row.value:.1f}"
    return shown if row.lo is None else f"{shown} (at least {row.lo:.1f})"


def _count(row: BenchRow) -> str:
    return "–" if row.value is None else f"{row.value:,.0f}"


def _figure(row: BenchRow) -> list[str]:
    """Figure, lower and upper end for the table of all."""
    return ["" if each is None else _number(each, row.unit) for each in (row.value, row.lo, row.hi)]


def _number(value: float, unit: str) -> str:
    if value == float("inf"):
        return "∞"
    if unit == "share":
        return f"{value:.2%}"
    return f"{value:,.0f}" if unit == "count" else f"{value:,.2f}"
