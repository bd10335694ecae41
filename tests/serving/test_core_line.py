"""The core line: bounded, in turn, and others are served between two turns."""

from __future__ import annotations

import asyncio

from serving.core_line import CoreLine

ENDLESS_S = 60.0
"""Longer than anything here takes on any machine."""


def test_turns_come_in_order_and_others_are_served_between_them():
    """Three wait; whoever needs no core is answered after the first of them, not after the last."""

    async def crowd() -> list[str]:
        line, told = CoreLine(), []

        async def compute(name: str) -> None:
            assert 0 < await line.turn(budget_s=ENDLESS_S) <= ENDLESS_S
            told.append(name)
            if name == "first":
                asyncio.get_running_loop().call_soon(told.append, "from memory")

        await asyncio.gather(*(compute(name) for name in ("first", "second", "third")))
        return told

    told = asyncio.run(crowd())

    assert [name for name in told if name != "from memory"] == ["first", "second", "third"]
    assert told.index("from memory") < told.index("third")


def test_whoever_finds_the_core_line_full_is_told_at_once():
    """Two places; the third has no time left, and when the others are done there is room again."""

    async def crowd() -> list[bool]:
        line = CoreLine(inside_max=2)
        inside = [asyncio.create_task(line.turn(budget_s=ENDLESS_S)) for _ in range(2)]
        await asyncio.sleep(0)
        turned_away = await line.turn(budget_s=ENDLESS_S)
        waited = await asyncio.gather(*inside)
        return [left_s > 0 for left_s in (turned_away, *waited, await line.turn(budget_s=ENDLESS_S))]

    assert asyncio.run(crowd()) == [False, True, True, True]


def test_one_a_round_need_not_wait():
    """Where nobody waits a turn is taken at once; a second one before the loop has gone round is not, nor one before those who wait."""

    async def ask() -> list[bool]:
        line = CoreLine()
        told = [line.at_once(), line.at_once()]
        await asyncio.sleep(0)
        waiting = asyncio.create_task(line.turn(budget_s=ENDLESS_S))
        await asyncio.sleep(0)
        told.append(line.at_once())
        await waiting
        await asyncio.sleep(0)
        return [*told, line.at_once()]

    assert asyncio.run(ask()) == [True, False, False, True]


def test_a_turn_that_comes_too_late_has_no_time_left():
    """The work of those before took all of it; nobody begins what nobody waits for."""
    seconds = 0.0

    async def be_late() -> tuple[float, float]:
        nonlocal seconds
        line = CoreLine(clock=lambda: seconds)
        first, second = (asyncio.create_task(line.turn(budget_s=0.025)) for _ in range(2))
        left_s = await first
        seconds += 0.025
        return left_s, await second

    assert asyncio.run(be_late()) == (0.025, 0.0)


def test_whoever_hangs_up_is_passed_over():
    """Their place is given to the next."""

    async def hang_up() -> float:
        line = CoreLine()
        gone, here = (asyncio.create_task(line.turn(budget_s=ENDLESS_S)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        return await asyncio.wait_for(here, ENDLESS_S)

    assert asyncio.run(hang_up()) > 0
