"""The proof that stands beside a table: what was checked, by which rules, and how it came out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from resay.dialogue.codec import iso_ms
from resay.store.artifact import BrokenArtifact

CHECKER = "verify/1"
"""Name and version of the checker that writes proofs of this form."""


class Verdict(StrEnum):
    """How a check came out; only what is proven is published."""

    PROVEN = "proven"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """It could not be told, or not in time: do not publish."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one rewrite must not be published."""

    rewrite_id: str
    verdict: Verdict
    reasons: tuple[str, ...]
    """`rule: sentence`. They name no text: a proof must not tell what fewer customers than the floor said."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of checking one table."""

    verdict: Verdict
    checked_at: datetime
    """UTC."""
    checker: str
    table_sha256: str
    """Of the bytes of the table that was checked; a proof is worth nothing for others."""
    rewrites: int
    rules: tuple[str, ...]
    """Names of the rules that were checked."""
    parameters: Mapping[str, float]
    faults: tuple[Fault, ...]
    """Of this table; empty where it is proven."""
    left_out: tuple[Fault, ...] = ()
    """Of rewrites that were proposed and are not in this table."""

    def covers(self, table: bytes) -> bool:
        """Whether this proves just these bytes."""
        return self.verdict is Verdict.PROVEN and self.table_sha256 == hashlib.sha256(table).hexdigest()


def encode_proof(proof: Proof) -> bytes:
    """The proof as JSON for people and programs."""
    record = asdict(proof) | {"checked_at": iso_ms(proof.checked_at)}
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()


def decode_proof(raw: bytes) -> Proof:
    """The proof that `encode_proof` wrote.

    Raises: BrokenArtifact.
    """
    try:
        record = json.loads(raw)
        faults, left_out = (
            tuple(Fault(each["rewrite_id"], Verdict(each["verdict"]), tuple(each["reasons"])) for each in record.pop(name))
            for name in ("faults", "left_out")
        )
        return Proof(
            verdict=Verdict(record.pop("verdict")),
            checked_at=datetime.fromisoformat(record.pop("checked_at")),
            rules=tuple(record.pop("rules")),
            faults=faults,
            left_out=left_out,
            **record,
        )
    except (ValueError, KeyError, TypeError) as error:
        message = f"proof must be of the form that this version writes ({CHECKER}); {error}; was it written by a newer version?"
        raise BrokenArtifact(message) from error
