"""The decision log: every answer goes into the books, behind the caller's back and never in the caller's way."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Action, Decision, RetryRequest, RewriteAnswer, RewriteRequest
from resay.dialogue.text import canonical

log = logging.getLogger(__name__)

QUEUE_MAX = 10_000
"""Decisions that wait to be written: 50 s of 200 requests a second, about 10 MB."""

BATCH_MAX = 500
"""Decisions a transaction: SQLite writes this many in a few milliseconds, so that other writers are not kept waiting."""

GATHER_S = 0.1
"""How long the writer waits for more before it writes: a decision is in the books a tenth of a second after the answer."""

TRIES_MAX = 12
"""Tries a batch; each waits up to 5 s for the lock (`resay.store.database.LOCK_WAIT_S`), so a minute in all."""

PAUSE_S = 1.0
"""Pause between tries."""

CLOSE_S = 10.0
"""How long shutting down waits for the last decisions."""


class DecisionLog:
    """A bounded queue and one writer; what cannot be kept is counted, never waited for."""

    def __init__(
        self, write: Callable[[Sequence[Decision]], None], *, on_lost: Callable[[str, int], None], pause_s: float = PAUSE_S
    ) -> None:
        """Write through `write`; `on_lost` hears why and how many decisions were lost."""
        self._write = write
        self._on_lost = on_lost
        self._pause_s = pause_s
        self._waiting: queue.Queue[Decision] = queue.Queue(QUEUE_MAX)
        self._closing = threading.Event()
        self._writer = threading.Thread(target=self._run, name="resay-decisions", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()

    def put(self, decision: Decision) -> None:
        """Hand over one decision; returns at once."""
        try:
            self._waiting.put_nowait(decision)
        except queue.Full:
            self._on_lost("overflow", 1)

    def close(self) -> None:
        """Write down what waits, as far as it can be done in `CLOSE_S`, and count the rest as lost."""
        self._closing.set()
        if self._writer.is_alive():
            self._writer.join(CLOSE_S)
        left = self._waiting.qsize()
        if left:
            self._on_lost("shutdown", left)
            log.error("decisions_lost reason=shutdown decisions=%d", left)

    def _run(self) -> None:
        while True:
            batch = self._next_batch()
            if batch:
                self._write_down(batch)
            elif self._closing.is_set():
                return

    def _next_batch(self) -> list[Decision]:
        # Not woken by every decision: each time the answers would have to wait for this thread to let go of the interpreter.
        if self._waiting.qsize() < BATCH_MAX:
            self._closing.wait(GATHER_S)
        batch: list[Decision] = []
        with suppress(queue.Empty):
            while len(batch) < BATCH_MAX:
                batch.append(self._waiting.get_nowait())
        return batch

    def _write_down(self, batch: Sequence[Decision]) -> None:
        for _ in range(TRIES_MAX):
            try:
                self._write(batch)
            except ResayError as error:
                log.warning("decisions_waiting decisions=%d error=%s", len(batch), error)
                if self._closing.wait(self._pause_s):
                    break
            else:
                return
        self._on_lost("books", len(batch))
        log.error("decisions_lost reason=books decisions=%d", len(batch))


def decision_of(request: RewriteRequest, answer: RewriteAnswer) -> Decision:
    """What is written down of one answer."""
    heard = request.heard
    return Decision(
        decision_id=answer.decision_id,
        turn_id=heard.turn_id,
        customer_id=heard.customer_id,
        at=heard.at,
        mode=mode_of(request),
        source=canonical(answer.original),
        target=answer.utterance if answer.action is Action.REWRITE else None,
        layer=answer.layer,
        generation=answer.generation,
        rewrite_id=answer.rewrite_id,
        experiment=answer.experiment,
        arm=answer.arm,
        propensity=answer.propensity,
        reason=answer.reason,
        latency_ms=answer.latency_ms,
    )


def mode_of(request: RewriteRequest) -> str:
    """The mode in which the question was asked."""
    return "retry" if isinstance(request, RetryRequest) else "before"
