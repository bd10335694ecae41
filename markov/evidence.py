"""The SQL of evidence, as named steps: who first said it in vain and then in other words with success.

Reads the tables of `steps`. Same rules: common dialect, nothing runs while building.
"""

from __future__ import annotations

from markov.chain import ENTRY_PREFIX
from markov.corroborate import category, corroborated, fingerprint
from markov.steps import MILLION, Floors, Step
from resay.dialogue.state import FAILURE, SUCCESS

EVIDENCE_MAX = 5
"""Pairs of turns kept as a sample: a reviewer reads three to five dialogues."""


def evidence_steps(floors: Floors) -> list[Step]:
    """The steps from facts and sums to wordings and evidence, and to the part of the chain that is to be solved, in order."""
    return [
        first_hop(floors),
        # Two doublings: evidence may lie four links apart. After four tries in vain nearly all have given up or want something else.
        double_hops("hops_two", "hops_one", least=floors.link_min),
        double_hops("hops_four", "hops_two", least=floors.link_min),
        end_well(),
        find_promising(floors.customers_min),
        find_ways(floors.customers_min),
        name_entries(),
        tell_ways(),
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
            join known on known.customer = fingerprint(tries.customer_id)
            left join spoken_for on spoken_for.customer = known.customer
                and spoken_for.source = {fingerprint("tries.source_said", "tries.source_kind")}
                and spoken_for.category = {category("tries.target_state")}
            where not tries.rewritten
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
        with firsts as (
            select distinct source_turn_id as turn_id, customer_id, event_time, day, source_said as said, source_kind as kind,
                source_room as room, source_device_type as device_type, source_outcome as outcome
            from tries
        ),
        lasts as (
            select distinct target_turn_id as turn_id, target_said as said, target_state as state, target_outcome as outcome from tries
        )
        select hops_four.source_turn_id, hops_four.target_turn_id, hops_four.probability, source.event_time, known.customer,
            source.said, source.kind, source.room, source.device_type, target.state
        from hops_four
        join firsts as source on source.turn_id = hops_four.source_turn_id
        join lasts as target on target.turn_id = hops_four.target_turn_id
        join known on known.customer = fingerprint(source.customer_id)
        left join renewed on renewed.said = source.said and renewed.kind = source.kind
        where known.counts and (renewed.since is null or source.day >= renewed.since)
            and target.outcome = 'success' and source.outcome <> 'success'
            and source.said <> '' and source.said <> target.said
        """,
    )


def find_promising(customers_min: int) -> Step:
    """Wordings with enough customers behind them to be looked at."""
    return Step(
        "promising",
        f"""
        select said, kind, count(distinct customer) as customers
        from endings
        group by said, kind
        having count(distinct customer) >= {customers_min}
        """,
    )


def find_ways(customers_min: int) -> Step:
    """Ways to say what succeeds: wordings by the states that they were taken for, with enough customers who succeeded so."""
    return Step(
        "ways_found",
        f"""
        select state, entry, count(distinct customer) as customers, cast(sum(successes) as bigint) as times
        from uttered
        where successes > 0
        group by state, entry
        having count(distinct customer) >= {customers_min}
        """,
    )


def name_entries() -> Step:
    """The texts of those wordings, and of the promising ones."""
    entry = fingerprint("heard.said", "heard.kind")
    return Step(
        "named_entries",
        f"""
        select {entry} as entry, any_value(heard.said) as said, any_value(heard.kind) as kind
        from heard
        where heard.said <> '' and {entry} in (
            select entry from ways_found union select {fingerprint("promising.said", "promising.kind")} from promising
        )
        group by {entry}
        """,
    )


def tell_ways() -> Step:
    """Ways to say what succeeds, in words."""
    return Step(
        "ways",
        """
        select named_states.name as state, named_entries.kind, named_entries.said, ways_found.customers, ways_found.times
        from ways_found
        join named_states on named_states.state = ways_found.state
        join named_entries on named_entries.entry = ways_found.entry
        """,
    )


def spell() -> Step:
    """How each of those wordings was really written, by how many customers."""
    utterance = fingerprint("heard.utterance")
    return Step(
        "spellings",
        f"""
        with spelt as (
            select named_entries.said, uttered.utterance, count(distinct uttered.customer) as customers,
                cast(sum(uttered.times) as bigint) as times
            from uttered
            join named_entries on named_entries.entry = uttered.entry
            where named_entries.said in (select said from ways)
            group by named_entries.said, uttered.utterance
        )
        select spelt.said, written.name as utterance, spelt.customers, spelt.times
        from spelt
        join (
            select {utterance} as utterance, any_value(heard.utterance) as name
            from heard
            where {utterance} in (select utterance from spelt)
            group by {utterance}
        ) as written on written.utterance = spelt.utterance
        """,
    )


def read() -> Step:
    """What the wordings of the plan are usually taken for, room by room, and over all rooms (`room` null)."""
    return Step(
        "readings",
        f"""
        with told as (
            select named_entries.said, named_entries.kind, taken.room, named_states.name as state, taken.times
            from (
                select {fingerprint("heard.said", "heard.kind")} as entry, heard.room, {fingerprint("heard.state")} as state,
                    count(*) as times
                from heard
                join known on known.customer = fingerprint(heard.customer_id)
                where known.counts and not heard.rewritten
                group by {fingerprint("heard.said", "heard.kind")}, heard.room, {fingerprint("heard.state")}
            ) as taken
            join named_entries on named_entries.entry = taken.entry
            join named_states on named_states.state = taken.state
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
    """The part of the chain that is solved: all inner states, and the entries of promising wordings and of ways to succeed; by name."""
    return Step(
        "wanted",
        f"""
        with named as (
            select state as place, name from named_states
            union all
            select entry as place, '{ENTRY_PREFIX}' || said || '|' || kind as name from named_entries
        ),
        ends as (
            select state as place, name from named_states
            union all
            select {fingerprint(f"'{SUCCESS}'")} as place, '{SUCCESS}' as name
            union all
            select {fingerprint(f"'{FAILURE}'")} as place, '{FAILURE}' as name
        )
        select named.name as source, ends.name as target, cast(transitions.millionths as double) / {MILLION}.0 as weight
        from transitions
        join named on named.place = transitions.source
        join ends on ends.place = transitions.target
        where transitions.millionths > 0
        """,
    )


def agree() -> Step:
    """Whether each proposed wording would have been taken, in that room, for what succeeded in the end; for each piece of evidence."""
    return Step(
        "agreements",
        """
        select proposals.said, proposals.kind, proposals.wording, endings.state, endings.customer,
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
        count(distinct customer) as customers, count(distinct case when agrees then customer end) as agreeing,
        count(distinct case when agrees then fingerprint(target_turn_id) end) as times
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
                    partition by said, kind, wording, customer
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
