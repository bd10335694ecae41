"""Generations swapped under load: each answer is wholly of one of them."""

from __future__ import annotations

import threading
from pathlib import Path

from resay.store.artifact import Shelf
from resay.store.books import Books, Veto
from resay.store.rewrites import rewrite_id_of
from tests.builders import BASE, rewrite, rewrite_files
from tests.serving.conftest import Serve, client_of, question, wait_until

SWAPS = 4
"""Publications during the test; one is noticed every half second."""


def test_each_answer_is_of_one_generation(home: Path, serve: Serve):
    """While tables are published and rolled back, no answer mixes two, and the last one published is served in the end."""
    shelf = Shelf(home / "rewrites")
    numbers = [shelf.write(rewrite_files(rewrite("play madona", f"play madonna {n}"))).number for n in (2, 3)]
    running = serve(home)
    answers: list[dict[str, object]] = []
    done = threading.Event()

    def ask_on_and_on() -> None:
        with client_of(running) as client:
            while not done.is_set():
                reply = client.post("/v1/rewrite", json=question(turn_id="t-not-held-out"))
                answers.append(reply.json() | {"status": reply.status_code})

    callers = [threading.Thread(target=ask_on_and_on) for _ in range(2)]
    for caller in callers:
        caller.start()
    for swap in range(SWAPS):
        published = shelf.publish(numbers[swap % 2]).number
        wait_until(lambda number=published: bool(answers) and answers[-1]["generation"] == number)
    done.set()
    for caller in callers:
        caller.join()

    targets = {1: "play madonna", 2: "play madonna 2", 3: "play madonna 3"}
    expected = {number: (target, rewrite_id_of("play madona", "", target)) for number, target in targets.items()}
    assert all(answer["status"] == 200 for answer in answers)
    torn = [answer for answer in answers if expected[answer["generation"]] != (answer["utterance"], answer["rewrite_id"])]  # type: ignore[index]
    assert torn == []
    assert {answer["generation"] for answer in answers} >= {2, 3}


def test_a_veto_holds_soon(home: Path, serve: Serve):
    """Written by anybody who has the books, found at the next look, without a restart."""
    running = serve(home)
    books = Books(home / "books.sqlite")
    with client_of(running) as client:
        before = client.post("/v1/rewrite", json=question()).json()
        books.veto(Veto("play madona", "", "maria", "wrong artist", BASE))
        wait_until(lambda: client.post("/v1/rewrite", json=question()).json()["reason"] == "vetoed")
        after = client.post("/v1/rewrite", json=question()).json()
    books.close()

    assert (before["action"], after["action"], after["utterance"]) == ("rewrite", "pass_through", "play madona")
