"""Drafts of people on their way into the live table: tried on recorded traffic, checked, published, and kept for the learnings to come.

Puts checker, shelf and books together; knows no HTTP and no files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from markov.amend import amend
from markov.draft import Checked, Draft, check_drafts, with_drafts
from markov.facts import read_facts
from markov.proof import Verdict, decode_proof
from markov.publish import live_rewrites
from markov.verify import Rules
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.text import canonical
from resay.store.artifact import Generation, Shelf
from resay.store.books import Books
from resay.store.edits import Edit, EditBooks
from resay.store.lake import Lake
from resay.store.review import blocked_in
from resay.store.rewrites import PROOF_FILE

DRAFTS_MAX = 10_000
"""Drafts in one file: as many as the largest table that the checker's budget of time is for."""


class NothingLive(ResayError):
    """There is no table that could be changed."""


@dataclass(frozen=True, slots=True)
class Home:
    """What drafts are held against."""

    shelf: Shelf
    lake: Lake
    books: Books


@dataclass(frozen=True, slots=True)
class Word:
    """Who wants it, and why."""

    by: str
    why: str
    at: datetime
    """UTC."""
    change: str = "edited"
    """What the event is called."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """What became of drafts."""

    checked: Checked
    generation: int | None
    """The one that they are live in; nothing where none was accepted, or none was to be."""


def try_drafts(home: Home, drafts: Sequence[Draft], *, now: datetime, replaced: str = "") -> Checked:
    """What recorded traffic and the checker say of drafts; nothing is written.

    Raises: NothingLive, BooksUnavailable, LakeUnavailable, BrokenArtifact.
    """
    return _checked(home, drafts, now=now, replaced=replaced)[1]


def take_drafts(home: Home, drafts: Sequence[Draft], word: Word, *, replaced: str = "") -> Drafted:
    """Put those drafts that can be proven into the live table, and say of the others why not. `replaced` goes for them, by id.

    Raises: NothingLive, BooksUnavailable, LakeUnavailable, BrokenArtifact.
    """
    with home.shelf.alone():
        live, checked = _checked(home, drafts, now=word.at, replaced=replaced)
        if checked.refused:
            kept = [each for each in drafts if each.rewrite_id not in checked.refused]
            if not kept:
                return Drafted(checked, None)
            # Without the refused ones, what they stand for stays as it was.
            live, rest = _checked(home, kept, now=word.at, replaced=replaced)
            checked = Checked(rest.rewrites, rest.proof, checked.recorded, {**checked.refused, **rest.refused})
        made = [each.rewrite for each in checked.recorded if each.rewrite.rewrite_id not in checked.refused]
        if not made or checked.proof.verdict is not Verdict.PROVEN:
            return Drafted(checked, None)
        allowed = {each.rewrite_id for each in drafts if each.allowed}
        edits = [Edit(each, each.rewrite_id in allowed, word.by, word.why, word.at) for each in made]
        # The books first: a kill in between leaves an edit that the next learning publishes.
        EditBooks(home.books).keep(edits, change=word.change)
        return Drafted(checked, amend(home.shelf, live, checked.rewrites, proof=checked.proof, now=word.at).number)


def edited(rewrite: Rewrite, target: str, *, allowed: bool) -> Draft:
    """The draft by which a rewrite's target becomes another."""
    return Draft(rewrite.source, target, rewrite.place, allowed)


def _checked(
    home: Home, drafts: Sequence[Draft], *, now: datetime, replaced: str, clock: Callable[[], float] = time.monotonic
) -> tuple[Generation, Checked]:
    live, table = live_rewrites(home.shelf)
    if live is None:
        message = "a table must be live to be changed; none was published; have you run `resay learn`?"
        raise NothingLive(message)
    once = list({(canonical(each.source), each.place): each for each in drafts}.values())
    wanted = with_drafts(table, once, (replaced,) if replaced else ())
    with home.lake.connect() as connection:
        facts = read_facts(connection, wanted)
    floor = int(decode_proof(live.read(PROOF_FILE)).parameters["customers_min"])
    allowed = frozenset(each.rewrite.rewrite_id for each in EditBooks(home.books).all() if each.allowed)
    rules = Rules(customers_min=floor, blocked=blocked_in(home.books), approved=allowed)
    return live, check_drafts(wanted, once, facts, rules=rules, clock=(now, clock))
