"""An experiment on live traffic over real HTTP: started, drawn, logged, looked at and stopped, in every replica."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from resay.store.books import Books
from resay.store.experiments import ExperimentBooks
from serving.app import app_of, open_service
from serving.server import RunningService, bind, start
from tests.builders import BASE, asked
from tests.serving.conftest import Serve, client_of, question, settings_of, wait_until
from tests.serving.experiments.traffic import Talk, ran

ASKED = {"experiment": "rewriting", "why": "fewer defects", "by": "ada"}
CUSTOMERS = [f"customer-{number}" for number in range(24)]


def ask(client: httpx.Client, customer: str, said: str = "play madona") -> dict[str, Any]:
    """What a customer is answered, asked again where a busy machine was late."""
    body = question(said, customer_id=customer, turn_id=f"{customer}/{said}")
    answer: dict[str, Any] = client.post("/v1/rewrite", json=body).json()
    return ask(client, customer, said) if answer["reason"] == "deadline" else answer


def arms_of(client: httpx.Client) -> dict[str, tuple[str, str | None]]:
    """What is done for each customer, and in which arm; two in a hundred are held out, and in none."""
    answers = {each: ask(client, each) for each in CUSTOMERS}
    return {each: (answer["action"], answer["arm"]) for each, answer in answers.items() if answer["reason"] != "hold_out"}


def test_replicas_take_up_what_is_started_and_what_is_stopped(home: Path, serve: Serve):
    """Started by one, both draw the same arms, without a restart; stopped by the other, all is as before in both."""
    with closing(client_of(serve(home))) as one, closing(client_of(serve(home))) as other:
        assert one.post("/v1/experiments", json=ASKED).status_code == 201
        wait_until(
            lambda: (
                ask(one, "customer-0", "play  madona")["arm"] is not None and ask(other, "customer-0", "play madona ")["arm"] is not None
            )
        )

        found = arms_of(one)

        assert set(found.values()) == {("rewrite", "treatment"), ("pass_through", "control")}
        assert arms_of(other) == found
        assert ask(one, "customer-0", "play prince")["experiment"] is None, "nothing was ready"

        assert other.post("/v1/experiments/rewriting/stop", json={"by": "bob", "why": "enough"}).json()["state"] == "stopped"
        wait_until(lambda: set(arms_of(one).values()) == {("rewrite", None)} == set(arms_of(other).values()))


def test_exposures_are_in_the_books_once_whoever_answered(home: Path, serve: Serve):
    """Each customer at the first moment, in the arm that they were served by."""
    with closing(client_of(serve(home))) as client:
        client.post("/v1/experiments", json=ASKED)
        wait_until(lambda: ask(client, "customer-0")["arm"] is not None)
        found = arms_of(client)
        arms_of(client)

        def noted() -> dict[str, str]:
            return {customer: arm for customer, arm, _ in exposures(home)}

        wait_until(lambda: noted().keys() >= found.keys())

        assert {each: noted()[each] for each in found} == {each: arm for each, (_, arm) in found.items()}


def exposures(home: Path) -> list[Any]:
    """What the books hold of them."""
    with closing(Books(home / "books.sqlite")) as books:
        return list(ExperimentBooks(books).exposures("rewriting"))


def test_before_what_runs_has_been_read_nobody_is_served(home: Path):
    """A table that is live already waits for it: whose arm is not known may be in control."""
    service = open_service(settings_of(home))
    service.switched.refresh()
    service.trying.refresh()
    service.watch.refresh()
    request = asked("play madona", customer_id="customer-0")

    answers = [service.rewriter.rewrite(request, now=BASE, budget_s=60)]
    service.arms.refresh()
    answers.append(service.rewriter.rewrite(request, now=BASE, budget_s=60))
    service.rewriter.close()
    service.books.close()

    assert [each.reason for each in answers] == ["broken", "rewritten"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service over a home in which an experiment ran."""
    running = start(app_of(open_service(settings_of(ran(tmp_path_factory.mktemp("home"), Talk(turns=4))))), bind("127.0.0.1", 0))
    yield running
    running.stop()


