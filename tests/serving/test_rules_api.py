"""`/v1/rules` over real HTTP: vetoes that stick until they are taken back, and the off switch, in every replica."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from resay.store.books import Books, Veto
from resay.store.review import ReviewBooks, Switch
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.rewriter import Live, Rewriter
from rewrite_online.table_layer import TableLayer
from serving.app import open_service
from serving.switched import Switched
from tests.builders import BASE, asked
from tests.serving.conftest import MADONNA, Serve, client_of, question, settings_of, wait_until


@pytest.fixture
def replicas(home: Path, serve: Serve) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Clients of two services over one home."""
    with ExitStack() as stack:
        one, other = (stack.enter_context(closing(client_of(serve(home)))) for _ in range(2))
        yield one, other


def reason(client: httpx.Client, customer: str = "c1") -> str:
    """Why a customer is answered as they are."""
    answer = client.post("/v1/rewrite", json=question(customer_id=customer)).json()
    return str(answer["reason"])


def everywhere(replicas: tuple[httpx.Client, httpx.Client], expected: str) -> None:
    """Wait until all replicas answer so."""
    wait_until(lambda: all(reason(each) == expected for each in replicas))


def post(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    """What is answered to a change."""
    reply = client.post(path, json=body)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


def rules(client: httpx.Client) -> dict[str, Any]:
    """All that is told of rules."""
    told: dict[str, Any] = client.get("/v1/rules").json()
    return told


def test_a_dismissed_rule_is_served_by_no_replica_until_that_is_taken_back(replicas: tuple[httpx.Client, httpx.Client]):
    """Within seconds, without a restart; the list says so, and the history who and why."""
    one, other = replicas
    everywhere(replicas, "rewritten")

    assert post(one, f"/v1/rules/{MADONNA.rewrite_id}/dismiss", by="ada", why="wrong singer")["new"]
    everywhere(replicas, "vetoed")

    wait_until(lambda: [each["state"] for each in rules(other)["rules"]] == ["vetoed"])
    (veto,) = rules(other)["vetoes"]
    assert (veto["source"], veto["target"], veto["vetoed_by"]) == ("play madona", "play madonna", "ada")
    assert not post(other, f"/v1/rules/{MADONNA.rewrite_id}/dismiss", by="bob", why="me too")["new"], "once is enough"

    post(other, f"/v1/vetoes/{veto['veto_id']}/undo", by="bob", why="right singer")
    everywhere(replicas, "rewritten")

    told = rules(one)
    assert told["vetoes"] == []
    assert [(each["change"], each["by"], each["why"]) for each in told["events"]] == [
        ("dismissed", "ada", "wrong singer"),
        ("taken_back", "bob", "right singer"),
    ]


@pytest.mark.parametrize(("scope", "expected"), [("all", "switched_off"), ("table", "no_candidate")])
def test_what_is_switched_off_is_off_in_every_replica(replicas: tuple[httpx.Client, httpx.Client], scope: str, expected: str):
    """Everything, or a layer; on again as fast."""
    one, other = replicas
    everywhere(replicas, "rewritten")

    assert post(one, "/v1/switch", scope=scope, off=True, by="ada", why="night")["changed"]
    everywhere(replicas, expected)
    assert not post(other, "/v1/switch", scope=scope, off=True)["changed"]
    assert [(each["scope"], each["switched_by"], each["why"]) for each in rules(other)["off"]] == [(scope, "ada", "night")]

    assert post(other, "/v1/switch", scope=scope, off=False, by="bob", why="morning")["changed"]
    everywhere(replicas, "rewritten")
    assert [each["change"] for each in rules(one)["events"]] == ["switched_off", "switched_on"]
    assert not post(one, "/v1/switch", scope=scope, off=False)["changed"]


def test_another_layer_that_is_off_leaves_the_table_alone(replicas: tuple[httpx.Client, httpx.Client]):
    """It is the layer that is named, and no other."""
    one, _ = replicas
    everywhere(replicas, "rewritten")
    service_off = post(one, "/v1/switch", scope="global", off=True)

    wait_until(lambda: [each["scope"] for each in rules(one)["off"]] == ["global"])

    assert service_off["changed"]
    assert reason(one) == "rewritten"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/rules/unknown/dismiss", {}, 404),
        ("/v1/vetoes/unknown/undo", {}, 404),
        ("/v1/switch", {"scope": "everything", "off": True}, 422),
        ("/v1/switch", {"scope": "all"}, 422),
        (f"/v1/rules/{MADONNA.rewrite_id}/dismiss", {"why": "x" * 501}, 422),
    ],
)
def test_what_cannot_be_done_changes_nothing(client: httpx.Client, path: str, body: dict[str, Any], status: int):
    """And says why."""
    reply = client.post(path, json=body)

    assert (reply.status_code, bool(reply.json()["detail"])) == (status, True)
    told = rules(client)
    assert (told["vetoes"], told["off"], told["events"]) == ([], [], [])


def test_a_veto_that_is_taken_back_leaves_the_others(home: Path):
    """It is the one that was named."""
    with closing(Books(home / "books.sqlite")) as books:
        review = ReviewBooks(books)
        vetoes = [Veto(f"said {number}", "put", "ada", "", BASE, veto_id=f"v{number}") for number in range(3)]
        for each in vetoes:
            review.dismiss(each)

        assert review.undo("v1", at=BASE, by="bob", why="")

        assert books.vetoes() == [vetoes[0], vetoes[2]]


def test_nobody_reviews_without_the_key(home: Path, serve: Serve):
    """Neither reads nor changes."""
    with closing(client_of(serve(home), key=None)) as client:
        replies = [client.get("/v1/rules"), client.post("/v1/switch", json={"off": True}), client.post("/v1/rules/x/dismiss", json={})]

    assert [each.status_code for each in replies] == [401] * 3


def test_before_the_switches_have_been_read_nothing_is_served(home: Path):
    """What was switched off stays off while a replica starts."""
    service = open_service(settings_of(home))
    service.arms.refresh()
    service.watch.refresh()
    request = asked("play madona", customer_id="c1")

    reasons = [service.rewriter.rewrite(request, now=BASE, budget_s=60).reason]
    service.switched.refresh()
    service.trying.refresh()
    reasons.append(service.rewriter.rewrite(request, now=BASE, budget_s=60).reason)
    service.rewriter.close()
    service.books.close()

    assert reasons == ["switched_off", "rewritten"]


def test_switches_that_cannot_be_read_hold_on():
    """What was off stays off; and what is live is the same object while nothing changes, as whoever watches it compares by that."""
    read = [[Switch("all", BASE, "ada", "")], []]
    whole = Live(generation=1, layers=(TableLayer((MADONNA,)),))
    switched = Switched(lambda: whole, lambda: read.pop())
    switched.refresh()
    assert switched.live() is whole

    switched.refresh()
    with pytest.raises(IndexError):
        switched.refresh()

    assert switched.live() is switched.live()
    assert switched.off == {"all"}
    assert Rewriter(switched.live, hold_out=NO_HOLD_OUT).rewrite(asked("play madona"), now=BASE).reason == "switched_off"
