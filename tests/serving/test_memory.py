"""What is read at once is settled: left alone by the collector from then on."""

from __future__ import annotations

import gc

from serving import memory
from serving.memory import settled


def test_a_large_generation_is_left_alone_by_the_collector():
    """What a block read is frozen; what came before it is collected first."""
    frozen = gc.get_freeze_count()
    try:
        with settled():
            assert not gc.isenabled()
            kept = [[number] for number in range(memory.MANY_BLOCKS)]

        assert gc.isenabled()
        assert gc.get_freeze_count() - frozen >= len(kept)
    finally:
        gc.unfreeze()


def test_a_look_that_reads_little_settles_nothing():
    """Twice a second nothing has changed."""
    frozen = gc.get_freeze_count()

    with settled():
        pass

    assert gc.get_freeze_count() == frozen
    assert gc.isenabled()
