"""Made-up requests in the form of SLURP; nothing in them is from the corpus."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from resay.label.corpora.slurp import RECORDED, TEXTS

INTENTS = 24
"""So many that every part has some."""

VALUES = ("jazz", "tomorrow", "the kitchen", "anna", "six thirty", "old trains", "blue", "milk")
CARRIERS = ("verb{} the [thing : {}] please", "i would like to verb{} [thing : {}]", "verb{} now", "can you verb{} for [thing : {}] today")


def text_record(text_id: int, intent: str, annotation: str, *, heard: Sequence[tuple[str, bool]] | None = None) -> dict[str, Any]:
    """A line of the corpus; `heard` is what readings of it became, and whether that was understood."""
    record: dict[str, Any] = {"id": text_id, "intent": intent, "annotation": annotation}
    if heard is not None:
        record["recordings"] = [{"asr": text, "intent_ok": right, "entities_ok": right} for text, right in heard]
    return record


def write_texts(folder: Path, *records: dict[str, Any]) -> Path:
    """A folder of these records, or of many made-up ones: those with readings in one file, the others in the other."""
    folder.mkdir(exist_ok=True)
    lines = records or tuple(_many())
    for name, recorded in ((RECORDED, True), (TEXTS, False)):
        with gzip.open(folder / name, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines if ("recordings" in line) is recorded)
    return folder


def _many() -> list[dict[str, Any]]:
    lines = []
    for intent in range(INTENTS):
        for number, carrier in enumerate(CARRIERS):
            for place, value in enumerate(VALUES[:4]):
                annotation = carrier.format(intent, value)
                plain = annotation.replace("[thing : ", "").replace("]", "")
                heard = [(plain, True), (plain.replace("the", "a"), True), (plain.replace("verb", "curb"), False)]
                text_id = 1_000 * intent + 10 * number + place
                lines.append(text_record(text_id, f"intent_{intent}", annotation, heard=heard if place % 2 else None))
    return lines
