"""Charts as numbers: where bars and points stand in a drawing. The template draws them; nothing here knows SVG or colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

HEIGHT = 100.0
"""Height of every drawing, in its own units; the page stretches it."""

STEP = 10.0
"""Width of a column."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a bar."""

    kind: str
    """What it stands for; the page colours it by this."""
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """All that stands at one place of the axis, and the words that are shown for it."""

    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A row of columns."""

    columns: tuple[Column, ...]
    width: float
    highest: int
    """What the full height stands for."""
    first: str
    last: str


def stacked(rows: Sequence[tuple[str, str, Mapping[str, int]]]) -> Chart:
    """Columns of pieces on top of each other, from (label, title, amount by kind); the first kind stands at the bottom."""
    highest = max((sum(amounts.values()) for _, _, amounts in rows), default=0) or 1
    columns = []
    for place, (_, title, amounts) in enumerate(rows):
        top, bars = HEIGHT, []
        for kind, amount in amounts.items():
            height = round(HEIGHT * amount / highest, 2)
            top -= height
            bars.append(Bar(kind, place * STEP + 1, round(top, 2), STEP - 2, height))
        columns.append(Column(title, tuple(bars)))
    labels = [label for label, _, _ in rows] or [""]
    return Chart(tuple(columns), max(len(columns), 1) * STEP, highest, labels[0], labels[-1])


def every_day(counts: Mapping[date, int], first: date, last: date) -> list[int]:
    """Counts for every day from first to last, nothing left out."""
    return [counts.get(first + timedelta(days=number), 0) for number in range((last - first).days + 1)]


def line(amounts: Sequence[float]) -> str:
    """The points of a line through these amounts, from left to right, ready for a `polyline`."""
    highest = max(amounts, default=0) or 1
    step = 100 / max(len(amounts) - 1, 1)
    return " ".join(f"{place * step:.1f},{28 - 26 * amount / highest:.1f}" for place, amount in enumerate(amounts))


@dataclass(frozen=True, slots=True)
class Line:
    """One line with the band in which it plausibly lies."""

    kind: str
    """What it stands for; the page colours it by this."""
    points: str
    """Ready for a `polyline`."""
    band: str
    """Ready for a `polygon`; empty where there is no interval yet."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines over days, all to one scale."""

    lines: tuple[Line, ...]
    low: float
    """What the foot stands for."""
    high: float
    """What the head stands for."""
    zero: float | None
    """Where nought lies, where it is inside."""
    first: str
    last: str


Point = tuple[float | None, float | None, float | None]
"""A figure and the ends of its interval; what is missing is not drawn."""


def lines(kinds: Mapping[str, Sequence[Point]], labels: Sequence[str], *, holds: float | None = None) -> Lines:
    """Lines through figures, a figure a day; `holds` is inside the scale whatever the figures are."""
    told = [value for points in kinds.values() for point in points for value in point if value is not None]
    told += [holds] if holds is not None else []
    low, high = min(told, default=0.0), max(told, default=1.0)
    scale = _Scale(low, high if high > low else low + 1.0, max(len(labels), 1))
    drawn = tuple(Line(kind, scale.line(points), scale.band(points)) for kind, points in kinds.items())
    zero = scale.y(0.0) if scale.low <= 0 <= scale.high else None
    return Lines(drawn, scale.low, scale.high, zero, labels[0] if labels else "", labels[-1] if labels else "")


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    days: int

    def y(self, value: float) -> float:
        """How far below the head."""
        return round(HEIGHT * (self.high - value) / (self.high - self.low), 2)

    def line(self, points: Sequence[Point]) -> str:
        """Through all figures that are there."""
        return " ".join(f"{x},{self.y(value)}" for x, (value, _, _) in self._placed(points) if value is not None)

    def band(self, points: Sequence[Point]) -> str:
        """Along the lower ends, and back along the upper ones."""
        ends = [(x, lo, hi) for x, (_, lo, hi) in self._placed(points) if lo is not None and hi is not None]
        there, back = [(x, lo) for x, lo, _ in ends], [(x, hi) for x, _, hi in reversed(ends)]
        return " ".join(f"{x},{self.y(value)}" for x, value in (*there, *back))

    def _placed(self, points: Sequence[Point]) -> list[tuple[float, Point]]:
        if len(points) == 1:  # A single day is drawn from side to side: a point has no length.
            return [(0.0, points[0]), (HEIGHT, points[0])]
        step = HEIGHT / max(self.days - 1, 1)
        return [(round(place * step, 2), point) for place, point in enumerate(points)]
