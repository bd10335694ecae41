"""Publishing a proven table as a generation, and rolling back to an older one. One pointer moves; readers see old or new.

Knows files and proofs; decides nothing about rewrites.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from markov.proof import Proof, Verdict, decode_proof, encode_proof
from resay.dialogue.codec import iso_ms
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Rewrite
from resay.store.artifact import BrokenArtifact, Generation, Shelf
from resay.store.rewrites import CARD_FILE, PROOF_FILE, REWRITES_FILE, decode_rewrites, encode_rewrites

Recheck = Callable[[Sequence[Rewrite], Proof], tuple[list[Rewrite], Proof]]
"""What of a table, with the proof that it had, can be proven against today's vetoes and customers, with the new proof (`verify.sift`)."""


class PublishStep(StrEnum):
    """What publishing does, in order; between any two of them the process may die."""

    WRITTEN = "written"
    """The generation is whole, and the old one is live."""
    POINTED = "pointed"
    """It is live."""


class Unproven(ResayError):
    """A table without a proof of just this table is not published."""


class NoSuchGeneration(ResayError):
    """There is no generation to roll back to."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a generation is, for people."""

    made_at: datetime
    """UTC."""
    follows: int | None
    """The generation that was live before."""
    parameters: Mapping[str, object]
    """What it was mined with."""
    totals: Mapping[str, int]
    """What stood behind it: turns, links, customers, candidates …"""
    restores: int | None = None
    """The generation that this one is, less what can no longer be proven."""
    retired: Mapping[str, str] = field(default_factory=dict)
    """Rewrites of the generation before that were taken out, not merely no longer mined: why, in a sentence without texts, by id."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the assistant's parts, as the newest turn told them; what is named below holds for these."""
    needless: Mapping[str, str] = field(default_factory=dict)
    """Rewrites that the assistant, of these versions, said it does not need: why, by id. They stay out until it is another."""
    seed: int | None = None
    """Of chance; mining draws nothing, so that equal lakes give equal tables."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a generation holds beside its card."""

    rewrites: Sequence[Rewrite]
    proof: Proof
    """Of the table of these rewrites."""
    beside: Mapping[str, bytes] = field(default_factory=dict)
    """Files that were learnt with this table and are served with it, by name; what they are is for others to know."""


def publish(
    shelf: Shelf, rewrites: Sequence[Rewrite], *, proof: Proof, card: Card, observe: Callable[[PublishStep], None] = lambda _step: None
) -> Generation:
    """Keep a table with its proof and card as the next generation, and make it live.

    A kill before the end leaves the old generation live, and perhaps the new one whole and not live. `observe` is told of every step
    after it was taken, for the tests that kill at it.

    Raises: Unproven, BrokenArtifact.
    """
    return publish_content(shelf, Content(rewrites, proof), card=card, observe=observe)


def publish_content(
    shelf: Shelf, content: Content, *, card: Card, observe: Callable[[PublishStep], None] = lambda _step: None
) -> Generation:
    """The same for a table with files beside it: they come and go together.

    Raises: Unproven, BrokenArtifact.
    """
    table, proof = encode_rewrites(content.rewrites), content.proof
    if not proof.covers(table):
        message = (
            f"a table must have a proof of just its bytes to be published; the proof says {proof.verdict} of {proof.rewrites} rewrites"
        )
        raise Unproven(message)
    own = {REWRITES_FILE: table, PROOF_FILE: encode_proof(proof), CARD_FILE: _encode_card(card, content.rewrites)}
    assert not own.keys() & content.beside.keys(), "files beside a table have names of their own"
    files = {**content.beside, **own}
    written = shelf.write(files)
    observe(PublishStep.WRITTEN)
    live = shelf.publish(written.number)
    observe(PublishStep.POINTED)
    return live


def roll_back(
    shelf: Shelf, number: int | None = None, *, recheck: Recheck, now: datetime, holds: Callable[[Generation], bool] = lambda _beside: True
) -> Generation:
    """Make an older generation live; without a number, the one before the live one.

    It is checked again first. What can no longer be proven (a veto since then, deleted customers below the floor) does not come back:
    the rest is published as a new generation that says which one it restores. What lies beside the table comes back with all of it, where
    that still `holds`; else the table comes back alone.

    Raises: NoSuchGeneration, Unproven, BrokenArtifact.
    """
    # Alone from the first look: a learner that began before this finds that the pointer has moved, and learns again.
    with shelf.alone():
        live = shelf.current()
        return _go_back(
            shelf, _before(shelf, live) if number is None else _known(shelf, number), live=live, checks=(recheck, holds), now=now
        )


