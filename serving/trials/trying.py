"""What is live, with what became of each rewrite on trial. Read from the books every moment; before the first reading all is off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from resay.experiment.promote import LIVE_SHARE, Stage
from resay.store.trials import StageRow
from resay.store.triggers import TriggerBooks
from rewrite_online.on_trial import OnTrial
from rewrite_online.rewriter import Live

UNSAID_MAX = 20_000
"""Rewrites of customers' own histories that a replica keeps unsaid, the newest: some 5 MB."""


class Unsaid:
    """Which rewrites of customers' own histories are unsaid, and since when; read again only once something has changed."""

    def __init__(self, triggers: TriggerBooks) -> None:
        """As these books have it."""
        self._triggers = triggers
        self._edition: int | None = None
        self._rows: dict[tuple[str, str], datetime] = {}

    def __call__(self) -> Mapping[tuple[str, str], datetime]:
        """The very same mapping while nothing has changed.

        Raises: BooksUnavailable.
        """
        edition = self._triggers.edition()
        if edition != self._edition:
            rows = self._triggers.unsaid(limit=UNSAID_MAX)
            self._rows = {(each.customer_id, each.rewrite_id): each.unsaid_from for each in rows}
            self._edition = edition
        return self._rows


class Trying:
    """What answers draw on now. `refresh` is for one thread at a time, `live` for all."""

    def __init__(
        self,
        live: Callable[[], Live],
        read: Callable[[], Sequence[StageRow]],
        *,
        share: float = LIVE_SHARE,
        read_unsaid: Callable[[], Mapping[tuple[str, str], datetime]] = dict,
    ) -> None:
        """What `live` answers, where `share` of those for whom a rewrite on trial is ready are said it."""
        self._read_unsaid = read_unsaid
        self._whole = live
        self._read = read
        self._share = share
        self._trials: OnTrial | None = None
        self._kept: tuple[Live, OnTrial | None, Live] | None = None

    def refresh(self) -> None:
        """Look at the stages; where they cannot be read what was known holds on.

        Raises: BooksUnavailable.
        """
        rows = self._read()
        promoted, taken_back = (
            frozenset(each.rewrite_id for each in rows if each.stage == stage) for stage in (Stage.LIVE, Stage.TAKEN_BACK)
        )
        trials = OnTrial(self._share, promoted, taken_back, self._read_unsaid())
        if trials != self._trials:
            self._trials = trials

    def live(self) -> Live:
        """What is live; the very same object while nothing has changed."""
        whole, trials, kept = self._whole(), self._trials, self._kept
        if kept is None or kept[0] is not whole or kept[1] is not trials:
            # What was rolled back must not come back while a replica starts.
            told = replace(whole, layers=(), off=True) if trials is None else replace(whole, trials=trials)
            kept = self._kept = whole, trials, told
        return kept[2]
