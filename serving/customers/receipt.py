"""Receipts: what a forgetting found in each store and left there, each signed with the home's key.

Whoever holds the key can tell that a receipt is of this home and unchanged. HMAC, as no library of signatures is among the dependencies
(docs/decisions/0034-forgetting.md).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from resay.dialogue.codec import iso_ms

FORM = "resay.receipt/1"

KEY_FILE = "receipt_key"
"""Name of the file in the home that holds the key, readable by its owner only."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one store."""

    store: str
    found: int
    """What was of the customer: rows, or generations, or files."""
    left: int
    """What is after all; 0, or the forgetting would not have ended."""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Outside:
    """What lies where Resay only reads: the operator's to delete."""

    source: str
    """A topic or a file, as the lake names it."""
    records: int
    """Of this customer, that were landed from it."""
    first: datetime
    """Event time of the first, UTC."""
    last: datetime
    positions: Mapping[str, tuple[int, int]]
    """By partition, where the first and the last of them stood."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Of whom, and when."""

    mark: str
    salt: str
    until: datetime
    """UTC."""
    finished_at: datetime


def signed_receipt(of: Forgetting, lines: Sequence[Line], outside: Sequence[Outside], *, key: str) -> str:
    """The receipt as JSON, each line with its signature."""
    head = {"form": FORM, "mark": of.mark, "salt": of.salt, "until": iso_ms(of.until), "finished_at": iso_ms(of.finished_at)}
    stores = [asdict(line) for line in lines]
    elsewhere = [asdict(each) | {"first": iso_ms(each.first), "last": iso_ms(each.last)} for each in outside]
    told = {name: [{**each, "signature": _signature({**head, **each}, key)} for each in rows] for name, rows in _named(stores, elsewhere)}
    return json.dumps(head | told, ensure_ascii=False)


def is_signed(receipt: Mapping[str, object], *, key: str) -> bool:
    """Whether every line of a receipt carries the signature of this key."""
    head = {name: value for name, value in receipt.items() if name not in ("stores", "outside")}
    lines = [line for name in ("stores", "outside") for line in _lines(receipt.get(name))]
    if head.get("form") != FORM or not lines:
        return False
    return all(
        hmac.compare_digest(str(line.get("signature", "")), _signature(head | {n: v for n, v in line.items() if n != "signature"}, key))
        for line in lines
    )


def _named(
    stores: Sequence[Mapping[str, object]], outside: Sequence[Mapping[str, object]]
) -> tuple[tuple[str, Sequence[Mapping[str, object]]], ...]:
    return ("stores", stores), ("outside", outside)


def _lines(told: object) -> list[Mapping[str, object]]:
    return [line if isinstance(line, dict) else {} for line in told] if isinstance(told, list) else []


def _signature(told: Mapping[str, object], key: str) -> str:
    written = json.dumps(told, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()
    return hmac.new(key.encode(), written, hashlib.sha256).hexdigest()
