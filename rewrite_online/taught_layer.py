"""The taught layer: what a customer told us outright, read by their id and kept while nobody's teachings change.

What one customer taught is looked up by their id and by nothing else, so that it cannot reach another. Knows nothing of how a teaching is
understood or where it lies.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from resay.dialogue.rewrite import Layer, Rewrite, RewriteRequest, Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.teaching import Lexicon, Meant, Taught
from resay.dialogue.text import canonical, has_command_prefix, has_control_characters

ROWS_MAX = 200_000
"""Teachings in memory at once, each customer counted as one more: some 200 MB."""

TOLD, CONFIRMED = 0.8, 1.0
"""Chance of success of what was told outright, and of what the customer said yes to when asked again: no measurements, but on either side
of what the gate asks for where the risk is high. So it never passes what is risky without a yes."""

Read = Callable[[str], Sequence[Taught]]


@dataclass(frozen=True, slots=True)
class _Kept:
    lexicon: Lexicon
    stamp: object
    """What the teachings' stamp was before they were read."""


_NOTHING_TAUGHT = Lexicon(())


@dataclass(frozen=True, slots=True)
class _Teachers:
    ids: frozenset[str] | None
    """Who taught anything; nothing where that is not known."""
    stamp: object
    """What the teachings' stamp was before they were read."""


class _Promised(threading.local):
    """What was promised on this thread."""

    lexicon: tuple[str, Lexicon] | None = None
    """Whose, and what."""


class TaughtLayer:
    """What customers taught; safe to share between threads."""

    layer: Final = Layer.TAUGHT

    def __init__(
        self,
        read: Read,
        stamp: Callable[[], object],
        edition: Callable[[], int],
        *,
        rows_max: int = ROWS_MAX,
        teachers: Callable[[], frozenset[str] | None] = lambda: None,
    ) -> None:
        """Read teachings through `read`, which may be slow, and may fail: that is the caller's to bear.

        `stamp` costs next to nothing, and is another one whenever a change was answered; `edition` tells even of changes that were not.
        `teachers` are all who taught anything, or nothing where they are too many to be kept.
        """
        self._read = read
        self._stamp = stamp
        self._read_edition = edition
        self._read_teachers = teachers
        self._teachers = _Teachers(None, None)
        self._rows_max = rows_max
        self._edition: int | None = None
        self._lock = threading.Lock()
        self._promised = _Promised()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._rows = 0

    def refresh(self) -> None:
        """Forget everything where the books have changed: whoever changed them may have been killed before they could say so.

        Raises: whatever the books raise.
        """
        # The stamp before the books: whoever teaches meanwhile makes it another one.
        stamp, edition = self._stamp(), self._read_edition()
        if edition != self._edition or stamp != self._teachers.stamp:
            self._teachers = _Teachers(self._read_teachers(), stamp)
        with self._lock:
            if edition != self._edition:
                self._edition = edition
                self._kept.clear()
                self._rows = 0

    def at_once(self, request: RewriteRequest) -> bool:
        """Whether these teachings are in memory as they are in the books; the question that follows on this thread is answered from it."""
        if request.heard.prompt is not None:
            return True
        lexicon = self._known(request.heard.customer_id)
        self._promised.lexicon = (request.heard.customer_id, lexicon) if lexicon is not None else None
        return lexicon is not None

    def offers(self, _request: RewriteRequest) -> bool:
        """Never: words that were taught to be said are a candidate like others, so that it does not matter what is in memory."""
        return False

    def candidates(self, request: RewriteRequest) -> Sequence[Rewrite]:
        """What this customer wants said in place of the utterance; the utterance itself where that is what they taught us to say.

        What answers a question of the assistant's is never another thing by a teaching.

        Raises: whatever the books raise.
        """
        if request.heard.prompt is not None:
            return ()
        customer_id, promised = request.heard.customer_id, self._promised.lexicon
        self._promised.lexicon = None
        lexicon = promised[1] if promised is not None and promised[0] == customer_id else self._lexicon(customer_id)
        said = canonical(request.heard.utterance)
        meant = lexicon.meant(said)
        return () if meant is None or not _sayable(meant.text) else (_rewrite(said, meant),)

    def taught_otherwise(self, request: RewriteRequest, rewrite: Rewrite) -> bool:
        """Whether this customer, as far as their teachings are in memory, means something else by what a rewrite of another layer says.

        To say it would need a second hop, and there is none.
        """
        kept = self._kept.get(request.heard.customer_id)
        if kept is None or request.heard.prompt is not None:
            return False
        meant = kept.lexicon.meant(rewrite.target)
        return meant is not None and bool(meant.by)

    def _known(self, customer_id: str) -> Lexicon | None:
        stamp, teachers, kept = self._stamp(), self._teachers, self._kept.get(customer_id)
        if kept is not None and kept.stamp == stamp:
            return kept.lexicon
        # Most customers never teach: nobody is made to wait to be told so.
        never = teachers.ids is not None and teachers.stamp == stamp and customer_id not in teachers.ids
        return _NOTHING_TAUGHT if never else None

    def _lexicon(self, customer_id: str) -> Lexicon:
        known = self._known(customer_id)
        if known is not None:
            return known
        # Before the books are read: what changes meanwhile is then found at the next question.
        edition, stamp = self._edition, self._stamp()
        lexicon = Lexicon(self._read(customer_id))
        with self._lock:
            if edition == self._edition:
                self._keep(customer_id, _Kept(lexicon, stamp))
        return lexicon

    def _keep(self, customer_id: str, kept: _Kept) -> None:
        before = self._kept.pop(customer_id, None)
        self._rows += _cost(kept) - (_cost(before) if before else 0)
        self._kept[customer_id] = kept
        while self._rows > self._rows_max and self._kept:
            _, gone = self._kept.popitem(last=False)
            self._rows -= _cost(gone)


def _cost(kept: _Kept) -> int:
    return 1 + len(kept.lexicon.rows)


def _sayable(text: str) -> bool:
    """Held to it again here: what must never be handed to an assistant must not be, whoever wrote it into the books."""
    return not has_command_prefix(text) and not has_control_characters(text)


def _rewrite(said: str, meant: Meant) -> Rewrite:
    confirmed = all(each.confirmed_at is not None for each in meant.by)
    return Rewrite(
        rewrite_id=meant.by[0].teaching_id if meant.by else "",
        source=said,
        prompt_kind="",
        target=meant.text,
        state="",
        risk=risk_of("", " ".join((meant.text, *(each.meaning for each in meant.by)))) if meant.by else Risk.LOW,
        score=CONFIRMED if confirmed else TOLD,
        success_as_said=0.0,
        success_as_rewritten=CONFIRMED if confirmed else TOLD,
        support=1,
        times=1,
        evidence=(),
    )