def _go_back(
    shelf: Shelf, number: int, *, live: Generation | None, checks: tuple[Recheck, Callable[[Generation], bool]], now: datetime
) -> Generation:
    generation, (recheck, holds) = shelf.open(number), checks
    table = generation.read(REWRITES_FILE)
    was_proven = decode_proof(generation.read(PROOF_FILE))
    if not was_proven.covers(table):
        message = f"generation {number} must carry a proof of its table; it does not; was it edited by hand?"
        raise Unproven(message)
    rewrites = decode_rewrites(table)
    kept, proof = recheck(rewrites, was_proven)
    if proof.verdict is not Verdict.PROVEN or (rewrites and not kept):
        message = f"generation {number} must still be provable; nothing of it is; are its turns no longer in this lake?"
        raise Unproven(message)
    if len(kept) == len(rewrites) and holds(generation):
        return shelf.publish(number)
    card = Card(now, live.number if live else None, proof.parameters, {"rewrites_left_out": len(proof.left_out)}, restores=number)
    return publish(shelf, kept, proof=proof, card=card)


def retire(shelf: Shelf, card: Card, *, recheck: Recheck) -> Generation | None:
    """Take what a card calls needless out of the live table, at once; nothing where none of it is live.

    The rest is checked again as in `roll_back`, and follows the live generation as a new one.

    Raises: Unproven, BrokenArtifact.
    """
    with shelf.alone():
        live, rewrites = live_rewrites(shelf)
        staying = [each for each in rewrites if each.rewrite_id not in card.needless]
        if live is None or len(staying) == len(rewrites):
            return None
        kept, proof = recheck(staying, decode_proof(live.read(PROOF_FILE)))
        gone = {each.rewrite_id: card.needless[each.rewrite_id] for each in rewrites if each.rewrite_id in card.needless}
        carried = read_card(live)
        needless = {**(carried.needless if carried.versions == card.versions else {}), **card.needless}
        made = replace(card, follows=live.number, parameters=carried.parameters, totals={"retired": len(gone)})
        made = replace(made, retired=gone, needless=needless)
        return publish(shelf, kept, proof=proof, card=made)


def read_card(generation: Generation) -> Card:
    """The card of a generation, as far as it says.

    Raises: BrokenArtifact.
    """
    try:
        record = json.loads(generation.read(CARD_FILE))
        told = {name: dict(record.get(name) or {}) for name in ("parameters", "totals", "retired", "versions", "needless")}
        return Card(
            made_at=datetime.fromisoformat(record["made_at"]),
            follows=record.get("follows"),
            parameters=told["parameters"],
            totals=told["totals"],
            restores=record.get("restores"),
            retired=told["retired"],
            versions=told["versions"],
            needless=told["needless"],
            seed=record.get("seed"),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{CARD_FILE} of generation {generation.number} must be a card; {error!r}; was it edited by hand?"
        raise BrokenArtifact(message) from error


def live_rewrites(shelf: Shelf) -> tuple[Generation | None, list[Rewrite]]:
    """The live generation and its table; nothing and none where none was published.

    Raises: BrokenArtifact.
    """
    generation = shelf.current()
    return (generation, decode_rewrites(generation.read(REWRITES_FILE))) if generation else (None, [])


def _before(shelf: Shelf, live: Generation | None) -> int:
    older = [number for number in shelf.numbers() if live is None or number < live.number]
    if live is None or not older:
        message = "an older generation must be there to roll back to; there is none; was `resay learn` run twice?"
        raise NoSuchGeneration(message)
    return older[-1]


def _known(shelf: Shelf, number: int) -> int:
    numbers = shelf.numbers()
    if number not in numbers:
        there = f"there are {numbers[0]} to {numbers[-1]}" if numbers else "there are none"
        message = f"generation {number} must be on the shelf; {there}; is the home right?"
        raise NoSuchGeneration(message)
    return number


def _encode_card(card: Card, rewrites: Sequence[Rewrite]) -> bytes:
    totals = {
        **card.totals,
        "rewrites": len(rewrites),
        "times": sum(each.times for each in rewrites),
        "support_min": min((each.support for each in rewrites), default=0),
    }
    record = asdict(card) | {"made_at": iso_ms(card.made_at), "totals": totals}
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()
