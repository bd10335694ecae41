"""What operators copy names only what is there: metrics, commands and their options, places in the run-book."""

from __future__ import annotations

import configparser
import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import typer
import yaml
from prometheus_client import CollectorRegistry

from ingest.landing import LandingReport
from resay.commands.main import command_line
from resay.commands.stream_metrics import StreamMetrics
from resay.dialogue.history import Tried
from rewrite_online.personal_layer import PersonalLayer
from serving.metrics import Metrics
from tests.builders import BASE

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
ALERTS = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"][0]["rules"]
BOARD = json.loads((DEPLOY / "grafana/resay.json").read_text())
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))

OTHERS = {"up"}
"""Metrics that Prometheus makes itself."""


@cache
def exposed() -> frozenset[str]:
    """Every name under which something of ours can be asked for."""
    serving, stream = Metrics(), StreamMetrics("kafka://broker/topic")
    serving.show_memory(PersonalLayer(lambda _customer, _since: list[Tried](), lambda: 0), lambda: 0)
    stream.bytes_left_is(lambda: 0)
    stream.behind_is("label", lambda: 0)
    stream.landing.landed(LandingReport(newest=BASE))
    stream.landing.topic_is(lambda: {"0": 0}, lambda: 0, lambda: True)
    return frozenset(name for registry in (serving.registry, stream.registry) for name in _names(registry))


def _names(registry: CollectorRegistry) -> Iterator[str]:
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
    for family in registry.collect():
        yield from (family.name + ending for ending in endings[family.type])


def asked_for(expression: str) -> set[str]:
    """Metrics of an expression: names of ours, and `up`."""
    return set(re.findall(r"\bresay_\w+|\bup\b", re.sub(r'"[^"]*"', '""', expression)))


EXPRESSIONS = [(each["alert"], each["expr"]) for each in ALERTS] + [
    (f"{panel['title']} {target['refId']}", target["expr"]) for panel in BOARD["panels"] for target in panel["targets"]
]


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_alerts_and_board_ask_for_metrics_that_are_there(where: str, expression: str):
    """A metric that is renamed takes its alert with it, and nobody would hear of it."""
    asked = asked_for(expression)

    assert asked, f"{where} must ask for something"
    assert asked <= exposed() | OTHERS
    assert expression.count("(") == expression.count(")")


def test_labels_that_are_asked_for_are_there():
    """`{part="refresher"}` is a label of that metric, and so are those that sums are made by."""
    labels = {name: set(getattr(metric, "_labelnames", ())) for name, metric in _ours().items()}
    faults = [
        (where, metric, label)
        for where, expression in EXPRESSIONS
        for metric, chosen in re.findall(r"(resay_\w+)\{([^}]*)\}", expression)
        for label in re.findall(r"(\w+)\s*[!=]", chosen)
        if label not in labels.get(re.sub(r"_(total|bucket|sum|count)$", "", metric), set()) | {"job"}
    ]

    assert faults == []


def _ours() -> dict[str, Any]:
    registries = (Metrics().registry, StreamMetrics("kafka://broker/topic").registry)
    return {name: metric for each in registries for name, metric in each._names_to_collectors.items()}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda each: each["alert"])
def test_an_alert_leads_to_its_place_in_the_run_book(alert: dict[str, Any]):
    """And the place names it; who is woken reads what is wrong first."""
    page, anchor = alert["annotations"]["runbook"].split("#")
    section = _sections()[anchor]

    assert page == "docs/runbook.md"
    assert f"`{alert['alert']}`" in section
    assert alert["annotations"]["summary"].endswith(".")
    assert alert["labels"]["severity"] in {"page", "ticket"}


@pytest.mark.parametrize("title", re.findall(r"^## (.+)$", RUNBOOK, re.M))
def test_a_fault_is_told_in_four_lines(title: str):
    """Symptom, alert, what to do, what is lost; metrics are those that are there."""
    section = _sections()[_anchor(title)]

    assert re.findall(r"^- \*\*(\w+):\*\*", section, re.M) == ["Symptom", "Alert", "Do", "Lost"]
    assert {name for name in re.findall(r"`(resay_\w+)`", section)} <= exposed() | {"resay_rewrite_duration_seconds"}


def test_ten_faults_at_least():
    """The likeliest."""
    assert len(_sections()) >= 10


def commands() -> list[tuple[str, list[str]]]:
    """Every call of `resay` in what operators copy and read: where, and its words."""
    found = []
    for name, service in COMPOSE["services"].items():
        if service.get("image") == "resay":
            command = service["command"]
            found += [(name, command)] if "entrypoint" not in service else [(name, words) for words in _lines(command[0])]
    for unit in UNITS:
        found += [(unit.stem, words) for words in _lines(unit.read_text().replace("/opt/resay/.venv/bin/", ""), before="ExecStart=")]
    found += [("runbook", shlex.split(each)[1:]) for each in re.findall(r"`(resay [^`]*)`", RUNBOOK)]
    return found


def _lines(text: str, *, before: str = "") -> list[list[str]]:
    return [shlex.split(each)[1:] for each in re.findall(rf"^\s*{before}(resay .*)$", text, re.M)]


@pytest.mark.parametrize(("where", "words"), commands(), ids=[f"{where}: {' '.join(words)}" for where, words in commands()])
def test_commands_are_those_that_the_program_has(where: str, words: list[str]):
    """With options and arguments of their own."""
    command: Any = typer.main.get_command(command_line(words[0]))
    context = click.Context(command, info_name="resay")
    rest = list(words)

    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
        context = click.Context(command, parent=context, info_name=command.name)

    command.parse_args(context, rest)


def test_the_service_and_its_jobs_are_all_there():
    """Kafka, PostgreSQL, the service, the stream, and what runs once a day; all of ours with one home and one set of books."""
    ours = {name: each for name, each in COMPOSE["services"].items() if each.get("image") == "resay"}

    assert {"kafka", "postgresql"} <= set(COMPOSE["services"])
    assert set(ours) == {"serve", "stream", "daily"}
    assert {(each["environment"]["RESAY_BOOKS_URL"], *each["volumes"]) for each in ours.values()} == {
        ("postgresql://resay:${RESAY_DB_PASSWORD:?choose one}@postgresql/resay", "home:/var/lib/resay")
    }
    assert all(port.startswith("127.0.0.1:") for each in COMPOSE["services"].values() for port in each.get("ports", ()))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_without_rights(path: Path):
    """Not as root, with nothing to write but its own folder."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(path.read_text())

    told = dict(unit["Service"])
    assert (told["User"], told["NoNewPrivileges"], told["ProtectSystem"], told["StateDirectory"]) == ("resay", "yes", "strict", "resay")


def test_the_image_copies_what_there_is():
    """Every package of ours, and files that are there."""
    copied = {word for line in re.findall(r"^COPY (.*) \S+$", (DEPLOY / "Dockerfile").read_text(), re.M) for word in line.split()}

    assert [each for each in copied if not (ROOT / each).exists()] == []
    assert copied >= {"resay", "ingest", "rephrase", "markov", "rewrite_online", "failure_point", "serving", "models"}


def _sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", RUNBOOK, flags=re.M)[1:]
    return {_anchor(title): text for title, text in zip(parts[::2], parts[1::2], strict=True)}


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
