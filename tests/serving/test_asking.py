"""Asking over real HTTP: who is asked, that the limits hold in every replica together, and what becomes of the answer."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from resay.dialogue.rewrite import Action, Decision, Reason, RewriteAnswer
from resay.dialogue.tick import silent
from resay.label.explore import SHARE_MAX
from resay.label.job import label
from resay.store.asked import AskedBooks, AskedTurn
from resay.store.books import Books
from resay.store.forgettings import ForgettingBooks
from resay.store.lake import Lake
from rewrite_online.draw import no_experiment
from serving.asking import Asking, Counting
from serving.service import Service
from serving.waiting_line import WaitingLine
from tests.builders import asked
from tests.serving.asking_home import CHANCE, DOUBTED, NOW, RISKY, SURE, Meanwhile, answered, asking_service, drawn_for, land_doubts
from tests.serving.conftest import Replicas, Serve, client_of, question, wait_until

DIM, WARM = DOUBTED


@pytest.fixture
def services(home: Path) -> tuple[Service, Service]:
    """Two services that ask, over one home whose log leaves doubts; 1,000 turns were answered today."""
    land_doubts(home)
    one, other = asking_service(home), asking_service(home)
    answered(one.books, 1_000)
    return one, other


def put(client: httpx.Client, utterance: str, customer: str, **others: Any) -> dict[str, Any]:
    """What is answered to a customer's turn."""
    asked = question(utterance, customer_id=customer, at=NOW.isoformat()) | {"turn_id": f"{customer} {utterance}"}
    reply = client.post("/v1/rewrite", json=asked | others)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


def test_a_customer_is_asked_and_the_answer_becomes_a_label(home: Path, replicas: Replicas, services: tuple[Service, Service]):
    """The words go on as they are; the exposure stands in the books with its chance; a no makes the turn a failure."""
    one, other = replicas
    customer = next(drawn_for(DIM))

    reply = put(one, DIM, customer)

    assert (reply["action"], reply["reason"], reply["utterance"], reply["rewrite"]) == ("ask", "explore", DIM, None)
    assert reply["say"] == "Did that do what you wanted?"
    assert reply["propensity"] == pytest.approx(CHANCE)
    wait_until(lambda: any(each.decision_id == reply["decision_id"] for each in services[0].books.decisions(9)))
    (decision,) = (each for each in services[0].books.decisions(9) if each.decision_id == reply["decision_id"])
    assert (decision.reason, decision.propensity, decision.target) == ("explore", pytest.approx(CHANCE), None)

    turn = {"schema": "resay.turn/1", "turn_id": f"{customer} {DIM}", "customer_id": customer, "at": NOW.isoformat(), "utterance": DIM}
    other.post("/v1/turns", json=turn | {"response": {"status": "done"}})
    answer = {"turn_id": turn["turn_id"], "customer_id": customer, "at": (NOW + timedelta(seconds=9)).isoformat(), "explicit": "no"}
    assert other.post("/v1/feedback", json=answer).json() == {"accepted": True}
    label(Lake(home / "lake"), silent)
    with Lake(home / "lake").connect() as connection:
        rows = connection.execute("select outcome, defect from outcomes where turn_id = ?", [turn["turn_id"]]).fetchall()
    assert [(outcome, defect > 0.8) for outcome, defect in rows] == [("failure", True)]


def test_no_more_than_one_turn_in_a_hundred_is_asked_about_by_all_replicas_together(replicas: Replicas):
    """Forty customers who are drawn ask two replicas at once, after 1,000 turns: ten are asked."""
    customers = list(islice(drawn_for(DIM), 40))

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda each: put(replicas[each % 2], DIM, customers[each]), range(40)))

    assert sum(each["action"] == "ask" for each in replies) == 10


def test_nobody_is_asked_twice_in_a_session_nor_in_a_day(replicas: Replicas):
    """Not by the other replica, not about other words, not somebody else in the same session; the same request gets the same answer."""
    one, other = replicas
    twice, beside = islice(drawn_for(*DOUBTED), 2)

    assert put(one, DIM, twice, session_id="s1")["action"] == "ask"

    assert put(other, WARM, twice, session_id="s1")["action"] == "pass_through"
    assert put(other, WARM, twice, session_id="s2")["action"] == "pass_through"
    assert put(other, WARM, beside, session_id="s1")["action"] == "pass_through"
    assert put(other, DIM, twice, session_id="s1")["action"] == "ask"
    assert put(other, WARM, beside, session_id="s2")["action"] == "ask"


def test_what_is_risky_sure_answers_a_question_or_is_not_drawn_is_not_asked_about(replicas: Replicas):
    """However much it is doubted; nor what the assistant takes for something risky now, or has refused."""
    one, _ = replicas
    customers = list(islice(drawn_for(DIM, RISKY, SURE), 6))
    lock = [{"domain": "lock", "intent": "unlock", "confidence": 0.4}]

    others = [
        put(one, RISKY, customers[0]),
        put(one, SURE, customers[1]),
        put(one, DIM, customers[2], prompt={"kind": "which", "text": "Which one?"}),
        put(one, DIM, customers[3], mode="retry", interpretations=lock, status="done"),
        put(one, DIM, customers[4], mode="retry", interpretations=[], status="unsupported"),
    ]

    assert [each["action"] for each in others] == ["pass_through"] * 5
    assert put(one, DIM, customers[5])["action"] == "ask"
    left = put(one, DIM, next(each for each in map(str, range(99)) if each not in set(islice(drawn_for(DIM), 99))))
    assert (left["action"], left["propensity"]) == ("pass_through", pytest.approx(1 - CHANCE))


