"""What a generation holds, read from the shelf for whoever must judge it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markov.proof import Proof, decode_proof
from markov.verify import Rules
from markov.wordings_proof import Checked, floor_of
from resay.dialogue.errors import ResayError
from resay.dialogue.leaning import Leaning
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.wording import Wording
from resay.store.artifact import Generation, Shelf
from resay.store.leanings import LEANINGS_FILE, decode_leanings
from resay.store.rewrites import PROOF_FILE, REWRITES_FILE, decode_rewrites
from resay.store.wordings import MEANING_FILE, WORDINGS_FILE, WORDINGS_PROOF_FILE, decode_wordings
from rewrite_online.meaning import Weights, decode_meaning


@dataclass(frozen=True, slots=True)
class Words:
    """What people have said of rewrites."""

    blocked: tuple[tuple[str, str], ...] = ()
    """Vetoes as pairs of canonical texts."""
    allowed: frozenset[str] = frozenset()
    """Ids of rewrites that may be served though they are risky."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a generation holds."""

    generation: Generation
    rewrites: Sequence[Rewrite]
    proof: Proof
    is_proven: bool
    """Whether the proof is of just this table."""
    rules: Rules
    wordings: Sequence[Wording] = ()
    wordings_floor: int = 0
    meaning: Weights | None = None
    leanings: Sequence[Leaning] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What of it may stay."""

    rewrites: Sequence[Rewrite]
    proof: Proof
    checked: Checked
    """Of its wordings."""
    meaning: Weights | None
    leanings: Sequence[Leaning]
    is_clean: bool
    """Whether it holds nothing that it must not, as it is."""


def read_held(shelf: Shelf, number: int, words: Words) -> Held | None:
    """What a generation holds; nothing where it cannot be told, so that it cannot be loaded either."""
    try:
        generation = shelf.open(number)
        table, proof = generation.read(REWRITES_FILE), decode_proof(generation.read(PROOF_FILE))
        rules = Rules(customers_min=int(proof.parameters["customers_min"]), blocked=words.blocked, approved=words.allowed)
        held = Held(generation, decode_rewrites(table), proof, proof.covers(table), rules)
        if not (generation.path / WORDINGS_FILE).exists():
            return held
        return Held(
            *(generation, held.rewrites, proof, held.is_proven, rules),
            wordings=decode_wordings(generation.read(WORDINGS_FILE)),
            wordings_floor=floor_of(generation.read(WORDINGS_PROOF_FILE)),
            meaning=decode_meaning(generation.read(MEANING_FILE)) if (generation.path / MEANING_FILE).exists() else None,
            leanings=decode_leanings(generation.read(LEANINGS_FILE)) if (generation.path / LEANINGS_FILE).exists() else (),
        )
    except (ResayError, KeyError, ValueError, OSError):
        return None
