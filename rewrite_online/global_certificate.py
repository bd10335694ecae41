"""The certificate of the global layer: whether its files belong together and to their table, and keep their rules, before they are loaded.

Like `certificate`, it asks anew whatever can be told without the lake, and shares no code with who published. A generation has all files of
the layer or none; an index beside the model of another generation is refused. Faults name rules, no texts.
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
import sys
import unicodedata
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from resay.dialogue.personal import STATES_KEPT_MAX, TELLING, personal_in
from resay.dialogue.rewrite import Rewrite, Risk
from resay.dialogue.risk import ENGLISH, risk_of
from resay.dialogue.text import canonical, has_command_prefix, has_control_characters
from resay.dialogue.wording import Wording
from resay.store.artifact import BrokenArtifact, Generation, hash_of
from resay.store.leanings import LEANINGS_FILE, decode_leanings
from resay.store.rewrites import REWRITES_FILE
from resay.store.wordings import (
    BESIDE_FILES,
    FINDER_FILE,
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
from rewrite_online.finder import WordingFinder
from rewrite_online.finder_file import FinderFile, encode_finder
from rewrite_online.global_layer import GlobalLayer
from rewrite_online.leanings import NO_LEANINGS, Leanings
from rewrite_online.meaning import Meaning, decode_meaning
from rewrite_online.rank import Ranker
from rewrite_online.recall import Listed, recall_by
from rewrite_online.sense import read_sense

if TYPE_CHECKING:
    from rewrite_online.encoder import Towers

log = logging.getLogger(__name__)

CHANCE_MAX = 1.01
"""Most that chances of one thing sum to, which are rounded each."""

_MAPPED = (WORDINGS_FILE, VECTORS_FILE, FINDER_FILE)

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
    stock = _stock(generation, contents, claim)
    sense = read_sense(contents, stock.made_for, encoder()) if found.intersection(SENSE_FILES) else None
    leanings = _leanings(generation, contents, known=stock.known, claim=claim)
    finder = WordingFinder.of(stock.shelves, encoder=sense.encoder if sense else None, index=sense.index if sense else None)
    return GlobalLayer(
        recall_by(finder, stock, table, leanings=leanings),
        meaning=Meaning(decode_meaning(bytes(contents[MEANING_FILE]))),
        weigher=Ranker(bytes(contents[RANKER_FILE])),
        leanings=leanings,
    )


def wordings_alone(generation: Generation) -> Mapping[tuple[str, str], Wording]:
    """The wordings of a generation that knows some and has too little to rewrite by them; none of any other.

    Raises: BrokenArtifact.
    """
    if any((generation.path / name).exists() != (name in ALONE) for name in BESIDE_FILES):
        return {}
    return wordings_known(generation)


def wordings_known(generation: Generation) -> Mapping[tuple[str, str], Wording]:
    """The wordings of a generation that has some, whatever else it has, by text and kind of prompt.

    Raises: BrokenArtifact.
    """
    names = {REWRITES_FILE, *BESIDE_FILES} - {WORDINGS_PROOF_FILE}
    claim, contents = _claim(generation), _contents(generation, {name for name in names if (generation.path / name).exists()})
    _check_together(generation, contents, claim)
    return _stock(generation, contents, claim).known


def finder_files(wordings: Sequence[Wording], lines: bytes, *, customers_min: float) -> dict[str, bytes]:
    """The finder's file for wordings and the lines that they stand in, by its name; none for what would be refused."""
    if any(True for each in wordings for _ in _of_one(each, customers_min)):
        return {}
    content = encode_finder(wordings, lines, rules=_asked(customers_min))
    return {} if content is None else {FINDER_FILE: content}


def _stock(generation: Generation, contents: Mapping[str, bytes | memoryview], claim: Claim) -> FinderFile | Listed:
    """The wordings of a generation, all of which keep the rules: from the finder's file where there is one that can be read."""
    ready = _ready(generation, contents, claim) if FINDER_FILE in contents else None
    if ready is not None:
        return ready
    wordings = decode_wordings(bytes(contents[WORDINGS_FILE]))
    _refuse(generation, chain(_faults_of_the_claim(len(wordings), claim), _faults(wordings, claim)))
    return Listed(wordings)


def _ready(generation: Generation, contents: Mapping[str, bytes | memoryview], claim: Claim) -> FinderFile | None:
    """The finder's file of a generation; nothing where another version of this program wrote it.

    Its wordings were asked for the rules as it was made. Who has other rules asks again, and each is asked again as it is read: whatever
    the file says, nothing that breaks a rule comes out of it.
    """
    floor = claim.parameters.get("customers_min", 0)

    def check(each: Wording) -> None:
        _refuse(generation, (f"a wording {fault}" for fault in _of_one(each, floor)))

    ready = FinderFile(contents[FINDER_FILE], contents[WORDINGS_FILE], check=check)
    if not ready.is_readable:
        return None
    if ready.wordings_sha256 != claim.sha256[WORDINGS_FILE]:
        message = (
            f"{FINDER_FILE} of generation {generation.number} must be made of its wordings; it was made of others; "
            "were files copied between generations?"
        )
        raise BrokenArtifact(message)
    _refuse(generation, _faults_of_the_claim(len(ready.known), claim))
    if ready.rules != _asked(floor):
        log.info("wordings_asked_again generation=%d wordings=%d", generation.number, len(ready.known))
        for shelf in ready.shelves.values():
            deque(shelf.wordings, maxlen=0)
    return ready


