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
