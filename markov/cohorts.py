"""The SQL of cohorts, as named steps: what came of a wording, set by set of the cohorts whose customers said it.

Reads the tables of `steps`, `known`, and what `sparing` loads. Same rules: common dialect, nothing runs while building.
A customer has the cohorts of the newest turn in which they said the wording, whatever others told: so each is in one set, heads add up,
and what a cohort is told of a wording is what those who are of it now have made of it.
"""

from __future__ import annotations

from markov.corroborate import fingerprint
from markov.steps import MILLION, Step
from markov.trials import WINDOW_DAYS, look_at_calendar, wins_and_losses

EVIDENCE_MAX = 5
"""Pairs of turns kept as a sample: a reviewer reads three to five dialogues."""

DAYS_OF_CUSTOMER_MAX = 5
"""Days of each customer that are looked at, the newest: a working week. So nobody weighs more than that in a cohort, however often they
speak, and what begins to go wrong for whoever has spoken for years shows at once."""

SETS_SAID, SETS_ENDED = "cohort_sets", "cohort_sets_ended"
"""Tables of sets of cohorts: of turns that said a wording lately, and of those behind which others succeeded."""

_KEYS = "said, kind, room, device_type"

_ASKED = ", ".join(f"asked.{column}" for column in _KEYS.split(", "))


def trial_steps() -> list[Step]:
    """The steps to what became of each wording of `cohort_asked` (said, kind, room, device_type; empty: any) but for `cohort_elsewhere`."""
    found = [look_at_calendar(), hear_cohorts(), list_sets(SETS_SAID, "cohort_turns"), belong()]
    return [*found, try_out_inside(), fare_inside(), head_count_inside(), speak_inside()]


def meaning_steps(link_min: float) -> list[Step]:
    """The steps to what was meant by each of `cohort_wordings` (the same, and wording), by set of cohorts; behind those to trials."""
    return [read_inside(), agree_inside(link_min), list_sets(SETS_ENDED, "cohort_agreements"), mean_inside()]


def backing_steps() -> list[Step]:
    """The steps to what stands behind each of `cohort_wordings` without the turns of the sets of `cohort_spared`."""
    return [agree_outside(), back_outside(), sample_outside()]


def count_told() -> Step:
    """How many turns tell cohorts."""
    return Step("cohorts_told", "select count(cohorts) as turns from heard")


def hear_cohorts() -> Step:
    """The turns of the last weeks that said these wordings and told cohorts; of no sessions, but of young accounts too."""
    return Step(
        "cohort_turns",
        f"""
        select known.customer, known.counts, heard.day, heard.event_time, heard.turn_id, heard.outcome, heard.cohorts,
            case when heard.rewritten then heard.utterance else '' end as given, {_ASKED}
        from heard
        join cohort_asked as asked on asked.said = heard.said and asked.kind = heard.kind and asked.room in ('', heard.room)
            and asked.device_type in ('', heard.device_type)
        join known on known.customer = {fingerprint("heard.customer_id")}
        where heard.cohorts is not null and not heard.is_session
            and heard.day > (select max(day) from heard) - interval '{WINDOW_DAYS}' day and not exists (
                select 1 from cohort_elsewhere as there
                where there.said = asked.said and there.kind = asked.kind and asked.room = '' and asked.device_type = ''
                    and there.room in ('', heard.room) and there.device_type in ('', heard.device_type)
            )
        """,
    )


def list_sets(name: str, turns: str) -> Step:
    """The cohorts that turns told together, each set once."""
    return Step(name, f"select distinct {_KEYS}, cohorts from {turns} where cohorts is not null")


def belong() -> Step:
    """Of which cohorts each customer is who said a wording."""
    return Step(
        "cohort_members",
        f"""
        select customer, {_KEYS}, cohorts
        from (
            select customer, {_KEYS}, cohorts,
                row_number() over (partition by customer, {_KEYS} order by event_time desc, turn_id desc) as place
            from cohort_turns
        ) as ordered
        where place = 1
        """,
    )


def try_out_inside() -> Step:
    """What came of each wording on each customer's newest days, as it was said and as it was rewritten."""
    return Step(
        "cohort_trials",
        f"""
        select newest.customer, newest.counts, {_of("newest")}, newest.given, newest.day, newest.wins, newest.losses, cohort_members.cohorts
        from (
            select customer, counts, {_KEYS}, given, day, wins, losses,
                row_number() over (partition by customer, {_KEYS}, given order by day desc) as age
            from (
                select customer, counts, {_KEYS}, given, day, {wins_and_losses("cohort_turns")}
                from cohort_turns
                where outcome in ('success', 'failure')
                group by customer, counts, {_KEYS}, given, day
            ) as by_day
        ) as newest
        join cohort_members on cohort_members.customer = newest.customer and {_same("cohort_members", "newest")}
        where newest.age <= {DAYS_OF_CUSTOMER_MAX}
        """,
    )


def fare_inside() -> Step:
    """How each fared, day by day, in millionths: each customer weighs one a day."""
    share = f"{MILLION} * cast({{0}} as double) / (wins + losses)"
    return Step(
        "cohort_fared",
        f"""
        select {_KEYS}, given, cohorts, counts, day, cast(sum(cast(round({share.format("wins")}) as bigint)) as bigint) as won,
            cast(sum(cast(round({share.format("losses")}) as bigint)) as bigint) as lost
        from cohort_trials
        group by {_KEYS}, given, cohorts, counts, day
        """,
    )


