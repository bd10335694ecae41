"""Beside the event loop: bounded, and what breaks there is nobody's news."""

from __future__ import annotations

import asyncio
import threading

from resay.commands.device import ENCODED_AT_ONCE
from rewrite_online.ahead import LATELY_MAX
from serving.beside import INSIDE_MAX, Beside


def test_work_is_done_on_another_thread_while_the_loop_goes_on():
    """And its place is free again."""

    async def begun() -> tuple[object, int]:
        beside = Beside()
        under_way = beside.begin(threading.get_ident)
        assert under_way is not None
        found = await under_way
        await asyncio.sleep(0)
        beside.close()
        return found, beside.inside

    found, inside = asyncio.run(begun())

    assert found != threading.get_ident()
    assert inside == 0


def test_what_was_done_ahead_is_kept_until_its_request_comes():
    """Of as many requests as may wait for a GPU, none pushes out what was done for another."""
    assert LATELY_MAX > INSIDE_MAX * ENCODED_AT_ONCE


def test_whoever_finds_it_full_is_told_at_once():
    """Two places, both waiting for one who holds on; then there is room again."""

    async def crowd() -> list[bool]:
        beside, held = Beside(inside_max=2), threading.Event()
        under_way = [beside.begin(held.wait) for _ in range(3)]
        held.set()
        await asyncio.gather(*(each for each in under_way if each is not None))
        await asyncio.sleep(0)
        again = beside.begin(held.wait)
        assert again is not None
        await again
        beside.close()
        return [each is not None for each in under_way]

    assert asyncio.run(crowd()) == [True, True, False]


def test_what_breaks_there_is_told_to_whoever_asks_and_to_nobody_else():
    """Nobody waits for it here: the loop must not speak of an error that was never looked at."""

    async def broken() -> list[object]:
        told: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, said: told.append(said))
        beside = Beside()
        under_way = beside.begin(lambda: 1 // 0)
        assert under_way is not None
        await asyncio.wait((under_way,))
        del under_way
        beside.close()
        return told

    assert asyncio.run(broken()) == []
