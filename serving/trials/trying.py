"""What is live, with what became of each rewrite on trial. Read from the books every moment; before the first reading all is off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from resay.experiment.promote import LIVE_SHARE, Stage
from resay.store.trials import StageRow
from rewrite_online.on_trial import OnTrial
from rewrite_online.rewriter import Live


class Trying:
    """What answers draw on now. `refresh` is for one thread at a time, `live` for all."""

    def __init__(self, live: Callable[[], Live], read: Callable[[], Sequence[StageRow]], *, share: float = LIVE_SHARE) -> None:
        """What `live` answers, where `share` of those for whom a rewrite on trial is ready are said it."""
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
        self._trials = OnTrial(self._share, promoted, taken_back)

    def live(self) -> Live:
        """What is live; the very same object while nothing has changed."""
        whole, trials, kept = self._whole(), self._trials, self._kept
        if kept is None or kept[0] is not whole or kept[1] != trials:
            # What was rolled back must not come back while a replica starts.
            told = replace(whole, layers=(), off=True) if trials is None else replace(whole, trials=trials)
            kept = self._kept = whole, trials, told
        return kept[2]
