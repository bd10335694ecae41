"""Generations without a forgotten customer: what is live is checked again and follows itself; what still holds them leaves the shelf.

A rewrite that fewer than the floor stand behind now is not served from this moment; nothing is mined. What the next learning would make
of the lake is for it to say.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from markov.facts import Facts, read_facts
from markov.proof import Proof, decode_proof
from markov.publish import Card, Content, publish_content, read_card
from markov.verify import Rules, found_support, sift
from markov.wordings_proof import Checked, check_wordings, encode_wordings_proof, floor_of, recounted
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.wording import Wording
from resay.store.artifact import Generation, Shelf
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.rewrites import PROOF_FILE, REWRITES_FILE, decode_rewrites, encode_rewrites
from resay.store.wordings import (
    MEANING_FILE,
    RANKER_FILE,
    SENSE_FILES,
    WORDINGS_FILE,
    WORDINGS_PROOF_FILE,
    decode_wordings,
    encode_wordings,
)
from rewrite_online.meaning import Weights, decode_meaning, encode_meaning, without
from rewrite_online.pieces import pieces_of
from rewrite_online.sense import made_for

PRIVATE = ("floor", "facts", "evidence")
"""Rules of the checker that tell of single customers: a generation that breaks one holds what it must not."""

ACCOUNT_AGE_DAYS = Rules().account_age_days


@dataclass(frozen=True, slots=True)
class Words:
    """What people have said of rewrites."""

    blocked: tuple[tuple[str, str], ...] = ()
    """Vetoes as pairs of canonical texts."""
    allowed: frozenset[str] = frozenset()
    """Ids of rewrites that may be served though they are risky."""


class Shorn(NamedTuple):
    """What became of the shelf."""

    live: int | None
    """The generation that is live now."""
    removed: tuple[int, ...]
    """Those that were taken off."""
    left_out: int
    """Rewrites that were live and are not any more."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What a generation holds."""

    generation: Generation
    rewrites: Sequence[Rewrite]
    rules: Rules
    wordings: Sequence[Wording] = ()
    wordings_floor: int = 0
    meaning: Weights | None = None


@dataclass(frozen=True, slots=True)
class _Judged:
    """What of it may stay."""

    rewrites: Sequence[Rewrite]
    proof: Proof
    checked: Checked
    """Of its wordings."""
    meaning: Weights | None
    is_clean: bool
    """Whether it holds nothing that it must not, as it is."""


def shear(shelf: Shelf, lake: Lake, *, words: Words, now: datetime) -> Shorn:
    """Bring the shelf to where nothing that can be loaded holds anybody who is not in the lake; safe to run again.

    Raises: ShelfUnavailable, LakeUnavailable, BrokenArtifact.
    """
    with shelf.alone():
        shelf.sweep()
        numbers = shelf.numbers()
        if not numbers:
            return Shorn(None, (), 0)
        held = {number: _read(shelf, number, words) for number in numbers}
        judged = _judge_all(lake, held, now=now)
        live = shelf.current()
        left_out = 0
        if live is not None:
            left_out = _follow(shelf, live, held=held[live.number], judged=judged[live.number], now=now)
        current = shelf.current()
        stale = [number for number in numbers if (current is None or number != current.number) and not _is_clean(judged[number])]
        for number in stale:
            shelf.remove(number)
        return Shorn(current.number if current else None, tuple(stale), left_out)


def _is_clean(judged: _Judged | None) -> bool:
    return judged is not None and judged.is_clean


def _follow(shelf: Shelf, live: Generation, *, held: _Held | None, judged: _Judged | None, now: datetime) -> int:
    """Publish what of the live generation may stay; how many rewrites that leaves out."""
    if held is not None and judged is not None and judged.is_clean and list(judged.rewrites) == list(held.rewrites):
        # The pointer moves all the same: a learner who has read the lake before must read it again.
        shelf.publish(live.number)
        return 0
    if held is None or judged is None:
        # What cannot be read cannot be checked: nothing of it stays.
        nobody = Facts({}, {}, frozenset(), None)
        kept, proof = sift([], nobody, Rules(), now=now, clock=time.monotonic)
        publish_content(shelf, Content(kept, proof), card=Card(now, live.number, proof.parameters, {"forgotten": 1}))
        return 0
    card = replace(read_card(live), made_at=now, follows=live.number, restores=None, retired={}, totals={"forgotten": 1})
    beside = _beside(held, judged, now=now)
    publish_content(shelf, Content(judged.rewrites, judged.proof, beside), card=card)
    return len(held.rewrites) - len(judged.rewrites)


def _read(shelf: Shelf, number: int, words: Words) -> _Held | None:
    """What a generation holds; nothing where it cannot be told, so that it cannot be loaded either."""
    try:
        generation = shelf.open(number)
        rewrites = decode_rewrites(generation.read(REWRITES_FILE))
        floor = int(decode_proof(generation.read(PROOF_FILE)).parameters["customers_min"])
        rules = Rules(customers_min=floor, blocked=words.blocked, approved=words.allowed)
        if not (generation.path / WORDINGS_FILE).exists():
            return _Held(generation, rewrites, rules)
        wordings = decode_wordings(generation.read(WORDINGS_FILE))
        floor = floor_of(generation.read(WORDINGS_PROOF_FILE))
        meaning = decode_meaning(generation.read(MEANING_FILE)) if (generation.path / MEANING_FILE).exists() else None
        return _Held(generation, rewrites, rules, wordings, floor, meaning)
    except (ResayError, KeyError, ValueError, OSError):
        return None


