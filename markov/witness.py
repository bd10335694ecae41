"""Whether enough customers say a text, by a sample of its turns: of a text that all say, a few dozen turns are proof enough.

Counts too few rather than too many: what a sample does not prove must be counted in full.
"""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa

from markov.verify import Rules
from resay.store.reading import Connection
from resay.store.turns_view import DUCKDB, merged_turns

LOOKED_TIMES = 4
"""Turns that are looked at for each customer that is needed: most customers who say a text say it more than once."""


def surely_said(connection: Connection, texts: Collection[str], rules: Rules) -> set[tuple[str, str]]:
    """Of these canonical texts those that, after a kind of prompt, enough customers who count said themselves: (text, kind)."""
    if not texts:
        return set()
    connection.register("sought_texts", pa.table({"said": pa.array(sorted(texts), pa.string())}))
    connection.execute(_LOOKED.format(looked=LOOKED_TIMES * rules.customers_min))
    told = merged_turns(DUCKDB, "(select * from turn_parts where turn_id in (select turn_id from looked))")
    rows = connection.execute(_SAID.format(turns=told, days=rules.account_age_days)).fetchall()
    return {(said, kind) for said, kind, speakers in rows if speakers >= rules.customers_min}


_LOOKED = """
    create or replace temp table looked as
    select distinct unnest(turns) as turn_id
    from (
        select arg_min(turn_id, hash(turn_id), {looked}) as turns
        from turn_parts where canonical in (select said from sought_texts) and original is null
        group by canonical
    )
"""

_SAID = """
    with spoken as (
        select said, coalesce(prompt_kind, '') as kind, customer_id
        from ({turns}) as turns
        where original is null and rewrite_id is null and said in (select said from sought_texts)
    ),
    counting as (
        select customer_id from turn_parts where customer_id in (select customer_id from spoken)
        group by customer_id
        having not bool_or(coalesce(customer_kind, '') = 'session')
            and min(event_time) <= (select max(event_time) from turn_parts where utterance is not null) - interval '{days}' day
    )
    select said, kind, count(distinct customer_id) from spoken semi join counting using (customer_id) group by all
"""
