"""The part that a customer had in a generation: what of it they said or may stand behind, found in their own turns before these go.

Positions in a generation's files, which never change; noted in the journal until the forgetting is done, so that only this need be
checked again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from markov.own_facts import Own
from resay.dialogue.text import canonical
from rewrite_online.pieces import pieces_of
from serving.customers.held import Held


@dataclass(frozen=True, slots=True)
class Part:
    """Of one generation."""

    table_sha256: str
    """Which generation that is."""
    rewrites: Sequence[int] = ()
    """Whose source or target they said."""
    backed: Sequence[int] = ()
    """Of these, those behind which they may be counted."""
    wordings: Sequence[int] = ()
    """That they said."""
    pieces: Sequence[str] = ()
    """Of texts that they said, as far as the generation knows them."""
    rooms: Sequence[str] = ()
    """In which they spoke, likewise."""
    others_gone: int = 0
    """Customers who may be counted in it and have left since, or are about to: what it says of customers may be too much by so many."""

    def is_of(self, held: Held) -> bool:
        """Whether it is of this generation, and that was proven."""
        return held.is_proven and held.proof.table_sha256 == self.table_sha256


def part_in(held: Held, own: Own) -> Part:
    """What part a customer has in a generation."""
    rewrites = [place for place, each in enumerate(held.rewrites) if {each.source, canonical(each.target)} & own.texts]
    meaning = held.meaning
    return Part(
        held.proof.table_sha256,
        rewrites=rewrites,
        # By what they said alone: labels may have changed since it was counted what led where.
        backed=[place for place in rewrites if held.rewrites[place].source in own.texts],
        wordings=[place for place, each in enumerate(held.wordings) if each.text in own.texts],
        pieces=sorted(_pieces(own.texts) & set(meaning.pieces)) if meaning else (),
        rooms=sorted(own.rooms & set(meaning.rooms)) if meaning else (),
    )


def encode_parts(parts: Mapping[int, Part]) -> dict[str, Any]:
    """As the journal keeps them."""
    return {str(number): asdict(part) for number, part in parts.items()}


def decode_parts(told: Mapping[str, Any]) -> dict[int, Part]:
    """The inverse."""
    return {int(number): Part(**each) for number, each in told.items()}


def _pieces(texts: Collection[str]) -> set[str]:
    return {piece for text in texts for piece in pieces_of(text)}
