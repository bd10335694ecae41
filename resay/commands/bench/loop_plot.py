"""Plots as numbers: where marks and ticks of the loop's page stand. The template draws them; nothing here knows SVG or colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from resay.commands.bench.report import BenchRow

WIDTH, HEIGHT = 720.0, 240.0
"""Of a plot over weeks, in its own units; the page stretches it."""

LEFT, RIGHT, TOP, BOTTOM = 46.0, 14.0, 12.0, 26.0
"""Room for ticks and their words."""

ROW_HEIGHT = 26.0
"""Of one line of a plot of ranges."""

NAMES_WIDTH = 190.0
"""Room for the names of such lines."""

WORDS_WIDTH = 170.0
"""Room for their figures in words."""

TICKS_MAX = 6

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 12.0, 24.0, 48.0, 96.0, 168.0, 336.0, 672.0)
"""Distances of ticks that people can read: of shares, then of hours."""

HOURS = "hours"
"""The unit of figures that are no shares."""

UNSIGNED = frozenset({"false_alarm", "defect_rate_before", "defect_rate_after"})
"""Metrics that are never below nought, so that a sign would say nothing."""

Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Mark:
    """One figure with its interval: across a line, or over a week."""

    title: str
    at: float
    """Where on the axis along which figures stand beside each other."""
    value: float
    lo: float
    hi: float
    words: str = ""
    kind: str = ""
    """What it stands for; the page colours it by this."""


@dataclass(frozen=True, slots=True)
class Line:
    """Marks of one kind, from left to right."""

    kind: str
    marks: tuple[Mark, ...]

    @property
    def path(self) -> str:
        """The points, ready for a `polyline`."""
        return " ".join(f"{each.at},{each.value}" for each in self.marks)

    @property
    def band(self) -> str:
        """The interval around it, ready for a `polygon`."""
        return " ".join([f"{each.at},{each.hi}" for each in self.marks] + [f"{each.at},{each.lo}" for each in reversed(self.marks)])


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, and its words."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class WeeksPlot:
    """Figures over weeks."""

    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    weeks: tuple[Tick, ...]
    zero: float


@dataclass(frozen=True, slots=True)
class RangesPlot:
    """Figures below each other, each with its interval."""

    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    zero: float
    height: float


def over_weeks(lines: Sequence[tuple[str, Sequence[BenchRow]]]) -> WeeksPlot | None:
    """Rows named `week=N…`, by kind; nothing where no row has a figure."""
    told = [(kind, [each for each in rows if each.value is not None]) for kind, rows in lines]
    ends = [end for _, rows in told for each in rows for end in _ends(each)]
    weeks = sorted({_week(each) for _, rows in told for each in rows})
    if not weeks:
        return None
    ticks, up = _axis(min(ends), max(ends), span=(HEIGHT - BOTTOM, TOP), words=_percent)
    step = (WIDTH - LEFT - RIGHT) / len(weeks)
    places = {week: LEFT + step * (number + 0.5) for number, week in enumerate(weeks)}
    drawn = tuple(
        # Beside each other, so that whiskers do not cover whiskers.
        Line(kind, tuple(_mark(each, up, at=places[_week(each)] + 10 * place - 5 * (len(told) - 1), kind=kind) for each in rows))
        for place, (kind, rows) in enumerate(told)
    )
    return WeeksPlot(drawn, ticks, tuple(Tick(round(places[week], 1), f"week {week}") for week in weeks), round(up(0.0), 1))


def ranges(rows: Sequence[tuple[str, BenchRow]]) -> RangesPlot | None:
    """Named rows, in the order given; nothing where no row has a figure."""
    told = [(name, each) for name, each in rows if each.value is not None]
    if not told:
        return None
    ends = [end for _, each in told for end in _ends(each)]
    words = _hours if told[0][1].unit == HOURS else _percent
    ticks, across = _axis(min(ends), max(ends), span=(NAMES_WIDTH, WIDTH - WORDS_WIDTH), words=words)
    marks = tuple(_mark(each, across, at=ROW_HEIGHT * (place + 0.5), name=name) for place, (name, each) in enumerate(told))
    return RangesPlot(marks, ticks, round(across(0.0), 1), ROW_HEIGHT * len(told) + BOTTOM)


def in_words(row: BenchRow) -> str:
    """A figure with its interval."""
    if row.value is None:
        return "–"
    value, *ends = (_worded(each, row) for each in (row.value, row.lo, row.hi) if each is not None)
    return f"{value} ({ends[0]} … {ends[1]})" if len(ends) == 2 else value


def _worded(value: float, row: BenchRow) -> str:
    if row.unit == HOURS:
        return _hours(value)
    return f"{value:{'' if row.metric in UNSIGNED else '+'}z.1%}"


def _percent(value: float) -> str:
    return f"{value:.0%}"


def _hours(value: float) -> str:
    return f"{value:,.0f} h"


def _mark(row: BenchRow, scale: Scale, *, at: float, name: str = "", kind: str = "") -> Mark:
    assert row.value is not None, "what is drawn has a figure"
    lo, *_, hi = _ends(row)
    title = name or f"{kind}, {row.row.split('/')[0].replace('=', ' ')}"
    value, low, high = (round(scale(each), 1) for each in (row.value, lo, hi))
    return Mark(title, round(at, 1), value, low, high, in_words(row), kind)


def _ends(row: BenchRow) -> list[float]:
    """From low to high; of a figure without an interval, itself."""
    assert row.value is not None, "what is drawn has a figure"
    return [row.lo if row.lo is not None else row.value, row.value, row.hi if row.hi is not None else row.value]


def _axis(lowest: float, highest: float, *, span: tuple[float, float], words: Callable[[float], str]) -> tuple[tuple[Tick, ...], Scale]:
    """Ticks from nought or below it to what is highest, and where figures stand."""
    low, high = min(lowest, 0.0), max(highest, 0.0) or 0.01
    step = next((each for each in STEPS if (high - low) / each <= TICKS_MAX), STEPS[-1])
    first, last = -int(-low / step + 0.999), int(high / step + 0.999)
    start, end = span

    def scale(value: float) -> float:
        return start + (end - start) * (value - first * step) / ((last - first) * step)

    return tuple(Tick(round(scale(each * step), 1), words(each * step)) for each in range(first, last + 1)), scale


def _week(row: BenchRow) -> int:
    return int(row.row.split("/")[0].removeprefix("week="))
