"""A home whose log leaves some wordings in doubt, and services over it that ask about them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ingest.landing import land_records
from resay.dialogue.rewrite import Heard
from resay.dialogue.tick import silent
from resay.label.explore import SHARE_MAX
from resay.label.job import label
from resay.store.lake import Lake
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


def asking_service(home: Path, *, share: float = SHARE_MAX) -> Service:
    """A service over a doubting home that has looked at it."""
    service = open_service(settings_of(home, ask=share), clock=lambda: NOW)
    service.asking.look(NOW)
    return service


def land_doubts(home: Path) -> None:
    """Land the log, and label it."""
    lake = Lake(home / "lake")
    land_records([json.dumps(each).encode() for each in _turns()], source="test", lake=lake, now=NOW)
    label(lake, silent)


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
