"""The certificate of the global layer: whether its files belong together and to their table, and keep their rules, before they are loaded.

Like `certificate`, it asks anew whatever can be told without the lake, and shares no code with who published. A generation has all files of
the layer or none; an index beside the model of another generation is refused. Faults name rules, no texts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from resay.dialogue.personal import personal_in
from resay.dialogue.rewrite import Rewrite, Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.text import canonical, has_command_prefix, has_control_characters
from resay.dialogue.wording import Wording
from resay.store.artifact import BrokenArtifact, Generation, hash_of
from resay.store.leanings import LEANINGS_FILE, decode_leanings
from resay.store.rewrites import REWRITES_FILE
from resay.store.wordings import (
    BESIDE_FILES,
    GLOBAL_FILES,
    MEANING_FILE,
    RANKER_FILE,
    SENSE_FILES,
    VECTORS_FILE,
    WORDINGS_FILE,
    WORDINGS_PROOF_FILE,
    decode_wordings,
)
from rewrite_online.certificate import CUSTOMERS_LEAST
from rewrite_online.global_layer import GlobalLayer
from rewrite_online.leanings import NO_LEANINGS, Leanings
from rewrite_online.meaning import Meaning, decode_meaning
from rewrite_online.rank import Ranker
from rewrite_online.recall import recall_beside
from rewrite_online.sense import read_sense

if TYPE_CHECKING:
    from rewrite_online.encoder import Towers

CHANCE_MAX = 1.01
"""Most that chances of one thing sum to, which are rounded each."""

ALONE = (WORDINGS_FILE, WORDINGS_PROOF_FILE)
"""Files of a generation that has too little to learn a ranker from: what succeeds as it is said is worth knowing all the same."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a proof says of its files, as far as it is held to it here."""

    verdict: str
    sha256: Mapping[str, str]
    wordings: int
    parameters: Mapping[str, float]


def global_layer(
    generation: Generation, table: Sequence[Rewrite], *, encoder: Callable[[], Towers | None] = lambda: None
) -> GlobalLayer | None:
    """The global layer of a generation, if it has one and that may be served; the encoder is asked for only where it needs one.

    Raises: BrokenArtifact, WrongModel, WrongEncoder.
    """
    found = {name for name in BESIDE_FILES if (generation.path / name).exists()}
    if not found or found == set(ALONE):
        return None
    wanted = {*GLOBAL_FILES, *(SENSE_FILES if found.intersection(SENSE_FILES) else ())}
    if wanted - found:
        missing = ", ".join(sorted(wanted - found))
        message = f"generation {generation.number} must have all files of the global layer or none; it lacks {missing}; were they deleted?"
        raise BrokenArtifact(message)
    contents = _contents(generation, {REWRITES_FILE, *found})
    claim = _claim(generation)
    _check_together(generation, contents, claim)
    wordings = decode_wordings(bytes(contents[WORDINGS_FILE]))
    _check_rules(generation, wordings, claim)
    sense = read_sense(contents, wordings, encoder()) if found.intersection(SENSE_FILES) else None
    leanings = _leanings(generation, contents, wordings=wordings, claim=claim)
    return GlobalLayer(
        recall_beside(wordings, table, sense, leanings=leanings),
        meaning=Meaning(decode_meaning(bytes(contents[MEANING_FILE]))),
        weigher=Ranker(bytes(contents[RANKER_FILE])),
        leanings=leanings,
    )


def wordings_alone(generation: Generation) -> list[Wording]:
    """The wordings of a generation that knows some and has too little to rewrite by them; none of any other.

    Raises: BrokenArtifact.
    """
    if any((generation.path / name).exists() != (name in ALONE) for name in BESIDE_FILES):
        return []
    return wordings_known(generation)


def wordings_known(generation: Generation) -> list[Wording]:
    """The wordings of a generation that has some, whatever else it has.

    Raises: BrokenArtifact.
    """
    names = {REWRITES_FILE, *BESIDE_FILES} - {WORDINGS_PROOF_FILE}
    claim, contents = _claim(generation), _contents(generation, {name for name in names if (generation.path / name).exists()})
    _check_together(generation, contents, claim)
    wordings = decode_wordings(bytes(contents[WORDINGS_FILE]))
    _check_rules(generation, wordings, claim)
    return wordings


