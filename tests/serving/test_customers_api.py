"""`/v1/customers/{id}`: what a running service has taken in of a customer is shown, and then nowhere."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from resay.store.books import Books
from serving.customers.receipt import is_signed
from tests.builders import record
from tests.serving.conftest import Serve, client_of, question, wait_until
from tests.serving.customers_home import CANARY, WHO, found_in


def leave_words(client: httpx.Client, home: Path) -> None:
    """They speak, are answered, tell what they think of it, teach, and are misread."""
    turn = record("t1", customer_id=WHO, utterance=CANARY)
    assert client.post("/v1/turns", content=turn).json()["accepted"] == 1
    assert client.post("/v1/turns", content=record("t2", customer_id=WHO, utterance=CANARY, at="no time")).json()["rejected"] == 1
    told = {"turn_id": "t1", "customer_id": WHO, "at": "2026-11-02T09:00:05Z", "explicit": "no", "text": CANARY}
    assert client.post("/v1/feedback", json=told).status_code == 200
    assert client.post("/v1/rewrite", json=question(CANARY, customer_id=WHO)).status_code == 200
    taught = {"customer_id": WHO, "words": f"{CANARY} off", "meaning": "turn on the lamp"}
    assert client.post("/v1/teachings", json=taught).status_code == 200
    books = Books(home / "books.sqlite")
    wait_until(lambda: bool(books.decisions(1)))
    books.close()


def test_a_canary_that_a_service_took_in_is_found_nowhere_after(home: Path, serve: Serve):
    """Through turns, feedback, rewriting and teaching, while the service goes on running."""
    with closing(client_of(serve(home))) as client:
        leave_words(client, home)
        shown = [json.loads(line) for line in client.get(f"/v1/customers/{WHO}").text.splitlines()]
        assert found_in(home, CANARY, WHO) != []

        answer = client.delete(f"/v1/customers/{WHO}")

        assert found_in(home, CANARY, WHO) == []
        assert client.get(f"/v1/customers/{WHO}").text.count("\n") == 1
        assert client.post("/v1/rewrite", json=question(CANARY, customer_id=WHO)).json()["action"] == "pass_through"
    assert {"lake/turn_parts", "lake/rejects", "books/decisions", "books/teachings"} <= {row["store"] for row in shown}
    (receipt,) = answer.json()["receipts"]
    assert {line["left"] for line in receipt["stores"]} == {0}
    assert is_signed(receipt, key=(home / "receipt_key").read_text().strip())


def test_hashed_customers_are_found_by_what_their_assistant_calls_them(home: Path, serve: Serve):
    """The lake knows a keyed hash; what was taken in before ids were hashed goes too."""
    with closing(client_of(serve(home))) as client:
        client.post("/v1/turns", content=record("t1", customer_id=WHO, utterance=CANARY))
    with closing(client_of(serve(home, hash_key="a-key-of-this-home"))) as client:
        client.post("/v1/turns", content=record("t2", customer_id=WHO, utterance=CANARY))

        receipts = client.delete(f"/v1/customers/{WHO}").json()["receipts"]

    assert [found(receipt, "lake/turn_parts") for receipt in receipts] == [1, 1]
    assert found_in(home, CANARY, WHO) == []


def test_a_customer_may_be_called_anything(home: Path, serve: Serve):
    """Quotes, slashes and letters of any script."""
    who = "o'neil/ä%27 🙂 \\"
    with closing(client_of(serve(home))) as client:
        client.post("/v1/turns", content=record("t1", customer_id=who, utterance=CANARY))
        client.post("/v1/turns", content=json.dumps({"customer_id": who, "at": "no time", "utterance": CANARY}).encode())

        (receipt,) = client.delete(httpx.URL("/v1/customers/").copy_with(raw_path=b"/v1/customers/" + quoted(who))).json()["receipts"]

    assert (found(receipt, "lake/turn_parts"), found(receipt, "lake/rejects")) == (1, 1)
    assert found_in(home, CANARY, "neil") == []


def quoted(text: str) -> bytes:
    return "".join(f"%{byte:02X}" for byte in text.encode()).encode()


def found(receipt: dict[str, Any], store: str) -> int:
    return {line["store"]: line["found"] for line in receipt["stores"]}[store]


def test_nobody_is_shown_or_forgotten_without_the_key(home: Path, serve: Serve):
    """As for every other route."""
    with closing(client_of(serve(home), key=None)) as client:
        assert client.get(f"/v1/customers/{WHO}").status_code == 401
        assert client.delete(f"/v1/customers/{WHO}").status_code == 401
