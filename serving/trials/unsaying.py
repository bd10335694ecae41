"""What the layers beside the table said, judged by its promise: a rewrite that fails more often than not is left unsaid.

One of the global layer for all customers, until a person restores it; one of a customer's own history for that customer, for four weeks.
No hold-out is needed for that, and nothing is promoted: the usual hold-out is kept from them anyway. Knows counts; knows no words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from resay.experiment.evidence import ROLL_BACK_ALPHA, Outcomes, failures_to_roll_back, for_broken_promise
from resay.experiment.promote import Stage
from resay.store.events import Event
from resay.store.lake import Lake
from resay.store.trial_rows import GLOBAL
from resay.store.trials import StageRow, TrialBooks
from resay.store.triggers import TriggerBooks, TriggerSum, UnsaidRow
from rewrite_online.on_trial import UNSAID_FOR
from serving.trials.told import BY, EVENTS, told_of

CLOCKS = timedelta(days=1)
"""How far senders' clocks may be behind ours: what is unsaid is so by theirs."""

OWN = "own history"
"""What the history calls a rewrite of a customer's own: neither the customer nor the words, which may be forgotten."""


@dataclass(frozen=True, slots=True)
class Unsaying:
    """Judges the triggers of some books by the labels of a lake."""

    triggers: TriggerBooks
    trials: TrialBooks
    lake: Callable[[], Lake]

    def judge(self, now: datetime) -> list[TriggerSum]:
        """Take in what labels tell by now, and leave unsaid what broke its promise; answers what that was.

        Raises: BooksUnavailable, LakeUnavailable, FailedStep.
        """
        self._settle()
        self.triggers.drop_ended(before=now - UNSAID_FOR - CLOCKS)
        failing = self.triggers.failing(wrong_min=failures_to_roll_back())
        return [each for each in failing if (evidence := _evidence(each)) >= 1 / ROLL_BACK_ALPHA and self._unsaid(each, evidence, now)]

    def _settle(self) -> None:
        asked_for = self.triggers.asked_for()
        if not asked_for:
            return
        told = told_of(self.lake(), [each.turn_id for each in asked_for])
        found = {each: told.get(each.turn_id, "") for each in asked_for}
        self.triggers.settle({each: outcome for each, outcome in found.items() if outcome != each.outcome})

    def _unsaid(self, failing: TriggerSum, evidence: float, now: datetime) -> bool:
        counts = f"{failing.right} right, {failing.wrong} wrong"
        why = f"broken promise: {counts} as rewritten by the {failing.layer} layer; evidence {evidence:.3g}"
        event = Event(now, failing.rewrite_id if failing.layer == GLOBAL else OWN, EVENTS[Stage.TAKEN_BACK], BY, why)
        if failing.layer != GLOBAL:
            row = UnsaidRow(failing.customer_id, failing.rewrite_id, now, why)
            return self.triggers.unsay(row, before=failing.counts_from, event=event)
        known = next((each for each in self.trials.stages() if each.rewrite_id == failing.rewrite_id), None)
        stage = StageRow(failing.rewrite_id, Stage.TAKEN_BACK, now, known.counts_from if known else None, why)
        return self.trials.move(stage, before=known.stage if known else Stage.CANARY, event=event)


def _evidence(failing: TriggerSum) -> float:
    return for_broken_promise(Outcomes(failing.right, failing.wrong))
