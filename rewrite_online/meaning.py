"""What was heard → what was meant: chances of states from the pieces of all hypotheses and the room, and that of success as said.

Serving alone: numbers from a file's content. How they were learnt is in `fit_meaning`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resay.dialogue.rewrite import Heard
from resay.dialogue.text import canonical
from resay.store.artifact import BrokenArtifact
from rewrite_online.ahead import Lately
from rewrite_online.pieces import pieces_of

Floats = NDArray[np.float32]

HYPOTHESES_MAX = 3
"""Hypotheses that are asked: recognisers' scores of later ones say little, and each costs a tenth of a millisecond."""

FIRST_SHARE = 0.6
"""Say of what was heard first; the others share the rest alike. In mid between first alone and all alike, both of which did worse."""

ROOM_WEIGHT = 0.7
"""How much the room says beside the text, whose pieces have length one together."""

FORM = "resay.meaning/1"


@dataclass(frozen=True, slots=True)
class Likely:
    """What a text is likely to mean."""

    states: tuple[tuple[str, float], ...]
    """States and their chances, the likeliest first."""
    as_said: float
    """Chance that it succeeds as said."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learnt."""

    pieces: tuple[str, ...]
    rooms: tuple[str, ...]
    states: tuple[str, ...]
    rarity: Floats
    """(piece): how much each says, the rarer the more."""
    meant: Floats
    """(piece and room, state)."""
    as_said: Floats
    """(piece and room)."""


class Meaning:
    """The chances of one request; safe to share between threads."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._place = {piece: place for place, piece in enumerate(weights.pieces)}
        self._room = {room: len(weights.pieces) + place for place, room in enumerate(weights.rooms)}
        self._lately: Lately[tuple[object, ...], Likely] = Lately()

    @property
    def pieces(self) -> tuple[str, ...]:
        """All pieces that it knows."""
        return self._weights.pieces

    @property
    def states(self) -> tuple[str, ...]:
        """All states that it knows."""
        return self._weights.states

    @property
    def width(self) -> int:
        """Columns of a row: pieces, then rooms."""
        return len(self._place) + len(self._room)

    def likely(self, heard: Heard, *, at_most: int) -> Likely:
        """The likeliest states; none where nothing of the text is known."""
        room, texts = heard.context.room if heard.context else "", _texts(heard)
        return self._lately.of((at_most, room, *texts), lambda: self._likely(texts, room, at_most))

    def _likely(self, texts: Sequence[str], room: str, at_most: int) -> Likely:
        rows = [self.columns(text, room) for text in texts]
        if not rows or not any(len(columns) for columns, _ in rows):
            return Likely((), 0.0)
        sums = [(values @ self._weights.meant[columns], float(values @ self._weights.as_said[columns])) for columns, values in rows]
        shares = _shares(len(sums))
        chances = _softmax(sum((share * each for share, (each, _) in zip(shares, sums, strict=True)), start=np.zeros(1, np.float32)))
        # Of what was heard first alone: only that would be handed on.
        as_said = 1 / (1 + np.exp(-sums[0][1]))
        best = np.argsort(-chances, kind="stable")[:at_most]
        return Likely(tuple((self.states[place], float(chances[place])) for place in best), float(as_said))

    def columns(self, text: str, room: str) -> tuple[NDArray[np.int64], Floats]:
        """The row of a text in a room: which columns are not nought, and their values."""
        known = sorted(self._place[piece] for piece in pieces_of(text) if piece in self._place)
        values = self._weights.rarity[known] if known else np.zeros(0, np.float32)
        length = float(np.sqrt(values @ values)) or 1.0
        if known and room in self._room:
            return np.array([*known, self._room[room]]), np.append(values / length, np.float32(ROOM_WEIGHT)).astype(np.float32)
        return np.array(known, dtype=np.int64), (values / length).astype(np.float32)


def without(weights: Weights, pieces: Collection[str], rooms: Collection[str]) -> Weights:
    """The same but for some pieces and rooms, which say nothing any more."""
    kept = [place for place, piece in enumerate(weights.pieces) if piece not in pieces]
    staying = [place for place, room in enumerate(weights.rooms) if room not in rooms]
    rows = [*kept, *(len(weights.pieces) + place for place in staying)]
    return Weights(
        tuple(weights.pieces[place] for place in kept),
        tuple(weights.rooms[place] for place in staying),
        weights.states,
        weights.rarity[kept],
        weights.meant[rows],
        weights.as_said[rows],
    )


def encode_meaning(weights: Weights) -> bytes:
    """The content of a file; equal weights give equal bytes."""
    told = {"form": FORM, "pieces": weights.pieces, "rooms": weights.rooms, "states": weights.states}
    head = json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass")
    arrays = io.BytesIO()
    for each in (weights.rarity, weights.meant, weights.as_said):
        # Halves of the usual precision: chances move by less than a thousandth, and a generation is half as large.
        np.lib.format.write_array(arrays, each.astype(np.float16), allow_pickle=False)
    return len(head).to_bytes(8) + head + arrays.getvalue()


def decode_meaning(content: bytes) -> Weights:
    """What `encode_meaning` wrote.

    Raises: BrokenArtifact.
    """
    try:
        size = int.from_bytes(content[:8])
        told: Mapping[str, Any] = json.loads(content[8 : 8 + size].decode("utf-8", "surrogatepass"))
        rest = io.BytesIO(content[8 + size :])
        arrays = [np.lib.format.read_array(rest, allow_pickle=False).astype(np.float32) for _ in range(3)]
        weights = Weights(tuple(told["pieces"]), tuple(told["rooms"]), tuple(told["states"]), arrays[0], arrays[1], arrays[2])
        fits = told["form"] == FORM and _fits(weights)
    except (ValueError, KeyError, TypeError, IndexError, EOFError, UnicodeDecodeError) as error:
        message = f"what texts mean must be of the form {FORM}; {error!r}; was it written by another version?"
        raise BrokenArtifact(message) from error
    if not fits:
        message = f"what texts mean must be of the form {FORM}, with a finite weight for every piece and state; it is not; was it edited?"
        raise BrokenArtifact(message)
    return weights


def _fits(weights: Weights) -> bool:
    rows = len(weights.pieces) + len(weights.rooms)
    shapes = weights.rarity.shape, weights.meant.shape, weights.as_said.shape
    finite = all(bool(np.isfinite(each).all()) for each in (weights.rarity, weights.meant, weights.as_said))
    return finite and shapes == ((len(weights.pieces),), (rows, len(weights.states)), (rows,)) and len(weights.states) > 0


def _texts(heard: Heard) -> list[str]:
    """What was heard first, and other hypotheses; each text once."""
    said = canonical(heard.utterance)
    others = (canonical(each.text) for each in heard.hypotheses[: 2 * HYPOTHESES_MAX])
    return [each for each in dict.fromkeys((said, *others)) if each][:HYPOTHESES_MAX] if said else []


def _shares(texts: int) -> Sequence[float]:
    return [FIRST_SHARE, *[(1 - FIRST_SHARE) / (texts - 1)] * (texts - 1)] if texts > 1 else [1.0]


def _softmax(sums: Floats) -> Floats:
    raised = np.exp(sums - sums.max())
    return np.asarray(raised / raised.sum(), dtype=np.float32)
