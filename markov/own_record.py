"""How what we said in place of wordings fared: the records by which the layers behind the table are judged.

A text that too few customers said cannot be named: its turns count for the nearest wording that can be. Named SQL steps over what was
heard, in the common dialect. Rewritten turns say nothing here of what customers mean; whatever layer made them, they count alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import pyarrow as pa

from markov.engine import Engine, tuples
from markov.posterior import Day, believed, since_change
from markov.score import PRIOR
from markov.standing import CUSTOMERS_MIN
from markov.steps import MILLION, Step
from markov.trials import WINDOW_DAYS, heads, weighed
from resay.dialogue.text import canonical
from resay.dialogue.wording import Fared, Wording
from resay.store.tables import FLAG, TEXT

PAIRS_MAX = 20_000
"""Pairs of texts looked at, those most often said first: to find the nearest wording of each takes about a millisecond."""

ROUNDED = 3
"""Decimals of a record: sums come out a little differently with each order, and files must not."""

Named = tuple[str, str]
"""A wording: text and prompt kind."""

Nearest = Callable[[str, str], Wording | None]
"""Of a text and prompt kind the wording for which it counts: itself where it is one, else the nearest; nothing where none is near."""


def with_own_record(engine: Engine, wordings: Sequence[Wording], nearest: Nearest) -> tuple[Wording, ...]:
    """The wordings, each with how what was said in its place fared lately.

    Tables `heard` and `told_customers` must be there (`markov.wordings`).

    Raises: StepFailed.
    """
    engine.run(put_steps())
    known = {(each.text, each.prompt_kind): each for each in wordings}
    engine.load("put_named", _named(tuples(engine.rows("put"), "said", "kind", "utterance", "state"), known, nearest))
    for step in (try_out(), fare(), head_count(), look_at_calendar()):
        engine.run(step)
    fared = _fared(engine)
    return tuple(replace(each, fared=fared.get((each.text, each.prompt_kind), ())) for each in wordings)


def put_steps() -> Step:
    """What was put in place of what lately, and the state that the assistant mostly took it for."""
    return Step(
        "put",
        f"""
        select said, kind, utterance, state
        from (
            select said, kind, utterance, state, sum(times) over (partition by said, kind, utterance) as of_pair,
                row_number() over (partition by said, kind, utterance order by times desc, state) as place
            from (
                select said, kind, utterance, state, count(*) as times from heard where {_TRIED} group by said, kind, utterance, state
            ) as counted
        ) as ordered
        where place = 1
        order by of_pair desc, kind, said, utterance
        limit {PAIRS_MAX}
        """,
    )


def try_out() -> Step:
    """What came of each, by day and customer; of customers who count."""
    return Step(
        "put_trials",
        f"""
        select heard.day, told_customers.customer, put_named.text, put_named.kind, put_named.is_near, put_named.target as given,
            cast(sum(case when heard.outcome = 'success' then 1 else 0 end) as bigint) as wins,
            cast(sum(case when heard.outcome = 'failure' then 1 else 0 end) as bigint) as losses
        from heard
        join told_customers on told_customers.customer_id = heard.customer_id
        join put_named on put_named.said = heard.said and put_named.kind = heard.kind and put_named.utterance = heard.utterance
        where {_TRIED}
        group by heard.day, told_customers.customer, put_named.text, put_named.kind, put_named.is_near, put_named.target
        """,
    )


def fare() -> Step:
    """How each fared, day by day: each customer weighs one a day, and so much in all."""
    return Step(
        "put_fared",
        f"""
        select {_KEYS}, given, day, cast(sum(won) as bigint) as wins, cast(sum(lost) as bigint) as losses
        from ({weighed("put_trials", _KEYS)}) as weighed
        group by {_KEYS}, given, day
        """,
    )


def head_count() -> Step:
    """How many customers stand behind each record."""
    return Step("put_triers", heads("put_trials", _KEYS))


def look_at_calendar() -> Step:
    """The newest day of the log."""
    return Step("put_calendar", "select max(day) as today from heard")


_KEYS = "text, kind, is_near"

_TRIED = f"""heard.rewritten and heard.outcome in ('success', 'failure') and heard.said <> ''
            and heard.day > (select max(day) from heard) - interval '{WINDOW_DAYS}' day"""


def _named(put: Iterable[tuple[str, str, str, str]], known: Mapping[Named, Wording], nearest: Nearest) -> pa.Table:
    """For each pair of texts the wording for which it counts, and the state that was reached."""
    of: dict[Named, Wording | None] = {}
    rows: list[tuple[str, str, str, str, bool, str]] = []
    for said, kind, utterance, state in put:
        if (said, kind) not in of:
            of[said, kind] = nearest(said, kind)
        wording, target = of[said, kind], known.get((canonical(utterance), kind))
        if wording is not None:
            # What the target stands for, also where the assistant has forgotten it: that then is a loss of this state.
            reached = target.state if target is not None and target.state else state
            rows.append((said, kind, utterance, wording.text, wording.text != said, reached))
    columns = ("said", "kind", "utterance", "text", "is_near", "target")
    return pa.table({name: pa.array([row[at] for row in rows], FLAG if name == "is_near" else TEXT) for at, name in enumerate(columns)})


def _fared(engine: Engine) -> dict[Named, tuple[Fared, ...]]:
    """The records by wording."""
    today = engine.rows("put_calendar").to_pylist()[0]["today"]
    losers = {
        (text, kind, is_near, given): count
        for text, kind, is_near, given, count in tuples(engine.rows("put_triers"), "text", "kind", "is_near", "given", "losers")
    }
    days: dict[tuple[str, str, bool, str], list[Day]] = defaultdict(list)
    for text, kind, is_near, given, day, wins, losses in tuples(
        engine.rows("put_fared"), "text", "kind", "is_near", "given", "day", "wins", "losses"
    ):
        # What speaks against a rewrite needs three customers, as for the table's.
        counts = losers[text, kind, is_near, given] >= CUSTOMERS_MIN
        days[text, kind, is_near, given].append(Day(day, wins / MILLION, losses / MILLION if counts else 0.0))
    found: dict[Named, list[Fared]] = defaultdict(list)
    for (text, kind, is_near, given), told in sorted(days.items()):
        found[text, kind].append(_lately(given, is_near, told, today=today))
    return {named: tuple(fared) for named, fared in found.items()}


def _lately(state: str, is_near: bool, days: Sequence[Day], *, today: date) -> Fared:
    lately = believed(since_change(days), today=today)
    return Fared(state, is_near, round(lately.wins - PRIOR, ROUNDED), round(lately.losses - PRIOR, ROUNDED))
