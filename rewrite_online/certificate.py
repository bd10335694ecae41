"""The certificate: whether a generation may be served, checked again from its own files before it is loaded.

Who published it (`markov.verify`) saw the lake. This sees the table and its proof alone, and shares no code with that checker: whatever
can be told without the lake is told anew. Vetoes are not looked at: they change while a generation is live, and the gate reads them anew.
Faults name ids and rules, no texts: they are shown to whoever may ask whether the service is ready.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from resay.dialogue.personal import personal_in
from resay.dialogue.rewrite import Rewrite, Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.text import canonical, has_command_prefix, has_control_characters
from resay.store.artifact import BrokenArtifact, Generation
from resay.store.rewrites import PROOF_FILE, REWRITES_FILE, decode_rewrites, id_due

CUSTOMERS_LEAST = 2
"""Never one customer alone, whatever floor a table was published with (DESIGN 13.4)."""

FAULTS_TOLD_MAX = 3
"""Faults named in a message: whoever reads it looks for the cause, which is one."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a proof says of its table, as far as it is held to it here."""

    verdict: str
    table_sha256: str
    rewrites: int
    parameters: Mapping[str, float]


def certified(generation: Generation) -> list[Rewrite]:
    """The rewrites of a generation, if its proof is of just these bytes and the table keeps every rule that it can be held to.

    Raises: BrokenArtifact.
    """
    table = generation.read(REWRITES_FILE)
    claim = _claim(generation)
    if claim.verdict != "proven" or claim.table_sha256 != hashlib.sha256(table).hexdigest():
        message = (
            f"generation {generation.number} must be proven to be served; its proof is of another table or refuses it; who published it?"
        )
        raise BrokenArtifact(message)
    rewrites = decode_rewrites(table)
    faults = list(faults_of(rewrites, claim))
    if faults:
        more = f"; and {len(faults) - FAULTS_TOLD_MAX:,} more" if len(faults) > FAULTS_TOLD_MAX else ""
        message = (
            f"generation {generation.number} must keep the rules that its proof names to be served; "
            f"{'; '.join(faults[:FAULTS_TOLD_MAX])}{more}; was its proof written by hand?"
        )
        raise BrokenArtifact(message)
    return rewrites


def faults_of(rewrites: Sequence[Rewrite], claim: Claim) -> Iterator[str]:
    """Whatever speaks against serving a table; nothing where it keeps all rules."""
    yield from _of_the_claim(rewrites, claim)
    sources = Counter((each.source, each.place) for each in rewrites)
    said = {each.source for each in rewrites}
    beside: dict[tuple[str, str], list[Rewrite]] = defaultdict(list)
    for rewrite in rewrites:
        beside[rewrite.source, rewrite.prompt_kind].append(rewrite)
    for rewrite in rewrites:
        target = canonical(rewrite.target)
        found = [*_of_the_words(rewrite, target), *_of_the_figures(rewrite, claim)]
        found += _of_the_place(rewrite, beside[rewrite.source, rewrite.prompt_kind])
        if sources[rewrite.source, rewrite.place] > 1:
            found.append("its source must have one target in this context; it has more")
        if target in said:
            found.append("its target must not be a source of the table; it is, so that rewriting would not end in one hop")
        yield from (f"rewrite {rewrite.rewrite_id[:32]!r}: {fault}" for fault in found)


def _claim(generation: Generation) -> Claim:
    try:
        return _decode_claim(generation.read(PROOF_FILE))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        message = f"{PROOF_FILE} of generation {generation.number} must be a proof; {error}; was it edited by hand?"
        raise BrokenArtifact(message) from error


_decode_claim = msgspec.json.Decoder(Claim).decode


def _of_the_claim(rewrites: Sequence[Rewrite], claim: Claim) -> Iterator[str]:
    if claim.rewrites != len(rewrites):
        yield f"the proof must count its rewrites; it says {claim.rewrites:,} of {len(rewrites):,}"
    if not _floor(claim) >= CUSTOMERS_LEAST:
        yield f"the floor must be at least {CUSTOMERS_LEAST} customers; the proof says {_floor(claim):g}"
    exempt = sum(each.risk is Risk.HIGH and each.support < _floor(claim) * _factor(claim) for each in rewrites)
    if not exempt <= claim.parameters.get("approved", 0):
        yield f"rewrites of high risk below their floor must have been approved by a person; {exempt:,} were not"


def _floor(claim: Claim) -> float:
    return claim.parameters.get("customers_min", 0)


def _factor(claim: Claim) -> float:
    """A proof that says less than once the floor says nothing."""
    return max(1.0, claim.parameters.get("high_risk_factor", math.inf))


def _of_the_words(rewrite: Rewrite, target: str) -> Iterator[str]:
    if not rewrite.source or rewrite.source != canonical(rewrite.source):
        yield "its source must be canonical text"
    if not target or target == rewrite.source:
        yield "its target must have words, and others than the source"
    if has_command_prefix(rewrite.target):
        yield "its target must not begin with an assistant's command prefix"
    if has_control_characters(rewrite.target):
        yield "its target must not hold control characters"
    if rewrite.rewrite_id != id_due(rewrite):
        yield "its id must be that of source, context and target"
    if rewrite.risk is not Risk.HIGH and risk_of(rewrite.state, rewrite.target) is Risk.HIGH:
        yield "its risk must be high, as the words of state and target say"
    if personal_in(rewrite.target, rewrite.state) or personal_in(rewrite.source):
        yield "it must hold nothing that points to one person"


def _of_the_place(rewrite: Rewrite, beside: Sequence[Rewrite]) -> Iterator[str]:
    """Of a rewrite among those of its source: which of them holds where must not be open."""
    spared = (*rewrite.not_rooms, *rewrite.not_device_types)
    cohorts = rewrite.not_cohorts
    if list(cohorts) != sorted(set(cohorts)) or "" in cohorts or any(map(personal_in, cohorts)):
        yield "the cohorts that it spares must have names that point to nobody, each once, in order"
    if rewrite.room and rewrite.device_type:
        yield "it must hold in a room or on a kind of device, not in both"
    if rewrite.place.is_split_off and spared:
        yield "what holds in one place must not name others"
    if rewrite.room and any(each.device_type for each in beside):
        yield "its source must be told apart by rooms or by kinds of device, not by both"
    if not rewrite.place.is_split_off and any(
        each.place.is_split_off and not rewrite.spares(room=each.room, device_type=each.device_type) for each in beside
    ):
        yield "it must not hold where its source has a rewrite of its own"
    if "" in spared or any(personal_in(name) for name in (rewrite.room, rewrite.device_type, *spared)):
        yield "its places must have names that point to nobody"


def _of_the_figures(rewrite: Rewrite, claim: Claim) -> Iterator[str]:
    chances = (rewrite.score, rewrite.success_as_said, rewrite.success_as_rewritten)
    if not all(math.isfinite(each) and 0 <= each <= 1 for each in chances):
        yield "its chances must lie between 0 and 1"
    if not rewrite.success_as_rewritten > rewrite.success_as_said:
        yield "it must promise more success than the source has as said"
    if rewrite.support < _floor(claim):
        yield f"enough customers must stand behind it; {rewrite.support:,} do, of {_floor(claim):,.0f}"
    if not rewrite.evidence:
        yield "it must name the turns that it was learnt from"
