"""A home with something learnt, and services over it on real ports."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from resay.store.artifact import Shelf
from serving.app import app_of, open_service
from serving.server import RunningService, bind, start
from serving.service import Service, ServiceSettings
from tests.builders import rewrite, rewrite_files

KEY = "a-key-of-this-test"

MADONNA = rewrite("play madona", "play madonna", support=12, times=20)


def settings_of(home: Path, **others: Any) -> ServiceSettings:
    """Settings of a service over a home."""
    places: dict[str, Any] = {
        "lake": home / "lake",
        "books": home / "books.sqlite",
        "rewrites": home / "rewrites",
        "reports": home / "reports",
        "api_key": KEY,
    }
    return ServiceSettings(home=home, **(places | others))


def standing_still(home: Path, **others: Any) -> Service:
    """The parts of a service for which no time passes: what waits there is told when a test says so, however busy the machine is."""
    now = datetime.now(UTC)
    return open_service(settings_of(home, **others), clock=lambda: now)


def client_of(running: RunningService, key: str | None = KEY) -> httpx.Client:
    """A client that shows the key."""
    return httpx.Client(base_url=running.url, headers={"Authorization": f"Bearer {key}"} if key else {}, timeout=300)


def learnt(home: Path) -> Path:
    """Publish one rewrite in a home."""
    shelf = Shelf(home / "rewrites")
    shelf.publish(shelf.write(rewrite_files(MADONNA)).number)
    return home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which one rewrite is published."""
    return learnt(tmp_path)


Serve = Callable[..., RunningService]

Replicas = tuple[httpx.Client, httpx.Client]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts services, given a home or parts, and stops them all."""
    running: list[RunningService] = []

    def start_one(of: Path | Service, **others: Any) -> RunningService:
        service = of if isinstance(of, Service) else open_service(settings_of(of, **others))
        running.append(start(app_of(service), bind("127.0.0.1", 0)))
        return running[-1]

    yield start_one
    for each in running:
        each.stop()


@pytest.fixture
def replicas(services: tuple[Service, Service], serve: Serve) -> Iterator[Replicas]:
    """Clients of two services over one home, which the test's module makes as `services`."""
    with ExitStack() as stack:
        one, other = (stack.enter_context(closing(client_of(serve(each)))) for each in services)
        yield one, other


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """One service for the tests of a file that change nothing in it."""
    service = open_service(settings_of(learnt(tmp_path_factory.mktemp("home"))))
    running = start(app_of(service), bind("127.0.0.1", 0))
    yield running
    running.stop()


@pytest.fixture
def client(shared: RunningService) -> Iterator[httpx.Client]:
    """A client of the shared service."""
    with closing(client_of(shared)) as client:
        yield client


def question(utterance: str = "play madona", **others: Any) -> dict[str, Any]:
    """A question in mode `before`, with time enough for a busy machine; `others` are fields of the wire by their own names."""
    named = {"mode": "before", "turn_id": "t1", "customer_id": "c1", "at": "2026-11-02T09:00:00Z", "utterance": utterance}
    return named | {"deadline_ms": 1_000} | others


def wait_until(happened: Callable[[], bool], within_s: float = 300) -> None:
    """Look again and again until it has happened.

    Raises: AssertionError, where it has not in time.
    """
    due = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < due, f"it did not happen within {within_s} s"
        time.sleep(0.02)
