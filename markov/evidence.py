"""The SQL of evidence, as named steps: who first said it in vain and then in other words with success.

Reads the tables of `steps`. Same rules: common dialect, nothing runs while building.
"""

from __future__ import annotations

from markov.chain import ENTRY_PREFIX
from markov.corroborate import category, corroborated
from markov.steps import MILLION, Floors, Step

EVIDENCE_MAX = 5
"""Pairs of turns kept as a sample: a reviewer reads three to five dialogues."""


def evidence_steps(floors: Floors) -> list[Step]:
    """The steps from counted turns to wordings and evidence, and to the part of the chain that is to be solved, in order."""
    return [
        first_hop(floors),
        # Two doublings: evidence may lie four links apart. After four tries in vain nearly all have given up or want something else.
        double_hops("hops_two", "hops_one", least=floors.link_min),
        double_hops("hops_four", "hops_two", least=floors.link_min),
        end_well(),
        find_promising(floors.customers_min),
        find_ways(floors.customers_min),
        spell(),
        read(),
        want(),
    ]


def backing_steps() -> list[Step]:
    """The steps that say what stands behind table `proposals` (said, kind, wording), in order."""
    return [agree(), back(), sample()]


def first_hop(floors: Floors) -> Step:
    """Tries one link apart that pursue one goal, as far as the link and other customers say; neither of them made by us."""
    probability = corroborated("tries.probability", "coalesce(spoken_for.factor, 1.0)")
    return Step(
        "hops_one",
        f"""
        select source_turn_id, target_turn_id, probability
        from (
            select tries.source_turn_id, tries.target_turn_id, {probability} as probability
            from tries
            join heard as source on source.turn_id = tries.source_turn_id
            join heard as target on target.turn_id = tries.target_turn_id
            left join spoken_for on spoken_for.customer_id = source.customer_id and spoken_for.source = source.entry
                and spoken_for.category = {category("target.state")}
            where not source.rewritten and not target.rewritten
        ) as weighed
        where probability >= {floors.link_min}
        """,
    )


def double_hops(name: str, shorter: str, *, least: float) -> Step:
    """Tries up to twice as many links apart, as long as all links together are probable enough."""
    return Step(
        name,
        f"""
        select source_turn_id, target_turn_id, max(probability) as probability
        from (
            select source_turn_id, target_turn_id, probability from {shorter}
            union all
            select one.source_turn_id, two.target_turn_id, one.probability * two.probability as probability
            from {shorter} as one
            join {shorter} as two on two.source_turn_id = one.target_turn_id
            where one.probability * two.probability >= {least} and one.source_turn_id <> two.target_turn_id
        ) as either_way
        group by source_turn_id, target_turn_id
        """,
    )


def end_well() -> Step:
    """Evidence: a try that did not do, and a later try of the same goal segment, in other words, that did; of customers who count."""
    return Step(
        "endings",
        """
        select hops_four.source_turn_id, hops_four.target_turn_id, hops_four.probability, source.event_time, source.customer_id,
            source.said, source.kind, source.room, target.state
        from hops_four
        join heard as source on source.turn_id = hops_four.source_turn_id
        join heard as target on target.turn_id = hops_four.target_turn_id
        join known on known.customer_id = source.customer_id
        left join renewed on renewed.entry = source.entry
        where known.counts and (renewed.since is null or source.day >= renewed.since)
            and target.outcome = 'success' and coalesce(source.outcome, '') <> 'success'
            and source.said <> '' and source.said <> target.said
        """,
    )


def find_promising(customers_min: int) -> Step:
    """Wordings with enough customers behind them to be looked at."""
    return Step(
        "promising",
        f"""
        select said, kind, count(distinct customer_id) as customers
        from endings
        group by said, kind
        having count(distinct customer_id) >= {customers_min}
        """,
    )


