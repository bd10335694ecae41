"""A home with dialogues, labels, a rewrite learnt from them and a report: what the page shows, small and literal."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingest.landing import land_records
from resay.dialogue.codec import encode, whole
from resay.dialogue.rewrite import Risk
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from resay.store.rewrites import CARD_FILE
from resay.store.tables import FRICTION, LINKS, OUTCOMES, Table
from tests.builders import BASE, rewrite, rewrite_files, turn

HOSTILE = "<script>document.title='broken'</script> & <img src=x onerror=alert(1)> lights"
"""What somebody may say, or make a recogniser write."""


def interval(value: float | None, lo: float | None = None, hi: float | None = None, *, reason: str = "") -> dict[str, Any]:
    """A figure with its interval, as a report holds it."""
    return {"value": value, "lo": lo, "hi": hi, "n": 400, "reason": reason}


OURS: dict[str, Any] = {
    "reduction": interval(0.2276, 0.19, 0.262),
    "triggers": 892,
    "pairs": 61,
    "wins": 731,
    "losses": 21,
    "win_loss": interval(34.8, 21.2, reason="too_few_pairs"),
    "harm": 0.0018,
    "wrong_actions_caused": 9,
}

REPORT: dict[str, Any] = {
    "control": {"customers": 201, "turns": 4_900, "defects": 1_568},
    "treatment": {"customers": 199, "turns": 4_901, "defects": 1_226},
    "reduction": interval(0.218, 0.12, 0.31),
    "sequential": interval(0.218, -0.01, 0.41),
    "measured": interval(0.204, 0.1, 0.3),
    "ours": OURS,
    "reference": OURS | {"reduction": interval(0.4, 0.36, 0.44), "wins": 1_402, "losses": 3},
    "note": "The truth is known here.",
    "weeks": [
        {
            "week": week,
            "control": {"customers": 201, "turns": 2_450, "defects": 784},
            "treatment": {"customers": 199, "turns": 2_450, "defects": 613},
        }
        for week in (1, 2)
    ],
}

FIRST = turn(HOSTILE, customer="maria", at=0, status="unsupported", response="Sorry, I did not understand that.")
THEN = turn("turn on the lights", customer="maria", at=9, intent="HassTurnOn", domain="light", response="Turned on the lights.")
NEXT_DAY = turn("lights on in the den", customer="otto", at=86_400, status="unsupported")
THEN_TOO = turn("turn on the living room lights", customer="otto", at=86_410, intent="HassTurnOn", domain="light")

RULES = (
    rewrite("lights on in the den", "turn on the living room lights", support=14, evidence=(NEXT_DAY.turn_id, THEN_TOO.turn_id)),
    rewrite("script alert lights", "turn on the lights", support=12, evidence=(FIRST.turn_id, THEN.turn_id)),
    rewrite("open the dor", "unlock the front door", risk=Risk.HIGH, support=11, evidence=("gone", "gone too")),
)


def fill(home: Path) -> Path:
    """Put all of it into a home."""
    lake = Lake(home / "lake")
    turns = [FIRST, THEN, NEXT_DAY, THEN_TOO]
    land_records([encode(whole(each)) for each in turns], source="test", lake=lake, now=BASE + timedelta(days=9))
    judged = [(each.turn_id, each.customer_id, each.at) for each in turns]
    replace(lake, FRICTION, [(*judged[0], "error_response", FIRST.turn_id), (*judged[0], "barge_in", THEN.turn_id)])
    outcomes = ["failure", "success", "failure", "success"]
    replace(lake, OUTCOMES, [(*each, outcome, 0.5, "rules/1") for each, outcome in zip(judged, outcomes, strict=True)])
    replace(lake, LINKS, [(FIRST.turn_id, THEN.turn_id, "maria", FIRST.at, 0.9, 0, 18, "overlap/1")])
    publish(home / "rewrites", {**rewrite_files(*RULES), CARD_FILE: b'{"made_at": "2026-11-05T03:00:00.000Z"}'})
    publish(home / "reports", {"experiment.json": json.dumps(REPORT).encode()})
    return home


def publish(root: Path, files: dict[str, bytes]) -> None:
    """Keep files as a generation, and make it live."""
    shelf = Shelf(root)
    shelf.publish(shelf.write(files).number)


def replace(lake: Lake, table: Table, rows: list[tuple[object, ...]]) -> None:
    """Put rows, in the order of the table's columns, in place of all that it held."""
    columns = zip(*rows, strict=True)
    arrays = [pa.array(list(values), column.type) for values, column in zip(columns, table.columns, strict=True)]
    lake.replace(table, pa.Table.from_arrays(arrays, schema=table.schema()))
