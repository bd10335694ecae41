"""The check of wordings before they are published, and its proof. Independent of `markov.wordings`: it counts turns anew, from the log.

Whoever finds wordings may go wrong in many ways; what must hold of each can be told from the turns and its own words.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa

from markov.failing import told_again
from markov.verify import Rules
from resay.dialogue.codec import iso_ms
from resay.dialogue.personal import personal_in
from resay.dialogue.rewrite import Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.text import canonical, has_command_prefix, has_control_characters
from resay.dialogue.wording import Wording
from resay.store.artifact import BrokenArtifact, Generation
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.wordings import WORDINGS_FILE, WORDINGS_PROOF_FILE, decode_wordings

CHECKER = "wordings/1"
"""Name and version of the checker that writes proofs of this form."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What of the wordings may be published."""

    kept: tuple[Wording, ...]
    left_out: Mapping[str, int]
    """How many were left out by each rule."""


def check_wordings(connection: Connection, wordings: Sequence[Wording], rules: Rules) -> Checked:
    """The wordings that keep every rule, by what the lake says now."""
    speakers = _speakers(connection, wordings, rules)
    faults = Counter[str]()
    kept = []
    for wording in wordings:
        fault = next(_faults(wording, speakers.get((wording.text, wording.prompt_kind), 0), rules), None)
        if fault is None:
            kept.append(wording)
        else:
            faults[fault] += 1
    return Checked(tuple(kept), dict(faults))


def wordings_hold(lake: Lake, generation: Generation, *, blocked: tuple[tuple[str, str], ...]) -> bool:
    """Whether the wordings of a generation, if it has any, still keep every rule, by what the lake says now.

    Raises: BrokenArtifact, LakeUnavailable.
    """
    if not (generation.path / WORDINGS_FILE).exists():
        return True
    wordings = decode_wordings(generation.read(WORDINGS_FILE))
    rules = Rules(customers_min=floor_of(generation.read(WORDINGS_PROOF_FILE)), blocked=blocked)
    with lake.connect() as connection:
        return not check_wordings(connection, wordings, rules).left_out


def recounted(connection: Connection, wordings: Sequence[Wording], rules: Rules) -> list[Wording]:
    """The wordings with as many customers as the lake still knows, those of their turns that it still holds, and why they fail."""
    speakers = _speakers(connection, wordings, rules)
    cited = sorted({turn for each in wordings for turn in each.evidence})
    connection.register("cited_turns", pa.table({"turn_id": pa.array(cited, pa.string())}))
    rows = connection.execute("select distinct turn_id from turn_parts semi join cited_turns using (turn_id)").fetchall()
    held = {turn for (turn,) in rows}
    left = [
        replace(
            each,
            customers=min(each.customers, speakers.get((each.text, each.prompt_kind), 0)),
            evidence=tuple(turn for turn in each.evidence if turn in held),
        )
        for each in wordings
    ]
    return told_again(connection, left, rules)


def encode_wordings_proof(files: Mapping[str, bytes], checked: Checked, rules: Rules, *, now: datetime) -> bytes:
    """The proof of just these files of one generation, its table among them: none of them may be put beside others."""
    record = {
        "verdict": "proven",
        "checker": CHECKER,
        "checked_at": iso_ms(now),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        "wordings": len(checked.kept),
        "left_out": dict(checked.left_out),
        "parameters": {"customers_min": rules.customers_min, "account_age_days": rules.account_age_days},
    }
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()


def checked_at(proof: bytes) -> datetime:
    """When a proof was made, UTC.

    Raises: BrokenArtifact.
    """
    try:
        return datetime.fromisoformat(json.loads(proof)["checked_at"])
    except (ValueError, KeyError, TypeError) as error:
        message = f"the proof of wordings must say when it was made; {error!r}; was it edited by hand?"
        raise BrokenArtifact(message) from error


def bound_to(proof: bytes, changed: Mapping[str, bytes | None]) -> bytes:
    """The proof of the same wordings beside another table, or with other records: neither bears on any rule that was checked.

    What is nothing now is no longer among its files.
    What the table rewrites is said for nobody, whichever table it is; records are of wordings that are proven, and name no others.
    """
    record = json.loads(proof)
    kept = {name: told for name, told in record["sha256"].items() if name not in changed}
    record["sha256"] = kept | {name: hashlib.sha256(content).hexdigest() for name, content in changed.items() if content is not None}
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()


def floor_of(proof: bytes) -> int:
    """The floor of customers that a proof names.

    Raises: BrokenArtifact.
    """
    try:
        return int(json.loads(proof)["parameters"]["customers_min"])
    except (ValueError, KeyError, TypeError) as error:
        message = f"the proof of wordings must name its floor of customers; {error!r}; was it edited by hand?"
        raise BrokenArtifact(message) from error


def _faults(wording: Wording, speakers: int, rules: Rules) -> Iterator[str]:
    """The rules that a wording breaks."""
    text = wording.text
    if not text or text != canonical(text) or len(text) > rules.target_chars_max:
        yield "form"
    if has_control_characters(text) or has_command_prefix(text):
        yield "form"
    if not (math.isfinite(wording.success) and 0 <= wording.success <= 1 and math.isfinite(wording.times) and wording.times >= 0):
        yield "form"
    if personal_in(text, wording.state):
        yield "personal"
    if wording.risk is not Risk.HIGH and wording.state and risk_of(wording.state, text) is Risk.HIGH:
        yield "risk"
    if any(source == "" and end in ("", text) for source, end in rules.blocked):
        yield "blocked"
    # Whoever it failed said it, so that it takes as many speakers.
    fewest, most = (wording.failing.customers,) * 2 if wording.failing else (rules.customers_min, 0)
    if min(speakers, fewest) < rules.customers_min or max(wording.customers, most) > speakers:
        yield "floor"


def _speakers(connection: Connection, wordings: Sequence[Wording], rules: Rules) -> dict[tuple[str, str], int]:
    """How many customers who count said each of the texts themselves, after each kind of prompt."""
    connection.register("asked_wordings", pa.table({"said": pa.array(sorted({each.text for each in wordings}), pa.string())}))
    rows = connection.execute(
        f"""
        with newest as (select max(event_time) as latest from turns),
        old_enough as (
            select customer_id from turns group by customer_id
            having not bool_or(coalesce(customer_kind, '') = 'session')
                and min(event_time) <= (select latest from newest) - interval '{rules.account_age_days}' day
        )
        select said, coalesce(prompt_kind, ''), count(distinct customer_id)
        from turns
        where said in (select said from asked_wordings) and customer_id in (select customer_id from old_enough)
            and original is null and rewrite_id is null
        group by all
        """
    ).fetchall()
    return {(said, kind): speakers for said, kind, speakers in rows}
