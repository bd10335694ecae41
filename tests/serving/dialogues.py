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

REPORT: dict[str, Any] = {
    "turns": 9_801,
    "customers": 400,
    "defects_before": 3_120,
    "defects_after": 2_410,
    "defect_reduction": 0.2276,
    "defect_reduction_lo": 0.19,
    "defect_reduction_hi": 0.262,
    "wins": 731,
    "losses": 21,
    "neutral": 140,
    "win_loss": 34.8,
    "win_loss_lo": 21.2,
    "harm": 0.0018,
    "triggers": 892,
    "wrong_actions_caused": 9,
    "note": "Rewrites do not change what customers say next.",
    "weeks": [
        {"week": 1, "turns": 4_900, "defects_before": 1_600, "defects_after": 1_250},
        {"week": 2, "turns": 4_901, "defects_before": 1_520, "defects_after": 1_160},
    ],
}

FIRST = turn(HOSTILE, customer="maria", at=0, status="unsupported", response="Sorry, I did not understand that.")
THEN = turn("turn on the lights", customer="maria", at=9, intent="HassTurnOn", domain="light", response="Turned on the lights.")
NEXT_DAY = turn("lights on in the den", customer="otto", at=86_400, status="unsupported")
THEN_TOO = turn("turn on the living room lights", customer="otto", at=86_410, intent="HassTurnOn", domain="light")

RULES = (
    rewrite(
        "lights on in the den", "turn on the living room lights", rewrite_id="r1", support=14, evidence=(NEXT_DAY.turn_id, THEN_TOO.turn_id)
    ),
    rewrite("script alert lights", "turn on the lights", rewrite_id="r2", support=12, evidence=(FIRST.turn_id, THEN.turn_id)),
    rewrite("open the dor", "unlock the front door", rewrite_id="r3", risk=Risk.HIGH, support=11, evidence=("gone", "gone too")),
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
    publish(home / "reports", {"before_after.json": json.dumps(REPORT).encode()})
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
