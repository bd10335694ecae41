"""The watch: keeps in memory the generation that the shelf's pointer names, and the vetoes of the books.

Asking what is live costs nothing; looking for news costs one stat and one small query, and is done by whoever calls `refresh`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from resay.dialogue.errors import ResayError
from resay.store.artifact import Shelf
from resay.store.books import Veto
from resay.store.rewrites import REWRITES_FILE, decode_rewrites
from rewrite_online.gate import Vetoes
from rewrite_online.rewriter import Live
from rewrite_online.table_layer import TableLayer

log = logging.getLogger(__name__)

RETRY_REFRESHES = 20
"""A generation that could not be read is tried again after so many refreshes; each try hashes all of its files."""

NOTHING_PUBLISHED = "no rewrites are published yet; a generation must be mined first; have you run `resay demo` or `resay mine`?"


class Watch:
    """What is live now; `refresh` is for one thread at a time, `live` for all."""

    def __init__(self, shelf: Shelf, read_vetoes: Callable[[], Sequence[Veto]]) -> None:
        self._shelf = shelf
        self._read_vetoes = read_vetoes
        self._stamp: object = None
        self._refreshes_to_retry = 0
        self._vetoes: Vetoes | None = None
        self._table: tuple[int, TableLayer] | None = None
        self._problem: str | None = NOTHING_PUBLISHED
        self._live = Live(generation=None, problem=NOTHING_PUBLISHED)

    def live(self) -> Live:
        """What answers draw on now."""
        return self._live

    def refresh(self) -> Live:
        """Look for a new generation and new vetoes; what cannot be read leaves the old in place and says so in `problem`."""
        veto_problem = self._refresh_vetoes()
        self._refresh_table()
        problem = self._problem or veto_problem
        if self._table is None or self._vetoes is None:
            # Vetoes win over everything: before they have been read once, nothing is served.
            self._live = Live(generation=None, problem=problem)
        else:
            number, table = self._table
            self._live = Live(generation=number, layers=(table,), vetoes=self._vetoes, problem=problem)
        return self._live

    def _refresh_vetoes(self) -> str | None:
        try:
            self._vetoes = Vetoes.of((veto.source, veto.target) for veto in self._read_vetoes())
        except ResayError as error:
            return str(error)
        return None

    def _refresh_table(self) -> None:
        stamp = self._shelf.stamp()
        self._refreshes_to_retry -= 1
        if stamp == self._stamp and (self._problem is None or stamp is None or self._refreshes_to_retry > 0):
            return
        self._refreshes_to_retry = RETRY_REFRESHES
        try:
            self._load()
        except (ResayError, OSError) as error:
            self._problem = str(error)
            log.warning("generation_broken error=%s", error)
        # Noted after the load: a pointer that moves meanwhile is found at the next refresh.
        self._stamp = stamp

    def _load(self) -> None:
        generation = self._shelf.current()
        if generation is None:
            # A pointer that vanished is a fault of the folder, not a wish: what was live stays.
            self._problem = NOTHING_PUBLISHED
            return
        self._table = (generation.number, TableLayer(decode_rewrites(generation.read(REWRITES_FILE))))
        self._problem = None
        log.info("generation_live generation=%d rewrites=%d", generation.number, len(self._table[1]))
