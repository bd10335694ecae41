"""What the log tells the checker of each wording: who said it, how they fared, what it was taken for. Counted once for a whole table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from markov.facts import Facts, Told
from resay.dialogue.rewrite import Place

ANYWHERE = Place()


@dataclass(frozen=True, slots=True)
class Wording:
    """One text in one place, as customers who count said it themselves."""

    speakers: int
    """Customers."""
    rate: float | None
    """Success: each customer's own rate, averaged, so that no one customer decides; nothing where nothing was judged."""
    readings: Mapping[Place, frozenset[str]]
    """What it is taken for, by room and by kind of device; under `ANYWHERE`, at all."""
    in_vain: tuple[Told, ...]
    """Its turns that did not succeed."""

    def means(self, state: str, place: Place) -> bool:
        """Whether it is taken for this state: in this place, or in any where it was never said in this one."""
        return state in self.readings.get(place, self.readings[ANYWHERE])


def counting_customers(facts: Facts, account_age_days: int) -> frozenset[str]:
    """Customers who count: no sessions, no accounts that are too young."""
    if facts.newest is None:
        return frozenset()
    latest = facts.newest - timedelta(days=account_age_days)
    return frozenset(customer for customer, first in facts.first_seen.items() if first <= latest and customer not in facts.sessions)


def wordings_of(
    facts: Facts, counting: Collection[str], *, share_min: float, split_off: Collection[tuple[str, Place]] = ()
) -> dict[tuple[str, Place], Wording]:
    """All wordings of the facts, by text and prompt kind, and those `split_off` once more; a reading must have `share_min` of the turns."""
    said: dict[tuple[str, Place], list[Told]] = defaultdict(list)
    # Millions of turns share some thousand texts and places: what a turn belongs to is found once for all that are alike.
    alike: dict[tuple[str, str, str, str], list[list[Told]]] = {}
    for turn in facts.turns.values():
        if not turn.rewritten:
            key = (turn.said, turn.kind, turn.room, turn.device_type)
            if key not in alike:
                # A wording that only customers said who do not count is known, with nobody behind it.
                places = [place for place in rooms_of(turn.room, turn.device_type, turn.kind) if (turn.said, place) in split_off]
                alike[key] = [said[turn.said, place] for place in (Place(turn.kind), *places)]
            if turn.customer_id in counting:
                for of_wording in alike[key]:
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


def rooms_of(room: str, device_type: str, kind: str = "") -> list[Place]:
    """The room and the kind of device of a turn, each as a place of its own, as far as they are known."""
    return [place for place in (Place(kind, room=room), Place(kind, device_type=device_type)) if place.is_split_off]


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


def _readings(turns: Iterable[Told], share_min: float) -> dict[Place, frozenset[str]]:
    states: dict[Place, Counter[str]] = defaultdict(Counter, {ANYWHERE: Counter()})
    for (room, device_type, state), times in Counter((turn.room, turn.device_type, turn.state) for turn in turns).items():
        for place in (ANYWHERE, *rooms_of(room, device_type)):
            states[place][state] += times
    return {place: frozenset(state for state, times in of.items() if times >= share_min * of.total()) for place, of in states.items()}
