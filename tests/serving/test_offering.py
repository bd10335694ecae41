"""Offers over real HTTP: made after a failure and a second try that worked, within their limits; a yes holds, a no is for good."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from resay.dialogue.rewrite import Action, Reason, RewriteAnswer
from resay.label.explore import SHARE_MAX
from resay.store.forgettings import ForgettingBooks
from rewrite_online.draw import no_experiment
from serving.offering import Offering
from serving.service import Service
from tests.builders import asked
from tests.serving.asking_home import NOW, Meanwhile, answered, asking_service, land_second_tries
from tests.serving.conftest import Replicas, Serve, client_of, question

FAILED, WORKED = "lights on den", "turn on the den lights"

CUSTOMERS = ("c1", "c2", "c3", "c4")


class Clock:
    """A service's time, which the test moves on."""

    now = NOW

    def __call__(self) -> datetime:
        """The time now."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(home: Path, clock: Clock) -> tuple[Service, Service]:
    """Two services over a home in which customers have found out what works; 1,000 turns were answered today."""
    risky = ("risky", "den door open please", "open the den door please")
    land_second_tries(home, *((each, FAILED, WORKED) for each in CUSTOMERS), risky)
    one, other = asking_service(home, clock=clock), asking_service(home, clock=clock)
    answered(one.books, 1_000)
    return one, other


def put(client: httpx.Client, customer: str, utterance: str = "hello there", **others: Any) -> dict[str, Any]:
    """What is answered to a customer's turn."""
    reply = client.post("/v1/rewrite", json=question(utterance, customer_id=customer, turn_id=f"{customer} {utterance}") | others)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


def reply_to(client: httpx.Client, customer: str, offer: dict[str, Any], *, yes: bool) -> str:
    """What comes of the customer's answer."""
    reply = client.post(f"/v1/teachings/offers/{offer['teaching_id']}", json={"customer_id": customer, "yes": yes})
    return str(reply.json()["outcome"])


def test_what_worked_is_offered_and_a_yes_holds_in_the_very_next_turn_of_every_replica(replicas: Replicas):
    """Once, by one of them; for this customer alone."""
    one, other = replicas

    offer = put(one, "c1")["offer"]

    assert offer["say"] == f"Next time you say “{FAILED}”, shall I take it as “{WORKED}”?"
    assert put(other, "c1", "hello again")["offer"] is None
    assert put(other, "c1", FAILED)["utterance"] == FAILED, "nobody has said yes"
    assert reply_to(other, "c1", offer, yes=True) == "taught"
    assert [put(each, "c1", FAILED)["utterance"] for each in replicas] == [WORKED] * 2
    assert put(one, "c2", FAILED)["utterance"] == FAILED


def test_what_was_dismissed_never_comes_again(replicas: Replicas, services: tuple[Service, Service], home: Path, clock: Clock):
    """Not from the other replica, not the next day, not though it worked again; other words may be offered then, but not the same day."""
    one, other = replicas
    offer = put(one, "c1")["offer"]
    assert reply_to(one, "c1", offer, yes=False) == "dismissed"

    land_second_tries(home, ("c1", "bring up den", "brighten the den"))
    _look(services, clock.now)
    assert put(other, "c1", "the same day")["offer"] is None

    clock.now += timedelta(days=1, minutes=1)
    answered(services[0].books, 1_000, now=clock.now)
    land_second_tries(home, ("c1", FAILED, WORKED), until=clock.now)
    _look(services, clock.now)
    assert [put(each, "c1", "the next day")["offer"] for each in replicas] == [None, None]
    land_second_tries(home, ("c1", "bring up den", "brighten the den"), until=clock.now + timedelta(minutes=1))
    _look(services, clock.now)
    assert [each and each["words"] for each in (put(each, "c1", "still that day")["offer"] for each in replicas)] == ["bring up den", None]
    assert put(one, "c1", FAILED)["utterance"] == FAILED


def test_what_is_risky_is_not_offered_nor_in_answer_to_a_question_nor_unasked(replicas: Replicas, home: Path, serve: Serve):
    """Doors are taught outright or not at all; an offer does not break into other talk; a service that is not told to offers nothing."""
    one, _ = replicas
    assert put(one, "risky")["offer"] is None
    assert put(one, "c1", prompt={"kind": "which", "text": "Which one?"})["offer"] is None

    with client_of(serve(asking_service(home, share=0.0))) as silent:
        assert put(silent, "c1")["offer"] is None


def test_no_more_is_offered_than_the_share(home: Path, serve: Serve):
    """After 200 turns two of four customers are offered something, by two services together."""
    land_second_tries(home, *((each, FAILED, WORKED) for each in CUSTOMERS))
    services = asking_service(home), asking_service(home)
    answered(services[0].books, 200)

    with ExitStack() as stack:
        one, other = (stack.enter_context(closing(client_of(serve(each)))) for each in services)
        offers = [put((one, other)[number % 2], each)["offer"] for number, each in enumerate(CUSTOMERS)]

    assert sum(each is not None for each in offers) == 2


def _look(services: tuple[Service, Service], now: datetime) -> None:
    for each in services:
        each.offering.look(now)


def test_nothing_is_offered_of_what_was_read_before_somebody_was_forgotten(services: tuple[Service, Service]):
    """Their words would come back, in the books and in the answer; the other customers are offered theirs once they are read again."""
    service, _ = services
    service.arms.refresh()
    journal = ForgettingBooks(service.books)
    forgetting = journal.begin("c1", now=NOW)
    journal.erase("c1", until=forgetting.until, now=NOW)
    later = asked("hello there", customer_id="c1", turn_id="t9", at=NOW + timedelta(minutes=1))
    answer = RewriteAnswer("d9", Action.PASS_THROUGH, "hello there", "hello there", Reason.NO_CANDIDATE)

    offer = asyncio.run(service.offering.offered(later, answer, now=NOW + timedelta(minutes=1), left_s=60))

    assert offer is None
    assert journal.rows("c1")["teachings"] == []


def test_nothing_is_offered_of_what_was_written_down_behind_a_refresh(home: Path, services: tuple[Service, Service]):
    """Somebody was forgotten while the lake was read, and the service has refreshed by then; read again, the others are offered theirs."""
    books = services[0].books

    def forget() -> None:
        ForgettingBooks(books).begin("c2", now=NOW)
        offering.refresh()

    lake = Meanwhile(home / "lake", [forget])
    offering = Offering(books, services[0].teachings, lambda: lake, share=SHARE_MAX, draw=no_experiment)
    heard = asked("hello there", customer_id="c1", turn_id="t9", at=NOW + timedelta(minutes=1))
    answer = RewriteAnswer("d9", Action.PASS_THROUGH, "hello there", "hello there", Reason.NO_CANDIDATE)

    def offered() -> object:
        return asyncio.run(offering.offered(heard, answer, now=NOW + timedelta(minutes=1), left_s=60))

    assert offering.look(NOW)
    assert offered() is None
    offering.refresh()
    assert offering._read is None
    assert offering.look(NOW)
    assert offered() is not None
    offering.close()
