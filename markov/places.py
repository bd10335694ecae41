"""The SQL of places, as named steps: what is meant by a wording, and what comes of it, room by room and by kind of device.

Reads the tables of `steps`, `sums` and `evidence`, and what `split` loads. Same rules: common dialect, nothing runs while building.
A place has a `dimension`, `room` or `device_type`, and a `name`; turns that tell none have an empty one, and count as elsewhere.
Wordings and states go by fingerprints, and come back to words for what is read in the end.
"""

from __future__ import annotations

from markov.corroborate import fingerprint
from markov.steps import Step
from markov.trials import APART, WINDOW_DAYS, heads, weighed, wins_and_losses

OFTEN = 0.4
"""Of the turns of a wording: who succeeds so often at once may succeed in most of them, whom few turns show."""

STANDS_OUT = 0.5
"""Where fewer than half as many as elsewhere ended well, the wording that helps elsewhere may fail."""

DIMENSIONS = ("room", "device_type")

PLACE = "entry, dimension, name"

_ENTRY = fingerprint("heard.said", "heard.kind")


def find_steps(customers_min: int) -> list[Step]:
    """The steps to the places that are looked at, and to what became there of what was served; `placed_live` (said, kind) is loaded."""
    found = [ask_there(), speak_there(customers_min), end_there(), stand_out(), find_places(), name_places()]
    return [*found, try_out_there(), fare_there(), head_count_there()]


def mean_steps() -> list[Step]:
    """The steps to what was meant there, day by day since it last changed (`placed_renewed`)."""
    return [name_renewed_there(), keep_new(), end_by_state(), meant_there()]


def ask_there() -> Step:
    """The wordings that are looked at: those that are promising, and those that have a rewrite."""
    return Step(
        "asked_there",
        f"""
        select entry, said, kind from promising
        union
        select {fingerprint("said", "kind")} as entry, said, kind from placed_live
        """,
    )


def speak_there(customers_min: int) -> Step:
    """Where enough customers said such a wording: fewer tell nothing, and are not to be named."""
    of_dimension = """
        select {entry} as entry, '{dimension}' as dimension, heard.{dimension} as name, count(distinct known.customer) as customers,
            count(*) as times, cast(sum(case when heard.outcome = 'success' then 1 else 0 end) as bigint) as wins
        from heard
        join known on known.customer = {customer}
        where heard.{dimension} <> '' and known.counts and not heard.rewritten and {entry} in (select entry from asked_there)
        group by {entry}, heard.{dimension}
        having count(distinct known.customer) >= {customers_min}
    """
    return Step("spoken_there", in_each(of_dimension, customers_min=customers_min))


def end_there() -> Step:
    """By which states how many customers ended well there, with the place of the first try; of wordings that are looked at."""
    of_dimension = """
        select endings.entry, '{dimension}' as dimension, endings.{dimension} as name, endings.state,
            count(distinct endings.customer) as customers
        from endings
        where endings.entry in (select entry from spoken_there where dimension = '{dimension}')
        group by endings.entry, endings.{dimension}, endings.state
    """
    return Step("meant_at_first", in_each(of_dimension))


def stand_out() -> Step:
    """What customers mostly meant there, how many ended well and how many succeeded at once, beside all places of the wording."""
    of_wording = "over (partition by spoken_there.entry, spoken_there.dimension)"
    return Step(
        "standing_out",
        f"""
        with ended as (
            select {PLACE}, sum(customers) as customers, max(customers) as most from meant_at_first group by {PLACE}
        ),
        common as (
            select summed.entry, summed.dimension, summed.state, row_number() over (
                partition by summed.entry, summed.dimension order by summed.customers desc, named_states.name
            ) as place
            from (
                select entry, dimension, state, sum(customers) as customers from meant_at_first group by entry, dimension, state
            ) as summed
            join named_states on named_states.state = summed.state
        )
        select spoken_there.entry, spoken_there.wins / cast(spoken_there.times as double) as won,
            sum(spoken_there.wins) {of_wording} / cast(sum(spoken_there.times) {of_wording} as double) as won_anywhere,
            coalesce(ended.customers, 0) / cast(spoken_there.customers as double) as ended,
            sum(coalesce(ended.customers, 0)) {of_wording} / cast(sum(spoken_there.customers) {of_wording} as double) as ended_anywhere,
            coalesce(here.customers, 0) < coalesce(ended.most, 0) as means_else
        from spoken_there
        left join ended on {same("ended", "spoken_there")}
        left join common on common.entry = spoken_there.entry and common.dimension = spoken_there.dimension and common.place = 1
        left join meant_at_first as here on {same("here", "spoken_there")} and here.state = common.state
        """,
    )


