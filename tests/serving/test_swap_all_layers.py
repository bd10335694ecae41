"""Generations swapped under load, with every layer on: each answer, whatever layer gave it, is wholly of the generation that it names."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from resay.commands.bench.serve_home import Talk, make_home
from resay.store.artifact import Shelf
from serving.app import open_service
from serving.service import Service
from serving.wire import RewriteQuestion, request_of
from tests.builders import BASE
from tests.serving.conftest import Serve, client_of, question, settings_of, wait_until

WORDINGS = 1_000
SWAPS = 6
"""Publications during the test, and then roll backs."""

PATIENT_MS = 1_000
"""The longest deadline: on a busy machine an answer that is given up says nothing of what it would have been."""

Told = tuple[object, object, object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Talk, tuple[int, int]]]:
    """A home with two generations that were learnt from different talk, and histories."""
    home, other = (tmp_path_factory.mktemp(name) for name in ("home", "other"))
    talk = make_home(home, wordings=WORDINGS, seed=3)
    make_home(other, wordings=WORDINGS, seed=4)
    learnt = Shelf(other / "rewrites").current()
    assert learnt is not None
    files = {each.name: each.read_bytes() for each in learnt.path.iterdir() if each.name != "manifest.json"}
    second = Shelf(home / "rewrites").write(files).number
    yield home, talk, (1, second)


def questions_of(talk: Talk) -> list[dict[str, object]]:
    """What every layer answers, and what only a search finds in one generation or the other."""
    asked = [(f"customer-{place}", words) for place, words in enumerate((*talk.unknown[:25], *talk.table[:5], *talk.good[:5]))]
    return [question(words, customer_id=customer, deadline_ms=PATIENT_MS) for customer, words in (*asked, *talk.own[:5])]


def told_of(answer: dict[str, object]) -> Told:
    """What an answer says, but for its time and its id."""
    return answer["utterance"], answer["layer"], answer["rewrite_id"]


def expected_of(service: Service, shelf: Shelf, number: int, asked: list[dict[str, object]]) -> list[Told]:
    """What a generation that nobody swaps makes of each question."""
    shelf.publish(number)
    service.switched.refresh()
    service.trying.refresh()
    service.arms.refresh()
    service.watch.refresh()
    told = []
    for each in asked:
        request = request_of(RewriteQuestion.model_validate_json(json.dumps(each)), now=BASE)
        answer = service.rewriter.rewrite(request, now=BASE, budget_s=60)
        assert answer.generation == number
        told.append((answer.utterance, answer.layer, answer.rewrite_id))
    return told


@pytest.mark.slow
def test_each_answer_of_every_layer_is_of_one_generation(made: tuple[Path, Talk, tuple[int, int]], serve: Serve):
    """Personal, table and global answers, over HTTP, while generations come and go."""
    home, talk, numbers = made
    asked, shelf = questions_of(talk), Shelf(home / "rewrites")
    service = open_service(settings_of(home))
    service.arms.refresh()
    expected = {number: expected_of(service, shelf, number, asked) for number in numbers}
    service.rewriter.close()
    service.computing.close()
    service.line.close()
    service.beside.close()
    service.books.close()
    running = serve(home)
    answers: list[tuple[int, dict[str, object]]] = []
    done = threading.Event()

    def ask_on_and_on(begin: int) -> None:
        with client_of(running) as client:
            while not done.is_set():
                for place in range(begin, len(asked), 2):
                    reply = client.post("/v1/rewrite", json=asked[place])
                    answers.append((place, reply.json() | {"status": reply.status_code}))

    callers = [threading.Thread(target=ask_on_and_on, args=(begin,)) for begin in (0, 1)]
    for caller in callers:
        caller.start()
    for swap in range(SWAPS):
        published = shelf.publish(numbers[swap % 2]).number
        wait_until(lambda number=published: bool(answers) and answers[-1][1]["generation"] == number)
    done.set()
    for caller in callers:
        caller.join()

    assert {answer["status"] for _, answer in answers} == {200}
    in_time = [(place, answer) for place, answer in answers if answer["reason"] != "deadline"]
    torn = [answer for place, answer in in_time if told_of(answer) != expected[answer["generation"]][place]]  # type: ignore[index]
    assert torn == []
    assert {answer["generation"] for _, answer in in_time} == set(numbers)
    assert {answer["layer"] for _, answer in in_time if answer["reason"] == "rewritten"} == {"personal", "table", "global"}
    # What is asked would tell a torn answer from a whole one.
    differing = sum(one != other for one, other in zip(*expected.values(), strict=True))
    assert differing >= len(asked) // 2