def find_ways(customers_min: int) -> Step:
    """Ways to say what succeeds: wordings by the states that they were taken for, with enough customers who succeeded so."""
    return Step(
        "ways",
        f"""
        select heard.state, heard.kind, heard.said, count(distinct heard.customer_id) as customers, count(*) as times
        from heard
        join known on known.customer_id = heard.customer_id
        where known.counts and heard.outcome = 'success' and not heard.rewritten and heard.said <> ''
        group by heard.state, heard.kind, heard.said
        having count(distinct heard.customer_id) >= {customers_min}
        """,
    )


def spell() -> Step:
    """How each of those wordings was really written, by how many customers."""
    return Step(
        "spellings",
        """
        select heard.said, heard.utterance, count(distinct heard.customer_id) as customers, count(*) as times
        from heard
        join known on known.customer_id = heard.customer_id
        where known.counts and not heard.rewritten and heard.said in (select said from ways)
        group by heard.said, heard.utterance
        """,
    )


def read() -> Step:
    """What the wordings of the plan are usually taken for, room by room, and over all rooms (`room` null)."""
    return Step(
        "readings",
        """
        with told as (
            select heard.said, heard.kind, heard.room, heard.state, count(*) as times
            from heard
            join known on known.customer_id = heard.customer_id
            where known.counts and not heard.rewritten
                and (heard.said in (select said from ways) or heard.said in (select said from promising))
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


def want() -> Step:
    """The part of the chain that is solved: all inner states, and the entries of promising wordings and of ways to succeed."""
    return Step(
        "wanted",
        f"""
        select source, target, cast(millionths as double) / {MILLION}.0 as weight
        from transitions
        where substr(source, 1, {len(ENTRY_PREFIX)}) <> '{ENTRY_PREFIX}'
            or source in (select '{ENTRY_PREFIX}' || said || '|' || kind from promising)
            or source in (select '{ENTRY_PREFIX}' || said || '|' || kind from ways)
        """,
    )


def agree() -> Step:
    """Whether each proposed wording would have been taken, in that room, for what succeeded in the end; for each piece of evidence."""
    return Step(
        "agreements",
        """
        select proposals.said, proposals.kind, proposals.wording, endings.state, endings.customer_id,
            endings.source_turn_id, endings.target_turn_id, endings.probability, endings.event_time,
            coalesce(here.state, anywhere.state) = endings.state as agrees
        from proposals
        join endings on endings.said = proposals.said and endings.kind = proposals.kind
        join readings as anywhere on anywhere.said = proposals.wording and anywhere.kind = proposals.kind and anywhere.room is null
        left join readings as here on here.said = proposals.wording and here.kind = proposals.kind and here.room = endings.room
        """,
    )


def back() -> Step:
    """What stands behind each proposal, by the state in which talk ended, and over all states (`state` null)."""
    counting = """
        count(distinct customer_id) as customers, count(distinct case when agrees then customer_id end) as agreeing,
        count(distinct case when agrees then target_turn_id end) as times
    """
    return Step(
        "backing",
        f"""
        select said, kind, wording, state, {counting} from agreements group by said, kind, wording, state
        union all
        select said, kind, wording, cast(null as varchar(1)) as state, {counting} from agreements group by said, kind, wording
        """,
    )


def sample() -> Step:
    """A few decisive pairs of turns for each proposal, of different customers, the surest and newest first."""
    return Step(
        "evidence",
        f"""
        select said, kind, wording, source_turn_id, target_turn_id, place
        from (
            select said, kind, wording, source_turn_id, target_turn_id, row_number() over (
                partition by said, kind, wording order by probability desc, event_time desc, source_turn_id, target_turn_id
            ) as place
            from (
                select said, kind, wording, source_turn_id, target_turn_id, probability, event_time, row_number() over (
                    partition by said, kind, wording, customer_id
                    order by probability desc, event_time desc, source_turn_id, target_turn_id
                ) as turn_of_customer
                from agreements
                where agrees
            ) as by_customer
            where turn_of_customer = 1
        ) as ordered
        where place <= {EVIDENCE_MAX}
        """,
    )
