"""Histories from the lake into the books: what each customer tried and how that fared, new days only.

What has changed in the lake's facts since the last time names customers and days; these are told anew, whatever stood there, and the
positions move with the last of them. So to tell again changes nothing, and a customer who was taken out of the lake leaves the books.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pyarrow as pa

from markov.steps import Floors
from resay.commands.settings import Settings
from resay.dialogue.errors import ResayError
from resay.dialogue.history import Tried, Way
from resay.dialogue.text import canonical
from resay.store.books import Books, Told
from resay.store.forgettings import FORGOTTEN_MARK
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.tables import CHAIN_TRIES, CHAIN_TURNS, DAY, TEXT, Table
from rewrite_online.personal_layer import AGE_DAYS_MAX

HISTORY_DAYS = AGE_DAYS_MAX
"""Days that are kept, from the newest turn: those that the personal layer reads."""

LINK_MIN = Floors().link_min
"""A second try counts from this probability on, as for the miner."""

DAYS_A_STEP = 50_000
"""Customers' days in one transaction: some half a million rows, which SQLite writes in seconds."""

TRIES_MAX = 20
"""Times that others may be first: as many as the lake grants its writers."""

_FOLLOWED: dict[Table, str] = {CHAIN_TURNS: "turn_id", CHAIN_TRIES: "source_turn_id"}

CustomerDay = tuple[str, date]


class HistoriesContended(ResayError):
    """Other writers of histories were first every time."""


def tell_histories(lake: Lake, books: Books) -> int:
    """Take in what has changed in the lake's facts; how many customers' days were told anew.

    Raises: HistoriesContended, BooksUnavailable, LakeUnavailable.
    """
    told = 0
    for _ in range(TRIES_MAX):
        news = _news(lake, books)
        if news is None:
            return told
        days = _tell(news, lake, books)
        if days is not None:
            told += days
    message = f"histories must be told; other writers were first {TRIES_MAX} times; does another process learn on this home?"
    raise HistoriesContended(message)


def tell_home(settings: Settings) -> int:
    """The same of a home.

    Raises: HistoriesContended, BooksUnavailable, LakeUnavailable.
    """
    with closing(Books(settings.books)) as books:
        return tell_histories(Lake(settings.lake), books)


@dataclass(frozen=True, slots=True)
class _News:
    """What the books lack."""

    days: Sequence[CustomerDay]
    marks: dict[str, tuple[int, int]]
    anew: bool
    """Whether the lake is another one than was told, or has lost what was in between."""


def _news(lake: Lake, books: Books) -> _News | None:
    stand, anew = books.marks(), False
    # Whoever forgets a customer moves it: what was read of the lake before that must not be told after.
    forgotten = stand.get(FORGOTTEN_MARK, 0)
    marks: dict[str, tuple[int, int]] = {}
    days: set[CustomerDay] = set()
    for table, turn in _FOLLOWED.items():
        name = f"histories#{table.name}"
        since, newest = stand.get(name, 0), lake.version(table)
        changes = lake.changed(table, turn, since=since if since <= newest else 0)
        anew |= changes.lost or since > newest
        marks[name] = (since, changes.version)
        days |= set(_days_of(changes.rows))
    if all(start == end for start, end in marks.values()):
        return None
    marks[FORGOTTEN_MARK] = (forgotten, forgotten)
    if anew:
        with lake.connect() as connection:
            days = set(connection.execute(f"select distinct customer_id, day from {CHAIN_TURNS.name}").fetchall())
    # A chain of tries that began before midnight may have changed its end behind it.
    days |= {(customer, day - timedelta(days=1)) for customer, day in days}
    return _News(sorted(days), marks, anew)


def _days_of(changed: pa.Table) -> Iterator[CustomerDay]:
    moments = changed.select(["customer_id", "event_time"]).to_pydict()
    return ((customer, at.date()) for customer, at in zip(moments["customer_id"], moments["event_time"], strict=True))


def _tell(news: _News, lake: Lake, books: Books) -> int | None:
    """Write the news step by step, the positions with the last step; nothing where another writer was first."""
    steps = [news.days[start : start + DAYS_A_STEP] for start in range(0, len(news.days), DAYS_A_STEP)] or [()]
    with lake.connect() as connection:
        newest = connection.execute(f"select max(day) from {CHAIN_TURNS.name}").fetchall()[0][0]
        since = newest - timedelta(days=HISTORY_DAYS) if newest else date.min
        stay = {name: (start, start) for name, (start, _) in news.marks.items()}
        for place, days in enumerate(steps):
            rows = [each for each in _rows(connection, days) if each[1].last_day >= since]
            marks = news.marks if days is steps[-1] else stay
            if not books.tell_histories(Told(days, rows, marks, since, anew=news.anew and place == 0)):
                return None
    return len(news.days)


