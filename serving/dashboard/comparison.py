"""How the live generation differs from the one before, as the page shows it. The command is `resay diff`; both ask `markov.difference`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markov.difference import Difference, difference
from markov.proof import decode_proof
from markov.publish import read_card
from resay.store.artifact import Shelf
from resay.store.rewrites import PROOF_FILE, REWRITES_FILE, decode_rewrites


@dataclass(frozen=True, slots=True)
class Compared:
    """Two generations."""

    before: int
    after: int
    found: Difference


def since_before(shelf: Shelf) -> Compared | None:
    """The live generation beside the one that it follows; nothing where there are no two.

    Raises: BrokenArtifact.
    """
    live = shelf.current()
    older = [number for number in shelf.numbers() if live is not None and number < live.number]
    if live is None or not older:
        return None
    before = shelf.open(older[-1])
    one, two = (decode_rewrites(each.read(REWRITES_FILE)) for each in (before, live))
    card = read_card(live)
    reasons: dict[str, Sequence[str]] = {name: (reason,) for name, reason in {**card.needless, **card.retired}.items()}
    left_out = {fault.rewrite_id: fault.reasons for fault in decode_proof(live.read(PROOF_FILE)).left_out}
    return Compared(before.number, live.number, difference(one, two, {**reasons, **left_out}))
