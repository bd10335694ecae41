"""The SQL of trials, as named steps: how wordings fared as customers said them, and as we had them said.

Reads the tables of `steps`, and `served` (said, kind) with the sources of the live table. Same rules: common dialect,
nothing runs while building. Sums are whole numbers, so that days add up and a customer can be taken out, to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from markov.corroborate import fingerprint
from markov.engine import Engine, tuples
from markov.posterior import Day
from markov.steps import MILLION, Step
from resay.dialogue.text import canonical

WINDOW_DAYS = 56
"""Days looked back, from the newest turn: four half-lives, behind which a success counts a sixteenth."""

CUSTOMER_DAYS_MAX = 20.0
"""What one customer may weigh in one record: a working month of a daily habit. On one day everybody weighs one at most."""

DOING_WELL = 0.9
"""A wording that succeeds more often than this, however heavy its customers, gets no rewrite whatever its record tells: bars ask for far
less, and to look at all that mostly works would be to look at nearly all talk, day by day."""

Pair = tuple[str, str, str]
"""Source (canonical text), prompt kind, and what was handed to the assistant for it (canonical text); empty: the source as it was said."""


@dataclass(frozen=True, slots=True)
class Record:
    """How one pair fared within the window."""

    days: tuple[Day, ...] = ()
    customers: int = 0
    winners: int = 0
    """Customers for whom it succeeded at least once."""
    losers: int = 0
    """Customers for whom it failed at least once."""


NO_RECORD = Record()


def read_records(
    engine: Engine,
    sources: Iterable[tuple[str, str]],
    *,
    customers_min: int,
    spared: Iterable[tuple[str, str, str, str]] = (),
    apart: Iterable[tuple[tuple[str, str, str, str], tuple[str, ...]]] = (),
) -> dict[Pair, Record]:
    """The records of these sources, of all that was rewritten within the window, and of what failed enough customers to matter.

    Without the turns of wordings (text, prompt kind) in rooms, or on kinds of device, that are `spared`, and of customers of cohorts that
    are kept `apart`: they have records of their own.
    """
    _load(engine, "served", sources, columns=("said", "kind"))
    _load(engine, "spared", spared, columns=("said", "kind", "room", "device_type"))
    _load_apart(engine, apart)
    for step in trial_steps(customers_min):
        engine.run(step)
    days: dict[Pair, list[Day]] = {}
    for said, kind, given, day, wins, losses in tuples(engine.rows("fared"), *_PAIR, "day", "wins", "losses"):
        days.setdefault(_pair(said, kind, given), []).append(Day(day, wins / MILLION, losses / MILLION))
    heads: dict[Pair, list[int]] = {}
    for said, kind, given, *told in tuples(engine.rows("triers"), *_PAIR, "customers", "winners", "losers"):
        pair = _pair(said, kind, given)
        # Two spellings of one text may share customers, so that their numbers do not add up.
        heads[pair] = [max(both) for both in zip(heads.get(pair, told), told, strict=True)]
    return {pair: Record(tuple(sorted(told, key=lambda each: each.day)), *heads[pair]) for pair, told in days.items()}


def newest_day(engine: Engine) -> date:
    """The newest day of the log, once records were read; in an empty one there is nothing to date."""
    found = engine.rows("calendar").to_pylist()[0]["today"]
    return found if isinstance(found, date) else date.min


def trial_steps(customers_min: int) -> list[Step]:
    """The steps from what was heard to records, in order."""
    return [look_at_calendar(), put_lately(), watch(customers_min), try_out(), fare(), head_count()]


def put_lately() -> Step:
    """For which wordings something else was put lately, and what."""
    return Step(
        "put_lately",
        f"""
        select distinct heard.said, heard.kind, heard.utterance
        from heard
        {_SPARED}
        where heard.rewritten and {_RECENT} and {_KEPT}
        """,
    )


def watch(customers_min: int) -> Step:
    """Wordings worth a look: those that have a rewrite, those that had one, what was said instead, and those that may get one."""
    entry = fingerprint("heard.said", "heard.kind")
    return Step(
        "watched",
        f"""
        select {fingerprint("said", "kind")} as entry, said, kind
        from (
            select said, kind from served
            union
            select said, kind from put_lately
            union
            select utterance as said, kind from put_lately
            union
            select any_value(heard.said) as said, any_value(heard.kind) as kind
            from heard
            where {entry} in (
                select entry
                from uttered
                group by entry
                having count(distinct case when times > successes then customer end) >= {customers_min}
                    and sum(least(successes, {CUSTOMER_DAYS_MAX})) <= {DOING_WELL} * sum(least(times, {CUSTOMER_DAYS_MAX}))
            )
            group by {entry}
        ) as named
        where said <> ''
        """,
    )


def try_out() -> Step:
    """What came of each watched wording, by day and customer, as it was said and as it was rewritten; of customers who count."""
    given = "case when heard.rewritten then heard.utterance else '' end"
    return Step(
        "trials",
        f"""
        select heard.day, known.customer, watched.entry, {given} as given,
            {wins_and_losses("heard")}
        from heard
        join known on known.customer = {fingerprint("heard.customer_id")}
        join watched on watched.entry = {fingerprint("heard.said", "heard.kind")}
        {_SPARED}
        where known.counts and heard.outcome in ('success', 'failure') and {_RECENT} and {_KEPT}
        group by heard.day, known.customer, watched.entry, {given}
        """,
    )


def fare() -> Step:
    """How each fared, day by day: each customer weighs one a day, and so much in all."""
    return Step(
        "fared",
        f"""
        select watched.said, watched.kind, given, day, cast(sum(won) as bigint) as wins, cast(sum(lost) as bigint) as losses
        from ({weighed("trials", "entry")}) as weighed
        join watched on watched.entry = weighed.entry
        group by watched.said, watched.kind, given, day
        """,
    )


def head_count() -> Step:
    """How many customers stand behind each record."""
    return Step(
        "triers",
        f"""
        select watched.said, watched.kind, given, customers, winners, losers
        from ({heads("trials", "entry")}) as counted
        join watched on watched.entry = counted.entry
        """,
    )


def wins_and_losses(turns: str) -> str:
    """SQL for how many of some turns succeeded, and how many failed."""
    return f"""cast(sum(case when {turns}.outcome = 'success' then 1 else 0 end) as bigint) as wins,
            cast(sum(case when {turns}.outcome = 'failure' then 1 else 0 end) as bigint) as losses"""


def weighed(trials: str, keys: str) -> str:
    """SQL for trials in millionths, `won` and `lost`: each customer weighs one a day, and so much in all of one record."""
    # In doubles on every engine, so that all round alike.
    share = f"cast({CUSTOMER_DAYS_MAX} as double) / count(*) over (partition by customer, {keys}, given)"
    weight = f"{MILLION} * least(cast(1.0 as double), {share})"
    return f"""
        select {keys}, given, day, cast(round({weight} * wins / (wins + losses)) as bigint) as won,
            cast(round({weight} * losses / (wins + losses)) as bigint) as lost
        from {trials}
    """


def heads(trials: str, keys: str) -> str:
    """SQL for how many customers stand behind each record, and for how many of them it succeeded, or failed, at least once."""
    return f"""
        select {keys}, given, count(distinct customer) as customers, count(distinct case when wins > 0 then customer end) as winners,
            count(distinct case when losses > 0 then customer end) as losers
        from {trials}
        group by {keys}, given
    """


def look_at_calendar() -> Step:
    """The newest day of the log: a learning tonight, or next year, of the same log comes to the same."""
    return Step("calendar", "select max(day) as today from heard")


APART = """left join apart on apart.said = heard.said and apart.kind = heard.kind and apart.room in ('', heard.room)
            and apart.device_type in ('', heard.device_type) and apart.cohorts = heard.cohorts"""
"""SQL of the join that finds who is kept apart from others (`sparing`): a turn is of nobody of them where `apart.said` is null then.

