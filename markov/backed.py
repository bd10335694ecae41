"""The SQL of what stands behind a wording for a source in one place, and elsewhere, as named steps.

Reads the tables of `places`, and what `split` loads. Same rules: common dialect, nothing runs while building.
"""

from __future__ import annotations

from markov.corroborate import fingerprint
from markov.places import PLACE, in_each, same, worded
from markov.sample import sampled
from markov.steps import MILLION, Step
from markov.trials import wins_and_losses


def weigh_steps() -> list[Step]:
    """The steps to what stands behind each of `placed_proposals` (said, kind, wording) there, and elsewhere."""
    return [
        propose_there(),
        ask_about(),
        tell_there(),
        take_there(),
        read_there(),
        read_anywhere(),
        chance_there(),
        back_by_place(),
        back_there(),
    ]


def propose_there() -> Step:
    """The proposals by fingerprints, in each dimension in which the source's places are looked at."""
    return Step(
        "proposed_there",
        f"""
        select proposals.entry, proposals.way, proposals.kind, proposals.said, proposals.wording, dimensions.dimension
        from (
            select {fingerprint("said", "kind")} as entry, {fingerprint("wording", "kind")} as way, said, kind, wording
            from placed_proposals
        ) as proposals
        join (select distinct entry, dimension from found_places) as dimensions on dimensions.entry = proposals.entry
        """,
    )


def ask_about() -> Step:
    """Sources and wordings of the proposals, with the dimensions in which they are asked about; each is asked about by room."""
    return Step(
        "asked_about_there",
        """
        select asked.entry, asked.said, asked.kind, asked.dimension
        from (
            select entry, said, kind, dimension from proposed_there
            union
            select way as entry, wording as said, kind, dimension from proposed_there
            union
            select entry, said, kind, 'room' as dimension from proposed_there
            union
            select way as entry, wording as said, kind, 'room' as dimension from proposed_there
        ) as asked
        """,
    )


def tell_there() -> Step:
    """Who said the wordings of the proposals where, what they were taken for, and what came of it."""
    of_dimension = """
        select {entry} as entry, '{dimension}' as dimension, heard.{dimension} as name, known.customer, {state} as state,
            count(*) as times, {wins_and_losses}
        from heard
        join known on known.customer = {customer}
        left join anew_there on anew_there.entry = {entry} and anew_there.dimension = '{dimension}' and anew_there.name = heard.{dimension}
        {apart}
        where known.counts and not heard.rewritten and (anew_there.since is null or heard.day >= anew_there.since)
            and {entry} in (select entry from asked_about_there where dimension = '{dimension}') and apart.said is null
        group by {entry}, heard.{dimension}, known.customer, {state}
    """
    return Step("placed_told", in_each(of_dimension, state=fingerprint("heard.state"), wins_and_losses=wins_and_losses("heard")))


def take_there() -> Step:
    """How often each wording was taken for each state there."""
    return Step(
        "placed_taken",
        f"""
        select told.entry, told.dimension, told.name, named_states.state, named_states.name as state_name, told.times
        from (select {PLACE}, state, sum(times) as times from placed_told group by {PLACE}, state) as told
        join named_states on named_states.state = told.state
        """,
    )


def read_there() -> Step:
    """What each wording is mostly taken for there."""
    return Step(
        "placed_readings",
        f"""
        with placed as (
            select {PLACE}, state as state_told, state_name as state,
                row_number() over (partition by {PLACE} order by times desc, state_name) as place
            from placed_taken
            where name <> ''
        ),
        first as (select {PLACE}, state_told, state from placed where place = 1)
        {worded("first", ("entry", "state_told", "state"), "asked_about_there")} and named.dimension = told.dimension
        """,
    )


def read_anywhere() -> Step:
    """The same wherever it was said."""
    return Step(
        "common_readings",
        """
        select asked.said, asked.kind, placed.entry, placed.state as state_told, placed.state_name as state
        from (
            select entry, state, state_name, row_number() over (partition by entry order by sum(times) desc, state_name) as place
            from placed_taken
            where dimension = 'room'
            group by entry, state, state_name
        ) as placed
        join (select distinct entry, said, kind from asked_about_there) as asked on asked.entry = placed.entry
        where placed.place = 1
        """,
    )