def _rows(connection: Connection, days: Collection[CustomerDay]) -> list[tuple[str, Tried]]:
    """What these customers tried on these days."""
    customers, dates = ([each[place] for each in days] for place in (0, 1))
    connection.register("wanted", pa.table({"customer_id": pa.array(customers, TEXT), "day": pa.array(dates, DAY)}))
    told: dict[tuple[object, ...], tuple[str, Tried]] = {}
    for query in (_as_it_was(), _as_they_rephrased()):
        for customer, day, said, kind, room, way, wording, state, times, successes, turn_id in connection.execute(query).fetchall():
            target = said if way == Way.SAID else canonical(wording)
            if not target:
                continue
            tried = Tried(said, kind, room, Way(way), target, wording, state, times, successes, day, turn_id)
            key = (customer, day, said, kind, room, way, target)
            told[key] = (customer, _both(told[key][1], tried) if key in told else tried)
    connection.unregister("wanted")
    return list(told.values())


def _both(one: Tried, other: Tried) -> Tried:
    """Two spellings of one target as one."""
    last = max(one, other, key=lambda each: (each.successes > 0, each.turn_id))
    return replace(last, times=one.times + other.times, successes=one.successes + other.successes)


_OURS = "customer_id in (select customer_id from wanted) and not is_session"

_JUDGED = "outcome in ('success', 'failure')"

_WORKED = "outcome = 'success' and taken < 500000"
"""What links take for the most part was said again, whatever its own outcome."""


def _as_it_was() -> str:
    """SQL of what was said as it was, and of what we put in its place."""
    # Before midnight's tries are looked up a day further than they are told; turns are not.
    return f"""
        select customer_id, day, said, kind, room, case when rewritten then '{Way.REWRITTEN}' else '{Way.SAID}' end as way,
            arg_max(utterance, event_time) as wording,
            coalesce(arg_max(state, event_time) filter (where {_WORKED}), arg_max(state, event_time)) as state,
            count(*) as times, count(*) filter (where {_WORKED}) as successes,
            coalesce(arg_max(turn_id, event_time) filter (where {_WORKED}), arg_max(turn_id, event_time)) as turn_id
        from {CHAIN_TURNS.name} semi join wanted using (customer_id, day)
        where not is_session and said <> '' and ({_JUDGED} or taken >= 500000)
        group by customer_id, day, said, kind, room, rewritten, case when rewritten then utterance else '' end
    """


def _as_they_rephrased() -> str:
    """SQL of what customers rephrased to what worked, by up to three tries; of each first try the likeliest end."""
    return f"""
        with tries as (
            select source_turn_id as source, target_turn_id as target, probability
            from {CHAIN_TRIES.name} where customer_id in (select customer_id from wanted)
        ),
        turns as (
            select turn_id, customer_id, day, event_time, said, kind, room, state, utterance, rewritten, {_JUDGED} and {_WORKED} as worked
            from {CHAIN_TURNS.name} where {_OURS}
        ),
        second as (
            select one.source, other.target, one.probability * other.probability as probability
            from tries as one join tries as other on other.source = one.target
        ),
        third as (
            select one.source, other.target, one.probability * other.probability as probability
            from second as one join tries as other on other.source = one.target
        ),
        ends as (
            select source, target, max(probability) as probability
            from (select * from tries union all select * from second union all select * from third) as walked
            group by source, target
        ),
        ended as (
            select source.customer_id, source.day, source.said, source.kind, source.room, target.utterance, target.said as target_said,
                target.state, target.turn_id, target.event_time
            from ends
            join turns as source on source.turn_id = ends.source
            join turns as target on target.turn_id = ends.target
            where ends.probability >= {LINK_MIN} and target.worked and not source.worked and not target.rewritten
                and source.said <> '' and target.said not in ('', source.said) and source.kind = target.kind
            qualify row_number() over (partition by ends.source order by ends.probability desc, target.event_time, target.turn_id) = 1
        )
        select customer_id, day, said, kind, room, '{Way.REPHRASED}' as way, arg_max(utterance, event_time) as wording,
            arg_max(state, event_time) as state, count(*) as times, count(*) as successes, arg_max(turn_id, event_time) as turn_id
        from ended semi join wanted using (customer_id, day)
        group by customer_id, day, said, kind, room, target_said
    """
