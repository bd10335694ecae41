"""Rewrites of the layers beside the table, judged by their promise: unsaid for all, or for the one customer whose history they are of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from resay.dialogue.rewrite import Decision, Layer, RewriteRequest
from resay.dialogue.rewrite import Rewrite as Candidate
from resay.experiment.promote import Stage
from resay.store.books import Books
from resay.store.events import Event
from resay.store.forgettings import ForgettingBooks
from resay.store.review import ReviewBooks
from resay.store.trials import StageRow, TrialBooks
from resay.store.triggers import TriggerBooks
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.rewriter import Live, Rewriter
from serving.trials.fared import read_fared
from serving.trials.layers import read_layers
from serving.trials.referee import restore
from serving.trials.trying import Trying, Unsaid
from serving.trials.unsaying import Unsaying
from tests.builders import BASE, asked, rewrite
from tests.serving.trials.customers import Labels

LAMP = rewrite("lamp on", "lamp off")


class OneLayer:
    """Offers one rewrite, from memory."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def at_once(self, _request: RewriteRequest) -> bool:
        """It is."""
        return True

    def offers(self, _request: RewriteRequest) -> bool:
        """Never."""
        return False

    def candidates(self, _request: RewriteRequest) -> Sequence[Candidate]:
        """The lamp."""
        return [LAMP]


class Judged:
    """Books, labels and their referee, and two replicas."""

    def __init__(self, books: Books) -> None:
        self.books, self.labels = books, Labels()
        self.trials, self.triggers = TrialBooks(books), TriggerBooks(books)
        self.unsaying = Unsaying(self.triggers, self.trials, lambda: self.labels)  # type: ignore[arg-type, return-value]
        self.number = 0

    def said(self, customer: str, outcome: str, *, layer: str = "global", at: datetime = BASE, reason: str = "rewritten") -> None:
        """The rewrite was put into a customer's turn, and this came of it."""
        self.number += 1
        turn_id = f"t{self.number}"
        told = Decision(
            decision_id=f"d{self.number}",
            turn_id=turn_id,
            customer_id=customer,
            at=at,
            mode="before",
            source=LAMP.source,
            target=LAMP.target,
            layer=layer,
            generation=1,
            rewrite_id=LAMP.rewrite_id,
            experiment=None,
            arm=None,
            propensity=0.98,
            reason=reason,
            latency_ms=1.0,
        )
        self.books.log_decisions([told])
        if outcome:
            self.labels.say(turn_id, outcome)

    def judge(self, now: datetime = BASE) -> int:
        """How many rewrites a round leaves unsaid."""
        return len(self.unsaying.judge(now))

    def reason(self, customer: str, *, layer: Layer = Layer.GLOBAL, at: datetime = BASE) -> set[str]:
        """Why a customer is answered as they are, by two replicas."""
        whole = Live(generation=1, layers=(OneLayer(layer),))
        replicas = [Trying(lambda: whole, self.trials.stages, read_unsaid=Unsaid(self.triggers)) for _ in range(2)]
        for each in replicas:
            each.refresh()
        rewriters = [Rewriter(each.live, clock=lambda: 0.0, hold_out=NO_HOLD_OUT) for each in replicas]
        return {str(each.rewrite(asked(LAMP.source, customer_id=customer, at=at), now=at, budget_s=60).reason) for each in rewriters}

    def events(self) -> list[tuple[str, str, str, str]]:
        """The history."""
        return [(each.change, each.name, each.by, each.why) for each in ReviewBooks(self.books).events()]


@pytest.fixture
def judged(books: Books) -> Judged:
    return Judged(books)


def test_a_global_rewrite_that_is_never_right_is_unsaid_after_five_customers(judged: Judged):
    """On every replica, with an event that says why; four are too few, and a near miss is an exposure too."""
    for number in range(4):
        judged.said(f"c{number}", "failure")
    assert judged.judge() == 0
    assert judged.reason("c9") == {"rewritten"}

    judged.said("c4", "failure", reason="near_miss")

    assert [judged.judge(), judged.judge()] == [1, 0]
    assert judged.reason("c9") == {"taken_back"}
    ((change, name, by, why),) = judged.events()
    assert (change, name, by) == ("rolled_back", LAMP.rewrite_id, "resay")
    assert why.startswith("broken promise: 0 right, 5 wrong as rewritten by the global layer; evidence 1")


def test_what_left_the_table_is_not_counted_as_left_unsaid_by_the_global_layer(judged: Judged):
    """Rolled back while it was in the table, and not learnt again since: it is of neither; what the global layer said is of that."""
    for number in range(5):
        judged.said(f"c{number}", "failure")
    assert judged.judge() == 1
    of_the_table = StageRow("of the table once", Stage.TAKEN_BACK, BASE, None, "broken promise")
    assert judged.trials.move(of_the_table, before=Stage.CANARY, event=Event(BASE, "of the table once", "rolled_back", "resay", "broken"))

    told = read_layers(judged.books, read_fared(judged.trials), table=frozenset())

    assert {each.layer: each.left_unsaid for each in told.layers} == {"taught": 0, "personal": 0, "table": 0, "global": 1}


