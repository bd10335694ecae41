"""Publishing what people changed of the live table: the rest stays, and so does what was learnt beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from markov.proof import Proof
from markov.publish import Card, Content, publish_content, read_card
from markov.wordings_proof import bound_to
from resay.dialogue.rewrite import Rewrite
from resay.store.artifact import Generation, Shelf
from resay.store.rewrites import REWRITES_FILE, encode_rewrites
from resay.store.wordings import BESIDE_FILES, WORDINGS_PROOF_FILE


def amend(shelf: Shelf, live: Generation, rewrites: Sequence[Rewrite], *, proof: Proof, now: datetime) -> Generation:
    """Make a table that follows the live one the live one; to be called alone on the shelf.

    Raises: Unproven, BrokenArtifact.
    """
    beside = {name: live.read(name) for name in BESIDE_FILES if (live.path / name).exists()}
    if WORDINGS_PROOF_FILE in beside:
        beside[WORDINGS_PROOF_FILE] = bound_to(beside[WORDINGS_PROOF_FILE], {REWRITES_FILE: encode_rewrites(rewrites)})
    carried = read_card(live)
    card = Card(now, live.number, carried.parameters, {"amended": 1}, versions=carried.versions, needless=carried.needless)
    return publish_content(shelf, Content(rewrites, proof, beside), card=card)