def find_places() -> Step:
    """The places of wordings that have a rewrite, or of which some place stands out: what is the same everywhere is not looked at twice.

    Coarser than the rule (`split`), and wider: looking costs time, and decides nothing.
    """
    return Step(
        "found_places",
        f"""
        select {_of("spoken_there")}
        from spoken_there
        where entry in (
            select {fingerprint("said", "kind")} from placed_live
            union
            select entry
            from standing_out
            where means_else or ended < {STANDS_OUT} * ended_anywhere or (won >= {OFTEN}) <> (won_anywhere >= {OFTEN})
        )
        """,
    )


def name_places() -> Step:
    """The same, in words."""
    return Step("split_places", worded("found_places", ()))


def try_out_there() -> Step:
    """What came there of each of these wordings lately, by day and customer, as it was said and as it was rewritten (as `trials`)."""
    of_dimension = """
        select heard.day, known.customer, found_places.entry, found_places.dimension, found_places.name,
            case when heard.rewritten then heard.utterance else '' end as given, {wins_and_losses}
        from heard
        join known on known.customer = {customer}
        join found_places on found_places.entry = {entry} and found_places.name = heard.{dimension}
            and found_places.dimension = '{dimension}'
        {apart}
        where known.counts and heard.{dimension} <> '' and heard.outcome in ('success', 'failure')
            and heard.day > (select max(day) from heard) - interval '{window_days}' day and apart.said is null
        group by heard.day, known.customer, found_places.entry, found_places.dimension, found_places.name,
            case when heard.rewritten then heard.utterance else '' end
    """
    return Step("placed_trials", in_each(of_dimension, wins_and_losses=wins_and_losses("heard"), window_days=WINDOW_DAYS))


def fare_there() -> Step:
    """How each fared there, day by day: each customer weighs one a day, and so much in all."""
    return Step(
        "placed_fared",
        f"""
        with fared as (
            select {PLACE}, given, day, cast(sum(won) as bigint) as wins, cast(sum(lost) as bigint) as losses
            from ({weighed("placed_trials", PLACE)}) as weighed
            group by {PLACE}, given, day
        )
        {worded("fared", ("given", "day", "wins", "losses"))}
        """,
    )


def head_count_there() -> Step:
    """How many customers stand behind each record."""
    counted = f"({heads('placed_trials', PLACE)})"
    return Step("placed_triers", worded(counted, ("given", "customers", "winners", "losers")))


def name_renewed_there() -> Step:
    """What came to mean something else there, by fingerprint."""
    return Step("anew_there", f"select {fingerprint('said', 'kind')} as entry, dimension, name, since from placed_renewed")


def keep_new() -> Step:
    """Evidence with the place of its first try, once for each dimension in which places are looked at, since it last changed there."""
    of_dimension = """
        select endings.source, endings.target, endings.probability, endings.event_time, endings.customer, endings.entry, endings.state,
            '{dimension}' as dimension, endings.{dimension} as name
        from endings
        left join anew_there on anew_there.entry = endings.entry and anew_there.dimension = '{dimension}'
            and anew_there.name = endings.{dimension}
        where endings.entry in (select entry from found_places where dimension = '{dimension}')
            and (anew_there.since is null or cast(endings.event_time as date) >= anew_there.since)
    """
    return Step("fresh_endings", in_each(of_dimension))


def end_by_state() -> Step:
    """By which states how many customers succeeded in the end, in every place of the wordings that are looked at."""
    return Step(
        "ended_there",
        f"""
        select {PLACE}, state, count(distinct customer) as customers, count(distinct target) as times
        from fresh_endings
        group by {PLACE}, state
        """,
    )


def meant_there() -> Step:
    """The same of the places that are looked at, in words."""
    return Step(
        "placed_meanings",
        f"""
        select asked_there.said, asked_there.kind, found_places.dimension, found_places.name, named_states.name as state,
            ended_there.customers
        from ended_there
        join named_states on named_states.state = ended_there.state
        join found_places on {same("found_places", "ended_there")}
        join asked_there on asked_there.entry = found_places.entry
        """,
    )


def in_each(of_dimension: str, **filled: object) -> str:
    """SQL of the rows of both dimensions, one after the other: where nobody tells a dimension, engines have next to nothing to read."""
    told = {"entry": _ENTRY, "customer": fingerprint("heard.customer_id"), "apart": APART, **filled}
    return " union all ".join(of_dimension.format(dimension=dimension, **told) for dimension in DIMENSIONS)


def worded(table: str, columns: tuple[str, ...], named: str = "asked_there") -> str:
    """SQL of rows by place, with the words in place of fingerprints."""
    told = "".join(f", told.{column}" for column in columns)
    return f"""
        select named.said, named.kind, told.dimension, told.name{told}
        from {table} as told
        join {named} as named on named.entry = told.entry
    """


def _of(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in PLACE.split(", "))


def same(one: str, other: str) -> str:
    """SQL of the condition that two rows are of one wording in one place."""
    return " and ".join(f"{one}.{column} = {other}.{column}" for column in PLACE.split(", "))
