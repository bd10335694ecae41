"""The waiting line: bounded, and nobody in it is forgotten."""

from __future__ import annotations

import asyncio
import threading

import pytest

from serving.waiting_line import WaitingLine

ENDLESS_S = 60.0
"""Longer than anything here takes on any machine."""


def test_what_is_in_time_is_answered():
    """The work hears how much time is left."""
    line: WaitingLine[bool] = WaitingLine()

    answer = asyncio.run(line.answer(lambda left_s: 0 < left_s <= ENDLESS_S, budget_s=ENDLESS_S))

    assert answer is True
    line.close()


def test_whoever_finds_the_line_full_is_told_at_once():
    """Two are under way and one waits; the fourth is not taken in, and when the others are done there is room again."""
    line: WaitingLine[str] = WaitingLine(threads=2, inside_max=3)
    go_on = threading.Event()

    async def crowd() -> list[str | None]:
        def wait(_left_s: float) -> str:
            go_on.wait(ENDLESS_S)
            return "answered"

        inside = [asyncio.create_task(line.answer(wait, budget_s=ENDLESS_S)) for _ in range(3)]
        while line.inside < 3:
            await asyncio.sleep(0)
        turned_away = await line.answer(wait, budget_s=ENDLESS_S)
        go_on.set()
        return [turned_away, *await asyncio.gather(*inside), await line.answer(wait, budget_s=ENDLESS_S)]

    answers = asyncio.run(crowd())

    assert answers == [None, "answered", "answered", "answered", "answered"]
    assert line.inside == 0
    line.close()


def test_whoever_is_late_is_told_so_and_keeps_the_place_until_done():
    """A caller whose time is up goes on without an answer; what is under way still counts, so that threads are not promised twice."""
    line: WaitingLine[str] = WaitingLine(threads=1, inside_max=1)
    go_on, ended = threading.Event(), threading.Event()

    async def be_late() -> tuple[str | None, int, str | None]:
        def wait(_left_s: float) -> str:
            go_on.wait(ENDLESS_S)
            ended.set()
            return "late"

        late = await line.answer(wait, budget_s=0.01)
        inside, refused = line.inside, await line.answer(wait, budget_s=ENDLESS_S)
        go_on.set()
        while line.inside:
            await asyncio.sleep(0)
        return late, inside, refused

    assert asyncio.run(be_late()) == (None, 1, None)
    assert ended.is_set()
    line.close()


def test_what_comes_to_its_turn_too_late_is_not_begun():
    """Time that was spent waiting is not there for work."""
    now = [0.0]
    line: WaitingLine[str] = WaitingLine(threads=1, clock=lambda: now[0])
    begun: list[str] = []

    async def wait_long() -> str | None:
        go_on = threading.Event()

        def first(_left_s: float) -> str:
            go_on.wait(ENDLESS_S)
            return "first"

        def second(_left_s: float) -> str:
            begun.append("second")
            return "second"

        before = asyncio.create_task(line.answer(first, budget_s=ENDLESS_S))
        behind = asyncio.create_task(line.answer(second, budget_s=ENDLESS_S))
        while line.inside < 2:
            await asyncio.sleep(0)
        now[0] = 2 * ENDLESS_S
        go_on.set()
        await before
        return await behind

    assert asyncio.run(wait_long()) is None
    assert begun == []
    line.close()


def test_a_fault_of_the_work_is_told():
    """What breaks in time is the caller's to know."""
    line: WaitingLine[float] = WaitingLine()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(line.answer(lambda left_s: left_s / 0, budget_s=ENDLESS_S))
    line.close()
