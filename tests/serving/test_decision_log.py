"""The decision log: nothing waits for it, and nothing is lost without being counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from resay.dialogue.rewrite import Action, Decision, Reason, RetryRequest, RewriteAnswer
from resay.store.books import BooksUnavailable
from serving.decision_log import QUEUE_MAX, DecisionLog, decision_of
from tests.builders import asked


class MemoryBooks:
    """Books in memory that can be shut."""

    def __init__(self, shut_for: int = 0) -> None:
        self.written: list[Decision] = []
        self.tries = 0
        self._shut_for = shut_for

    def write(self, decisions: Sequence[Decision]) -> None:
        """Keep them, or fail as often as told."""
        self.tries += 1
        if self.tries <= self._shut_for:
            message = "books must be writable"
            raise BooksUnavailable(message)
        self.written.extend(decisions)


class Lost:
    """Counts what is lost, by why."""

    def __init__(self) -> None:
        self.by_reason: dict[str, int] = {}

    def __call__(self, reason: str, times: int) -> None:
        """Count them."""
        self.by_reason[reason] = self.by_reason.get(reason, 0) + times


def decision(number: int = 0) -> Decision:
    answer = RewriteAnswer(f"d{number}", Action.PASS_THROUGH, "hello", "hello", Reason.NO_CANDIDATE)
    return decision_of(asked("hello"), answer)


def test_what_is_handed_over_is_written():
    """All of it, in order, and closing waits for it."""
    books, lost = MemoryBooks(), Lost()
    log = DecisionLog(books.write, on_lost=lost)
    log.start()

    for number in range(1_200):
        log.put(decision(number))
    log.close()

    assert [each.decision_id for each in books.written] == [f"d{number}" for number in range(1_200)]
    assert lost.by_reason == {}
    assert books.tries < 20, "decisions are written in batches"


def test_shut_books_are_tried_again():
    """A lock that is held for a while costs nothing but time."""
    books, lost = MemoryBooks(shut_for=3), Lost()
    log = DecisionLog(books.write, on_lost=lost, pause_s=0.001)
    log.start()

    log.put(decision())
    due = time.monotonic() + 60
    while not books.written and time.monotonic() < due:
        time.sleep(0.01)
    log.close()

    assert (len(books.written), books.tries, lost.by_reason) == (1, 4, {})


def test_books_that_stay_shut_are_given_up_and_counted():
    """After a minute's worth of tries the batch is lost, and said to be."""
    books, lost = MemoryBooks(shut_for=1_000), Lost()
    log = DecisionLog(books.write, on_lost=lost, pause_s=0.0)
    log.start()

    log.put(decision())
    due = time.monotonic() + 60
    while not lost.by_reason and time.monotonic() < due:
        time.sleep(0.01)
    log.close()

    assert lost.by_reason == {"books": 1}


def test_a_full_queue_loses_the_newest_and_says_so():
    """The caller never waits."""
    books, lost = MemoryBooks(), Lost()
    log = DecisionLog(books.write, on_lost=lost)

    for number in range(QUEUE_MAX + 3):
        log.put(decision(number))

    assert lost.by_reason == {"overflow": 3}


def test_closing_does_not_wait_for_shut_books():
    """The last batch gets its try, and is counted when it fails."""
    books, lost = MemoryBooks(shut_for=1_000), Lost()
    log = DecisionLog(books.write, on_lost=lost, pause_s=60)
    log.start()
    log.put(decision())

    closing = threading.Thread(target=log.close)
    closing.start()
    closing.join(5)

    assert not closing.is_alive()
    assert lost.by_reason == {"books": 1}


def test_a_decision_says_what_was_said_and_what_was_put_in_its_place():
    """The source is canonical; the target is there only where it was served."""
    request = asked("Play  Madona!")
    rewritten = RewriteAnswer("d1", Action.REWRITE, "play madonna", "Play  Madona!", Reason.REWRITTEN, rewrite_id="r1", propensity=0.98)
    held_out = RewriteAnswer("d2", Action.PASS_THROUGH, "Play  Madona!", "Play  Madona!", Reason.HOLD_OUT, rewrite_id="r1", propensity=0.02)

    first, second = decision_of(request, rewritten), decision_of(RetryRequest(request.heard, ()), held_out)

    assert (first.source, first.target, first.mode, first.propensity) == ("play madona", "play madonna", "before", 0.98)
    assert (second.source, second.target, second.mode, second.rewrite_id) == ("play madona", None, "retry", "r1")
