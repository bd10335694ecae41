"""Simulated customers whose rewrites are on trial: each says something, is answered, and fares by chances that the test knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa

from resay.dialogue.rewrite import Decision, Rewrite
from resay.experiment.promote import LIVE_SHARE
from resay.store.books import Books
from resay.store.experiments import ExperimentBooks
from resay.store.review import ReviewBooks
from resay.store.trials import TrialBooks
from rewrite_online.rewriter import Live, Rewriter
from rewrite_online.table_layer import TableLayer
from serving.decision_log import decision_of
from serving.trials.fared import Fared, fared_of
from serving.trials.referee import Referee
from serving.trials.trying import Trying
from tests.builders import BASE, asked


class Labels:
    """What labels say of turns: the lake, as far as the referee asks it."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._engine = duckdb.connect()

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection."""
        connection = self._engine.cursor()
        columns = {"turn_id": pa.array(self._said, pa.string()), "outcome": pa.array(self._said.values(), pa.string())}
        connection.register("outcomes", pa.table(columns))
        yield connection

    def say(self, turn_id: str, outcome: str) -> None:
        """Judge a turn, again or for the first time."""
        self._said[turn_id] = outcome


@dataclass(frozen=True)
class Chances:
    """How a wording fares."""

    said: float
    rewritten: float


@dataclass
class Town:
    """Customers, the rewriter that answers them, and the referee."""

    books: Books
    rewrites: Mapping[Rewrite, Chances]
    share: float = LIVE_SHARE
    seed: int = 5
    labels: Labels = field(default_factory=Labels)
    applied: dict[str, int] = field(default_factory=dict)
    """How often each rewrite was put into a turn, by id."""

    def __post_init__(self) -> None:
        self.trials = TrialBooks(self.books)
        self.experiments = ExperimentBooks(self.books)
        self.referee = Referee(self.trials, lambda: self.labels, self.experiments.all)  # type: ignore[arg-type, return-value]
        whole = Live(generation=1, layers=(TableLayer(tuple(self.rewrites)),), rewrites=tuple(self.rewrites))
        self.trying = Trying(lambda: whole, self.trials.stages, share=self.share)
        self.trying.refresh()
        self.rewriter = Rewriter(self.trying.live, clock=lambda: 0.0)
        self.rng, self.now = Random(self.seed), BASE
        self.decisions: list[Decision] = []

    def say(self, rewrite: Rewrite, customer: str) -> str:
        """A customer says its source and fares by chance; answers the reason of what was done."""
        self.now += timedelta(minutes=1)
        turn_id = f"{customer}@{self.now.isoformat()}"
        request = asked(rewrite.source, customer_id=customer, turn_id=turn_id, at=self.now)
        answer = self.rewriter.rewrite(request, now=self.now, budget_s=60)
        self.decisions.append(decision_of(request, answer))
        chances, said = self.rewrites[rewrite], answer.reason != "rewritten"
        self.labels.say(turn_id, "success" if self.rng.random() < (chances.said if said else chances.rewritten) else "failure")
        self.applied[rewrite.rewrite_id] = self.applied.get(rewrite.rewrite_id, 0) + (not said)
        return str(answer.reason)

    def judge(self) -> list[tuple[str, str, str]]:
        """A round of the referee, taken up; answers what changed, from where to where."""
        self.books.log_decisions(self.decisions)
        self.decisions.clear()
        made = self.referee.judge(self.now)
        self.trying.refresh()
        return [(each.rewrite_id, str(each.before), str(each.after)) for each in made]

    def fared(self, rewrite: Rewrite) -> Fared:
        """How a rewrite fares."""
        return fared_of(self.trials.sums(), self.trials.stages())[rewrite.rewrite_id]

    def events(self) -> list[tuple[str, str, str, str]]:
        """The history: what, of which rewrite, by whom and why."""
        return [(each.change, each.name, each.by, each.why) for each in ReviewBooks(self.books).events()]


def town(home: Path, rewrites: Mapping[Rewrite, Chances], *, share: float = LIVE_SHARE, seed: int = 5) -> Town:
    """A town with books of its own."""
    return Town(Books(home / "books.sqlite"), rewrites, share, seed)
