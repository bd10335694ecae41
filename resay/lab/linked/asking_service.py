"""Services: what an assistant that asks is for, which values it knows, and how people put things. Drawn anew for each session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

from resay.lab.linked.asking_words import COMMON, DETAILS, THINGS
from resay.lab.linked.forms import FIELDS
from resay.lab.linked.part import Part, dealt, part_of
from resay.lab.linked.requests import Requests

SLOTS_MIN, SLOTS_MAX = 3, 6

DETAILS_MAX = 7

VALUES_MIN, VALUES_MAX = 4, 40
"""Values of a slot; with fewer there is little to change or to mishear."""

VALUE_WORDS_MAX = 3
"""Longer ones are whole requests that somebody took down as one."""

NAMES = 3
"""Things that may be found, one after another."""

COMMON_SHARE, FIELD_SHARE = 0.25, 0.35
"""Share of slots whose values are listed, and of the others those that are called as a field of a form. Made up."""


@dataclass(frozen=True, slots=True)
class Service:
    """What can be asked and answered."""

    thing: str
    slots: Mapping[str, Sequence[str]]
    """Values by slot, in the order in which the assistant asks."""
    details: tuple[str, ...]
    names: tuple[str, ...]
    answers: tuple[str, ...]
    """What may be told of any detail."""


@cache
def carriers(part: Part, of: tuple[str, ...]) -> tuple[str, ...]:
    """The wordings of one part; each part has some, and none is of two."""
    parts = dealt(of)
    return tuple(each for each in dict.fromkeys(of) if parts[each] is part)


def slots_of(requests: Requests) -> dict[str, tuple[str, ...]]:
    """The slots of the texts of one part that have values enough."""
    short = {slot: tuple(each for each in dict.fromkeys(values) if _is_short(each)) for slot, values in requests.values.items()}
    return {slot: values for slot, values in short.items() if len(values) >= VALUES_MIN and slot not in (*FIELDS, "thing", "reply")}


def draw_service(slots: Mapping[str, Sequence[str]], part: Part, rng: Random) -> Service:
    """A service for one thing, with some slots."""
    drawn: dict[str, Sequence[str]] = {}
    for _ in range(rng.randint(SLOTS_MIN, SLOTS_MAX)):
        name, values = _slot(slots, part, rng)
        drawn[name] = rng.sample(values, min(VALUES_MAX, len(values)))
    anything = [value for values in slots.values() for value in values] or [value for _, values in COMMON for value in values]
    names = [f"{rng.choice(anything)} {rng.choice(anything)}" if rng.random() < 0.4 else rng.choice(anything) for _ in range(NAMES)]
    details = carriers(part, DETAILS)
    return Service(
        thing=rng.choice(carriers(part, THINGS)),
        slots=drawn,
        details=tuple(rng.sample(details, min(DETAILS_MAX, len(details)))),
        names=tuple(names),
        answers=tuple(_answer(anything, rng) for _ in range(DETAILS_MAX)),
    )


@dataclass(slots=True)
class Wordings:
    """Somebody's way to put things: few carriers of each kind, kept through a session."""

    part: Part
    rng: Random
    few: int
    """Carriers of each kind: an assistant says a thing in one way, people in some."""
    kept: dict[tuple[str, ...], Sequence[str]] = field(default_factory=dict)

    def draw(self, of: tuple[str, ...]) -> str:
        """A carrier of a kind."""
        if of not in self.kept:
            mine = carriers(self.part, of)
            self.kept[of] = self.rng.sample(mine, min(self.few, len(mine)))
        return self.rng.choice(self.kept[of])


def _slot(slots: Mapping[str, Sequence[str]], part: Part, rng: Random) -> tuple[str, Sequence[str]]:
    common = [each for each in COMMON if part_of(f"common/{each[0]}") is part]
    if not slots or (common and rng.random() < COMMON_SHARE):
        return rng.choice(common or COMMON)
    name = rng.choice(sorted(slots))
    fields = [each for each in FIELDS if part_of(f"field/{each}") is part]
    called = rng.choice(fields) if fields and rng.random() < FIELD_SHARE else name.replace("_", " ")
    return called, slots[name]


def _answer(anything: Sequence[str], rng: Random) -> str:
    draw = rng.random()
    if draw < 0.35:
        return " ".join(str(rng.randrange(10)) for _ in range(rng.randint(2, 7)))
    if draw < 0.5:
        return f"{rng.randint(1, 99)} {rng.choice(('dollars', 'euros', 'minutes', 'miles', 'pounds', 'hours'))}"
    return rng.choice(anything)


def _is_short(value: str) -> bool:
    return 0 < len(value.split()) <= VALUE_WORDS_MAX and "," not in value
