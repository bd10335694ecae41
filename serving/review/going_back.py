"""Going back to an older generation, which is checked again first; and which there are. Puts checker, shelf and books together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markov.proof import Proof
from markov.publish import live_rewrites, read_card, roll_back
from markov.verified import verified
from markov.verify import Rules
from markov.wordings_proof import wordings_hold
from resay.dialogue.rewrite import Rewrite
from resay.store.artifact import BrokenArtifact, Shelf
from resay.store.edits import EditBooks
from resay.store.events import Event
from resay.store.review import ReviewBooks, blocked_in
from resay.store.rewrites import CARD_FILE
from serving.review.drafting import Home, Word

CHANGE = "generation_restored"
"""How the history calls it."""


@dataclass(frozen=True, slots=True)
class Back:
    """What became of going back."""

    generation: int
    """The one that is live: the older one itself, or what of it can still be proven, as a new one."""
    rewrites: int
    left_out: tuple[str, ...]
    """Why rewrites of the older one did not come back."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A generation on the shelf, by its card."""

    number: int
    made_at: datetime
    """UTC."""
    rewrites: int
    restores: int | None
    """The generation that it brought back, as far as that could be proven."""
    is_live: bool


def go_back(home: Home, word: Word, number: int | None = None) -> Back:
    """Make an older generation live, the one before where none is named; the history tells who wanted it.

    What was forbidden since, or has lost customers below the floor that it was published with, does not come back; what a person has
    allowed though it is risky does.

    Raises: NoSuchGeneration, Unproven, BrokenArtifact, ShelfUnavailable, BooksUnavailable, LakeUnavailable.
    """
    blocked = blocked_in(home.books)
    allowed = frozenset(each.rewrite.rewrite_id for each in EditBooks(home.books).all() if each.allowed)
    left_out: list[str] = []

    def recheck(rewrites: Sequence[Rewrite], old: Proof) -> tuple[list[Rewrite], Proof]:
        # By its own floor: an owner who lowered it would otherwise get nothing back.
        rules = Rules(customers_min=int(old.parameters["customers_min"]), blocked=blocked, approved=allowed)
        kept, proof = verified(home.lake, rewrites, rules)
        left_out.extend(reason for fault in proof.left_out for reason in fault.reasons)
        return kept, proof

    live = roll_back(home.shelf, number, recheck=recheck, now=word.at, holds=lambda old: wordings_hold(home.lake, old, blocked=blocked))
    ReviewBooks(home.books).note(Event(word.at, f"generation {live.number}", CHANGE, word.by, word.why))
    return Back(live.number, len(live_rewrites(home.shelf)[1]), tuple(left_out))


def kept_generations(shelf: Shelf, *, limit: int) -> list[Kept]:
    """The generations of a shelf, the newest first; one whose card cannot be read is left out.

    Raises: BrokenArtifact, ShelfUnavailable, for the live one.
    """
    live = shelf.current()
    kept: list[Kept] = []
    for number in reversed(shelf.numbers()):
        if len(kept) == limit:
            break
        try:
            card = read_card(shelf.glance(number, CARD_FILE))
        except BrokenArtifact:
            continue
        rewrites = card.totals.get("rewrites", 0)
        kept.append(Kept(number, card.made_at, rewrites, card.restores, is_live=live is not None and live.number == number))
    return kept