def test_nobody_is_asked_unless_the_service_is_told_to(home: Path, serve: Serve):
    """Off is the default: an assistant that cannot ask is not told to."""
    land_doubts(home)
    service = asking_service(home, share=0.0)
    answered(service.books, 1_000)

    with client_of(serve(service)) as client:
        assert put(client, DIM, next(drawn_for(DIM)))["action"] == "pass_through"


def test_the_share_holds_over_the_month_and_each_day(tmp_path: Path):
    """After 99 turns nobody is asked, after 100 one is; a month's room is not spent in a day."""

    def turn(number: int, day: int) -> AskedTurn:
        return AskedTurn(f"c{number}", "t", NOW, NOW + timedelta(days=day), None, DIM, 0.1)

    with closing(Books(tmp_path / "books.sqlite")) as books:
        asked = AskedBooks(books)
        answered(books, 99)
        assert not asked.ask(turn(0, 0), share=0.01)
        answered(books, 1)
        assert asked.ask(turn(0, 0), share=0.01)
        assert not asked.ask(turn(1, 0), share=0.01)
        answered(books, 900)
        assert [asked.ask(turn(each, 1), share=0.01) for each in range(2, 5)] == [False] * 3, "nobody was answered that day"
        assert sum(asked.ask(turn(each, 0), share=0.01) for each in range(5, 20)) == 9


def test_whoever_is_forgotten_while_a_question_is_under_way_is_not_asked(tmp_path: Path):
    """No row of theirs comes back; what they say later may be asked about."""
    books = Books(tmp_path / "books.sqlite")
    answered(books, 1_000)
    turn = AskedTurn("c1", "t1", NOW, NOW, "s1", "dim it")
    journal = ForgettingBooks(books)
    journal.begin("c1", now=NOW)
    journal.erase("c1", until=NOW, now=NOW)

    asked = AskedBooks(books).ask(turn, share=0.01)

    assert not asked
    assert journal.rows("c1")["asked"] == []
    assert AskedBooks(books).ask(replace(turn, turn_id="t2", event_time=NOW + timedelta(seconds=1)), share=0.01)


def test_wordings_that_are_asked_about_are_read_again_once_somebody_is_forgotten(home: Path):
    """They may be the words of nobody else."""
    land_doubts(home)
    service = asking_service(home)
    service.asking.refresh()
    service.asking.look(NOW)
    assert worth_asking(service) == set(DOUBTED)

    ForgettingBooks(service.books).begin("c1", now=NOW)
    service.asking.refresh()

    assert worth_asking(service) == set()
    assert service.asking.look(NOW)


def worth_asking(service: Service) -> set[str]:
    """Which wordings the service knows to be worth a question."""
    return set(service.asking._read.chances) if service.asking._read else set()


def test_wordings_that_were_read_before_somebody_was_forgotten_are_not_asked_about_after(home: Path):
    """Forgotten while the lake was read, and the service has refreshed by then: what is written down behind that does not hold."""
    land_doubts(home)
    customers = drawn_for(DIM)
    with closing(Books(home / "books.sqlite")) as books:
        answered(books, 1_000)

        def forget() -> None:
            ForgettingBooks(books).begin("c1", now=NOW)
            asking.refresh()

        lake = Meanwhile(home / "lake", [forget])
        asking = Asking(AskedBooks(books), lambda: lake, share=SHARE_MAX, draw=no_experiment, line=WaitingLine())

        assert asking.look(NOW)
        assert said_to(asking, next(customers)) is Action.PASS_THROUGH
        asking.refresh()
        assert asking._read is None
        assert asking.look(NOW)
        assert said_to(asking, next(customers)) is Action.ASK
        asking.close()


def said_to(asking: Asking, customer: str) -> Action:
    """What a customer is answered who is drawn to be asked."""
    heard = asked(DIM, customer_id=customer, turn_id=f"{customer} {DIM}", at=NOW)
    calm = RewriteAnswer("d9", Action.PASS_THROUGH, DIM, DIM, Reason.NO_CANDIDATE)
    return asyncio.run(asking.asked(heard, calm, now=NOW, left_s=60)).action


def test_what_is_remembered_of_counted_turns_names_nobody(tmp_path: Path):
    """A turn that is answered again is counted once all the same."""
    books = Books(tmp_path / "books.sqlite")
    counting = Counting(lambda _told: None, AskedBooks(books), clock=lambda: NOW, on_fault=lambda _part, error: pytest.fail(repr(error)))
    rest: dict[str, Any] = dict.fromkeys(("target", "layer", "generation", "rewrite_id", "experiment", "arm"))
    told = Decision("d1", "t1", "anna", NOW, "before", "hello", **rest, propensity=1.0, reason="no_candidate", latency_ms=1.0)

    counting([told])
    counting([replace(told, decision_id="d2")])

    assert "anna" not in repr(vars(counting))
    with books.reading() as connection:
        assert connection.exec_driver_sql("select before from asked_days").scalars().all() == [1]
