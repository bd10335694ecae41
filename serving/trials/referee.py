"""The referee: asks labels what came of trials, judges every rewrite by its own evidence, and writes down what changes, with why.

The arithmetic is `resay.experiment.promote`'s. Several referees over the same books do no more than one: a change is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from resay.experiment.assign import CONTROL
from resay.experiment.promote import Change, Stage, Trial, changes
from resay.store.events import Event
from resay.store.experiments import ExperimentRecord
from resay.store.lake import Lake
from resay.store.trials import StageRow, TrialBooks, TrialRow
from serving.experiments.question import draw_of
from serving.trials.fared import Fared, fared_of
from serving.trials.told import BY, EVENTS, told_of


@dataclass(frozen=True, slots=True)
class Referee:
    """Judges the trials of some books by the labels of a lake."""

    trials: TrialBooks
    lake: Callable[[], Lake]
    experiments: Callable[[], Sequence[ExperimentRecord]]

    def judge(self, now: datetime) -> list[Change]:
        """Take in what labels tell by now, and make the changes that are due; answers those that were made.

        Raises: BooksUnavailable, LakeUnavailable, FailedStep.
        """
        self._settle()
        fared = fared_of(self.trials.sums(), self.trials.stages())
        # Given another chance and not tried since: nothing speaks for it or against it.
        tried = [Trial(name, each.stage, each.phases) for name, each in fared.items() if each.phases or each.stage is not Stage.CANARY]
        return [each for each in changes(tried) if self._made(each, fared[each.rewrite_id], now)]

    def _settle(self) -> None:
        asked_for = self.trials.asked_for()
        if not asked_for:
            return
        told = told_of(self.lake(), [each.turn_id for each in asked_for])
        records = self.experiments()
        found = {each: _outcome(each, told.get(each.turn_id, ""), records) for each in asked_for}
        self.trials.settle({each: outcome for each, outcome in found.items() if outcome != each.outcome})

    def _made(self, change: Change, fared: Fared, now: datetime) -> bool:
        name, why = change.rewrite_id, why_of(change, fared)
        known = next((each for each in self.trials.stages() if each.rewrite_id == name), None)
        row = StageRow(name, change.after, now, known.counts_from if known else None, why)
        return self.trials.move(row, before=change.before, event=Event(now, name, EVENTS[change.after], BY, why))


def why_of(change: Change, fared: Fared) -> str:
    """Why something changes, with the counts and the evidence, for the history."""
    told = f"{fared.applied.right} right, {fared.applied.wrong} wrong as rewritten"
    said = f"{fared.held_out.right} right, {fared.held_out.wrong} wrong as said"
    return f"{change.why.replace('_', ' ')}: {told}; {said}; evidence {change.evidence:.3g}"


def restore(trials: TrialBooks, rewrite_id: str, *, now: datetime, event: Event) -> bool:
    """Give a rewrite that was rolled back another chance: it is tried anew; answers whether it was rolled back.

    Raises: BooksUnavailable.
    """
    return trials.move(StageRow(rewrite_id, Stage.CANARY, now, now, event.why), before=Stage.TAKEN_BACK, event=event)


def _outcome(trial: TrialRow, told: str, records: Sequence[ExperimentRecord]) -> str:
    if any(_in_control(trial, each) for each in records):
        return "void"
    return told


def _in_control(trial: TrialRow, record: ExperimentRecord) -> bool:
    """Whether the customer was withheld rewrites then: of those only what was held out would be counted."""
    ran = record.started_at <= trial.event_time and (record.stopped_at is None or trial.event_time < record.stopped_at)
    return ran and draw_of(record).arm_of(trial.customer_id) == CONTROL
