"""`/v1/teachings` over real HTTP: used in the very next request, in every replica, by this customer alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from resay.dialogue.teaching import Kind, Taught
from resay.store.books import Books
from resay.store.teachings import STAMP_FILE, TeachingBooks
from tests.builders import BASE
from tests.serving.conftest import Serve, client_of, question

SAID = "when I say movie night I mean dim the lights"


@pytest.fixture
def replicas(home: Path, serve: Serve) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Clients of two services over one home."""
    with ExitStack() as stack:
        one, other = (stack.enter_context(closing(client_of(serve(home)))) for _ in range(2))
        yield one, other


def teach(client: httpx.Client, **lesson: Any) -> dict[str, Any]:
    """What is answered to a lesson of c1."""
    reply = client.post("/v1/teachings", json={"customer_id": "c1"} | lesson)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


def put(client: httpx.Client, utterance: str, customer: str = "c1") -> str:
    """What is handed to the assistant."""
    return str(client.post("/v1/rewrite", json=question(utterance, customer_id=customer)).json()["utterance"])


def test_what_was_taught_is_used_in_the_very_next_request_of_every_replica(replicas: tuple[httpx.Client, httpx.Client]):
    """Without waiting, time after time; changed and forgotten as fast; never for anybody else."""
    one, other = replicas
    for number in range(20):
        words = f"movie night {number}"
        told = teach(one, text=f"when I say {words} I mean dim the lights", yes=True)
        assert (told["outcome"], told["teaching"]["words"]) == ("taught", words)
        assert [put(other, words), put(one, words)] == ["dim the lights"] * 2
        assert [put(other, words, "c2"), put(one, words, "c2")] == [words] * 2

        place = f"/v1/teachings/{told['teaching']['teaching_id']}"
        assert other.patch(place, json={"customer_id": "c1", "meaning": "play jazz"}).json()["outcome"] == "taught"
        assert put(one, words) == "play jazz"
        assert one.delete(place, params={"customer_id": "c1"}).json()["outcome"] == "forgotten"
        assert put(other, words) == words


def test_what_is_to_be_forgotten_may_be_said(replicas: tuple[httpx.Client, httpx.Client]):
    """One at once, all after a yes, and in the very next request of every replica."""
    one, other = replicas
    for words in ("movie night", "game night", "tea time"):
        teach(one, text=f"when I say {words} I mean dim the lights", yes=True)

    assert teach(one, text="forget movie night")["outcome"] == "forgotten"
    assert [put(other, words) for words in ("movie night", "tea time")] == ["movie night", "dim the lights"]
    assert teach(one, text="forget what I taught you")["outcome"] == "asked"
    assert put(other, "tea time") == "dim the lights"
    assert teach(one, text="forget what I taught you", yes=True)["outcome"] == "forgotten"
    assert [put(other, words) for words in ("game night", "tea time")] == ["game night", "tea time"]


def test_nobody_sees_or_changes_what_another_taught(replicas: tuple[httpx.Client, httpx.Client]):
    """Their list is empty, and the id leads nowhere."""
    one, _ = replicas
    teaching_id = teach(one, text=SAID)["teaching"]["teaching_id"]
    place = f"/v1/teachings/{teaching_id}"

    assert one.get("/v1/teachings", params={"customer_id": "c2"}).json() == {"teachings": []}
    assert one.patch(place, json={"customer_id": "c2", "meaning": "play jazz"}).status_code == 404
    assert one.delete(place, params={"customer_id": "c2"}).status_code == 404
    assert one.delete("/v1/teachings", params={"customer_id": "c2"}).json() == {"forgotten": 0}
    assert put(one, "movie night") == "dim the lights"


def test_what_is_refused_or_not_understood_says_so(replicas: tuple[httpx.Client, httpx.Client]):
    """And nothing changes."""
    one, _ = replicas
    teach(one, text=SAID)

    conflict = teach(one, words="movie night", meaning="play jazz")
    assert (conflict["outcome"], conflict["objection"], conflict["against"]["meaning"]) == ("refused", "conflict", "dim the lights")
    assert teach(one, text="when I say dim the lights I mean movie night")["objection"] == "cycle"
    assert teach(one, text="turn on the lamp")["outcome"] == "not_a_teaching"
    assert teach(one, text=SAID)["outcome"] == "known"
    assert one.post("/v1/teachings", json={"customer_id": "c1", "words": "movie night"}).status_code == 422


def test_what_is_risky_is_done_only_after_a_yes(replicas: tuple[httpx.Client, httpx.Client]):
    """The sentence asks; the same again with `yes` teaches."""
    one, _ = replicas
    lesson = {"words": "as always", "meaning": "unlock the front door"}

    assert teach(one, **lesson)["outcome"] == "asked"
    assert put(one, "as always") == "as always"
    assert teach(one, **lesson, yes=True)["outcome"] == "taught"
    assert put(one, "as always") == "unlock the front door"


def test_a_dismissed_offer_does_not_come_back(replicas: tuple[httpx.Client, httpx.Client]):
    """Not from another replica either; what was agreed to holds at once."""
    one, other = replicas
    offer = {"customer_id": "c1", "words": "movie night", "meaning": "dim the lights"}
    theirs = offer | {"customer_id": "c2"}
    offered, agreed = (one.post("/v1/teachings/offers", json=each).json() for each in (offer, theirs))

    place = "/v1/teachings/offers/{}"
    dismissed = one.post(place.format(offered["teaching"]["teaching_id"]), json={"customer_id": "c1", "yes": False}).json()
    taught = one.post(place.format(agreed["teaching"]["teaching_id"]), json={"customer_id": "c2", "yes": True}).json()

    assert (offered["outcome"], dismissed["outcome"], taught["outcome"]) == ("offered", "dismissed", "taught")
    assert other.post("/v1/teachings/offers", json=offer).json()["outcome"] == "not_offered"
    assert [put(other, "movie night", each) for each in ("c1", "c2")] == ["movie night", "dim the lights"]


def test_what_was_forgotten_is_in_no_byte_of_the_books(tmp_path: Path):
    """Deleted is deleted."""
    with closing(Books(tmp_path / "books.sqlite")) as books:
        teachings = TeachingBooks(books, stamp=tmp_path / STAMP_FILE)
        teachings.change("c1", lambda _rows: ([Taught("t", Kind.REQUEST, "kanarienvogel", "dim the lights", BASE)], None))
        assert [each.words for each in teachings.of("c1")] == ["kanarienvogel"]

        assert teachings.forget_customer("c1") == 1
        assert teachings.stamp() == 2

    assert not [each.name for each in tmp_path.iterdir() if b"kanarienvogel" in each.read_bytes()]


def test_books_of_before_can_be_taught_to(tmp_path: Path):
    """Their table has none of the newer columns, and nothing in it."""
    with closing(sqlite3.connect(tmp_path / "books.sqlite")) as old:
        old.execute(
            "create table teachings (teaching_id text primary key not null, customer_id text not null, source text not null, "
            "target text not null, origin text not null, created_at datetime not null, forgotten_at datetime)"
        )

    row = Taught("t", Kind.NAME, "den", "the guest room", BASE, confirmed_at=BASE)
    for _ in range(2):
        with closing(Books(tmp_path / "books.sqlite")) as books:
            teachings = TeachingBooks(books, stamp=tmp_path / STAMP_FILE)
            teachings.change("c1", lambda _rows: ([row], None))

            assert teachings.of("c1") == (row,)
