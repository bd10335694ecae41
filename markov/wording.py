"""What the log tells the checker of each wording: who said it, how they fared, what it was taken for. Counted once for a whole table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from markov.facts import Facts, Told


@dataclass(frozen=True, slots=True)
class Wording:
    """One text in one context, as customers who count said it themselves."""

    speakers: int
    """Customers."""
    rate: float | None
    """Success: each customer's own rate, averaged, so that no one customer decides; nothing where nothing was judged."""
    readings: Mapping[str | None, frozenset[str]]
    """What it is taken for, by room; under nothing, in any room."""
    in_vain: tuple[Told, ...]
    """Its turns that did not succeed."""

    def means(self, state: str, room: str) -> bool:
        """Whether it is taken for this state: in this room, or in any where it was never said in this one."""
        return state in self.readings.get(room, self.readings[None])


def counting_customers(facts: Facts, account_age_days: int) -> frozenset[str]:
    """Customers who count: no sessions, no accounts that are too young."""
    if facts.newest is None:
        return frozenset()
    latest = facts.newest - timedelta(days=account_age_days)
    return frozenset(customer for customer, first in facts.first_seen.items() if first <= latest and customer not in facts.sessions)


def wordings_of(facts: Facts, counting: Collection[str], *, share_min: float) -> dict[tuple[str, str], Wording]:
    """All wordings of the facts, by text and prompt kind; a reading must have `share_min` of a wording's turns."""
    said: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for turn in facts.turns.values():
        if not turn.rewritten:
            # A wording that only customers said who do not count is known, with nobody behind it.
            of_wording = said[(turn.said, turn.kind)]
            if turn.customer_id in counting:
                of_wording.append(turn)
    return {
        key: Wording(
            speakers=len({turn.customer_id for turn in turns}),
            rate=_rate(turns),
            readings=_readings(turns, share_min),
            in_vain=tuple(turn for turn in turns if turn.outcome != "success"),
        )
        for key, turns in said.items()
    }


def segments_of(facts: Facts) -> dict[str, list[Told]]:
    """The turns of each goal segment, in order."""
    segments: dict[str, list[Told]] = defaultdict(list)
    for turn in sorted(facts.turns.values(), key=lambda turn: (turn.event_time, turn.turn_id)):
        if turn.segment_id:
            segments[turn.segment_id].append(turn)
    return segments


def _rate(turns: Iterable[Told]) -> float | None:
    by_customer: dict[str, list[bool]] = defaultdict(list)
    for turn in turns:
        if turn.outcome in ("success", "failure"):
            by_customer[turn.customer_id].append(turn.outcome == "success")
    rates = [sum(each) / len(each) for each in by_customer.values()]
    return sum(rates) / len(rates) if rates else None


def _readings(turns: Iterable[Told], share_min: float) -> dict[str | None, frozenset[str]]:
    states: dict[str | None, Counter[str]] = defaultdict(Counter, {None: Counter()})
    for turn in turns:
        states[turn.room][turn.state] += 1
        states[None][turn.state] += 1
    return {room: frozenset(state for state, times in of.items() if times >= share_min * of.total()) for room, of in states.items()}
