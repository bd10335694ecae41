"""A home whose log leaves some wordings in doubt, and services over it that ask about them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ingest.landing import land_records
from rephrase.combined import CombinedDetector
from rephrase.detect import detect
from resay.dialogue.rewrite import Decision, Heard
from resay.dialogue.tick import silent
from resay.label.explore import SHARE_MAX
from resay.label.job import label
from resay.store.asked import AskedBooks
from resay.store.books import Books
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.tables import Table
from rewrite_online.hold_out import drawn
from serving.app import open_service
from serving.asking import SALT
from serving.service import Service
from tests.serving.conftest import settings_of

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)

DOUBTED = ("dim it", "warm it")
"""Each is said ten times, and read with a confidence of a half."""

RISKY = "open the front door"
"""Said and doubted as often."""

SURE = "play jazz"
"""Said 370 times, without a doubt."""

CHANCE = 0.2
"""With which a turn of the doubted ones is drawn: four of 400 turns may be asked about, and these are twenty."""


def asking_service(home: Path, *, share: float = SHARE_MAX, clock: Callable[[], datetime] = lambda: NOW) -> Service:
    """A service over a home, which asks and offers, and has looked at it."""
    service = open_service(settings_of(home, ask=share, offer=share), clock=clock)
    service.offering.refresh()
    service.asking.refresh()
    service.offering.look(clock())
    service.asking.look(clock())
    return service


class Meanwhile(Lake):
    """A lake while whose next reading something happens."""

    def __init__(self, root: Path, happens: list[Callable[[], None]]) -> None:
        super().__init__(root)
        self._happens = happens

    @contextmanager
    def connect(self, tables: Sequence[Table] = ()) -> Iterator[Connection]:
        """What was read before is what is read."""
        with super().connect(tables) as connection:
            while self._happens:
                self._happens.pop()()
            yield connection


def answered(books: Books, turns: int, *, now: datetime = NOW) -> None:
    """Have so many turns counted as of a day."""
    rest: dict[str, Any] = dict.fromkeys(("target", "layer", "generation", "rewrite_id", "experiment", "arm"))
    decisions = [
        Decision(f"d{each}", f"t{each}", "c", NOW, "before", "hello", **rest, propensity=1.0, reason="no_candidate", latency_ms=1.0)
        for each in range(turns)
    ]
    AskedBooks(books).count(decisions, now=now)


def land_doubts(home: Path) -> None:
    """Land the log, and label it."""
    lake = Lake(home / "lake")
    land_records([json.dumps(each).encode() for each in _turns()], source="test", lake=lake, now=NOW)
    label(lake, silent)


def land_second_tries(home: Path, *pairs: tuple[str, str, str], until: datetime = NOW) -> None:
    """Land that customers said something that was refused, and eight seconds later something that worked; link and label it."""
    lake = Lake(home / "lake")
    records = [
        json.dumps(each).encode()
        for number, pair in enumerate(pairs)
        for each in _tries(until - timedelta(hours=2) + timedelta(minutes=number), *pair)
    ]
    land_records(records, source="tries", lake=lake, now=until)
    detect(lake, CombinedDetector(), silent)
    label(lake, silent)


def _tries(at: datetime, customer: str, first: str, second: str) -> Iterator[dict[str, Any]]:
    told: dict[str, Any] = {"schema": "resay.turn/1", "customer_id": customer}
    refused = {"utterance": first, "response": {"status": "unsupported"}, "interpretations": []}
    done = {
        "utterance": second,
        "response": {"status": "done"},
        "interpretations": [{"domain": "light", "intent": second, "confidence": 1.0}],
    }
    yield told | refused | {"turn_id": f"{customer}/{first}/{at:%d}/1", "at": at.isoformat()}
    yield told | done | {"turn_id": f"{customer}/{first}/{at:%d}/2", "at": (at + timedelta(seconds=8)).isoformat()}


def drawn_for(*utterances: str) -> Iterator[str]:
    """Customers of whom a turn of each of these is drawn today."""
    for number in range(100_000):
        customer = f"d{number}"
        if all(drawn(Heard("t", customer, NOW, each), SALT) < CHANCE for each in utterances):
            yield customer


def _turns() -> Iterator[dict[str, Any]]:
    said = [*(each for each in (*DOUBTED, RISKY) for _ in range(10)), *([SURE] * 370)]
    for number, utterance in enumerate(said):
        confidence = 0.999 if utterance == SURE else 0.5
        yield {
            "schema": "resay.turn/1",
            "turn_id": f"log{number}",
            "customer_id": f"l{number}",
            "at": (NOW - timedelta(days=1) + timedelta(seconds=number)).isoformat(),
            "utterance": utterance,
            "interpretations": [{"domain": "light", "intent": utterance.replace(" ", "_"), "confidence": confidence}],
        }
