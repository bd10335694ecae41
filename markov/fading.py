"""How much what happened long ago still weighs: assistants, homes and habits change, and so does what a wording comes to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from markov.engine import Engine
from markov.steps import MILLION, Step
from resay.store.tables import COUNT, DAY

FULL_DAYS = 56
"""What happened within so many days of the newest turn weighs all: the window in which rewrites are judged by their record (`trials`)."""

HALF_LIFE_DAYS = 56
"""Behind these its weight halves as often: what nobody has said for a year counts a fiftieth."""


def load_fading(engine: Engine) -> None:
    """Leave the weight of each day that was heard with the engine, as table `fading` (day, millionths)."""
    engine.run(Step("days", "select distinct day from heard"))
    days = [row["day"] for row in engine.rows("days").to_pylist()]
    engine.load("fading", fading(days))


def fading(days: Iterable[date]) -> pa.Table:
    """The weight of each of these days in whole millionths, seen from the newest: they are the same on every engine."""
    told = sorted(set(days))
    ages = [(told[-1] - day).days for day in told]
    weights = [round(MILLION * 0.5 ** (max(0, age - FULL_DAYS) / HALF_LIFE_DAYS)) for age in ages]
    return pa.table({"day": pa.array(told, DAY), "millionths": pa.array(weights, COUNT)})


def faded(millionths: str) -> str:
    """SQL for a weight as it counts today, where table `fading` is joined."""
    return f"cast(floor(({millionths}) * fading.millionths / {MILLION}.0) as bigint)"