def head_count_inside() -> Step:
    """How many customers stand behind each record, and for how many of them it succeeded, or failed, at least once."""
    return Step(
        "cohort_triers",
        f"""
        select {_KEYS}, given, cohorts, counts, count(distinct customer) as customers,
            count(distinct case when wins > 0 then customer end) as winners,
            count(distinct case when losses > 0 then customer end) as losers
        from cohort_trials
        group by {_KEYS}, given, cohorts, counts
        """,
    )


def speak_inside() -> Step:
    """How many customers said each wording."""
    return Step("cohort_speakers", f"select {_KEYS}, cohorts, count(*) as customers from cohort_members group by {_KEYS}, cohorts")


def read_inside() -> Step:
    """What each wording is mostly taken for, room by room, and over all rooms (`room` null)."""
    return Step(
        "cohort_readings",
        """
        with told as (
            select heard.said, heard.kind, heard.room, heard.state, count(*) as times
            from heard
            join (select distinct wording, kind from cohort_wordings) as named on named.wording = heard.said and named.kind = heard.kind
            where not heard.rewritten
            group by heard.said, heard.kind, heard.room, heard.state
        )
        select said, kind, room, state
        from (
            select said, kind, room, state, row_number() over (partition by said, kind, room order by times desc, state) as place
            from (
                select said, kind, room, state, times from told
                union all
                select said, kind, cast(null as varchar(1)) as room, state, sum(times) as times from told group by said, kind, state
            ) as both_ways
        ) as placed
        where place = 1
        """,
    )


def agree_inside(link_min: float) -> Step:
    """Second tries that succeeded where the source did not, and whether each wording would have been taken for what they were.

    That a try succeeds by just what the wording means speaks for its link; of others only likely links count.
    """
    return Step(
        "cohort_agreements",
        f"""
        select {_KEYS}, wording, customer, source_turn_id, target_turn_id, probability, event_time, day, agrees, cohorts
        from (
            select {_ASKED}, asked.wording, known.customer, tries.source_turn_id, tries.target_turn_id, tries.probability,
                tries.event_time, tries.day, coalesce(here.state, anywhere.state) = tries.target_state as agrees, told.cohorts
            from tries
            join cohort_wordings as asked on asked.said = tries.source_said and asked.kind = tries.source_kind
                and asked.room in ('', tries.source_room) and asked.device_type in ('', tries.source_device_type)
            join known on known.customer = {fingerprint("tries.customer_id")}
            join cohort_readings as anywhere on anywhere.said = asked.wording and anywhere.kind = asked.kind and anywhere.room is null
            left join cohort_readings as here on here.said = asked.wording and here.kind = asked.kind and here.room = tries.source_room
            left join (
                select heard.turn_id, heard.cohorts
                from heard
                join (select distinct said, kind from cohort_wordings) as named on named.said = heard.said and named.kind = heard.kind
                where heard.cohorts is not null
            ) as told on told.turn_id = tries.source_turn_id
            where known.counts and not tries.rewritten and tries.target_outcome = 'success' and tries.source_outcome <> 'success'
                and tries.source_said <> tries.target_said
        ) as ended
        where agrees or probability >= {link_min}
        """,
    )


def mean_inside() -> Step:
    """Of how many customers who lately said it in vain and ended well the wording would have been what they meant."""
    return Step(
        "cohort_meanings",
        f"""
        select {_of("agreed")}, agreed.wording, cohort_members.cohorts, count(distinct agreed.customer) as customers,
            count(distinct case when agreed.agrees then agreed.customer end) as agreeing
        from cohort_agreements as agreed
        join cohort_members on cohort_members.customer = agreed.customer and {_same("cohort_members", "agreed")}
        where agreed.day > (select max(day) from heard) - interval '{WINDOW_DAYS}' day
        group by {_of("agreed")}, agreed.wording, cohort_members.cohorts
        """,
    )


def agree_outside() -> Step:
    """The evidence for each wording that some cohort is spared, of everybody else."""
    return Step(
        "cohort_outside",
        f"""
        select {_of("agreed")}, agreed.wording, agreed.customer, agreed.source_turn_id, agreed.target_turn_id, agreed.probability,
            agreed.event_time
        from cohort_agreements as agreed
        where agreed.agrees
            and exists (select 1 from cohort_spared as named where {_same("named", "agreed")} and named.wording = agreed.wording)
            and not exists (
                select 1 from cohort_spared as spared
                where {_same("spared", "agreed")} and spared.wording = agreed.wording and spared.cohorts = agreed.cohorts
            )
        """,
    )


def back_outside() -> Step:
    """How many customers stand behind each of them, and how often they did."""
    return Step(
        "cohort_backing",
        f"""
        select {_KEYS}, wording, count(distinct customer) as customers, count(distinct target_turn_id) as times
        from cohort_outside
        group by {_KEYS}, wording
        """,
    )


def sample_outside() -> Step:
    """A few decisive pairs of turns for each of them, of different customers, the surest and newest first."""
    order = "order by probability desc, event_time desc, source_turn_id, target_turn_id"
    return Step(
        "cohort_evidence",
        f"""
        select {_KEYS}, wording, source_turn_id, target_turn_id, place
        from (
            select {_KEYS}, wording, source_turn_id, target_turn_id,
                row_number() over (partition by {_KEYS}, wording {order}) as place
            from (
                select {_KEYS}, wording, source_turn_id, target_turn_id, probability, event_time,
                    row_number() over (partition by {_KEYS}, wording, customer {order}) as turn_of_customer
                from cohort_outside
            ) as by_customer
            where turn_of_customer = 1
        ) as ordered
        where place <= {EVIDENCE_MAX}
        """,
    )


def _of(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in _KEYS.split(", "))


def _same(one: str, other: str) -> str:
    """SQL of the condition that two rows are of one wording in one place."""
    return " and ".join(f"{one}.{column} = {other}.{column}" for column in _KEYS.split(", "))
