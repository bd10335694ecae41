"""How quickly a world makes turns with their truth: what a loop costs beside learning and answering."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from resay.lab.adviser import Mode, adviser
from resay.lab.assistant import Assistant
from resay.lab.cast import Casting, casts
from resay.lab.making import START
from resay.lab.oracle import OracleTable
from resay.lab.tally import Tally
from resay.lab.traffic import DAYS_IN_WEEK, Span, talk
from resay.lab.world import World

CUSTOMERS = 1_000
"""Some ten thousand turns in a week: half a second."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Turns, and the seconds that they took."""

    turns: int
    seconds: float


def speed_of(world: World, assistant: Assistant, *, seed: int, clock: Callable[[], float]) -> Speed:
    """A week of talk by arms, asked for advice and counted; said twice, and timed when all that is heard has been understood before."""
    cast, _ = casts(world, assistant, Casting(seed, CUSTOMERS, DAYS_IN_WEEK))
    stage = replace(cast.stage, advise=adviser(OracleTable({}), arms=cast.arms, mode=Mode.BEFORE))

    def week() -> int:
        tally = Tally(cast.members)
        for day in talk(stage, cast.customers, span=Span(START, 0, DAYS_IN_WEEK), seed=seed, false_wakes=cast.false_wakes):
            tally.add(day, week=0)
        return tally.total().turns

    week()
    began = clock()
    turns = week()
    return Speed(turns, clock() - began)
