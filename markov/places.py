"""The SQL of places, as named steps: what is meant by a wording, and what comes of it, room by room and by kind of device.

Reads the tables of `steps` and `evidence`, and what `split` loads. Same rules: common dialect, nothing runs while building.
A place has a `dimension`, `room` or `device_type`, and a `name`; turns that tell none have an empty one, and count as elsewhere.
"""

from __future__ import annotations

from markov.corroborate import fingerprint
from markov.evidence import EVIDENCE_MAX
from markov.steps import MILLION, Step
from markov.trials import WINDOW_DAYS, heads, weighed, wins_and_losses

OFTEN = 0.4
"""Of the turns of a wording: who succeeds so often at once may succeed in most of them, whom few turns show."""

STANDS_OUT = 0.5
"""Where fewer than half as many as elsewhere ended well, the wording that helps elsewhere may fail."""

_SAYING = "said, kind, dimension, name"

_DIMENSIONS = "(select 'room' as dimension union all select 'device_type' as dimension) as dimensions"

_NAME = "case when dimensions.dimension = 'room' then {0}.room else {0}.device_type end"

_HEARD = f"""
    select heard.customer_id, heard.day, heard.said, heard.kind, heard.state, heard.outcome, heard.utterance, heard.rewritten,
        dimensions.dimension, {_NAME.format("heard")} as name
    from heard
    cross join {_DIMENSIONS}
"""


def find_steps(customers_min: int) -> list[Step]:
    """The steps to the places that are looked at, and to what became there of what was served; `placed_live` (said, kind) is loaded."""
    found = [speak_there(customers_min), end_there(), stand_out(), find_places()]
    return [*found, try_out_there(), fare_there(), head_count_there()]


def mean_steps() -> list[Step]:
    """The steps to what was meant there, day by day since it last changed (`placed_renewed`)."""
    return [keep_new(), meant_there()]


def weigh_steps() -> list[Step]:
    """The steps to what stands behind each of `placed_proposals` (said, kind, wording) there, and elsewhere."""
    return [tell_there(), read_there(), read_anywhere(), chance_there(), agree_there(), back_there()]


def speak_there(customers_min: int) -> Step:
    """Where enough customers said a promising wording, or one that has a rewrite: fewer tell nothing, and are not to be named."""
    return Step(
        "spoken_there",
        f"""
        select placed.said, placed.kind, placed.dimension, placed.name, count(distinct known.customer) as customers, count(*) as times,
            cast(sum(case when placed.outcome = 'success' then 1 else 0 end) as bigint) as wins
        from ({_HEARD}) as placed
        join known on known.customer = {fingerprint("placed.customer_id")}
        join (select said, kind from promising union select said, kind from placed_live) as asked
            on asked.said = placed.said and asked.kind = placed.kind
        where placed.name <> '' and known.counts and not placed.rewritten
        group by placed.said, placed.kind, placed.dimension, placed.name
        having count(distinct known.customer) >= {customers_min}
        """,
    )


def stand_out() -> Step:
    """What customers mostly meant there, how many ended well and how many succeeded at once, beside all places of the wording."""
    of_wording = "over (partition by spoken_there.said, spoken_there.kind, spoken_there.dimension)"
    return Step(
        "standing_out",
        f"""
        with meant as (
            select {_SAYING}, state, count(distinct customer) as customers from placed_endings group by {_SAYING}, state
        ),
        ended as (
            select {_SAYING}, sum(customers) as customers, max(customers) as most from meant group by {_SAYING}
        ),
        common as (
            select said, kind, dimension, state, row_number() over (partition by said, kind, dimension order by sum(customers) desc, state)
                as place
            from meant
            group by said, kind, dimension, state
        )
        select spoken_there.said, spoken_there.kind, spoken_there.wins / cast(spoken_there.times as double) as won,
            sum(spoken_there.wins) {of_wording} / cast(sum(spoken_there.times) {of_wording} as double) as won_anywhere,
            coalesce(ended.customers, 0) / cast(spoken_there.customers as double) as ended,
            sum(coalesce(ended.customers, 0)) {of_wording} / cast(sum(spoken_there.customers) {of_wording} as double) as ended_anywhere,
            coalesce(here.customers, 0) < coalesce(ended.most, 0) as means_else
        from spoken_there
        left join ended on {_same("ended", "spoken_there")}
        left join common on common.said = spoken_there.said and common.kind = spoken_there.kind
            and common.dimension = spoken_there.dimension and common.place = 1
        left join meant as here on {_same("here", "spoken_there")} and here.state = common.state
        """,
    )


