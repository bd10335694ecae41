"""Generations without a forgotten customer: what is live is checked again and follows itself; what still holds them leaves the shelf.

A rewrite that fewer than the floor stand behind now is not served from this moment; nothing is mined. What the next learning would make
of the lake is for it to say.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from markov.facts import Facts, read_facts
from markov.publish import Card, Content, publish_content, read_card
from markov.verify import Rules, sift
from markov.wordings_proof import Checked, check_wordings, encode_wordings_proof, recounted
from resay.store.artifact import Generation, Shelf
from resay.store.lake import Lake
from resay.store.leanings import LEANINGS_FILE, encode_leanings
from resay.store.reading import Connection
from resay.store.rewrites import REWRITES_FILE, encode_rewrites
from resay.store.wordings import MEANING_FILE, RANKER_FILE, SENSE_FILES, WORDINGS_FILE, WORDINGS_PROOF_FILE, encode_wordings
from rewrite_online.global_certificate import finder_files
from rewrite_online.meaning import encode_meaning
from rewrite_online.sense import made_for
from serving.customers.held import Held, Judged, Words, read_held
from serving.customers.leant import leanings_left, named_less
from serving.customers.part import Part
from serving.customers.parted import judge_part, judge_table, names_the_same
from serving.customers.rare import without_rare


class Shorn(NamedTuple):
    """What became of the shelf."""

    live: int | None
    """The generation that is live now."""
    removed: tuple[int, ...]
    """Those that were taken off."""
    left_out: int
    """Rewrites that were live and are not any more."""


def shear(shelf: Shelf, lake: Lake, *, words: Words, now: datetime, parts: Mapping[int, Part] | None = None) -> Shorn:
    """Bring the shelf to where nothing that can be loaded holds anybody who is not in the lake; safe to run again.

    `parts` is what of each generation whoever left had a part in: of those nothing else is checked again, of others everything.

    Raises: ShelfUnavailable, LakeUnavailable, BrokenArtifact.
    """
    with shelf.alone():
        shelf.sweep()
        numbers = shelf.numbers()
        if not numbers:
            return Shorn(None, (), 0)
        held = {number: read_held(shelf, number, words) for number in numbers}
        judged = _judge_all(lake, held, parts=parts or {}, now=now)
        live = shelf.current()
        left_out = 0
        if live is not None:
            left_out = _follow(shelf, live, held=held[live.number], judged=judged[live.number], now=now)
        current = shelf.current()
        stale = [number for number in numbers if (current is None or number != current.number) and not _is_clean(judged[number])]
        for number in stale:
            shelf.remove(number)
        return Shorn(current.number if current else None, tuple(stale), left_out)


def _is_clean(judged: Judged | None) -> bool:
    return judged is not None and judged.is_clean


def _follow(shelf: Shelf, live: Generation, *, held: Held | None, judged: Judged | None, now: datetime) -> int:
    """Publish what of the live generation may stay; how many rewrites that leaves out."""
    if held is not None and judged is not None and judged.is_clean and _says_the_same(judged, held):
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


def _says_the_same(judged: Judged, held: Held) -> bool:
    # With the figures: whoever leaves next is taken off from these.
    return list(judged.rewrites) == list(held.rewrites) and list(judged.checked.kept) == list(held.wordings)


def _judge_all(lake: Lake, held: Mapping[int, Held | None], *, parts: Mapping[int, Part], now: datetime) -> dict[int, Judged | None]:
    # Only what was proven can be told by its parts, and a number may have come to name another.
    parts = {number: part for number, part in parts.items() if (each := held.get(number)) and part.is_of(each)}
    full = [each for number, each in held.items() if each and number not in parts]
    with lake.connect() as connection:
        facts = read_facts(connection, [rewrite for each in full for rewrite in each.rewrites]) if full else _NOTHING
        judged: dict[int, Judged | None] = {}
        for number, each in held.items():
            if each is None:
                judged[number] = None
            elif number in parts:
                judged[number] = judge_part(each, parts[number], connection, now=now)
            else:
                judged[number] = _judge(each, facts, connection, now=now)
        return judged


_NOTHING = Facts({}, {}, frozenset(), None)


def _judge(held: Held, facts: Facts, connection: Connection, *, now: datetime) -> Judged:
    table = judge_table(held, held.rewrites, facts, now=now)
    checked, is_same = Checked((), {}), True
    if held.wordings:
        rules = replace(held.rules, customers_min=held.wordings_floor)
        checked = check_wordings(connection, recounted(connection, held.wordings, rules), rules)
        is_same = names_the_same(checked.kept, held.wordings)
    meaning = held.meaning and without_rare(held.meaning, connection, floor=held.wordings_floor)
    is_same = is_same and meaning is held.meaning
    leanings = leanings_left(held, checked, connection)
    is_same = is_same and not named_less(leanings, held)
    return Judged(table.kept, table.proof, checked, meaning, leanings, is_clean=is_same and table.is_clean)


def _beside(held: Held, judged: Judged, *, now: datetime) -> dict[str, bytes]:
    if not judged.checked.kept:
        return {}
    files = {WORDINGS_FILE: encode_wordings(judged.checked.kept)}
    sense = [name for name in SENSE_FILES if (held.generation.path / name).exists()]
    # Vectors are of just these texts, and the ranker cannot judge without them: until the next learning the wordings stand alone.
    fits = not sense or made_for(judged.checked.kept) == made_for(held.wordings)
    if fits and judged.meaning is not None and len(judged.meaning.pieces):
        files |= {MEANING_FILE: encode_meaning(judged.meaning)}
        files |= {name: held.generation.read(name) for name in (RANKER_FILE, *sense)}
        # Made anew of what stays: nothing of a text that went is in its bytes.
        files |= finder_files(judged.checked.kept, files[WORDINGS_FILE], customers_min=held.wordings_floor)
        if judged.leanings:
            files[LEANINGS_FILE] = encode_leanings(judged.leanings)
    rules = replace(held.rules, customers_min=held.wordings_floor)
    together = {**files, REWRITES_FILE: encode_rewrites(judged.rewrites)}
    return {**files, WORDINGS_PROOF_FILE: encode_wordings_proof(together, judged.checked, rules, now=now)}
