"""A made-up world in which a learner meets its own rewrites again: a few kinds of wishes, some of which change, with the truth about each.

Small on purpose: no voices and no assistant, only what decides whether learning from one's own rewrites goes wrong (Ponnusamy et al.
2022). Knows what is said and what comes of it; knows nothing of how rewrites are learnt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from random import Random

CHANGES_ON = 12
"""Day on which wishes that change do so: enough was learnt before, and sixteen days are left to find out."""

CONTROL_SHARE = 0.1
"""Customers who are never served a rewrite, as in a running experiment."""

HELD_OUT = 0.02
"""Of the others' turns, as `rewrite_online.hold_out` has it."""

REPHRASES = 0.6
"""Customers who try again after a failure that nobody set right (EVALUATION 2: 49/60/64 % within 1/2/3 turns, from DSTC2)."""

SPEAKS_UP = 0.7
"""Customers who show that something else was done than they wanted. The others go away, and the log calls it a success."""

WORKS, SELDOM = 0.95, 0.02
"""How often the assistant does what a supported wording means, and what one means that is not supported."""

MOSTLY, BARELY = 0.9, 0.1
"""The same of a wording that mostly works, and of one that is broken."""

GOES_ON = 0.35
"""Who wants something else besides, in the same session (as in the home of `resay lab`)."""

ERRANDS = ("what time is it", "what is the weather", "set a timer", "tell me a joke")
"""What that is; it always works, and has nothing to do with what was said before."""

ERRAND_WEIGHTS = (8, 4, 2, 1)

SEEN_AGAIN, SEEN_ELSE = (5.0, 2.0), (1.0, 4.0)
"""Beta distributions of the chance that a detector gives a second try, and something else: mostly right, and never sure. Made up."""

SAID_DAILY, DIRECT_DAILY = 6, 2
"""Customers a day who say a wish in the wording that may be rewritten, and in each of its others."""


class Kind(Enum):
    """What is the matter with a wish."""

    STEADY = "refused as said, always"
    LEARNT = "refused as said, until the assistant learns it"
    MOVED = "means something else after the change"
    BROKEN = "the wording that helped is refused after the change, another one helps"
    MIXED = "half of those who say it mean one thing, half another"
    FINE = "mostly works as said"


@dataclass(frozen=True, slots=True)
class Wish:
    """One wording, and the two others that may help."""

    name: str
    kind: Kind

    @property
    def source(self) -> str:
        """What is mostly said."""
        return f"{self.name} now"

    @property
    def wordings(self) -> tuple[str, str]:
        """What else is said: of one meaning where the kind is BROKEN, of two otherwise."""
        return f"please {self.name}", f"kindly do {self.name}"

    def targets(self, day: int) -> dict[str, str]:
        """What should be put in place of which wording on this day; all else is best left alone."""
        first, second = self.wordings
        if self.kind in {Kind.MIXED, Kind.FINE} or (self.kind is Kind.LEARNT and day >= CHANGES_ON):
            return {}
        if self.kind is Kind.BROKEN and day >= CHANGES_ON:
            return {self.source: second, first: second}
        return {self.source: second if self.kind is Kind.MOVED and day >= CHANGES_ON else first}

    def meant(self, day: int, rng: Random) -> int:
        """Which of its meanings a customer has in mind."""
        if self.kind is Kind.MIXED:
            return rng.randrange(2)
        return int(self.kind is Kind.MOVED and day >= CHANGES_ON)

    def meaning(self, text: str) -> int:
        """Which meaning the assistant takes a text for."""
        return int(text == self.wordings[1] and self.kind is not Kind.BROKEN)

    def works(self, text: str, day: int) -> float:
        """How often the assistant does anything on this text."""
        changed = day >= CHANGES_ON
        if text == self.source:
            return MOSTLY if self.kind is Kind.FINE else WORKS if self.kind is Kind.LEARNT and changed else SELDOM
        return BARELY if self.kind is Kind.BROKEN and changed and text == self.wordings[0] else WORKS

    def helps(self, meant: int, day: int) -> str:
        """What a customer says to be understood."""
        if self.kind is Kind.BROKEN:
            return self.wordings[day >= CHANGES_ON]
        return self.wordings[meant]

    def state(self, meaning: int) -> str:
        """What the assistant calls a meaning; of low risk."""
        return f"light|{self.name.replace(' ', '_')}_{meaning}|"


