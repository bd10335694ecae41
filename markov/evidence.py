"""The SQL of evidence, as named steps: who first said it in vain and then in other words with success.

Reads the tables of `steps`, `sums` and `corroborate`. Goes by fingerprints, and comes back to words for what is left in the end.
Same rules: common dialect, nothing runs while building.
"""

from __future__ import annotations

from markov.chain import ENTRY_PREFIX
from markov.corroborate import corroborated, fingerprint
from markov.sample import sampled
from markov.steps import MILLION, Floors, Step
from resay.dialogue.state import FAILURE, SUCCESS


def evidence_steps(floors: Floors) -> list[Step]:
    """The steps from facts and sums to wordings and evidence, and to the part of the chain that is to be solved, in order."""
    return [
        first_hop(floors),
        # Two doublings: evidence may lie four links apart. After four tries in vain nearly all have given up or want something else.
        double_hops("hops_two", "hops_one", least=floors.link_min),
        end_well("hops_two", least=floors.link_min),
        find_promising(floors.customers_min),
        find_ways(floors.customers_min),
        name_entries(),
        promise(),
        tell_ways(),
        doubt_spelling(),
        spell(),
        take(),
        read(),
        want(),
    ]


def backing_steps() -> list[Step]:
    """The steps that say what stands behind table `proposals` (said, kind, wording), in order."""
    return [propose(), read_rooms(), find_uneven(), end(), agree(), back()]


def first_hop(floors: Floors) -> Step:
    """Tries one link apart that pursue one goal, as far as the link and other customers say; neither of them made by us."""
    probability = corroborated("tried.probability", "coalesce(spoken_for.factor, 1.0)")
    return Step(
        "hops_one",
        f"""
        select source, target, probability
        from (
            select tried.source_turn as source, tried.target_turn as target, {probability} as probability
            from tried
            left join spoken_for on spoken_for.customer = tried.customer and spoken_for.source = tried.entry
                and spoken_for.category = tried.category
        ) as weighed
        where probability >= {floors.link_min}
        """,
    )


def double_hops(name: str, shorter: str, *, least: float) -> Step:
    """Tries up to twice as many links apart, as long as all links together are probable enough."""
    return Step(name, _doubled(shorter, least))


def end_well(hops: str, *, least: float) -> Step:
    """Evidence: a try that did not do, and a later try of the same goal segment, in other words, that did; of customers who count.

    Up to twice as many links apart as the hops are. Everything by fingerprints, but for the place.
    """
    return Step(
        "endings",
        f"""
        with firsts as (
            select source_turn as turn, any_value(customer) as customer, any_value(event_time) as event_time, any_value(entry) as entry,
                any_value(source_text) as text, any_value(room) as room, any_value(device_type) as device_type
            from tried
            left join anew on anew.renewed = tried.entry
            where tried.in_vain and (anew.since is null or tried.day >= anew.since)
            group by source_turn
        ),
        lasts as (
            select target_turn as turn, any_value(target_text) as text, any_value(target_state) as state
            from tried
            where succeeded
            group by target_turn
        )
        select hops.source, hops.target, hops.probability, firsts.event_time, firsts.customer, firsts.entry, firsts.room,
            firsts.device_type, lasts.state
        from ({_doubled(hops, least)}) as hops
        join firsts on firsts.turn = hops.source
        join lasts on lasts.turn = hops.target
        where firsts.text <> lasts.text
        """,
    )


def find_promising(customers_min: int) -> Step:
    """Wordings with enough customers behind them to be looked at."""
    return Step(
        "promising_found",
        f"""
        select entry, count(distinct customer) as customers
        from endings
        group by entry
        having count(distinct customer) >= {customers_min}
        """,
    )


def find_ways(customers_min: int) -> Step:
    """Ways to say what succeeds: wordings by the states that they were taken for, with enough customers who succeeded so."""
    return Step("ways_found", f"select entry, state, customers, successes as times from meant where customers >= {customers_min}")


def name_entries() -> Step:
    """The texts of those wordings, and of the promising ones; and whether each was always written alike."""
    entry, utterance = fingerprint("heard.said", "heard.kind"), fingerprint("heard.utterance")
    return Step(
        "named_entries",
        f"""
        select {entry} as entry, any_value(heard.said) as said, any_value(heard.kind) as kind, any_value(heard.utterance) as utterance,
            min({utterance}) = max({utterance}) as is_spelt_one_way
        from heard
        where heard.said <> '' and not heard.rewritten and {entry} in (select entry from ways_found union select entry from promising_found)
        group by {entry}
        """,
    )


