"""What one customer's own turns tell the checker: texts that they said, and those from which they went on to a success.

Told generously: whoever leaves is taken off wherever they may have counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from resay.store.reading import Connection


@dataclass(frozen=True, slots=True)
class Own:
    """Of one customer."""

    texts: frozenset[str]
    """Canonical texts, of whatever part of a turn, and whatever we had put in their place."""
    led_on: frozenset[str]
    """Of these, those that were said in vain and followed by a success within the same goal."""
    rooms: frozenset[str]


def read_own(connection: Connection, customer_id: str) -> Own:
    """What a customer said; a look at their rows alone."""
    connection.execute("create or replace temp table own_parts as " + _OWN, [customer_id])
    texts: set[str] = set()
    for column in ("canonical", "original"):
        texts |= _column(connection, f"select distinct {column} from own_parts where {column} is not null")
    led_on = _column(connection, _LED_ON)
    rooms = _column(connection, "select distinct room from own_parts where room is not null")
    return Own(frozenset(texts), frozenset(led_on), frozenset(rooms))


def _column(connection: Connection, query: str) -> set[str]:
    rows: Iterable[tuple[str]] = connection.execute(query).fetchall()
    return {value for (value,) in rows}


_OWN = "select turn_id, event_time, canonical, original, room from turn_parts where customer_id = ?"

_LED_ON = """
    with judged as (
        select turn_id, max_by(outcome, labeller) as outcome from outcomes semi join own_parts using (turn_id) group by turn_id
    ),
    goals as (
        select turn_id, max_by(segment_id, (labeller, segment_id)) as segment_id
        from segments semi join own_parts using (turn_id) group by turn_id
    ),
    spoken as (
        select own_parts.event_time, goals.segment_id, coalesce(original, canonical) as said, coalesce(judged.outcome, '') as outcome
        from own_parts join goals using (turn_id) left join judged using (turn_id)
        where canonical is not null
    )
    select distinct said
    from spoken join (select segment_id, max(event_time) as last from spoken where outcome = 'success' group by segment_id) as ended
        using (segment_id)
    where outcome <> 'success' and event_time <= last
"""