def _asked(floor: float) -> str:
    """What stands for the rules as this code has them, and a floor of customers."""
    return f"{_code_of_the_rules()}/{floor:g}"


@cache
def _code_of_the_rules() -> str:
    told = hashlib.sha256(unicodedata.unidata_version.encode())
    for each in (personal_in, risk_of, canonical, Wording, Risk, _of_one):
        told.update(Path(sys.modules[each.__module__].__file__ or "").read_bytes())
    return told.hexdigest()


def _leanings(
    generation: Generation, contents: Mapping[str, bytes | memoryview], *, known: Mapping[tuple[str, str], Wording], claim: Claim
) -> Leanings:
    """The leanings of a generation, if it has any: of wordings that it has, by cues that enough customers spoke by."""
    if LEANINGS_FILE not in contents:
        return NO_LEANINGS
    found = decode_leanings(bytes(contents[LEANINGS_FILE]))
    floor = claim.parameters.get("customers_min", math.inf)
    if not all((each.text, each.prompt_kind) in known and all(cue.customers >= floor for cue in each.cues) for each in found):
        message = (
            f"leanings of generation {generation.number} must be of its wordings, by cues of at least {floor:,.0f} customers; "
            f"they are not; was its proof written by hand?"
        )
        raise BrokenArtifact(message)
    return Leanings(found)


def _refuse(generation: Generation, faults: Iterator[str]) -> None:
    """Refuse a generation for the first fault, if there is any."""
    fault = next(faults, None)
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
    """The files of a generation but for their proof; those that are most of it, where they lie."""
    kept = {name: generation.read(name) for name in names if name not in {WORDINGS_PROOF_FILE, *_MAPPED}}
    return {**kept, **{name: generation.mapped(name) for name in names if name in _MAPPED}}


def _check_together(generation: Generation, contents: Mapping[str, bytes | memoryview], claim: Claim) -> None:
    if claim.verdict != "proven":
        message = f"wordings of generation {generation.number} must be proven to be served; their proof refuses them; who published them?"
        raise BrokenArtifact(message)
    # What is mapped was hashed as the generation was opened, and reading a gigabyte again would tell no more of it.
    hashes = {name: generation.sha256.get(name) if name in _MAPPED else None for name in contents}
    others = sorted(name for name, content in contents.items() if claim.sha256.get(name) != (hashes[name] or hash_of(content)))
    others += sorted(claim.sha256.keys() - contents.keys())
    if others:
        message = (
            f"files of generation {generation.number} must be learnt and proven together; {', '.join(others)} "
            f"{'is' if len(others) == 1 else 'are'} of another; were files copied between generations?"
        )
        raise BrokenArtifact(message)


def _faults_of_the_claim(wordings: int, claim: Claim) -> Iterator[str]:
    floor = claim.parameters.get("customers_min", 0)
    if claim.wordings != wordings:
        yield f"the proof must count its wordings; it says {claim.wordings:,} of {wordings:,}"
    if not floor >= CUSTOMERS_LEAST:
        yield f"the floor must be at least {CUSTOMERS_LEAST} customers; the proof says {floor:g}"


def _faults(wordings: Sequence[Wording], claim: Claim) -> Iterator[str]:
    floor = claim.parameters.get("customers_min", 0)
    for number, each in enumerate(wordings, start=1):
        yield from (f"wording {number:,} {fault}" for fault in _of_one(each, floor))


def _of_one(wording: Wording, floor: float) -> Iterator[str]:
    text = wording.text
    # Of a million wordings nearly all are plain, and what their texts can break need not be looked for in each.
    is_plain = _is_plain(text)
    if not is_plain and (not text or text != canonical(text) or has_control_characters(text) or has_command_prefix(text)):
        yield "must be canonical text that a customer could have said"
    points, risk = _of_a_state(wording.state) if is_plain else (personal_in(text, wording.state) is not None, None)
    if points:
        yield "must hold nothing that points to one person"
    if wording.state and wording.risk is not Risk.HIGH and (risk or risk_of(wording.state, text)) is Risk.HIGH:
        yield "must be of high risk, as its words say"
    if not (math.isfinite(wording.success) and 0 <= wording.success <= 1):
        yield "must have a chance between 0 and 1"
    if (failing := wording.failing) is not None and not (
        failing.customers >= floor and min(failing.result, failing.correct) >= 0 and failing.not_the_words <= CHANCE_MAX
    ):
        yield "must tell why it failed by shares of enough customers"
    if wording.customers < floor:
        yield f"must be of enough customers; it is of {wording.customers:,}, and the floor is {floor:,.0f}"


_PLAIN = re.compile("[a-z]+(?: [a-z]+)*")
_A_PLAIN_TEXT = "x"
_TELLING = TELLING | ENGLISH.telling


def _is_plain(text: str) -> bool:
    """Whether a text is but letters, one space apart, and none of the words by which texts break rules; then its state tells."""
    return _PLAIN.fullmatch(text) is not None and _TELLING.isdisjoint(text.split(" "))


@lru_cache(STATES_KEPT_MAX)
def _of_a_state(state: str) -> tuple[bool, Risk]:
    """Whether a state points to one person, and its risk, whichever plain text leads to it."""
    return personal_in(_A_PLAIN_TEXT, state) is not None, risk_of(state, _A_PLAIN_TEXT)