def promise() -> Step:
    """The promising wordings, in words."""
    return Step(
        "promising",
        """
        select named_entries.entry, named_entries.said, named_entries.kind, promising_found.customers
        from promising_found
        join named_entries on named_entries.entry = promising_found.entry
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


def doubt_spelling() -> Step:
    """Texts that were written in several ways, which have to be counted."""
    return Step(
        "spelt_apart",
        """
        select said
        from named_entries
        group by said
        having min(utterance) <> max(utterance) or min(cast(is_spelt_one_way as int)) = 0
        """,
    )


def spell() -> Step:
    """How each of those wordings was really written, by how many customers; of what was always written alike numbers tell nothing."""
    return Step(
        "spellings",
        f"""
        select said, min(utterance) as utterance, cast(1 as bigint) as customers, cast(1 as bigint) as times
        from named_entries
        where said in (select said from ways) and said not in (select said from spelt_apart)
        group by said
        union all
        select heard.said, heard.utterance, count(distinct known.customer) as customers, count(*) as times
        from heard
        join known on known.customer = {fingerprint("heard.customer_id")}
        where known.counts and not heard.rewritten
            and heard.said in (select spelt_apart.said from spelt_apart join ways on ways.said = spelt_apart.said)
        group by heard.said, heard.utterance
        """,
    )


def take() -> Step:
    """What the wordings of the plan are usually taken for, over all rooms."""
    return Step(
        "taken_for",
        """
        select entry, said, kind, state, name
        from (
            select named_entries.entry, named_entries.said, named_entries.kind, named_states.state, named_states.name,
                row_number() over (partition by named_entries.entry order by meant.times desc, named_states.name) as place
            from meant
            join named_entries on named_entries.entry = meant.entry
            join named_states on named_states.state = meant.state
        ) as placed
        where place = 1
        """,
    )


def read() -> Step:
    """The same, in words."""
    return Step("readings", "select said, kind, name as state from taken_for")


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


def propose() -> Step:
    """The proposals by fingerprints, with the state that each wording is usually taken for."""
    return Step(
        "proposed",
        f"""
        select {fingerprint("proposals.said", "proposals.kind")} as entry, taken_for.entry as way, taken_for.state as anywhere,
            proposals.said, proposals.kind, proposals.wording
        from proposals
        join taken_for on taken_for.said = proposals.wording and taken_for.kind = proposals.kind
        """,
    )


def read_rooms() -> Step:
    """What the proposed wordings are usually taken for, room by room."""
    entry, state = fingerprint("heard.said", "heard.kind"), fingerprint("heard.state")
    return Step(
        "room_readings",
        f"""
        select way, room, state
        from (
            select told.way, told.room, told.state, row_number() over (
                partition by told.way, told.room order by told.times desc, named_states.name
            ) as place
            from (
                select {entry} as way, heard.room, {state} as state, count(*) as times
                from heard
                join known on known.customer = {fingerprint("heard.customer_id")}
                where known.counts and not heard.rewritten and {entry} in (select way from proposed)
                group by {entry}, heard.room, {state}
            ) as told
            join named_states on named_states.state = told.state
        ) as placed
        where place = 1
        """,
    )


def find_uneven() -> Step:
    """Wordings that are taken for something else in some room: what stands behind them has to be counted room by room."""
    return Step(
        "uneven",
        """
        select distinct room_readings.way
        from room_readings
        join proposed on proposed.way = room_readings.way
        where room_readings.state <> proposed.anywhere
        """,
    )


def end() -> Step:
    """By which states talk after each proposed source ended well, for how many customers."""
    return Step(
        "ended",
        """
        select entry, state, count(distinct customer) as customers, count(distinct target) as times
        from endings
        where entry in (select entry from proposed)
        group by entry, state
        """,
    )


def agree() -> Step:
    """Of wordings that rooms disagree about: whether each would have been taken, in that room, for what succeeded in the end."""
    return Step(
        "agreements",
        """
        select proposed.said, proposed.kind, proposed.wording, endings.state, endings.customer, endings.target,
            coalesce(here.state, proposed.anywhere) = endings.state as agrees
        from proposed
        join uneven on uneven.way = proposed.way
        join endings on endings.entry = proposed.entry
        left join room_readings as here on here.way = proposed.way and here.room = endings.room
        """,
    )


def back() -> Step:
    """What stands behind each proposal, by the state in which talk ended, and over all states (`state` null)."""
    agreeing = """
        count(distinct case when agrees then customer end) as agreeing, count(distinct case when agrees then target end) as times
    """
    return Step(
        "backing",
        f"""
        with even as (
            select proposed.said, proposed.kind, proposed.wording, ended.state, ended.customers,
                case when ended.state = proposed.anywhere then ended.customers else 0 end as agreeing,
                case when ended.state = proposed.anywhere then ended.times else 0 end as times
            from proposed
            join ended on ended.entry = proposed.entry
            where proposed.way not in (select way from uneven)
        ),
        by_state as (
            select said, kind, wording, state, customers, agreeing, times from even
            union all
            select said, kind, wording, state, count(distinct customer) as customers, {agreeing}
            from agreements
            group by said, kind, wording, state
        )
        select by_state.said, by_state.kind, by_state.wording, named_states.name as state, by_state.customers, by_state.agreeing,
            by_state.times
        from by_state
        join named_states on named_states.state = by_state.state
        union all
        select said, kind, wording, cast(null as varchar(1)) as state, cast(sum(customers) as bigint) as customers,
            max(agreeing) as agreeing, max(times) as times
        from even
        group by said, kind, wording
        union all
        select said, kind, wording, cast(null as varchar(1)) as state, count(distinct customer) as customers, {agreeing}
        from agreements
        group by said, kind, wording
        """,
    )


def sample() -> Step:
    """A few decisive pairs of turns for each proposal in table `cited` (said, kind, wording)."""
    agreed = """
        select cited.said, cited.kind, cited.wording, endings.customer, endings.source, endings.target, endings.probability,
            endings.event_time
        from cited
        join proposed on proposed.said = cited.said and proposed.kind = cited.kind and proposed.wording = cited.wording
        join endings on endings.entry = proposed.entry
        left join room_readings as here on here.way = proposed.way and here.room = endings.room
        where coalesce(here.state, proposed.anywhere) = endings.state
    """
    return Step("evidence", sampled(agreed, "said, kind, wording"))


def _doubled(hops: str, least: float) -> str:
    """SQL for hops up to twice as long; of two ways from one turn to another the likelier one."""
    return f"""
        select source, target, max(probability) as probability
        from (
            select source, target, probability from {hops}
            union all
            select one.source, two.target, one.probability * two.probability as probability
            from {hops} as one
            join {hops} as two on two.source = one.target
            where one.probability * two.probability >= {least} and one.source <> two.target
        ) as either_way
        group by source, target
    """
