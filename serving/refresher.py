"""The refresher: looks for new generations and vetoes twice a second, on a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from rewrite_online.rewriter import Live
from rewrite_online.watch import Watch
from serving.memory import settled

log = logging.getLogger(__name__)

FIRST_LOOK_S = 10.0
"""How long starting waits for the first look (EVALUATION 7: ready in ten seconds); a generation that takes longer to read is served when it
has been, and until then utterances pass through: better than a door that is shut."""

CLOSE_S = 5.0
"""How long stopping waits for a look that is under way; one that reads a large generation is left behind."""

REFRESH_S = 0.5
"""Time between two looks: a veto or a roll back holds within a second of being written."""


class Refresher:
    """Calls `Watch.refresh` until it is closed."""

    def __init__(
        self,
        watch: Watch,
        *,
        on_change: Callable[[Live], None],
        on_fault: Callable[[str, Exception], None],
        first_look_s: float = FIRST_LOOK_S,
        beside: Sequence[Callable[[], object]] = (),
    ) -> None:
        """Tell `on_change` of what is live whenever it is another than before; `on_fault` hears what broke.

        All of `beside` are called before each look, and keep neither it nor each other from anything.
        """
        self._beside = beside
        self._first_look_s = first_look_s
        self._looked = threading.Event()
        self._watch = watch
        self._on_change = on_change
        self._on_fault = on_fault
        self._closing = threading.Event()
        self._seen: Live | None = None
        self._thread = threading.Thread(target=self._run, name="resay-refresher", daemon=True)

    def start(self) -> None:
        """Look once now, so that the first request finds what is live if that can be read in time, and from then on by itself."""
        self._thread.start()
        self._looked.wait(self._first_look_s)

    def close(self) -> None:
        """Stop looking."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        self._look()
        self._looked.set()
        while not self._closing.wait(REFRESH_S):
            self._look()

    def _look(self) -> None:
        for each in self._beside:
            try:
                each()
            except Exception as error:  # What it knew holds on.
                self._on_fault("refresher", error)
                log.exception("refresh_failed")
        try:
            with settled():
                live = self._watch.refresh()
            if live is not self._seen:
                self._seen = live
                self._on_change(live)
        except Exception as error:  # What was live stays live, and the next look may go well.
            self._on_fault("refresher", error)
            log.exception("refresh_failed")
