"""Looks at experiments that pages share: one is kept for some seconds, and that of a large experiment is made behind its readers' backs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from resay.store.experiments import ExperimentRecord
from serving.experiments.look import Look

LIFE = timedelta(seconds=15)
"""How old a look may be that whoever reads waits for."""

SHOWN_MAX = timedelta(minutes=10)
"""How old one may be that they need not wait for; pages say of when it is."""

KEPT_FRESH = timedelta(minutes=5)
"""How old one becomes that nobody reads: two seconds of a core, so that nobody ever waits for it."""

LARGE = 5_000
"""Customers in an experiment from whom on nobody waits: with 20,000 of them and a million turns a look takes two seconds of a core."""

LOOKS_MAX = 20
"""Experiments whose last look is kept; the oldest goes first."""


class Looks:
    """The last look at each experiment. `refresh` is for one thread at a time, `of` for all."""

    def __init__(
        self,
        look: Callable[[ExperimentRecord, datetime], Look],
        records: Callable[[], Sequence[ExperimentRecord]],
        *,
        clock: Callable[[], datetime],
        large: int = LARGE,
    ) -> None:
        """Of what `look` sees of an experiment at a moment; `records` are all experiments, the newest last."""
        self._look = look
        self._records = records
        self._clock = clock
        self._large = large
        self._making = threading.Lock()
        self._keeping = threading.Lock()
        self._kept: dict[str, Look] = {}
        self._read = frozenset[str]()

    def of(self, record: ExperimentRecord) -> Look:
        """The look at an experiment: some seconds old, or of a large one some minutes.

        Raises: BooksUnavailable, LakeUnavailable, FailedStep.
        """
        kept = self._good_enough(record)
        if kept is not None:
            return kept
        with self._making:
            # Whoever stood before may have made it meanwhile.
            return self._good_enough(record) or self._make(record)

    def refresh(self) -> None:
        """Make anew what was read since it had grown old, and the looks at experiments that run.

        Raises: BooksUnavailable, LakeUnavailable, FailedStep.
        """
        read, self._read = self._read, frozenset()
        for record in self._records()[-LOOKS_MAX:]:
            if self._is_due(record, is_read=record.experiment in read):
                self._make(record)

    def _is_due(self, record: ExperimentRecord, *, is_read: bool) -> bool:
        kept, runs = self._kept.get(record.experiment), record.stopped_at is None
        if kept is None:
            return runs
        return self._is_large(kept) and (is_read or (runs and self._clock() - kept.at > KEPT_FRESH))

    def _good_enough(self, record: ExperimentRecord) -> Look | None:
        kept = self._kept.get(record.experiment)
        # What was started anew or stopped is no longer what was looked at.
        if kept is None or kept.record != record:
            return None
        age = self._clock() - kept.at
        if age <= LIFE:
            return kept
        if age > SHOWN_MAX or not self._is_large(kept):
            return None
        self._read = self._read | {record.experiment}
        return kept

    def _is_large(self, look: Look) -> bool:
        return sum(arm.exposed for arm in look.arms) >= self._large

    def _make(self, record: ExperimentRecord) -> Look:
        look = self._look(record, self._clock())
        with self._keeping:
            others = {name: each for name, each in self._kept.items() if name != record.experiment}
            self._kept = {**dict(list(others.items())[-LOOKS_MAX + 1 :]), record.experiment: look}
        return look
