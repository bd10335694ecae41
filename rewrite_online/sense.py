"""The sense of meaning of a generation: the heads and the vectors of wordings that were learnt with its ranker, and the encoder they need.

A ranker that was grown with nearness of meaning cannot judge without it, nor with that of another encoder: such a generation's layer is
refused where its encoder is not. What is written here is bound to the rest by the proof of wordings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resay.dialogue.errors import ResayError
from resay.dialogue.wording import Wording
from resay.store.wordings import HEADS_FILE, VECTORS_FILE
from rewrite_online.finder import Encoder, Searched, index_of

if TYPE_CHECKING:
    from rewrite_online.encoder import Towers
    from rewrite_online.index import Index


class WrongEncoder(ResayError):
    """There is no encoder, or not the one that a generation was learnt with."""


@dataclass(frozen=True, slots=True, eq=False)
class Sense:
    """What finds wordings by their meaning."""

    encoder: Encoder
    index: Searched
    """Vectors of the wordings, by this very encoder."""


def sense_of(wordings: Sequence[Wording], towers: Towers, *, before: Index | None = None) -> Sense | None:
    """The sense for some wordings, to learn with; nothing where there are none. Vectors that were there `before` are not made again."""
    return Sense(towers, index_of(wordings, towers, before=before)) if wordings else None


def vectors_before(files: Mapping[str, bytes | memoryview], number: int, towers: Towers) -> Index | None:
    """The vectors of wordings of a number that files hold, where this very encoder made them: a night's new wordings are few."""
    from rewrite_online.index import Index, Label, WrongIndex

    name = towers.with_heads(towers.heads_or_identity()).name
    try:
        return Index.load(files[VECTORS_FILE], Label(name, number)) if VECTORS_FILE in files else None
    except WrongIndex:
        return None


def encode_sense(sense: Sense, wordings: Sequence[Wording], towers: Towers) -> dict[str, bytes]:
    """Its files; equal wordings and encoders give equal bytes."""
    from rewrite_online.index import Index, Label

    assert isinstance(sense.index, Index), "who learns keeps vectors in memory"
    heads = towers.heads_or_identity()
    label = Label(towers.with_heads(heads).name, made_for(wordings))
    return {HEADS_FILE: bytes(heads), VECTORS_FILE: sense.index.snapshot(label)}


def read_sense(files: Mapping[str, bytes | memoryview], number: int, towers: Towers | None) -> Sense:
    """The sense that files hold, for wordings of a number (`made_for`); `towers`: the encoder that is there.

    Raises: WrongEncoder.
    """
    from rewrite_online.encoder import Heads, WrongHeads
    from rewrite_online.index import Index, Label, WrongIndex

    if towers is None:
        message = "wordings that are compared by meaning need an encoder; none is there; does models/minilm lie beside the program?"
        raise WrongEncoder(message)
    try:
        own = towers.with_heads(Heads.of(bytes(files[HEADS_FILE])))
    except WrongHeads as error:
        message = f"encoder must be the one that wordings were learnt with; {error}"
        raise WrongEncoder(message) from error
    try:
        return Sense(own, own.place(Index.load(files[VECTORS_FILE], Label(own.name, number))))
    except WrongIndex as error:
        message = f"vectors must be of these wordings by this encoder; {error}"
        raise WrongEncoder(message) from error


def made_for(wordings: Sequence[Wording]) -> int:
    """What stands for a generation of wordings in a label: the same texts, the same number, whatever their records are."""
    told = "\n".join(sorted(f"{each.prompt_kind}\t{each.text}" for each in wordings))
    return int.from_bytes(hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()[:6])
