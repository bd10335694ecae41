"""What is read at once is settled: left alone by the collector from then on."""

from __future__ import annotations

import gc
import subprocess
import sys

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


def test_a_settled_process_ends_without_a_word():
    """DuckDB prints a list of leaks where its values are still held back from the collector at the end."""
    script = "import duckdb; from serving.memory import settle; duckdb.connect().execute('SELECT 1'); settle()"

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert not ended.stderr
