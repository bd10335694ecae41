"""Teachings: what one customer told us outright, and what becomes of their words by it. Theirs alone: never shown to another.

Knows canonical text; knows nothing of how a teaching is understood, kept or served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resay.dialogue.text import canonical


class Kind(StrEnum):
    """What the words of a teaching stand for."""

    REQUEST = "request"
    """A whole request: they mean something where they are all that is said."""
    NAME = "name"
    """A thing, a place, a person: they mean it inside other requests too."""


class Origin(StrEnum):
    """Who began it."""

    CUSTOMER = "customer"
    AGENT = "agent"
    """The assistant offered it."""


class State(StrEnum):
    """What stands."""

    TAUGHT = "taught"
    OFFERED = "offered"
    """The assistant asked, and nobody has answered; it is not asked again."""
    DISMISSED = "dismissed"
    """The customer does not want it; it is not asked again."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A row of table `teachings`, but for whose it is."""

    teaching_id: str
    kind: Kind
    words: str
    """Canonical text of what the customer will say."""
    meaning: str
    """What is to be said to the assistant in its place, as it was told."""
    at: datetime
    """UTC."""
    origin: Origin = Origin.CUSTOMER
    state: State = State.TAUGHT
    confirmed_at: datetime | None = None
    """When the customer said yes to being asked whether this is meant; nothing where they were not asked."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What words become by teachings."""

    text: str
    by: tuple[Taught, ...]
    """The teachings that were used; none where the words are what somebody taught us to say, and are to be left alone."""


class Lexicon:
    """What one customer has taught, ready to be asked; immutable."""

    def __init__(self, rows: Sequence[Taught]) -> None:
        """Of these rows those that stand."""
        self.rows = tuple(each for each in rows if each.state is State.TAUGHT)
        self._whole = {each.words: each for each in self.rows}
        self._meanings = frozenset(canonical(each.meaning) for each in self.rows)
        names = [each for each in self.rows if each.kind is Kind.NAME]
        # The longest first: "the big floor lamp" is not a big "floor lamp" to somebody who taught both.
        self._names = sorted(((each.words.split(), each) for each in names), key=lambda name: -len(name[0]))
        self._named = [canonical(each.meaning).split() for each in names]

    def meant(self, utterance: str) -> Meant | None:
        """What the customer wants said in place of an utterance; nothing where no teaching speaks of it.

        What it answers it would leave alone: one hop is all there is.
        """
        said = canonical(utterance)
        if not self.rows or not said:
            return None
        found = self._once(said)
        if found is None or not found.by:
            return found
        again = self._once(canonical(found.text))
        # Where the words of one teaching come up in what another one says, nobody can tell what is meant.
        return found if again is None or not again.by else None

    def _once(self, said: str) -> Meant | None:
        whole = self._whole.get(said)
        if whole is not None:
            return Meant(whole.meaning, (whole,))
        if said in self._meanings:
            return Meant(said, ())
        tokens = said.split()
        named = self._already_named(tokens)
        parts, used = self._replaced(tokens, named)
        if used:
            return Meant(" ".join(parts), tuple(dict.fromkeys(used)))
        return Meant(said, ()) if named else None

    def _already_named(self, tokens: list[str]) -> frozenset[int]:
        """Places of the words that are part of what a name stands for: "lamp" in "standing lamp" is not called anything else."""
        return frozenset(
            place for meaning in self._named for start in _starts(tokens, meaning) for place in range(start, start + len(meaning))
        )

    def _replaced(self, tokens: list[str], named: frozenset[int]) -> tuple[list[str], list[Taught]]:
        parts: list[str] = []
        used: list[Taught] = []
        place = 0
        while place < len(tokens):
            found = next(((width, taught) for name, taught in self._names if (width := _width_at(tokens, place, name))), None)
            if found is None or not named.isdisjoint(range(place, place + found[0])):
                parts.append(tokens[place])
                place += 1
                continue
            width, taught = found
            meaning = canonical(taught.meaning).split()
            if parts and {parts[-1], meaning[0]} <= _DETERMINERS:
                parts.pop()  # "The den" that is "my living room" is not "the my living room".
            parts.extend(meaning)
            used.append(taught)
            place += width
        return parts, used


_DEFINITE = frozenset({"the", "my", "our"})

_DETERMINERS = _DEFINITE | {"a", "an"}


def _width_at(tokens: list[str], place: int, name: list[str]) -> int:
    """How many words from a place on are a name; 0 where it does not begin there. "My snug" is "the snug" too, but not any snug."""
    if tokens[place : place + len(name)] == name:
        return len(name)
    noun = name[1:]
    is_other = name[0] in _DEFINITE and place > 0 and tokens[place - 1] in _DEFINITE
    return len(noun) if is_other and tokens[place : place + len(noun)] == noun else 0


def _starts(tokens: list[str], sought: list[str]) -> Iterator[int]:
    width = len(sought)
    return (start for start in range(len(tokens) - width + 1) if tokens[start : start + width] == sought)
