"""Requests to draw from, of one part: their words cut at their slots, what else means the same, what is alike and means another thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from resay.label.corpora.slurp import Piece, Reading, SlurpText

ALIKE_MIN = 0.3
"""Words shared over all words from which two requests without slots and of one intent are taken for the same wish."""

FILLED_SHARE = 0.3
"""Share of wishes that fill in forms. Made up."""

SIBLING_MAX = 0.6
"""Words shared over all words from which two requests are not told apart well enough to be two wishes."""

TRIED_MAX = 12
"""Draws of something else before it is given up."""

_SMALL_WORDS = frozenset(
    {
        *("a", "an", "the", "to", "of", "in", "on", "at", "for", "with", "and", "this", "that", "it", "some"),
        *("i", "me", "my", "you", "is", "are", "be", "do", "can", "could", "what", "please"),
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """Something wanted, in words."""

    intent: str
    pieces: tuple[Piece, ...]
    readings: tuple[Reading, ...] = ()
    """What a real recogniser and NLU made of it; none where it was never read to them."""

    @property
    def text(self) -> str:
        """The words."""
        return " ".join(piece.text for piece in self.pieces)

    @property
    def slots(self) -> dict[str, str]:
        """The values by slot."""
        return {piece.slot: piece.text for piece in self.pieces if piece.slot}


def request_of(text: SlurpText) -> Request:
    """A request as the corpus has it."""
    return Request(text.intent, text.pieces, text.readings)


class Requests:
    """The requests of one part."""

    def __init__(self, texts: Iterable[Request], *, filled: Iterable[Request] = ()) -> None:
        """Index what people wrote, and what was filled into forms."""
        self._by_intent: dict[str, list[Request]] = defaultdict(list)
        self._values: dict[str, list[str]] = defaultdict(list)
        self._near: dict[str, list[str]] = {}
        self._kinds = [kind for kind in (self._added(texts), self._added(filled)) if kind]

    def draw(self, rng: Random) -> Request:
        """Any request."""
        intents = self._kinds[-1] if rng.random() < FILLED_SHARE else self._kinds[0]
        # The square root: common intents come more often, and rare ones not never.
        weights = [len(self._by_intent[intent]) ** 0.5 for intent in intents]
        return rng.choice(self._by_intent[rng.choices(intents, weights)[0]])

    def reworded(self, request: Request, rng: Random) -> Request | None:
        """The same wish in the words of another text; None where none is known."""
        slots = sorted(request.slots)
        others = self._by_intent.get(request.intent, [])
        for other in rng.sample(others, min(TRIED_MAX, len(others))):
            if other.text == request.text or sorted(other.slots) != slots:
                continue
            if slots:
                values = request.slots
                return Request(request.intent, tuple(Piece(values.get(piece.slot, piece.text), piece.slot) for piece in other.pieces))
            if _alike(request.text, other.text) >= ALIKE_MIN:
                return other
        return None

    def other_value(self, request: Request, rng: Random) -> Request | None:
        """The same words about something else; None where there is nothing to change."""
        places = [place for place, piece in enumerate(request.pieces) if piece.slot and len(self._values[piece.slot]) > 1]
        if not places:
            return None
        place = rng.choice(places)
        piece = request.pieces[place]
        value = self.value(piece.slot, rng, but=piece.text)
        if value is None:
            return None
        pieces = (*request.pieces[:place], Piece(value, piece.slot), *request.pieces[place + 1 :])
        return replace(request, pieces=pieces, readings=())

    def like(self, request: Request, rng: Random) -> Request | None:
        """Another request of the same intent; None where there is none."""
        others = [each for each in self._by_intent.get(request.intent, ()) if each.text != request.text]
        return rng.choice(others) if others else None

    def sibling(self, request: Request, rng: Random) -> Request | None:
        """Another wish of the same domain, with words in common maybe, and no value; None where none is found."""
        near = self._near.get(request.intent)
        if near is None:
            words = _intent_words(request.intent)
            near = self._near[request.intent] = [intent for intent in sorted(self._by_intent) if words & _intent_words(intent)]
        values = set(request.slots.values())
        for _ in range(TRIED_MAX if near else 0):
            other = rng.choice(self._by_intent[rng.choice(near)])
            # Without values two requests of one intent may well be one wish in other words.
            may_be_one = other.intent == request.intent and not (values and other.slots)
            if not may_be_one and not values & set(other.slots.values()) and _alike(request.text, other.text) < SIBLING_MAX:
                return other
        return None

    def value(self, slot: str, rng: Random, *, but: str = "") -> str | None:
        """A value of a slot that shares no telling word with another."""
        values = self._values.get(slot, [])
        for value in rng.sample(values, min(TRIED_MAX, len(values))):
            if not (set(value.split()) - _SMALL_WORDS) & set(but.split()):
                return value
        return None

    def any_value(self, rng: Random, *, but: Iterable[str]) -> tuple[str, str]:
        """A slot that is none of those, with a value."""
        slot = rng.choice([each for each in sorted(self._values) if each not in set(but)] or sorted(self._values))
        return slot, rng.choice(self._values[slot])

    @property
    def values(self) -> Mapping[str, Sequence[str]]:
        """The values of each slot, as often as they are wanted."""
        return self._values

    def _added(self, requests: Iterable[Request]) -> list[str]:
        """The intents of requests, once they are known."""
        intents = set()
        for request in requests:
            intents.add(request.intent)
            self._by_intent[request.intent].append(request)
            for slot, value in request.slots.items():
                self._values[slot].append(value)
        return sorted(intents)


def _intent_words(intent: str) -> set[str]:
    return set(intent.replace("_", " ").split())


def _alike(one: str, other: str) -> float:
    first, second = (set(text.split()) - _SMALL_WORDS for text in (one, other))
    return len(first & second) / len(first | second) if first | second else 0.0