def find_places() -> Step:
    """The places of wordings that have a rewrite, or of which some place stands out: what is the same everywhere is not looked at twice.

    Coarser than the rule (`split`), and wider: looking costs time, and decides nothing.
    """
    return Step(
        "split_places",
        f"""
        select {", ".join(f"spoken_there.{column}" for column in _SAYING.split(", "))}
        from spoken_there
        join (
            select said, kind from placed_live
            union
            select said, kind
            from standing_out
            where means_else or ended < {STANDS_OUT} * ended_anywhere or (won >= {OFTEN}) <> (won_anywhere >= {OFTEN})
        ) as asked on asked.said = spoken_there.said and asked.kind = spoken_there.kind
        """,
    )


def try_out_there() -> Step:
    """What came there of each of these wordings lately, by day and customer, as it was said and as it was rewritten (as `trials`)."""
    given = "case when placed.rewritten then placed.utterance else '' end"
    return Step(
        "placed_trials",
        f"""
        select placed.day, known.customer, placed.said, placed.kind, placed.dimension, placed.name, {given} as given,
            {wins_and_losses("placed")}
        from ({_HEARD}) as placed
        join known on known.customer = {fingerprint("placed.customer_id")}
        join split_places on {_same("split_places", "placed")}
        where known.counts and placed.outcome in ('success', 'failure')
            and placed.day > (select max(day) from heard) - interval '{WINDOW_DAYS}' day
        group by placed.day, known.customer, placed.said, placed.kind, placed.dimension, placed.name, {given}
        """,
    )


def fare_there() -> Step:
    """How each fared there, day by day: each customer weighs one a day, and so much in all."""
    return Step(
        "placed_fared",
        f"""
        select {_SAYING}, given, day, cast(sum(won) as bigint) as wins, cast(sum(lost) as bigint) as losses
        from ({weighed("placed_trials", _SAYING)}) as weighed
        group by {_SAYING}, given, day
        """,
    )


def head_count_there() -> Step:
    """How many customers stand behind each record."""
    return Step("placed_triers", heads("placed_trials", _SAYING))


def end_there() -> Step:
    """Evidence with the place of its first try, once by room and once by kind of device; of wordings that are looked at."""
    return Step(
        "placed_endings",
        f"""
        select endings.source_turn_id, endings.target_turn_id, endings.probability, endings.event_time, endings.customer,
            endings.said, endings.kind, endings.state, dimensions.dimension, {_NAME.format("endings")} as name
        from endings
        join (select distinct said, kind, dimension from spoken_there) as dimensions
            on dimensions.said = endings.said and dimensions.kind = endings.kind
        """,
    )


def keep_new() -> Step:
    """The same without what was meant there before it changed."""
    return Step(
        "fresh_endings",
        f"""
        select placed_endings.source_turn_id, placed_endings.target_turn_id, placed_endings.probability, placed_endings.event_time,
            placed_endings.customer, placed_endings.said, placed_endings.kind, placed_endings.state, placed_endings.dimension,
            placed_endings.name
        from placed_endings
        left join placed_renewed on {_same("placed_renewed", "placed_endings")}
        where placed_renewed.since is null or cast(placed_endings.event_time as date) >= placed_renewed.since
        """,
    )


def meant_there() -> Step:
    """By which states how many customers succeeded in the end."""
    return Step(
        "placed_meanings",
        f"""
        select fresh_endings.said, fresh_endings.kind, fresh_endings.state, count(distinct fresh_endings.customer) as customers,
            fresh_endings.dimension, fresh_endings.name
        from fresh_endings
        join split_places on {_same("split_places", "fresh_endings")}
        group by fresh_endings.said, fresh_endings.kind, fresh_endings.state, fresh_endings.dimension, fresh_endings.name
        """,
    )


def tell_there() -> Step:
    """Who said the wordings of the proposals where, what they were taken for, and what came of it."""
    return Step(
        "placed_told",
        f"""
        select placed.said, placed.kind, placed.dimension, placed.name, known.customer, placed.state, count(*) as times,
            {wins_and_losses("placed")}
        from ({_HEARD}) as placed
        join known on known.customer = {fingerprint("placed.customer_id")}
        join (select said, kind from placed_proposals union select wording as said, kind from placed_proposals) as asked
            on asked.said = placed.said and asked.kind = placed.kind
        left join placed_renewed on {_same("placed_renewed", "placed")}
        where known.counts and not placed.rewritten and (placed_renewed.since is null or placed.day >= placed_renewed.since)
        group by placed.said, placed.kind, placed.dimension, placed.name, known.customer, placed.state
        """,
    )


def read_there() -> Step:
    """What each wording is mostly taken for there."""
    return Step(
        "placed_readings",
        f"""
        select {_SAYING}, state
        from (
            select {_SAYING}, state, row_number() over (partition by {_SAYING} order by sum(times) desc, state) as place
            from placed_told
            where name <> ''
            group by {_SAYING}, state
        ) as ordered
        where place = 1
        """,
    )


