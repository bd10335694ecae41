"""Customers' own histories behind HTTP: served, kept apart, counted; and never in the way where their store is slow, broken or gone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from resay.dialogue.history import Tried, Way
from resay.store.artifact import Shelf
from resay.store.books import Books, BooksUnavailable, Told
from rewrite_online.computed import computed
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.personal_layer import PersonalLayer
from rewrite_online.rewriter import Rewriter
from rewrite_online.watch import Watch
from serving.app import open_service
from serving.service import Service
from serving.waiting_line import WaitingLine
from tests.builders import rewrite, rewrite_files
from tests.serving.conftest import Serve, client_of, question, settings_of, wait_until

ENDLESS_S = 60.0
"""Longer than anything here takes on any machine."""


def tell(home: Path, customer: str, target: str) -> None:
    """Write down that a customer twice rephrased "the usual" to something, with success."""
    day = datetime.now(UTC).date()
    tried = Tried("the usual", "", "", Way.REPHRASED, target, target, "light|Do|", 2, 2, day, "t9")
    with closing(Books(home / "books.sqlite")) as books:
        assert books.tell_histories(Told([(customer, day)], [(customer, tried)], {}))


def of(home: Path, personal: PersonalLayer) -> Service:
    """A service whose histories are these; nothing is held out."""
    service = open_service(settings_of(home))
    watch = Watch(Shelf(home / "rewrites"), service.books.vetoes, personal=personal)
    rewriter, computing = (
        Rewriter(live, hold_out=NO_HOLD_OUT, on_fault=service.metrics.failed) for live in (watch.live, computed(watch.live))
    )
    return replace(service, watch=watch, rewriter=rewriter, computing=computing)


def kept_in(metrics: str) -> float:
    """How many histories are kept; whoever warms a service up has one, too."""
    return next(float(line.split()[1]) for line in metrics.splitlines() if line.startswith("resay_histories_kept "))


def test_each_customer_is_answered_from_their_own_history(home: Path, serve: Serve):
    """The same words become what each of them means, and nothing for whoever never said them."""
    tell(home, "c1", "turn on the lamp")
    tell(home, "c2", "turn on the fan")

    with client_of(serve(home)) as client:
        before = kept_in(client.get("/metrics").text)
        # None of these is held out on the day of the question.
        asked = (question("the usual", customer_id=customer) for customer in ("c1", "c2", "c3"))
        answers = [client.post("/v1/rewrite", json=each).json() for each in asked]
        counted = client.get("/metrics").text

    assert [each["utterance"] for each in answers] == ["turn on the lamp", "turn on the fan", "the usual"]
    assert [(each["layer"], each["generation"]) for each in answers] == [("personal", 1), ("personal", 1), (None, 1)]
    assert kept_in(counted) - before == 3
    assert "usual" not in counted


def test_what_is_learnt_meanwhile_is_served_soon(home: Path, serve: Serve):
    """And what is forgotten meanwhile is not: the books are looked at twice a second."""
    with client_of(serve(home)) as client:

        def layer() -> str | None:
            return client.post("/v1/rewrite", json=question("the usual")).json()["layer"]

        before = layer()
        tell(home, "c1", "turn on the lamp")
        wait_until(lambda: layer() == "personal")
        with closing(Books(home / "books.sqlite")) as books:
            books.forget_history("c1")
        wait_until(lambda: layer() is None)

    assert before is None


def test_a_store_that_hangs_keeps_nobody_waiting(home: Path, serve: Serve):
    """The layer is skipped in time, again and again, the table answers, and it is counted."""
    go_on = threading.Event()

    def hangs(_customer: str, _since: date) -> Sequence[Tried]:
        go_on.wait(ENDLESS_S)
        return []

    with client_of(serve(of(home, PersonalLayer(hangs, lambda: 1)))) as client:
        answers = [client.post("/v1/rewrite", json=question(customer_id=f"c{each}", deadline_ms=1_000)).json() for each in range(8)]
        counted = client.get("/metrics").text
    go_on.set()

    assert [(each["layer"], each["reason"]) for each in answers] == [("table", "rewritten")] * 8
    assert 'resay_part_failures_total{kind="Late",part="personal"} 8.0' in counted


def test_a_store_that_is_gone_is_no_error_of_anybodys(home: Path, serve: Serve):
    """The table answers, unknown words pass through, and both faults are counted."""

    def gone(_customer: str, _since: date) -> Sequence[Tried]:
        message = "books must be readable; they are not"
        raise BooksUnavailable(message)

    with client_of(serve(of(home, PersonalLayer(gone, lambda: 1)))) as client:
        known, unknown = (client.post("/v1/rewrite", json=question(text)) for text in ("play madona", "play prince"))
        counted = client.get("/metrics").text

    assert (known.status_code, known.json()["layer"]) == (200, "table")
    assert (unknown.status_code, unknown.json()["reason"], unknown.json()["utterance"]) == (200, "broken", "play prince")
    assert 'resay_part_failures_total{kind="BooksUnavailable",part="personal"} 2.0' in counted


def test_a_full_line_passes_through_at_once(home: Path, serve: Serve):
    """Whoever finds no place is answered with their own words, reason `deadline`, and nobody gets an error."""
    go_on = threading.Event()

    def hangs(_customer: str, _since: date) -> Sequence[Tried]:
        go_on.wait(ENDLESS_S)
        return []

    service = replace(of(home, PersonalLayer(hangs, lambda: 1)), line=WaitingLine(threads=1, inside_max=1))
    running = serve(service)
    answers: list[dict[str, object]] = []

    def ask(number: int) -> None:
        with client_of(running) as client:
            answers.append(client.post("/v1/rewrite", json=question("play prince", customer_id=f"c{number}", deadline_ms=900)).json())

    callers = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    go_on.set()

    assert [(each["utterance"], each["reason"], each["generation"]) for each in answers] == [("play prince", "deadline", 1)] * 6


def test_histories_outlive_a_restart(home: Path, serve: Serve):
    """They lie in the books: another process answers the same from its first request on."""
    tell(home, "c1", "turn on the lamp")
    first = serve(home)
    with client_of(first) as client:
        before = client.post("/v1/rewrite", json=question("the usual")).json()
    first.stop()

    with client_of(serve(home)) as client:
        after = client.post("/v1/rewrite", json=question("the usual")).json()

    assert (before["layer"], before["rewrite_id"]) == (after["layer"], after["rewrite_id"]) == ("personal", before["rewrite_id"])


@pytest.mark.parametrize("swaps", [6])
def test_answers_from_histories_name_one_generation(home: Path, serve: Serve, swaps: int):
    """While tables are swapped and histories change, every answer is wholly of one generation, and nobody hears of another's words."""
    shelf = Shelf(home / "rewrites")
    numbers = [1, *(shelf.write(rewrite_files(rewrite("play madona", f"play madonna {n}"))).number for n in (2, 3))]
    targets = {1: "play madonna", 2: "play madonna 2", 3: "play madonna 3"}
    running = serve(home)
    seen: list[tuple[str, dict[str, object]]] = []
    done = threading.Event()

    def ask_on_and_on(customer: str) -> None:
        with client_of(running) as client:
            while not done.is_set():
                for words in ("the usual", "play madona"):
                    seen.append((customer, client.post("/v1/rewrite", json=question(words, customer_id=customer)).json()))  # noqa: PERF401

    callers = [threading.Thread(target=ask_on_and_on, args=(customer,)) for customer in ("c1", "c2")]
    for caller in callers:
        caller.start()
    for swap in range(swaps):
        tell(home, f"c{1 + swap % 2}", f"turn on lamp c{1 + swap % 2}")
        published = shelf.publish(numbers[swap % 3]).number
        wait_until(lambda number=published: bool(seen) and seen[-1][1]["generation"] == number)
    done.set()
    for caller in callers:
        caller.join()

    rewritten = [(customer, each) for customer, each in seen if each["reason"] == "rewritten"]
    assert {each["layer"] for _, each in rewritten} == {"personal", "table"}
    for customer, each in rewritten:
        if each["layer"] == "table":
            assert each["utterance"] == targets[each["generation"]]  # type: ignore[index]
        else:
            assert each["utterance"] == f"turn on lamp {customer}"