def _judge_all(lake: Lake, held: Mapping[int, _Held | None], *, now: datetime) -> dict[int, _Judged | None]:
    known = [each for each in held.values() if each]
    with lake.connect() as connection:
        facts = read_facts(connection, [rewrite for each in known for rewrite in each.rewrites])
        rare = _Rare.of(connection, [each for each in known if each.meaning])
        return {number: _judge(each, facts, connection, rare=rare, now=now) if each else None for number, each in held.items()}


def _judge(held: _Held, facts: Facts, connection: Connection, *, rare: _Rare, now: datetime) -> _Judged:
    support = found_support(held.rewrites, facts, held.rules)
    told = [_told_anew(each, facts, support[each.rewrite_id]) for each in held.rewrites]
    kept, proof = sift(told, facts, held.rules, now=now, clock=time.monotonic)
    private = any(reason.startswith(PRIVATE) for fault in proof.left_out for reason in fault.reasons)
    cites = any(one.evidence != other.evidence for one, other in zip(told, held.rewrites, strict=True))
    checked, is_same = Checked((), {}), True
    if held.wordings:
        rules = replace(held.rules, customers_min=held.wordings_floor)
        checked = check_wordings(connection, recounted(connection, held.wordings, rules), rules)
        # Figures that fell are no words of anybody; texts that few say, and turns that are gone, are.
        is_same = [(each.text, each.evidence) for each in checked.kept] == [(each.text, each.evidence) for each in held.wordings]
    meaning = without(held.meaning, rare.pieces, rare.rooms) if held.meaning else None
    is_same = is_same and (meaning is None or held.meaning is None or len(meaning.as_said) == len(held.meaning.as_said))
    return _Judged(kept, proof, checked, meaning, is_clean=is_same and not private and not cites)


def _told_anew(rewrite: Rewrite, facts: Facts, support: int) -> Rewrite:
    """A rewrite with what the lake still knows of it: pairs of turns that are there, and customers."""
    pairs = zip(rewrite.evidence[::2], rewrite.evidence[1::2], strict=False)
    evidence = tuple(turn for pair in pairs if all(each in facts.turns for each in pair) for turn in pair)
    return replace(rewrite, evidence=evidence, support=min(rewrite.support, support))


def _beside(held: _Held, judged: _Judged, *, now: datetime) -> dict[str, bytes]:
    if not judged.checked.kept:
        return {}
    files = {WORDINGS_FILE: encode_wordings(judged.checked.kept)}
    sense = [name for name in SENSE_FILES if (held.generation.path / name).exists()]
    # Vectors are of just these texts, and the ranker cannot judge without them: until the next learning the wordings stand alone.
    fits = not sense or made_for(judged.checked.kept) == made_for(held.wordings)
    if fits and judged.meaning is not None and len(judged.meaning.pieces):
        files |= {MEANING_FILE: encode_meaning(judged.meaning)}
        files |= {name: held.generation.read(name) for name in (RANKER_FILE, *sense)}
    rules = replace(held.rules, customers_min=held.wordings_floor)
    together = {**files, REWRITES_FILE: encode_rewrites(judged.rewrites)}
    return {**files, WORDINGS_PROOF_FILE: encode_wordings_proof(together, judged.checked, rules, now=now)}


@dataclass(frozen=True, slots=True)
class _Rare:
    """Pieces of texts and rooms that fewer than the floor of customers name now."""

    pieces: Collection[str] = ()
    rooms: Collection[str] = ()

    @classmethod
    def of(cls, connection: Connection, held: Sequence[_Held]) -> _Rare:
        """Of all that these generations hold; the highest of their floors counts."""
        if not held:
            return cls()
        floor = max(each.wordings_floor for each in held)
        connection.execute(_COUNTING)
        rooms = {room for each in held for room in (each.meaning.rooms if each.meaning else ())}
        enough = {room for room, customers in connection.execute(_ROOMS).fetchall() if customers >= floor}
        pieces = {piece for each in held for piece in (each.meaning.pieces if each.meaning else ())}
        return cls(_few(connection, pieces, floor=floor), rooms - enough)


def _few(connection: Connection, pieces: Iterable[str], *, floor: int) -> set[str]:
    """Pieces that fewer customers than the floor say; texts of most customers first, as nearly all pieces are among them."""
    sought: dict[str, set[int]] = {piece: set() for piece in pieces}
    speakers = connection.execute(_SPEAKERS.format(floor=floor))
    while sought and (rows := speakers.fetchmany(10_000)):
        for said, customers in rows:
            for piece in pieces_of(said) & sought.keys():
                sought[piece].update(customers)
                if len(sought[piece]) >= floor:
                    del sought[piece]
    return set(sought)


_COUNTING = f"""
    create or replace temp table counting as
    select customer_id, hash(customer_id) as customer from chain_turns
    group by customer_id
    having not bool_or(is_session)
        and min(event_time) <= (select max(event_time) from chain_turns) - interval '{ACCOUNT_AGE_DAYS}' day
"""

_ROOMS = "select room, count(distinct customer_id) from chain_turns semi join counting using (customer_id) group by room"

_SPEAKERS = """
    with spoken as (
        select distinct chain_turns.said, counting.customer
        from chain_turns join counting using (customer_id) where not chain_turns.rewritten and chain_turns.said <> ''
    )
    select said, list(customer) as customers
    from (
        select *, row_number() over (partition by said order by customer) as place, count(*) over (partition by said) as all_of from spoken
    )
    where place <= {floor}
    group by said
    order by max(all_of) desc, said
"""