@dataclass(frozen=True, slots=True)
class Spoken:
    """One turn, as an assistant logs and labels it."""

    turn_id: str
    customer: str
    day: int
    second: float
    said: str
    given: str
    """What the NLU was given: the target, where the turn was rewritten."""
    state: str | None
    """Nothing: it was refused."""
    succeeded: bool
    """By the labels."""
    right: bool
    """In truth."""
    again_of: str = ""
    """The turn that this one says again; empty: a first try."""
    after: str = ""
    """The turn before it in the same session; empty: it begins one."""
    linked: float = 0.0
    """The chance that a detector gives that it says that turn again."""

    @property
    def is_errand(self) -> bool:
        """Whether it is something else that came to mind, which nothing is learnt about."""
        return self.said in ERRANDS

    @property
    def rewritten(self) -> bool:
        """Whether something was put in place of what was said."""
        return self.given != self.said


def wishes(each: int) -> list[Wish]:
    """So many of each kind, in an order that tells nothing."""
    kinds = list(Kind)
    return [
        Wish(f"{_LETTERS[number // 20]}{_LETTERS[number % 20]}x thing", kinds[number % len(kinds)]) for number in range(each * len(kinds))
    ]


def customers(number: int) -> list[str]:
    """Their names."""
    return [f"c{place}" for place in range(number)]


def talk_of_day(asked: Sequence[Wish], people: Sequence[str], table: Mapping[str, str], *, day: int, seed: int) -> Iterator[Spoken]:
    """What is said on one day while a table is served. Who says what, and what they mean, does not depend on the table."""
    served = set(people[int(CONTROL_SHARE * len(people)) :])
    for place, wish in enumerate(asked):
        texts = [wish.source] * SAID_DAILY + [each for each in wish.wordings for _ in range(DIRECT_DAILY)]
        rng = Random(f"{seed}/{day}/{wish.name}")
        for number, (text, customer) in enumerate(zip(texts, rng.sample(people, len(texts)), strict=True)):
            chance = Random(f"{seed}/{day}/{wish.name}/{number}")
            held_out, meant = chance.random() < HELD_OUT, wish.meant(day, chance)
            given = table.get(text, text) if customer in served and not held_out else text
            meant = meant if text == wish.source else wish.meaning(text)
            opening = _Try(f"{day}.{place}.{number}", customer, day, 60.0 * (place * 20 + number), meant)
            tries = list(_session(wish, opening, said=text, given=given, chance=chance))
            # By chance of its own: what else is said does not depend on the table either.
            yield from _seen(tries + list(_errand(opening, tries[-1], Random(f"{seed}/{day}/{wish.name}/{number}/else"))))


_LETTERS = "abcdefghijklmnopqrst"


@dataclass(frozen=True, slots=True)
class _Try:
    """Who begins what, when, with which meaning in mind."""

    name: str
    customer: str
    day: int
    second: float
    meant: int


def _session(wish: Wish, begun: _Try, *, said: str, given: str, chance: Random) -> Iterator[Spoken]:
    """A first try, and where it failed perhaps a second one in words that help."""
    first = _turn(wish, begun, said=said, given=given, chance=chance)
    yield first
    if not first.succeeded and chance.random() < REPHRASES:
        again = wish.helps(begun.meant, begun.day)
        if again != said:
            then = _Try(f"{begun.name}.again", begun.customer, begun.day, begun.second + 8, begun.meant)
            yield _turn(wish, then, said=again, given=again, chance=chance, again_of=first.turn_id)


def _errand(begun: _Try, last: Spoken, chance: Random) -> Iterator[Spoken]:
    """Something else, in the same session."""
    wanted = chance.choices(ERRANDS, ERRAND_WEIGHTS)[0]
    if chance.random() < GOES_ON:
        state = f"clock|{wanted.replace(' ', '_')}|"
        name, second = f"{begun.name}.else", begun.second + 20
        yield Spoken(name, begun.customer, begun.day, second, wanted, wanted, state, succeeded=True, right=True, after=last.turn_id)


def _seen(turns: Sequence[Spoken]) -> Iterator[Spoken]:
    """With what a detector makes of them."""
    for each in turns:
        chance = Random(f"seen/{each.turn_id}")
        yield replace(each, linked=chance.betavariate(*(SEEN_AGAIN if each.again_of else SEEN_ELSE))) if each.after else each


def _turn(wish: Wish, begun: _Try, *, said: str, given: str, chance: Random, again_of: str = "") -> Spoken:
    does = chance.random() < wish.works(given, begun.day)
    # What is understood as it was said, is understood as it was meant.
    meaning = begun.meant if given == wish.source else wish.meaning(given)
    right = does and meaning == begun.meant
    told = does and not right and chance.random() < SPEAKS_UP
    return Spoken(
        turn_id=begun.name,
        customer=begun.customer,
        day=begun.day,
        second=begun.second,
        said=said,
        given=given,
        state=wish.state(meaning) if does else None,
        succeeded=does and not told,
        right=right,
        again_of=again_of,
        after=again_of,
    )
