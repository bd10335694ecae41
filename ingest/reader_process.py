"""A process that reads batches beside the one that fetches and commits: what records say is found out on another core.

Only what is pure happens there (`ingest.row.read_batch`). Positions and commits stay where they were, so its death costs nothing.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import signal
from contextlib import suppress
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import cast

from ingest.privacy import Mask
from ingest.row import ReadBatch, overlong_of, read_batch
from ingest.source import Batch

END_S = 5.0
"""How long the process may take to end once it is told to; it is never in the midst of anything that would be missed."""

SENT_MIN = 1_000
"""Records below which a batch is read sooner here: they take some 10 ms, of which sending and waiting for a core are a part."""

_log = logging.getLogger(__name__)


class Reading:
    """A batch that is being read, or has been."""

    def __init__(self, batch: Batch, now: datetime, *, mask: Mask, pipe: Connection | None) -> None:
        """With a pipe, another process reads it and answers there; without, it is read now."""
        self.batch, self.now = batch, now
        self._mask, self._pipe = mask, pipe
        self._read = None if pipe else self._read_here()

    def done(self) -> bool:
        """Whether the result can be had without waiting."""
        return self._pipe is None or self._read is not None or self._pipe.poll()

    def result(self) -> ReadBatch:
        """What its records say."""
        if self._read is None:
            assert self._pipe is not None, "a batch must be read by somebody"
            try:
                self._read = cast("ReadBatch", self._pipe.recv())
            except (EOFError, OSError):
                # Killed, for want of memory perhaps: nothing is lost by it.
                self._read, self._pipe = self._read_here(), None
        return self._read

    def _read_here(self) -> ReadBatch:
        return read_batch(self.batch.raws, overlong=overlong_of(self.batch), now=self.now, mask=self._mask)


class ReaderProcess:
    """Reads one batch at a time: here if it is short, on another core if it is full."""

    def __init__(self, *, mask: Mask, full: int | None) -> None:
        """`full` is how many records make it worth while to start the process; None: never."""
        self._mask, self._full = mask, full
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._sent: Reading | None = None

    def begin(self, batch: Batch, now: datetime) -> Reading:
        """Begin to read a batch; the one before is read to its end first."""
        if self._sent is not None:
            self._sent.result()  # Both ends would wait for each other, were the next sent before.
            self._sent = None
        pipe = self._send(batch, now) if self._is_worth_it(batch) else None
        reading = Reading(batch, now, mask=self._mask, pipe=pipe)
        self._sent = reading if pipe else None
        return reading

    def close(self) -> None:
        """End the process."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.join(END_S)
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None

    def _is_worth_it(self, batch: Batch) -> bool:
        # A full batch means that more are waiting, and that it pays to start; once it is there, it takes what costs more than its sending.
        return self._full is not None and len(batch.raws) >= (self._full if self._process is None else SENT_MIN)

    def _send(self, batch: Batch, now: datetime) -> Connection | None:
        """Where the answer will come; nothing where the process has died, and then no other is started."""
        if self._pipe is None:
            # Not forked: nothing of our threads and locks may be in it, and not our end of the pipe either, so that it ends with us.
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs,), name="resay-reader", daemon=True)
            self._process.start()
            theirs.close()
        try:
            self._pipe.send((batch.raws, overlong_of(batch), now, self._mask))
        except OSError:
            _log.warning("reader_process_lost", extra={"records": len(batch.raws)})
            self._full = None
            self.close()
        return self._pipe


def _serve(pipe: Connection) -> None:
    """Read batches until nobody sends any more. Signals are for whoever sends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    gc.disable()  # Batches hold no cycles; looking for them costs a third.
    with suppress(EOFError, OSError):
        while True:
            raws, overlong, now, mask = pipe.recv()
            pipe.send(read_batch(raws, overlong=overlong, now=now, mask=mask))
