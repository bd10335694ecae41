"""The watch: keeps in memory the generation that the shelf's pointer names, and the vetoes of the books.

Asking what is live costs nothing; looking for news costs one stat and one small query, and is done by whoever calls `refresh`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Rewrite, RewriteRequest
from resay.store.artifact import Generation, Shelf
from resay.store.books import Veto
from rewrite_online.certificate import certified
from rewrite_online.gate import Vetoes
from rewrite_online.global_certificate import global_layer, wordings_alone, wordings_known
from rewrite_online.global_layer import GlobalLayer
from rewrite_online.needless import KnownWordings, Needless, told_needless
from rewrite_online.not_the_words import NotTheWords
from rewrite_online.personal_layer import OwnBeside, PersonalLayer
from rewrite_online.rewriter import Live
from rewrite_online.sense import WrongEncoder
from rewrite_online.table_layer import TableLayer
from rewrite_online.taught_layer import TaughtLayer

if TYPE_CHECKING:
    from rewrite_online.encoder import Towers

log = logging.getLogger(__name__)

RETRY_REFRESHES = 20
"""A generation that could not be read is tried again after so many refreshes; each try hashes all of its files."""

NOTHING_PUBLISHED = "no rewrites are published yet; a log must be learnt from first; have you run `resay demo`, or `resay learn`?"

_Numbered = tuple[int, TableLayer, GlobalLayer | None, Needless, NotTheWords]


class Watch:
    """What is live now; `refresh` is for one thread at a time, `live` for all."""

    def __init__(
        self,
        shelf: Shelf,
        read_vetoes: Callable[[], Sequence[Veto]],
        *,
        personal: PersonalLayer | None = None,
        taught: TaughtLayer | None = None,
        encoder: Callable[[], Towers | None] = lambda: None,
        warmed: Callable[[Live], object] = lambda _live: None,
    ) -> None:
        """Look at a shelf and at vetoes; `personal` answers from customers' own histories, `taught` from what they told us.

        Neither is a part of any generation; `encoder` is asked for where a generation needs one, and `warmed` is told of every generation
        before it is live.
        """
        self._warmed = warmed
        self._taught = taught
        self._shelf = shelf
        self._encoder = encoder
        self._refused: str | None = None
        self._personal = personal
        self._read_vetoes = read_vetoes
        self._stamp: object = None
        self._refreshes_to_retry = 0
        self._vetoes: Vetoes | None = None
        self._table: _Numbered | None = None
        self._problem: str | None = NOTHING_PUBLISHED
        self._drawn_on: tuple[_Numbered | None, Vetoes | None, str | None] = (None, None, NOTHING_PUBLISHED)
        self._live = _live(*self._drawn_on)

    def live(self) -> Live:
        """What answers draw on now."""
        return self._live

    def refresh(self) -> Live:
        """Look for a new generation and new vetoes; what cannot be read leaves the old in place and says so in `problem`.

        The very same object comes back while nothing has changed.
        """
        veto_problem = self._refresh_vetoes()
        self._refresh_table()
        drawn_on = (self._table, self._vetoes, self._problem or self._refused or veto_problem)
        if drawn_on != self._drawn_on:
            if self._table is not None and self._table is not self._drawn_on[0]:
                self._warmed(_live(*drawn_on))
            live = _with_own(_live(*drawn_on), self._personal, beyond=self._table[2] if self._table else None)
            self._drawn_on = drawn_on
            self._live = _with_taught(live, self._taught, vetoes=self._vetoes)
        return self._live

    def _refresh_vetoes(self) -> str | None:
        try:
            self._vetoes = Vetoes.of((veto.source, veto.target) for veto in self._read_vetoes())
            for each in (self._personal, self._taught):
                if each is not None:
                    each.refresh()
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
            if str(error) != self._problem:  # Once: it is tried again for as long as it is published.
                log.warning("generation_broken error=%s", error)
            self._problem = str(error)
        # Noted after the load: a pointer that moves meanwhile is found at the next refresh.
        self._stamp = stamp

    def _load(self) -> None:
        generation = self._shelf.current()
        if generation is None:
            # A pointer that vanished is a fault of the folder, not a wish: what was live stays.
            self._problem = NOTHING_PUBLISHED
            return
        rewrites = certified(generation)
        # All or nothing: a table is not served without what was learnt beside it. But a machine may have another encoder, or none.
        beyond, refused = self._beyond(generation, rewrites)
        knowing = beyond or KnownWordings(wordings_known(generation) if refused else wordings_alone(generation))
        needless = Needless(knowing, told_needless(generation))
        self._refused = refused
        self._table = (generation.number, TableLayer(rewrites), beyond, needless, NotTheWords(knowing))
        self._problem = None
        log.info("generation_live generation=%d rewrites=%d", generation.number, len(self._table[1]))

    def _beyond(self, generation: Generation, rewrites: Sequence[Rewrite]) -> tuple[GlobalLayer | None, str | None]:
        """The global layer, and why there is none though the generation has one."""
        try:
            return global_layer(generation, rewrites, encoder=self._encoder), None
        except WrongEncoder as error:
            refused = f"generation {generation.number} is served by its table alone; {error}"
            log.warning("layer_refused generation=%d error=%s", generation.number, error)
            return None, refused


def _live(numbered: _Numbered | None, vetoes: Vetoes | None, problem: str | None) -> Live:
    if numbered is None or vetoes is None:
        # Vetoes win over everything: before they have been read once, nothing is served.
        return Live(generation=None, problem=problem)
    number, table, beyond, needless, not_the_words = numbered
    live = Live(
        generation=number,
        layers=(table,),
        vetoes=vetoes,
        rewrites=table.rewrites,
        problem=problem,
        needless=needless,
        spares=table.spares,
        not_the_words=not_the_words,
    )
    if beyond is None:
        return live

    def out_of_place(request: RewriteRequest, rewrite: Rewrite) -> bool:
        return beyond.out_of_place(request.heard, rewrite)

    return replace(live, layers=(table, beyond), ahead=beyond.ahead, out_of_place=out_of_place)


def _with_own(live: Live, personal: PersonalLayer | None, *, beyond: GlobalLayer | None) -> Live:
    """The same with customers' own histories, where anything is live at all."""
    if personal is None or live.generation is None:
        return live
    own = OwnBeside(personal, beyond.words, turned=beyond.out_of_place) if beyond else OwnBeside(personal, ())
    return replace(live, layers=(own, *live.layers), failed_before=personal.failed_before)


def _with_taught(live: Live, taught: TaughtLayer | None, *, vetoes: Vetoes | None) -> Live:
    """The same with what customers told us, which needs no generation; but vetoes win over it."""
    if taught is None or vetoes is None:
        return live
    return replace(live, layers=(taught, *live.layers), vetoes=vetoes, taught_otherwise=taught.taught_otherwise)