@pytest.fixture
def caller(served: RunningService) -> Iterator[httpx.Client]:
    """A client of it."""
    with closing(client_of(served)) as client:
        yield client


def test_a_look_over_http_says_what_is_known(caller: httpx.Client):
    """The list names it, the look rules on it."""
    listed = caller.get("/v1/experiments").json()["experiments"]
    look = caller.get("/v1/experiments/rewriting").json()

    assert [(each["experiment"], each["state"]) for each in listed] == [("rewriting", "running")]
    assert (look["ruling"], look["must_stop"]) == ("better", [])
    assert look["says"].startswith("Treatment is better")


def test_a_report_is_a_file(caller: httpx.Client):
    """JSON, CSV and HTML, of the same figures; the HTML asks for nothing from anywhere."""
    replies = {form: caller.get("/v1/experiments/rewriting/report", params={"as": form}) for form in ("json", "csv", "html")}

    told = replies["json"].json()
    assert {form: reply.headers["content-disposition"] for form, reply in replies.items()} == {
        form: f'attachment; filename="rewriting.{form}"' for form in replies
    }
    last = list(csv.DictReader(io.StringIO(replies["csv"].text)))[-1]
    assert float(last["lift"]) == told["days"][-1]["lift"]["value"]
    page = replies["html"].text
    assert told["says"] in page
    assert not any(each in page for each in ("src=", "<link", "url(", "@import", "<script", "http"))


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/v1/experiments", {"experiment": "other", "share": 2}, 422, "share must lie between"),
        ("/v1/experiments", {"experiment": "other", "shares": 0.5}, 422, "shares"),
        ("/v1/experiments", {"experiment": "rewriting"}, 422, "must have a name of its own"),
        ("/v1/experiments", {"experiment": "other", "share": 0.5}, 422, "must be free"),
        ("/v1/experiments", [], 422, "body must be one JSON object"),
        ("/v1/experiments/unknown/stop", {}, 404, "is its name spelt right?"),
        ("/v1/experiments/rewriting/cohorts", {"cohort": ""}, 422, "cohort must be a name"),
        ("/v1/experiments/unknown/cohorts", {"cohort": "scots"}, 404, "is its name spelt right?"),
    ],
)
def test_what_cannot_be_done_says_why(caller: httpx.Client, path: str, body: Any, status: int, sentence: str):
    """In a sentence; nothing is changed."""
    reply = caller.post(path, json=body)

    assert (reply.status_code, sentence in reply.json()["detail"]) == (status, True), reply.text
    assert [each["state"] for each in caller.get("/v1/experiments").json()["experiments"]] == ["running"]


@pytest.mark.parametrize("path", ["/v1/experiments", "/v1/experiments/rewriting", "/v1/experiments/rewriting/report"])
def test_nobody_looks_without_the_key(served: RunningService, path: str):
    """Nor on the page without a session."""
    with closing(client_of(served, key=None)) as client:
        assert client.get(path).status_code == 401
        assert client.get(path.removeprefix("/v1")).status_code in {403, 404}


def test_an_experiment_that_is_not_there_is_not_found(caller: httpx.Client):
    """Whatever its name."""
    for name in ("unknown", "%2e%2e", "<script>"):
        assert caller.get(f"/v1/experiments/{name}").status_code == 404


def test_a_cohort_that_is_added_is_looked_at_from_then_on(home: Path, serve: Serve):
    """It stays; adding it again changes nothing."""
    with closing(client_of(serve(home))) as client:
        client.post("/v1/experiments", json=ASKED)
        for _ in range(2):
            added = client.post("/v1/experiments/rewriting/cohorts", json={"cohort": "scots", "by": "eve"})

        assert added.json()["cohorts"] == ["scots"]
        look = client.get("/v1/experiments/rewriting").json()
        assert [each["cohort"] for each in look["cohort_looks"]] == ["scots"]
        assert [(each["change"], each["by"]) for each in look["events"]] == [("started", "ada"), ("cohort_added", "eve")]
        assert json.dumps(look)
