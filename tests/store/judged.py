"""The two stream jobs, and what they and the runs over the whole lake say: for tests that hold one against the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rephrase.combined import CombinedDetector
from rephrase.detect import detect, detect_job
from resay.dialogue.tick import silent
from resay.label.job import label, label_job
from resay.store.job import advance
from resay.store.lake import Lake

DETECT = detect_job(CombinedDetector())
LABEL = label_job()
LABELS = ("links", "friction", "segments", "outcomes")


def catch_up(lake: Lake) -> None:
    """Run both jobs until nothing is left to take in."""
    while advance(DETECT, lake) or advance(LABEL, lake):
        pass


def labels(lake: Lake) -> Mapping[str, list[tuple[Any, ...]]]:
    """All that is said of turns."""
    with lake.connect() as connection:
        return {table: connection.execute(f"select * from {table} order by all").fetchall() for table in LABELS}


def whole_labels(lake: Lake) -> Mapping[str, list[tuple[Any, ...]]]:
    """What the jobs over the whole lake say; they write it over what was there."""
    detect(lake, CombinedDetector(), silent)
    label(lake, silent)
    return labels(lake)
