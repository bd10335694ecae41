"""Rewrites on trial over real HTTP: rolled back in every replica, told alike by API, command line and page, and put back by a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from resay.commands.main import command_line
from resay.dialogue.rewrite import Decision
from resay.store.lake import Lake
from resay.store.tables import OUTCOMES
from serving.server import RunningService
from tests.builders import BASE
from tests.serving.conftest import MADONNA, Serve, client_of, question, wait_until
from tests.serving.dialogues import replace
from tests.serving.test_page import page_of


def decided(number: int, *, applied: bool) -> Decision:
    """A customer for whom the rewrite was ready."""
    told = {"target": MADONNA.target, "propensity": 0.98, "reason": "rewritten"}
    kept = {"target": None, "propensity": 0.02, "reason": "hold_out"}
    return Decision(
        decision_id=f"d{number}",
        turn_id=f"t{number}",
        customer_id=f"c{number}",
        at=BASE + timedelta(seconds=number),
        mode="before",
        source=MADONNA.source,
        layer="table",
        generation=1,
        rewrite_id=MADONNA.rewrite_id,
        experiment=None,
        arm=None,
        latency_ms=0.4,
        **(told if applied else kept),  # type: ignore[arg-type]
    )


@pytest.fixture
def failing(home: Path, serve: Serve) -> Iterator[RunningService]:
    """A service whose rewrite failed nine customers and helped one; of two whom it was held out from one succeeded, one is not told yet."""
    running = serve(home)
    decisions = [decided(number, applied=number < 10) for number in range(12)]
    running.app.state.service.books.log_decisions(decisions)
    outcomes = [*["failure"] * 9, "success", "success"]
    rows = [(f"t{number}", f"c{number}", BASE, outcome, 0.5, "rules/1") for number, outcome in enumerate(outcomes)]
    replace(Lake(home / "lake"), OUTCOMES, rows)
    yield running


def reason(running: RunningService) -> str:
    """Why a customer is answered as they are."""
    with closing(client_of(running)) as client:
        return str(client.post("/v1/rewrite", json=question(customer_id="c1")).json()["reason"])


def told(running: RunningService) -> dict[str, Any]:
    """What is told of the rule."""
    with closing(client_of(running)) as client:
        (rule,) = client.get("/v1/rules").json()["rules"]
        return dict(rule)


def test_a_rewrite_that_fails_is_rolled_back_in_every_replica_and_put_back_by_a_person(home: Path, failing: RunningService, serve: Serve):
    """API, command line and page tell the same of it; the history says who and why."""
    other = serve(home)
    wait_until(lambda: reason(failing) == "rewritten")

    (change,) = failing.app.state.service.referee.judge(BASE)

    assert (change.rewrite_id, change.after) == (MADONNA.rewrite_id, "taken_back")
    wait_until(lambda: reason(failing) == reason(other) == "taken_back")
    rule = told(other)
    assert rule["state"] == "taken_back"
    live = rule["live"]
    assert (live["stage"], live["wins"], live["losses"], live["waiting"]) == ("taken_back", 1, 9, 1)
    assert (live["held_out"], live["spared"]) == ({"right": 1, "wrong": 0}, -9.0)
    said = CliRunner().invoke(command_line("rules"), ["rules", "--json", "--home", str(home)])
    assert json.loads(said.stdout)["rewrites"][0]["live"] == live
    shown = CliRunner().invoke(command_line("rules"), ["rules", "--home", str(home)], terminal_width=200).stdout
    assert "rolled back" in shown
    text = " ".join(page_of(other).text.replace("\u202f", "").split())
    assert "On live traffic, rolled back: as rewritten 1 of 10 (10%) right, held out 1 of 1 (100%), 1 not told yet" in text
    assert "about 9 defects caused" in text

    with closing(client_of(other)) as client:
        path = f"/v1/rules/{MADONNA.rewrite_id}/restore"
        replies = [client.post(path, json={"by": "ada", "why": "the NLU was mended"}).status_code for _ in range(2)]
        events = [(each["change"], each["by"]) for each in client.get("/v1/rules").json()["events"]]

    assert replies == [200, 404]
    assert events == [("rolled_back", "resay"), ("restored", "ada")]
    wait_until(lambda: reason(failing) == "rewritten")


def test_it_is_put_back_on_the_command_line(home: Path, failing: RunningService):
    """Once."""
    failing.app.state.service.referee.judge(BASE)

    said = [
        CliRunner().invoke(command_line("rules"), ["rules", "restore", MADONNA.rewrite_id, "--why", "mended", "--home", str(home)])
        for _ in range(2)
    ]

    assert [each.exit_code for each in said] == [0, 1]
    assert "must be one that was rolled back" in str(said[1].exception)
    assert told(failing)["live"]["stage"] == "canary"
