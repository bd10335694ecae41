"""Roll-back in a loop's scored weeks, by the very referees of `resay serve`: what fails there, as labels see it, is left unsaid.

Has books of its own, so that a pass over these weeks begins untried however often it is begun. Knows no truth, and learns nothing: which
wordings there are, and how likely they are to succeed, stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from resay.dialogue.rewrite import Decision, RewriteAnswer, RewriteRequest
from resay.lab.adviser import Rewriting
from resay.store.books import Books
from resay.store.lake import Lake
from resay.store.trials import TrialBooks
from resay.store.triggers import TriggerBooks
from rewrite_online.deadline import UNHURRIED_S
from rewrite_online.explore import Exploration
from rewrite_online.rewriter import Live, Rewriter
from serving.decision_log import decision_of
from serving.trials.referee import Referee
from serving.trials.trying import Trying, Unsaid
from serving.trials.unsaying import Unsaying


class RollBack:
    """Answers from what is live, less what was rolled back since it began."""

    def __init__(self, live: Callable[[], Live], *, lake: Lake, books: Path, exploration: Exploration, label: Callable[[], None]) -> None:
        """Begin untried, whatever books lie there; `label` makes the labels of what has landed."""
        for each in books.parent.glob(f"{books.name}*"):
            each.unlink()
        self._label = label
        self._books = Books(books)
        triggers, self._trials = TriggerBooks(self._books), TrialBooks(self._books)
        self._referee = Referee(self._trials, lambda: lake, tuple)
        self._unsaying = Unsaying(triggers, self._trials, lambda: lake)
        self._trying = Trying(live, self._trials.stages, read_unsaid=Unsaid(triggers))
        self._trying.refresh()
        # Time stands still for the rewriter: a busy machine must not score lateness as abstention; lateness has a bench of its own.
        self._rewriter = Rewriter(self._trying.live, clock=lambda: 0.0, exploration=exploration)
        self._waiting: list[Decision] = []

    def rewriting(self) -> Rewriting:
        """The rewriter, whose answers are noted."""

        def rewrite(request: RewriteRequest, now: datetime) -> RewriteAnswer:
            answer = self._rewriter.rewrite(request, now=now, budget_s=UNHURRIED_S)
            if answer.rewrite_id:
                self._waiting.append(decision_of(request, answer))
            return answer

        return rewrite

    def judge(self, now: datetime) -> None:
        """A round of the referees over what has landed, and what they roll back is left unsaid."""
        self._label()
        self._books.log_decisions(self._waiting)
        self._waiting.clear()
        self._referee.judge(now)
        self._unsaying.judge(now)
        self._trying.refresh()

    def close(self) -> None:
        """Give workers and books back."""
        self._rewriter.close()
        self._books.close()
