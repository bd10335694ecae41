"""What worked after what failed: the words of a customer that failed lately, and their own next ones that did what they wanted.

Knows the lake's links and labels; knows nothing of whether this may be offered (`ask`), nor when.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from resay.dialogue.rewrite import Risk
from resay.dialogue.risk import risk_of
from resay.store.lake import Lake
from resay.store.turns_view import DUCKDB, merged_turns

LATELY = timedelta(days=1)
"""How old a second try may be: later nobody remembers what it is about."""

LINKED_FROM = 0.5
"""Links of this probability and more: likelier than not the second try was at the same thing."""

FAILS_FROM = 0.5
"""The words must fail mostly, whoever said them in the last month: what failed by chance need not be taught otherwise."""

LOOKED_BACK = timedelta(days=28)

WORKED_MAX = 10_000
"""Second tries that are looked at, the newest first: a day of a home of a hundred thousand customers."""


@dataclass(frozen=True, slots=True)
class Worked:
    """A second try that did what was wanted."""

    customer_id: str
    words: str
    """Canonical text of what failed."""
    meaning: str
    """What worked, as the assistant was handed it."""
    at: datetime
    """When it worked, UTC."""
    first_turn_id: str
    turn_id: str
    """Of the second try."""


def read_worked(lake: Lake, *, now: datetime) -> dict[str, Worked]:
    """The newest such try of each customer, by id. Never what is risky, answers a question, or was said by us.

    Raises: LakeUnavailable.
    """
    with lake.connect() as connection:
        rows = connection.execute(_WORKED, [now - LATELY, now, LINKED_FROM, now - 2 * LATELY, WORKED_MAX]).fetchall()
        words = sorted({said for _, said, *_ in rows})
        failing = (
            {said for (said,) in connection.execute(_FAILING, [words, now - LOOKED_BACK, now, FAILS_FROM]).fetchall()} if words else set()
        )
    newest: dict[str, Worked] = {}
    for customer, said, meaning, at, first, then, state, first_state in rows:
        if said in failing and not any(risk_of(*each) is Risk.HIGH for each in ((state or "", meaning), (first_state or "", said))):
            newest.setdefault(customer, Worked(customer, said, meaning, at, first, then))
    return newest


_PARTS = """(
    select * from turn_parts
    where event_time > ? and turn_id in (select source_turn_id from linked union all select target_turn_id from linked)
)"""

_WORKED = f"""
    with linked as (
        select source_turn_id, target_turn_id, max(probability) as probability
        from links
        where event_time > ? and event_time <= ?
        group by source_turn_id, target_turn_id
        having probability >= ?
    ),
    tries as ({merged_turns(DUCKDB, _PARTS)}),
    came as (select turn_id, max(outcome) as outcome from outcomes where turn_id in (select turn_id from tries) group by turn_id)
    select first.customer_id, first.said, second.utterance, second.event_time, first.turn_id, second.turn_id,
        second.interpretation, first.interpretation
    from linked
    join tries as first on first.turn_id = linked.source_turn_id
    join tries as second on second.turn_id = linked.target_turn_id
    join came as failed on failed.turn_id = first.turn_id
    join came as worked on worked.turn_id = second.turn_id
    where first.customer_id = second.customer_id and first.said <> second.said and first.said <> '' and second.said <> ''
        and failed.outcome = 'failure' and worked.outcome = 'success'
        and coalesce(first.prompt_kind, '') = '' and coalesce(second.prompt_kind, '') = ''
        and first.original is null and second.original is null
        and second.interpretation is not null and not coalesce(second.unresolved, false)
        and coalesce(second.explicit, '') <> 'no'
    order by second.event_time desc, second.turn_id, linked.probability desc, first.turn_id
    limit ?
"""

_FAILING = """
    select turn_parts.canonical
    from turn_parts
    join outcomes on outcomes.turn_id = turn_parts.turn_id
    where turn_parts.canonical in (select unnest(?)) and turn_parts.event_time > ? and turn_parts.event_time <= ?
        and outcomes.outcome in ('success', 'failure')
    group by turn_parts.canonical
    having avg(case when outcomes.outcome = 'failure' then 1.0 else 0.0 end) >= ?
"""
