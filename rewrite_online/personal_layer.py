"""The personal layer: rewrites from a customer's own history, read on demand and kept for a while.

A customer's own second tries are evidence for that customer alone. What one customer said is looked up by their id and by nothing else,
so that it cannot reach another. Knows nothing of where histories lie, and nothing of the gate that its candidates have to pass.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from resay.dialogue.history import Tried
from resay.dialogue.rewrite import Layer, Rewrite, RewriteRequest
from rewrite_online.own import Own, Turned, never

CUSTOMERS_MAX = 20_000
"""Customers whose histories are kept in memory at once: those who talk within an hour or so to an assistant of some hundred thousand."""

BYTES_MAX = 256 * 2**20
"""What they may take: 20,000 histories of some hundred wordings, a hundred bytes each, as measured by `Own.bytes`."""

KEPT_S = 900.0
"""How long a history is taken for true: where the books cannot be asked whether anything changed, nobody is served from older ones."""

AGE_DAYS_MAX = 182
"""Days after which what was tried says nothing any more; the books keep no older ones either."""

Read = Callable[[str, date], Sequence[Tried]]
"""A customer and the first day that counts → their history."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many histories are kept, and for how long."""

    customers: int = CUSTOMERS_MAX
    bytes: int = BYTES_MAX
    seconds: float = KEPT_S


@dataclass(frozen=True, slots=True)
class _Kept:
    own: Own
    read_at: float


class _Promised(threading.local):
    """What was promised on this thread."""

    own: tuple[str, Own] | None = None
    """Whose, and what."""


class PersonalLayer:
    """What customers have found out themselves; safe to share between threads."""

    layer: Final = Layer.PERSONAL

    def __init__(
        self, read: Read, read_edition: Callable[[], int], *, room: Room | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Read histories through `read`, which may be slow, and may fail: that is the caller's to bear.

        `read_edition` tells a number that grows whenever any history may have changed.
        """
        self._read = read
        self._read_edition = read_edition
        self._room = room or Room()
        self._clock = clock
        self._lock = threading.Lock()
        self._promised = _Promised()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._edition: int | None = None
        self._reads = 0

    def refresh(self) -> None:
        """Forget everything where the books have changed: what was deleted there must not be said here.

        Raises: whatever the books raise.
        """
        edition = self._read_edition()
        with self._lock:
            if edition != self._edition:
                self._edition = edition
                self._kept.clear()
                self._bytes = 0

    @property
    def kept(self) -> tuple[int, int]:
        """How many histories are in memory, and about how many bytes they take."""
        return len(self._kept), self._bytes

    @property
    def reads(self) -> int:
        """How many histories were read so far."""
        return self._reads

    def at_once(self, request: RewriteRequest) -> bool:
        """Whether the history is in memory; the question that follows on this thread is answered from it, whatever comes between."""
        own = self._known(request.heard.customer_id)
        # Whoever was told that they need not wait must not find the history gone, and read it from a store that may hang.
        self._promised.own = (request.heard.customer_id, own) if own is not None else None
        return own is not None

    def offers(self, _request: RewriteRequest) -> bool:
        """Never: a customer's own good words are a candidate like others, so that it does not matter what is in memory."""
        return False

    def candidates(self, request: RewriteRequest, *, known: Collection[str] = (), turned: Turned = never) -> Sequence[Rewrite]:
        """What this customer has found to work in place of the utterance, best first; the utterance itself where that works for them.

        `known` are words that many customers say with success; `turned` tells where good words are not what is wanted.

        Raises: whatever the books raise.
        """
        customer_id = request.heard.customer_id
        promised = self._promised.own
        self._promised.own = None
        if promised is not None and promised[0] == customer_id:
            self._lately_used(customer_id)
            return promised[1].candidates(request.heard, known=known, turned=turned)
        return self._own(customer_id, request.heard.at).candidates(request.heard, known=known, turned=turned)

    def failed_before(self, request: RewriteRequest, rewrite: Rewrite) -> bool:
        """Whether the rewrite failed this customer before and never succeeded for them, as far as their history is in memory."""
        own = self._known(request.heard.customer_id)
        return own is not None and own.failed(request.heard, rewrite)

    def _known(self, customer_id: str) -> Own | None:
        kept = self._kept.get(customer_id)
        return kept.own if kept is not None and self._clock() - kept.read_at < self._room.seconds else None

    def _own(self, customer_id: str, at: datetime) -> Own:
        known = self._known(customer_id)
        if known is not None:
            return known
        edition, read_at = self._edition, self._clock()
        self._reads += 1
        own = Own(self._read(customer_id, at.astimezone(UTC).date() - timedelta(days=AGE_DAYS_MAX)))
        with self._lock:
            # What was read before a change may lack it, and is used for this one answer only.
            if edition == self._edition:
                self._keep(customer_id, _Kept(own, read_at))
        return own

    def _lately_used(self, customer_id: str) -> None:
        with self._lock:
            if customer_id in self._kept:
                self._kept.move_to_end(customer_id)

    def _keep(self, customer_id: str, kept: _Kept) -> None:
        before = self._kept.pop(customer_id, None)
        self._bytes += kept.own.bytes - (before.own.bytes if before else 0)
        self._kept[customer_id] = kept
        while self._kept and (len(self._kept) > self._room.customers or self._bytes > self._room.bytes):
            _, gone = self._kept.popitem(last=False)
            self._bytes -= gone.own.bytes


class OwnBeside:
    """The personal layer beside one generation: what a word is good for is told by this customer and by all others together."""

    layer: Final = Layer.PERSONAL

    def __init__(self, personal: PersonalLayer, known: Collection[str], *, turned: Turned = never) -> None:
        """Answer as `personal` does, and take no word of `known` for another; good words are not left alone where `turned` says so."""
        self._known = frozenset(known)
        self._turned = turned
        self.at_once = personal.at_once
        self.offers = personal.offers
        self._candidates = personal.candidates

    def candidates(self, request: RewriteRequest) -> Sequence[Rewrite]:
        """What the personal layer would say here.

        Raises: whatever the books raise.
        """
        return self._candidates(request, known=self._known, turned=self._turned)
