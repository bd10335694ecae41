"""Whether the process lives, whether it can help, and what it counted."""

from __future__ import annotations

from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from resay.store.artifact import Shelf
from resay.store.rewrites import REWRITES_FILE
from tests.builders import rewrite, rewrite_files
from tests.serving.conftest import Serve, client_of, question, wait_until


def test_the_process_lives(client: httpx.Client):
    """Without a key: a supervisor has none."""
    client.headers.pop("Authorization")

    assert client.get("/healthz").json() == {"status": "ok"}


def test_it_is_ready_once_something_is_live(client: httpx.Client):
    """With the generation's number."""
    reply = client.get("/readyz")

    assert (reply.status_code, reply.json()) == (200, {"ready": True, "generation": 1, "reason": None})


def test_before_anything_is_learnt_it_is_not_ready_and_still_answers(tmp_path: Path, serve: Serve):
    """503 with what to do; utterances pass through."""
    with client_of(serve(tmp_path)) as client:
        reply = client.get("/readyz")
        answer = client.post("/v1/rewrite", json=question()).json()

    assert (reply.status_code, reply.json()["ready"]) == (503, False)
    assert "resay demo" in reply.json()["reason"]
    assert (answer["action"], answer["reason"], answer["utterance"]) == ("pass_through", "not_ready", "play madona")


def test_a_broken_generation_is_told(home: Path, serve: Serve):
    """A table that was edited by hand is not served."""
    file = Shelf(home / "rewrites").open(1).path / REWRITES_FILE
    file.write_bytes(file.read_bytes().replace(b"play madonna", b"play prince!"))

    with client_of(serve(home)) as client:
        reply = client.get("/readyz")

    assert reply.status_code == 503
    assert "its hash differs" in reply.json()["reason"]


def test_a_generation_that_breaks_later_leaves_the_old_one_live(home: Path, serve: Serve):
    """Still ready with the old one, and the reason says why it is not the new one."""
    running = serve(home)
    shelf = Shelf(home / "rewrites")
    shelf.publish(shelf.write({**rewrite_files(rewrite("play madona", "play prince")), "proof.json": b"{}"}).number)

    with client_of(running) as client:
        wait_until(lambda: client.get("/readyz").json()["reason"] is not None)
        ready = client.get("/readyz")
        answer = client.post("/v1/rewrite", json=question()).json()
        counted = client.get("/metrics").text
    assert "proof.json of generation 2 must be a proof" in ready.json()["reason"]
    assert (ready.status_code, ready.json()["generation"]) == (200, 1)
    assert (answer["utterance"], answer["generation"]) == ("play madonna", 1)
    assert "resay_generation_problem 1.0" in counted


def test_what_happens_is_counted(home: Path, serve: Serve):
    """By outcome, layer and reason; no series names a customer or holds a text."""
    with client_of(serve(home)) as client:
        for utterance in ("play madona", "play prince", "play prince"):
            client.post("/v1/rewrite", json=question(utterance))
        client.post("/v1/rewrite", json=question(), headers={"Authorization": "Bearer wrong"})
        text = client.get("/metrics").text

    values = {(s.name, *sorted(s.labels.values())): s.value for f in text_string_to_metric_families(text) for s in f.samples}
    assert values["resay_rewrite_requests_total", "rewrite", "rewritten", "table"] == 1
    assert values["resay_rewrite_requests_total", "no_candidate", "none", "pass_through"] == 2
    assert values["resay_rewrite_abstained_total", "no_candidate"] == 2
    assert values["resay_rewrite_duration_seconds_count",] == 3
    assert values["resay_rules", "live", "table"] == 1
    assert values["resay_generation",] == 1
    assert values["resay_generation_problem",] == 0
    assert values["resay_requests_refused_total", "key"] == 1
    assert "madona" not in text


def test_two_services_in_one_process_count_apart(home: Path, serve: Serve):
    """Each has its own registry."""
    first, second = serve(home), serve(home)
    with client_of(first) as one, client_of(second) as other:
        one.post("/v1/rewrite", json=question())

        assert "resay_rewrite_requests_total{" in one.get("/metrics").text
        assert "resay_rewrite_requests_total{" not in other.get("/metrics").text
