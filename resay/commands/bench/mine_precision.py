"""How good a ranked table of rewrites is: average precision against the truth, over the wishes or wordings that intervals draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Units = Sequence[tuple[float, ...]]
"""Wishes by number, as they are drawn for an interval."""


@dataclass(frozen=True, slots=True)
class Night:
    """One table against the truth."""

    scored: tuple[tuple[float, str, int, bool], ...]
    """Each rewrite: its score, what it is put in place of, the number of the wish, and whether it is right."""
    wanted: Mapping[int, int]
    """Rewrites that a wish needs, by its number."""


def together(nights: Sequence[Night], apart: int) -> Night:
    """Tables of several worlds as one; wishes of each are numbered so far apart from the next one's."""
    scored = tuple((score, text, place * apart + number, right) for place, night in enumerate(nights)
                   for score, text, number, right in night.scored)  # fmt: skip
    wanted = {place * apart + number: times for place, night in enumerate(nights) for number, times in night.wanted.items()}
    return Night(tuple(sorted(scored, key=_rank)), wanted)


def mean_precision(nights: Sequence[Night], units: Units) -> float | None:
    """Average precision over the wishes drawn, mean over the nights."""
    drawn = Counter(int(number) for (number,) in units)
    known = [found for night in nights if (found := average_precision(night, drawn)) is not None]
    return sum(known) / len(known) if known else None


def average_precision(night: Night, drawn: Mapping[int, int]) -> float | None:
    """Area under precision and recall of a table by falling score, each wish as often as it was drawn; what is missing costs recall."""
    wanted = sum(times * night.wanted.get(number, 0) for number, times in drawn.items())
    met = hits = area = 0.0
    for _, _, number, right in sorted(night.scored, key=_rank):
        met += drawn.get(number, 0)
        if right and number in drawn:
            hits += drawn[number]
            area += drawn[number] * hits / met
    return area / wanted if wanted else None


def _rank(scored: tuple[float, str, int, bool]) -> tuple[float, str]:
    return -scored[0], scored[1]
