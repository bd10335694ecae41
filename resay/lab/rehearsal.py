"""How the customers of a world come out when they talk: rates of what fails and of what is said again, beside those that are asked.

Lets them talk to the assistant with nothing between; knows the truth, and tells rates of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from resay.dialogue.tick import Tick
from resay.lab.assistant import Assistant
from resay.lab.cast import Casting, casts
from resay.lab.conversation import Exchange
from resay.lab.customer import Try
from resay.lab.making import START
from resay.lab.traffic import Span, talk
from resay.lab.world import World

SAID_AGAIN = frozenset({Try.SAME_WORDS, Try.REPAIR, Try.OTHER_WORDS})
"""Second tries at what has failed."""

LAG_MAX = 3
"""Turns within which they are looked for, as they were in DSTC2."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share that came out, and the one that is asked."""

    name: str
    of: int
    """Turns that it is a share of."""
    share: float | None
    """None where there was none of these."""
    asked: float | None
    source: str = ""
    """Where that comes from."""


@dataclass(slots=True)
class Rehearsal:
    """What was counted."""

    turns: int = 0
    failed: int = 0
    main: Counter[bool] = field(default_factory=Counter)
    """Whether turns of well-served voices were right."""
    lags: Counter[int] = field(default_factory=Counter)
    """Turns from one that failed to the next try at it."""
    again: Counter[bool] = field(default_factory=Counter)
    """Whether that was right."""
    reworded: Counter[bool] = field(default_factory=Counter)
    repeated: Counter[bool] = field(default_factory=Counter)
    attempts: Counter[Try] = field(default_factory=Counter)

    def add(self, exchanges: Iterable[Exchange]) -> None:
        """Count whole sessions."""
        sessions: dict[str | None, list[Exchange]] = {}
        for each in exchanges:
            sessions.setdefault(each.turn.session_id, []).append(each)
        for session in sessions.values():
            for place, each in enumerate(session):
                self._count(each, session[place + 1 : place + 1 + LAG_MAX])

    def rates(self) -> Iterator[Rate]:
        """The rates, beside those of EVALUATION, section 2, and of DSTC2 (1,889 second tries)."""
        yield _rate("turns of well-served voices that fail", self.main, asked=1 / 3, source="about a third")
        for lag, asked in enumerate((0.492, 0.602, 0.644), start=1):
            within = sum(self.lags[each] for each in range(1, lag + 1))
            words = f"failed turns said again within {lag} turn{'s' * (lag > 1)}"
            yield Rate(words, self.failed, within / self.failed if self.failed else None, asked, "DSTC2")
        yield _rate("second tries that fail again", self.again, asked=0.479, source="DSTC2: about half")
        yield _rate("those in other words", self.reworded, asked=0.432, source="DSTC2")
        yield _rate("those in the same words", self.repeated, asked=0.581, source="DSTC2")
        tries = sum(self.attempts[each] for each in SAID_AGAIN)
        same = tries - self.attempts[Try.OTHER_WORDS]
        yield Rate("second tries in the same words", tries, same / tries if tries else None, 0.316, "DSTC2")

    def _count(self, each: Exchange, later: Sequence[Exchange]) -> None:
        truth = each.truth
        self.turns += 1
        self.attempts[truth.attempt] += 1
        if truth.main:
            self.main[truth.right] += 1
        if truth.right:
            return
        self.failed += 1
        for lag, other in enumerate((each.truth for each in later), start=1):
            if other.goal == truth.goal and other.attempt in SAID_AGAIN:
                self.lags[lag] += 1
                self.again[other.right] += 1
                (self.reworded if other.attempt is Try.OTHER_WORDS else self.repeated)[other.right] += 1
                return


def rehearse(world: World, assistant: Assistant, casting: Casting, *, tick: Tick) -> Rehearsal:
    """Let the customers of a loop's learning days talk."""
    cast, _ = casts(world, assistant, casting)
    rehearsal = Rehearsal()
    days = talk(cast.stage, cast.customers, span=Span(START, 0, casting.days), seed=casting.seed, false_wakes=())
    for done, exchanges in enumerate(days, start=1):
        rehearsal.add(exchanges)
        tick(done, casting.days)
    return rehearsal


def _rate(name: str, right: Counter[bool], *, asked: float, source: str) -> Rate:
    return Rate(name, right.total(), right[False] / right.total() if right.total() else None, asked, source)
