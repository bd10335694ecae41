"""The product in a loop: lands, links, labels, mines, publishes and serves by the functions of the other commands, in process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from ingest.landing import land_records
from markov.publish import live_rewrites
from markov.versions import Understanding
from rephrase.detect import detect_job
from rephrase.detector import Detector
from resay.commands.bench.loop_roll_back import RollBack
from resay.commands.detectors import detector_of
from resay.commands.learning import CUSTOMERS_MIN, LearnRules, teach
from resay.commands.replaying import replay_live
from resay.commands.settings import Settings
from resay.dialogue.codec import encode, whole
from resay.dialogue.rewrite import Rewrite, RewriteAnswer, RewriteRequest
from resay.dialogue.tick import silent
from resay.dialogue.turn import Turn
from resay.lab.adviser import Rewriting
from resay.label.job import label, label_job, whole_label_due
from resay.store.artifact import Shelf
from resay.store.books import Books
from resay.store.job import take_in
from resay.store.lake import Lake
from rewrite_online.deadline import UNHURRIED_S
from rewrite_online.explore import NO_EXPLORATION, Exploration
from rewrite_online.rewriter import Live, Rewriter
from rewrite_online.watch import Watch
from serving.app import histories_in

SOURCE = "loop"
"""What the lake calls the log."""

TRIED_FILE = "tried.sqlite"
"""Books of the trials of the scored weeks, in the home."""


class ProductSystem:
    """A home of its own: lake, shelf, and the rewriter over what is published there."""

    def __init__(
        self,
        settings: Settings,
        *,
        k: int = CUSTOMERS_MIN,
        detector: Detector | None = None,
        understanding: Understanding | None = None,
        exploration: Exploration = NO_EXPLORATION,
    ) -> None:
        """Open the home; what lies in it already is learnt from too, and what is live there answers.

        Links are of this detector, or of the usual one.
        """
        began = settings.lake.exists()
        self._settings, self._rules = settings, LearnRules(k=k, understanding=understanding)
        self._lake = Lake(settings.lake)
        self._detecting, self._labelling = detect_job(detector or detector_of()), label_job()
        self._books = Books(settings.books)
        self._watch = Watch(Shelf(settings.rewrites), list, personal=histories_in(self._books), encoder=self._rules.encoder)
        # Time stands still for the rewriter: a busy machine must not score lateness as abstention; lateness has a bench of its own.
        self._exploration = exploration
        self._rewriter = Rewriter(self._watch.live, clock=lambda: 0.0, exploration=exploration)
        self._rolling: RollBack | None = None
        self._watch.refresh()
        self._digest = None if began else hashlib.blake2b(digest_size=16)

    def land(self, turns: Sequence[Turn], now: datetime) -> None:
        """Land turns as a sender over HTTP would."""
        records = [encode(whole(turn)) for turn in turns]
        if self._digest:
            for record in records:
                self._digest.update(record)
        report = land_records(records, source=SOURCE, lake=self._lake, now=now)
        assert not report.rejected, f"the lab must log what the format allows; got {report.faults}"

    def judge(self) -> None:
        """Links, then labels, until there is nothing new."""
        while take_in(self._detecting, self._lake):
            pass
        if whole_label_due(self._lake):
            label(self._lake, silent)
        while take_in(self._labelling, self._lake):
            pass

    def learn(self, now: datetime) -> None:
        """Link and label what is new, mine, verify, publish, and take up what is live then."""
        self.judge()
        teach(self._settings, {}, self._rules)
        self._watch.refresh()

    def forget(self, customer_id: str) -> None:
        """Take a customer out of the lake; what is live stands until the next learning."""
        self._lake.take_out(customer_id)

    def replay(self) -> None:
        """Ask the assistant, which is another now, what it needs no rewrite for any more, and take up what is live then."""
        assert self._rules.understanding, "whoever is to ask needs somebody to ask"
        replay_live(self._settings, self._rules.understanding)
        self._watch.refresh()

    def rewriting(self) -> Rewriting:
        """The rewriter over what is live, with the usual hold-out."""

        def rewrite(request: RewriteRequest, now: datetime) -> RewriteAnswer:
            return self._rewriter.rewrite(request, now=now, budget_s=UNHURRIED_S)

        return rewrite

    def live(self) -> Live:
        """What answers draw on now."""
        return self._watch.live()

    def roll_back(self) -> RollBack:
        """The rewriter over what is live, begun untried, whose rewrites are judged as `resay serve` judges them."""
        self._end_trials()
        books = self._settings.home / TRIED_FILE
        self._rolling = RollBack(self._watch.live, lake=self._lake, books=books, exploration=self._exploration, label=self.judge)
        return self._rolling

    def defects(self) -> Iterable[tuple[str, str, float]]:
        """What the labels say of every turn."""
        self.judge()
        with self._lake.connect() as connection:
            return connection.execute("select turn_id, customer_id, defect from outcomes order by turn_id").fetchall()

    def rewrites(self) -> tuple[Rewrite, ...]:
        """The live table."""
        return tuple(live_rewrites(Shelf(self._settings.rewrites))[1])

    @property
    def log_digest(self) -> str:
        """A hash of every record that was landed, in order: equal for equal logs; empty where another process landed some of them."""
        return self._digest.hexdigest() if self._digest else ""

    def close(self) -> None:
        """Give the rewriter's workers back."""
        self._end_trials()
        self._rewriter.close()
        self._books.close()

    def _end_trials(self) -> None:
        if self._rolling:
            self._rolling.close()
