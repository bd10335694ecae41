"""The refresher: looks at once, and shuts nobody out while it does."""

from __future__ import annotations

import threading
from pathlib import Path

from resay.store.artifact import Shelf
from rewrite_online.rewriter import Live
from rewrite_online.watch import Watch
from serving.refresher import Refresher
from tests.serving.conftest import wait_until

ENDLESS_S = 60.0


def test_what_is_published_is_live_once_it_has_started(home: Path):
    """The first request finds it."""
    lives: list[Live] = []
    watch = Watch(Shelf(home / "rewrites"), list)
    refresher = Refresher(watch, on_change=lives.append, on_fault=lambda _part, _error: None, first_look_s=ENDLESS_S)

    refresher.start()
    refresher.close()

    assert [live.generation for live in lives] == [1]


def test_a_generation_that_takes_long_to_read_keeps_the_door_open(home: Path):
    """Starting goes on; what was published is live when it has been read."""
    go_on = threading.Event()

    def read_vetoes() -> list[object]:
        go_on.wait(ENDLESS_S)
        return []

    watch = Watch(Shelf(home / "rewrites"), read_vetoes)  # type: ignore[arg-type]
    refresher = Refresher(watch, on_change=lambda _live: None, on_fault=lambda _part, _error: None, first_look_s=0.0)

    refresher.start()
    before = watch.live().generation
    go_on.set()
    wait_until(lambda: watch.live().generation == 1)
    refresher.close()

    assert before is None