def _leanings(generation: Generation, contents: Mapping[str, bytes | memoryview], *, wordings: Sequence[Wording], claim: Claim) -> Leanings:
    """The leanings of a generation, if it has any: of wordings that it has, by cues that enough customers spoke by."""
    if LEANINGS_FILE not in contents:
        return NO_LEANINGS
    found, known = decode_leanings(bytes(contents[LEANINGS_FILE])), {(each.text, each.prompt_kind) for each in wordings}
    floor = claim.parameters.get("customers_min", math.inf)
    if not all((each.text, each.prompt_kind) in known and all(cue.customers >= floor for cue in each.cues) for each in found):
        message = (
            f"leanings of generation {generation.number} must be of its wordings, by cues of at least {floor:,.0f} customers; "
            f"they are not; was its proof written by hand?"
        )
        raise BrokenArtifact(message)
    return Leanings(found)


def _check_rules(generation: Generation, wordings: Sequence[Wording], claim: Claim) -> None:
    fault = next(_faults(wordings, claim), None)
    if fault:
        message = f"generation {generation.number} must keep the rules of wordings to be served; {fault}; was its proof written by hand?"
        raise BrokenArtifact(message)


def _claim(generation: Generation) -> Claim:
    try:
        return _decode_claim(generation.read(WORDINGS_PROOF_FILE))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        message = f"{WORDINGS_PROOF_FILE} of generation {generation.number} must be a proof; {error}; was it edited by hand?"
        raise BrokenArtifact(message) from error


_decode_claim = msgspec.json.Decoder(Claim).decode


def _contents(generation: Generation, names: Collection[str]) -> dict[str, bytes | memoryview]:
    """The files of a generation but for their proof; vectors, which are most of it, where they lie."""
    kept = {name: generation.read(name) for name in names if name not in {WORDINGS_PROOF_FILE, VECTORS_FILE}}
    return {**kept, **{name: generation.mapped(name) for name in names if name == VECTORS_FILE}}


def _check_together(generation: Generation, contents: Mapping[str, bytes | memoryview], claim: Claim) -> None:
    if claim.verdict != "proven":
        message = f"wordings of generation {generation.number} must be proven to be served; their proof refuses them; who published them?"
        raise BrokenArtifact(message)
    others = sorted(name for name, content in contents.items() if claim.sha256.get(name) != hash_of(content))
    others += sorted(claim.sha256.keys() - contents.keys())
    if others:
        message = (
            f"files of generation {generation.number} must be learnt and proven together; {', '.join(others)} "
            f"{'is' if len(others) == 1 else 'are'} of another; were files copied between generations?"
        )
        raise BrokenArtifact(message)


def _faults(wordings: Sequence[Wording], claim: Claim) -> Iterator[str]:
    floor = claim.parameters.get("customers_min", 0)
    if claim.wordings != len(wordings):
        yield f"the proof must count its wordings; it says {claim.wordings:,} of {len(wordings):,}"
    if not floor >= CUSTOMERS_LEAST:
        yield f"the floor must be at least {CUSTOMERS_LEAST} customers; the proof says {floor:g}"
    for number, each in enumerate(wordings, start=1):
        yield from (f"wording {number:,} {fault}" for fault in _of_one(each, floor))


def _of_one(wording: Wording, floor: float) -> Iterator[str]:
    text = wording.text
    if not text or text != canonical(text) or has_control_characters(text) or has_command_prefix(text):
        yield "must be canonical text that a customer could have said"
    if personal_in(text, wording.state):
        yield "must hold nothing that points to one person"
    if wording.state and wording.risk is not Risk.HIGH and risk_of(wording.state, text) is Risk.HIGH:
        yield "must be of high risk, as its words say"
    if not (math.isfinite(wording.success) and 0 <= wording.success <= 1):
        yield "must have a chance between 0 and 1"
    if (failing := wording.failing) is not None and not (
        failing.customers >= floor and min(failing.result, failing.correct) >= 0 and failing.not_the_words <= CHANCE_MAX
    ):
        yield "must tell why it failed by shares of enough customers"
    if wording.customers < floor:
        yield f"must be of enough customers; it is of {wording.customers:,}, and the floor is {floor:,.0f}"