A condition that looks for them turn by turn would have engines gather all kinds of turns first."""

_SPARED = f"""left join spared on spared.said = heard.said and spared.kind = heard.kind and spared.room in ('', heard.room)
            and spared.device_type in ('', heard.device_type)
        {APART}"""

_KEPT = "spared.said is null and apart.said is null"
"""SQL of the condition behind this join: records are of all turns, but for those in places, and of customers, that are spared."""

_RECENT = f"heard.day > (select max(day) from heard) - interval '{WINDOW_DAYS}' day"


def _load(engine: Engine, name: str, rows: Iterable[tuple[str, ...]], *, columns: Sequence[str]) -> None:
    named = sorted(set(rows))
    of = {column: pa.array([row[place] for row in named], pa.string()) for place, column in enumerate(columns)}
    engine.load(name, pa.table(of))


def _load_apart(engine: Engine, apart: Iterable[tuple[tuple[str, str, str, str], tuple[str, ...]]]) -> None:
    named = sorted(set(apart))
    columns = ("said", "kind", "room", "device_type")
    of = {column: pa.array([asked[place] for asked, _ in named], pa.string()) for place, column in enumerate(columns)}
    cohorts = pa.array([list(cohorts) for _, cohorts in named], pa.list_(pa.string()))
    engine.load("apart", pa.table({**of, "cohorts": cohorts}))


def _pair(said: str, kind: str, given: str) -> Pair:
    return said, kind, canonical(given) if given else ""


_PAIR = ("said", "kind", "given")
