"""Made-up talk of any length, a day at a time, as DuckDB makes it: heavy-tailed wishes, customers with habits, refusals and second tries.

Knows the columns of the lake's views; nobody's log is in it. Every row is a function of its number and of the seed.
"""

from __future__ import annotations

from dataclasses import dataclass

from resay.store.reading import Connection

DAYS = 30

TURNS_A_CUSTOMER = 300
"""Ten turns a day and customer."""

TURNS_A_SESSION = 3

WISHES = 20_000
"""Different wishes; the n-th most frequent is wished about 1/n as often as the first (Zipf)."""

HABITS = 20
"""Wishes that a customer comes back to, the first of them most often."""

HABITUAL = 0.8
"""Share of sessions about one of these."""

FAILING = 0.15
"""Share of wordings that the assistant mostly cannot read."""

REFUSED = (0.03, 0.85)
"""Share of tries that it cannot read: of other wordings, and of these."""


@dataclass(frozen=True, slots=True)
class Talk:
    """So many turns, in all."""

    turns: int
    seed: int
    turns_a_customer: int = TURNS_A_CUSTOMER

    @property
    def customers(self) -> int:
        """How many talk."""
        return max(50, self.turns // self.turns_a_customer)


def make_day(connection: Connection, talk: Talk, day: int) -> None:
    """Put one day's talk in place of the views `turns`, `outcomes`, `segments` and `links`."""
    sessions = talk.turns // DAYS // TURNS_A_SESSION
    first = day * sessions
    connection.execute(
        f"""
        create or replace temp table made as
        with sessions as (
            select number, {_dice("number", 1, talk)} as wished, {_dice("number", 2, talk)} < {HABITUAL} as is_habit,
                cast(floor({_dice("number", 3, talk)} * {talk.customers}) as bigint) as customer
            from range({first}, {first + sessions}) as numbers(number)
        ),
        wanted as (
            select *, cast(floor(pow({WISHES}.0, case
                when is_habit then {_dice(f"customer * {HABITS} + cast(floor(pow({HABITS}.0, wished)) as bigint)", 4, talk)} else wished
            end)) as bigint) as wish
            from sessions
        )
        select number, wish, try, customer, 'say wish ' || wish || ' in way ' || way as said,
            {_dice(f"number * {TURNS_A_SESSION} + try", 5, talk)} < case
                when {_dice("wish * 10 + way", 6, talk)} < {FAILING} then {REFUSED[1]} else {REFUSED[0]}
            end as refused,
            timestamptz '2026-01-01 00:00:00+00' + to_seconds(cast(86400 * {day} + 10 * try
                + floor(86000.0 * (number - {first}) / {sessions}) as bigint)) as event_time
        from (select *, customer % {TURNS_A_SESSION} + try as way from wanted, range({TURNS_A_SESSION}) as tries(try)) as tried
        """
    )
    turn = f"'turn-' || lpad(cast(number * {TURNS_A_SESSION} + try as varchar), 27, '0')"
    for name, columns, where in (
        (
            "turns",
            f"""
            {turn} as turn_id, 'customer-' || customer as customer_id, 'account' as customer_kind, event_time, said,
            'Say' || substr(said, 4) as utterance, cast(null as varchar) as prompt_kind, 'room ' || (number % 5) as room,
            cast(null as varchar) as device_type, cast(null as varchar[]) as cohorts, cast(null as varchar) as rewrite_id,
            cast(null as varchar) as original,
            case when refused then '?|' || said || '|' else 'domain|intent|{{"name":"' || wish || '"}}' end as state
            """,
            "true",
        ),
        ("outcomes", f"{turn} as turn_id, case when refused then 'failure' else 'success' end as outcome, 'made-up/1' as labeller", "true"),
        ("segments", f"{turn} as turn_id, 'segment-' || number as segment_id, 'made-up/1' as labeller", "true"),
        (
            "links",
            f"{turn} as source_turn_id, {turn.replace('+ try', '+ try + 1')} as target_turn_id, 0.9::double as probability",
            f"refused and try < {TURNS_A_SESSION - 1}",
        ),
    ):
        connection.execute(f"create or replace temp table made_{name} as select {columns} from made where {where}")
        connection.execute(f"create or replace temp view {name} as select * from made_{name}")
    connection.execute("drop table made")


def _dice(number: str, die: int, talk: Talk) -> str:
    """SQL for a chance, 0 to below 1, that is a function of a number, of which die it is, and of the seed."""
    return f"(cast(hash({number}, {die}, {talk.seed}) % 1000000 as double) / 1000000.0)"
