"""Chains: steps side by side, ended when stopped, idle or broken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import pytest

from resay.commands.chain import Chain, Found, Step


def scripted(*found: Found) -> Callable[[], Found]:
    """A step that finds this, one after the other, and then nothing."""
    left = iter(found)
    return lambda: next(left, Found.NOTHING)


def test_it_ends_when_every_step_has_looked_in_vain():
    """Work that one step makes for another is done first, and work whose time has not come is waited for."""
    heaps: list[str] = []

    def make() -> Found:
        if len(heaps) < 3:
            heaps.append("made")
            return Found.WORK
        return Found.NOTHING

    later = iter([Found.WORK_LATER, Found.WORK_LATER, Found.WORK])
    taken: list[int] = []

    def take() -> Found:
        if len(taken) < len(heaps):
            found = next(later, Found.NOTHING)
            if found is Found.WORK:
                taken.extend(range(len(heaps)))
            return found
        return Found.NOTHING

    Chain(stop=lambda: False, until_idle_s=0.2).run([Step("make", make), Step("take", take)])

    assert taken == [0, 1, 2]


def test_a_long_step_is_not_taken_for_idle():
    """While one works longer than the idle time, the others wait for what it will bring."""
    ended: list[str] = []
    pace: Iterable[float] = iter([0.6])

    def slow() -> Found:
        if (wait := next(iter(pace), None)) is None:
            return Found.NOTHING
        time.sleep(wait)
        ended.append("worked")
        return Found.WORK

    Chain(stop=lambda: False, until_idle_s=0.2).run([Step("slow", slow), Step("quick", scripted())])

    assert ended == ["worked"]


def test_what_breaks_one_step_ends_all_and_is_raised():
    """The first fault, on the thread that asked."""

    def broken() -> Found:
        message = "the disk is full"
        raise OSError(message)

    with pytest.raises(OSError, match="the disk is full"):
        Chain(stop=lambda: False).run([Step("broken", broken), Step("well", scripted())])


def test_a_stop_lets_steps_come_to_an_end():
    """A step in the midst of its work ends it; none begins another."""
    asked = threading.Event()
    done: list[str] = []

    def work() -> Found:
        asked.set()
        time.sleep(0.2)
        done.append("whole")
        return Found.WORK

    Chain(stop=asked.is_set).run([Step("work", work)])

    assert done == ["whole"]


def test_a_step_that_waits_itself_keeps_the_chain_busy_by_its_word():
    """It comes back only at the end; idle time is counted from the last that it told."""
    chain = Chain(stop=lambda: False, until_idle_s=1.0)
    began = time.monotonic()
    told = [began]

    def wait() -> Found:
        while not chain.stopping():
            if time.monotonic() - began < 1.5:
                told.append(time.monotonic())
                chain.touch()
            time.sleep(0.01)
        return Found.NOTHING

    chain.run([Step("wait", wait, waits=True)])

    # From the last word itself, not from 1.5 s: on a busy machine that word may have come early.
    assert told[-1] > began
    assert time.monotonic() - told[-1] >= 1.0