def chance_there() -> Step:
    """How each wording fares there as said, and elsewhere: each customer weighs one in each place, in millionths."""
    elsewhere = "sum({0}) over (partition by entry, dimension) - {0}"
    return Step(
        "placed_chances",
        f"""
        with by_customer as (
            select {PLACE}, customer, sum(wins) as wins, sum(losses) as losses from placed_told group by {PLACE}, customer
        ),
        by_place as (
            select {PLACE}, count(*) as speakers,
                sum(cast(round({MILLION} * cast(wins as double) / greatest(1, wins + losses)) as bigint)) as won,
                sum(cast(round({MILLION} * cast(losses as double) / greatest(1, wins + losses)) as bigint)) as lost
            from by_customer
            group by {PLACE}
        ),
        chances as (
            select {PLACE}, speakers, cast(won as bigint) as won, cast(lost as bigint) as lost,
                cast({elsewhere.format("won")} as bigint) as won_elsewhere, cast({elsewhere.format("lost")} as bigint) as lost_elsewhere
            from by_place
        )
        {worded("chances", ("speakers", "won", "lost", "won_elsewhere", "lost_elsewhere"), "asked_about_there")}
            and named.dimension = told.dimension
        """,
    )


def back_by_place() -> Step:
    """What stands behind each proposal in every place: who ended well, and who did by what the wording is taken for there."""
    return Step(
        "backed_by_place",
        f"""
        with anyhow as (select {PLACE}, count(distinct customer) as customers from fresh_endings group by {PLACE})
        select proposed.entry, proposed.said, proposed.kind, proposed.wording, anyhow.dimension, anyhow.name, anyhow.customers,
            coalesce(ended_there.customers, 0) as agreeing, coalesce(ended_there.times, 0) as times
        from proposed_there as proposed
        join anyhow on anyhow.entry = proposed.entry and anyhow.dimension = proposed.dimension
        join common_readings on common_readings.entry = proposed.way
        left join placed_readings as here on here.entry = proposed.way and here.dimension = anyhow.dimension and here.name = anyhow.name
        left join ended_there on {same("ended_there", "anyhow")}
            and ended_there.state = coalesce(here.state_told, common_readings.state_told)
        """,
    )


def back_there() -> Step:
    """The same of the places that are looked at, and elsewhere, where a customer counts once in each place."""
    elsewhere = "sum({0}) over (partition by entry, wording, dimension) - {0}"
    return Step(
        "placed_backing",
        f"""
        select backed.said, backed.kind, backed.wording, backed.dimension, backed.name, backed.customers, backed.agreeing, backed.times,
            backed.customers_elsewhere, backed.agreeing_elsewhere
        from (
            select {PLACE}, said, kind, wording, customers, agreeing, times,
                cast({elsewhere.format("customers")} as bigint) as customers_elsewhere,
                cast({elsewhere.format("agreeing")} as bigint) as agreeing_elsewhere
            from backed_by_place
        ) as backed
        join found_places on {same("found_places", "backed")}
        """,
    )


def sample_there() -> Step:
    """A few decisive pairs of turns for each of `placed_chosen`, of different customers, the surest and newest first."""
    agreed = """
        select chosen.said, chosen.kind, chosen.wording, chosen.dimension, chosen.name, fresh_endings.customer, fresh_endings.source,
            fresh_endings.target, fresh_endings.probability, fresh_endings.event_time
        from placed_chosen as chosen
        join proposed_there as proposed on proposed.said = chosen.said and proposed.kind = chosen.kind
            and proposed.wording = chosen.wording and proposed.dimension = chosen.dimension
        join fresh_endings on fresh_endings.entry = proposed.entry and fresh_endings.dimension = chosen.dimension
            and fresh_endings.name = chosen.name
        join common_readings on common_readings.entry = proposed.way
        left join placed_readings as here on here.entry = proposed.way and here.dimension = chosen.dimension and here.name = chosen.name
        where coalesce(here.state_told, common_readings.state_told) = fresh_endings.state
    """
    return Step("placed_evidence", sampled(agreed, "said, kind, wording, dimension, name"))
