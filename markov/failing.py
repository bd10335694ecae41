"""Why wordings fail: what verdicts of where turns failed first (`failure_points`) say of those that failed, each customer weighing alike.

Verdicts are of a model, and of single turns little is sure; of a wording the mean over enough customers is. Where nobody classifies
turns there are no verdicts, and nothing is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from markov.verify import Rules
from resay.dialogue.wording import Failing, Wording
from resay.store.reading import Connection
from resay.store.tables import TEXT

WINDOW_DAYS = 56
"""Days that are looked at: as many as of the record of a rewrite. What was down before is up, or is known by now."""

ROUNDED = 3
"""Decimals of a share: means come out a little differently with each order, and files must not."""


def with_failing(connection: Connection, wordings: Sequence[Wording], rules: Rules) -> tuple[Wording, ...]:
    """The wordings, each with why it failed lately, by what the lake says now; nothing where fewer than the floor of customers tell.

    Only of turns that customers said themselves, and that failed: what succeeds is no question.
    """
    ((since,),) = connection.execute(f"select max(day) - date '1970-01-01' - {WINDOW_DAYS - 1} from chain_turns").fetchall()
    return tuple(_told(connection, wordings, rules, since=since or 0))


def told_again(connection: Connection, wordings: Sequence[Wording], rules: Rules) -> list[Wording]:
    """The same wordings; of those that were told why they fail this is counted anew, over the days that were looked at and since."""
    had = [each for each in wordings if each.failing is not None]
    since = min((each.failing.since for each in had if each.failing), default=0)
    anew = {(each.text, each.prompt_kind): each for each in (_told(connection, had, rules, since=since) if had else ())}
    return [anew.get((each.text, each.prompt_kind), each) for each in wordings]


def _told(connection: Connection, wordings: Sequence[Wording], rules: Rules, *, since: int) -> list[Wording]:
    connection.register("failing_wordings", pa.table({"said": pa.array(sorted({each.text for each in wordings}), TEXT)}))
    query = _WHY.format(since=since, age=rules.account_age_days, floor=rules.customers_min)
    told = {
        (said, kind): Failing(since, of, round(result, ROUNDED), round(correct, ROUNDED))
        for said, kind, of, result, correct in connection.execute(query).fetchall()
    }
    return [replace(each, failing=told.get((each.text, each.prompt_kind))) for each in wordings]


_WHY = """
    with old_enough as (
        select customer_id from chain_turns group by customer_id
        having not bool_or(is_session) and min(event_time) <= (select max(event_time) from chain_turns) - interval '{age}' day
    ),
    by_customer as (
        select said, kind, chain_turns.customer_id, avg(points.result) as result, avg(points.correct) as correct
        from chain_turns
        join failure_points as points on points.turn_id = chain_turns.turn_id
        where said in (select said from failing_wordings) and chain_turns.customer_id in (select customer_id from old_enough)
            and not rewritten and outcome = 'failure' and day >= date '1970-01-01' + {since}
        group by said, kind, chain_turns.customer_id
    )
    select said, kind, count(*), avg(result), avg(correct)
    from by_customer
    group by said, kind
    having count(*) >= {floor}
"""