def read_anywhere() -> Step:
    """The same wherever it was said."""
    return Step(
        "common_readings",
        """
        select said, kind, state
        from (
            select said, kind, state, row_number() over (partition by said, kind order by sum(times) desc, state) as place
            from placed_told
            where dimension = 'room'
            group by said, kind, state
        ) as ordered
        where place = 1
        """,
    )


def chance_there() -> Step:
    """How each wording fares there as said, and elsewhere: each customer weighs one in each place, in millionths."""
    elsewhere = "sum({0}) over (partition by said, kind, dimension) - {0}"
    return Step(
        "placed_chances",
        f"""
        select {_SAYING}, speakers, cast(won as bigint) as won, cast(lost as bigint) as lost,
            cast({elsewhere.format("won")} as bigint) as won_elsewhere, cast({elsewhere.format("lost")} as bigint) as lost_elsewhere
        from (
            select {_SAYING}, count(*) as speakers,
                sum(cast(round({MILLION} * cast(wins as double) / greatest(1, wins + losses)) as bigint)) as won,
                sum(cast(round({MILLION} * cast(losses as double) / greatest(1, wins + losses)) as bigint)) as lost
            from (
                select {_SAYING}, customer, sum(wins) as wins, sum(losses) as losses from placed_told group by {_SAYING}, customer
            ) as by_customer
            group by {_SAYING}
        ) as by_place
        """,
    )


def agree_there() -> Step:
    """Whether each proposed wording would have been taken there for what succeeded in the end, for each piece of evidence."""
    return Step(
        "placed_agreements",
        """
        select fresh_endings.said, fresh_endings.kind, placed_proposals.wording, fresh_endings.dimension, fresh_endings.name,
            fresh_endings.customer, fresh_endings.source_turn_id, fresh_endings.target_turn_id, fresh_endings.probability,
            fresh_endings.event_time, coalesce(here.state, common_readings.state) = fresh_endings.state as agrees
        from placed_proposals
        join fresh_endings on fresh_endings.said = placed_proposals.said and fresh_endings.kind = placed_proposals.kind
        join common_readings on common_readings.said = placed_proposals.wording and common_readings.kind = placed_proposals.kind
        left join placed_readings as here on here.said = placed_proposals.wording and here.kind = placed_proposals.kind
            and here.dimension = fresh_endings.dimension and here.name = fresh_endings.name
        """,
    )


def back_there() -> Step:
    """What stands behind each proposal there, and elsewhere, where a customer counts once in each place."""
    elsewhere = "sum({0}) over (partition by said, kind, wording, dimension) - {0}"
    return Step(
        "placed_backing",
        f"""
        select backed.said, backed.kind, backed.wording, backed.dimension, backed.name, backed.customers, backed.agreeing, backed.times,
            backed.customers_elsewhere, backed.agreeing_elsewhere
        from (
            select said, kind, wording, dimension, name, customers, agreeing, times,
                cast({elsewhere.format("customers")} as bigint) as customers_elsewhere,
                cast({elsewhere.format("agreeing")} as bigint) as agreeing_elsewhere
            from (
                select said, kind, wording, dimension, name, count(distinct customer) as customers,
                    count(distinct case when agrees then customer end) as agreeing,
                    count(distinct case when agrees then target_turn_id end) as times
                from placed_agreements
                group by said, kind, wording, dimension, name
            ) as by_place
        ) as backed
        join split_places on {_same("split_places", "backed")}
        """,
    )


def sample_there() -> Step:
    """A few decisive pairs of turns for each of `placed_chosen`, of different customers, the surest and newest first."""
    order = "order by probability desc, event_time desc, source_turn_id, target_turn_id"
    return Step(
        "placed_evidence",
        f"""
        select said, kind, wording, dimension, name, source_turn_id, target_turn_id, place
        from (
            select said, kind, wording, dimension, name, source_turn_id, target_turn_id,
                row_number() over (partition by said, kind, wording, dimension, name {order}) as place
            from (
                select agreed.said, agreed.kind, agreed.wording, agreed.dimension, agreed.name, agreed.source_turn_id,
                    agreed.target_turn_id, agreed.probability, agreed.event_time, row_number() over (
                        partition by agreed.said, agreed.kind, agreed.wording, agreed.dimension, agreed.name, agreed.customer {order}
                    ) as turn_of_customer
                from placed_agreements as agreed
                join placed_chosen on placed_chosen.wording = agreed.wording and {_same("placed_chosen", "agreed")}
                where agreed.agrees
            ) as by_customer
            where turn_of_customer = 1
        ) as ordered
        where place <= {EVIDENCE_MAX}
        """,
    )


def _same(one: str, other: str) -> str:
    """SQL of the condition that two rows are of one wording in one place."""
    return " and ".join(f"{one}.{column} = {other}.{column}" for column in _SAYING.split(", "))
