"""Logs: events with fields, and never what customers said."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from resay.commands.logs import LogForm, log_to
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Layer, Rewrite, RewriteRequest
from rewrite_online.rewriter import Live, Rewriter
from serving.app import open_service
from tests.builders import BASE, asked
from tests.serving.conftest import client_of, learnt, question, serve, settings_of, wait_until

__all__ = ["serve"]

CANARY = "canaryword"


class BreakingLayer:
    """A layer whose error says what the customer said, as those of libraries may."""

    layer = Layer.TABLE

    def at_once(self, _request: RewriteRequest) -> bool:
        """In line."""
        return True

    def offers(self, _request: RewriteRequest) -> bool:
        """Never."""
        return False

    def candidates(self, request: RewriteRequest) -> Sequence[Rewrite]:
        """Nothing; it breaks."""
        raise ValueError(request.heard.utterance)


@pytest.fixture(params=list(LogForm))
def told(request: pytest.FixtureRequest) -> Iterator[tuple[LogForm, io.StringIO]]:
    """What is logged from here on, and in which form."""
    stream = io.StringIO()
    handler = log_to(stream, form=request.param)
    yield request.param, stream
    logging.getLogger().removeHandler(handler)


def test_what_customers_say_is_not_logged(told: tuple[LogForm, io.StringIO], tmp_path: Path, serve: Any):
    """Whatever it is sent to, read or not, and whatever breaks over it; that something broke is logged."""
    _, stream = told
    service = open_service(settings_of(learnt(tmp_path)))
    turn = {"schema": "resay.turn/1", "turn_id": CANARY, "customer_id": CANARY, "at": "2026-11-02T09:00:00Z", "utterance": CANARY}
    with client_of(serve(service)) as client:
        wait_until(lambda: "generation_live" in stream.getvalue())
        client.post("/v1/rewrite", json=question(CANARY)).raise_for_status()
        client.post("/v1/turns", json=turn).raise_for_status()
        client.post("/v1/turns", json=turn | {"utterance": [CANARY]})
        client.post("/v1/feedback", json={"turn_id": CANARY, "customer_id": CANARY, "at": "2026-11-02T09:00:00Z", "text": CANARY})
        client.post("/v1/failure-point", json=turn)
        client.post("/v1/teachings", json={"customer_id": CANARY, "words": CANARY, "meaning": CANARY})
        for path in ("/v1/rewrite", "/v1/turns", "/v1/teachings", f"/v1/{CANARY}"):
            client.post(path, content=f'{{"utterance": "{CANARY}'.encode())
    breaking = Rewriter(lambda: Live(generation=1, layers=(BreakingLayer(),)))
    assert breaking.rewrite(asked(CANARY), now=BASE, budget_s=60).reason == "broken"
    breaking.close()

    assert "part_failed" in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert CANARY not in stream.getvalue()


def test_an_event_is_a_line_with_its_fields(told: tuple[LogForm, io.StringIO]):
    """Numbers stay numbers; our own sentences are told, of others' errors only the kind and the place."""
    form, stream = told
    log = logging.getLogger("serving.test")
    log.info("decisions_lost reason=%s decisions=%d", "books", 7)
    log.warning("generation_broken error=%s", ResayError("table must be proven"))
    log.warning("part_broken error=%s", ValueError(CANARY))
    logging.getLogger("others").warning("said %s", CANARY)
    logging.getLogger("others").info("not told")
    try:
        raise ValueError(CANARY)
    except ValueError:
        log.exception("refresh_failed")

    lines = stream.getvalue().splitlines()
    assert len(lines) == 5
    assert CANARY not in stream.getvalue()
    if form is LogForm.TEXT:
        assert "info decisions_lost logger=serving.test reason=books decisions=7" in lines[0]
        return
    first, second, third, fourth, fifth = map(json.loads, lines)
    assert (first["event"], first["reason"], first["decisions"], first["level"]) == ("decisions_lost", "books", 7, "info")
    assert (second["error"], third["error"]) == ("table must be proven", "ValueError")
    assert fourth["event"] == "said %s"
    assert (fifth["event"], fifth["kind"]) == ("refresh_failed", "ValueError")
    assert "test_logs.py" in fifth["where"]