def test_of_the_global_layer_a_customer_counts_once_a_day_and_what_labels_do_not_tell_not_at_all(judged: Judged):
    """Nobody takes a rewrite from all others by saying it five times."""
    for minute in range(9):
        judged.said("c1", "failure", at=BASE + timedelta(minutes=minute))
    for number in range(2, 6):
        judged.said(f"c{number}", "")

    assert judged.judge() == 0


def test_a_rewrite_that_keeps_its_promise_is_said_on(judged: Judged):
    """Wrong five times, and right as often."""
    for number in range(10):
        judged.said(f"c{number}", "failure" if number < 5 else "success")

    assert judged.judge() == 0
    assert judged.reason("c1") == {"rewritten"}


def test_what_the_hold_out_kept_or_the_table_said_is_no_trigger(judged: Judged):
    """The table's are trials, and judged as such."""
    for number in range(6):
        judged.said(f"c{number}", "failure", reason="hold_out")
        judged.said(f"c{number}", "failure", layer="table")
        judged.said(f"c{number}", "failure", layer="taught")

    assert judged.judge() == 0


def test_a_global_rewrite_that_a_person_restores_is_tried_anew(judged: Judged):
    """What came before counts no more."""
    for number in range(5):
        judged.said(f"c{number}", "failure")
    judged.judge()
    later = BASE + timedelta(hours=2)

    assert restore(judged.trials, LAMP.rewrite_id, now=later, event=Event(later, LAMP.rewrite_id, "restored", "ada", "the NLU was mended"))

    assert judged.judge(later) == 0
    assert judged.reason("c9") == {"rewritten"}
    for number in range(5):
        judged.said(f"n{number}", "failure", at=later + timedelta(minutes=1))
    assert judged.judge(later + timedelta(hours=1)) == 1


def test_what_a_customers_own_history_says_in_vain_is_unsaid_to_that_customer_for_four_weeks(judged: Judged):
    """After five turns, of one day or of several; others go on, and the history names nobody and no words."""
    for minute in range(5):
        judged.said("c1", "failure", layer="personal", at=BASE + timedelta(minutes=minute))
        judged.said("c2", "success", layer="personal", at=BASE + timedelta(minutes=minute))
    now = BASE + timedelta(hours=1)

    assert [judged.judge(now), judged.judge(now)] == [1, 0]

    own = Layer.PERSONAL
    assert judged.reason("c1", layer=own, at=now) == {"taken_back"}
    assert judged.reason("c2", layer=own, at=now) == {"rewritten"}
    assert judged.reason("c1", layer=own, at=now + timedelta(days=28)) == {"rewritten"}
    ((change, name, _, why),) = judged.events()
    assert (change, name) == ("rolled_back", "own history")
    assert "c1" not in why
    later = now + timedelta(days=28, minutes=1)
    for minute in range(5):
        judged.said("c1", "failure", layer="personal", at=later + timedelta(minutes=minute))
    assert judged.judge(later + timedelta(hours=1)) == 1


def test_who_is_forgotten_leaves_no_trigger_and_nothing_unsaid(judged: Judged):
    """And replicas read anew."""
    for minute in range(5):
        judged.said("c1", "failure", layer="personal", at=BASE + timedelta(minutes=minute))
    now = BASE + timedelta(hours=1)
    judged.judge(now)
    unsaid = Unsaid(judged.triggers)
    assert set(unsaid()) == {("c1", LAMP.rewrite_id)}

    ForgettingBooks(judged.books).erase("c1", until=now, now=now)

    assert unsaid() == {}
    assert judged.triggers.asked_for() == []


def test_what_was_judged_of_somebody_who_is_forgotten_meanwhile_is_not_written_down(judged: Judged):
    """Between reading what failed and unsaying it."""
    for minute in range(5):
        judged.said("c1", "failure", layer="personal", at=BASE + timedelta(minutes=minute))
    now = BASE + timedelta(hours=1)
    judged.unsaying._settle()
    (failing,) = judged.triggers.failing(wrong_min=5)
    ForgettingBooks(judged.books).erase("c1", until=now, now=now)

    assert not judged.unsaying._unsaid(failing, 100.0, now)

    assert judged.triggers.unsaid(limit=9) == []
    assert judged.events() == []


def test_what_is_said_again_after_four_weeks_leaves_no_row(judged: Judged):
    """Nor the triggers for which it was unsaid: they count no more, and do not have it unsaid again."""
    for minute in range(5):
        judged.said("c1", "failure", layer="personal", at=BASE + timedelta(minutes=minute))
    now = BASE + timedelta(hours=1)
    assert judged.judge(now) == 1

    kept = judged.judge(now + timedelta(days=28)), len(judged.triggers.unsaid(limit=9))
    again = judged.judge(now + timedelta(days=30)), len(judged.triggers.unsaid(limit=9))

    assert (kept, again) == ((0, 1), (0, 0))
    assert judged.judge(now + timedelta(days=30)) == 0
    for minute in range(4):
        judged.said("c1", "failure", layer="personal", at=now + timedelta(days=31, minutes=minute))
    assert judged.judge(now + timedelta(days=31, hours=1)) == 0
