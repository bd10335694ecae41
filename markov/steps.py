"""The miner's SQL, as named steps. Common dialect only; nothing runs while building.

Each step is a select that reads the lake's views (`turns`, `links`, `segments`, `outcomes`) or the steps before it.
Weights are whole millionths, because integers add up exactly in any order, on any engine; so counts of days and of customers add up.
"""

from __future__ import annotations

from dataclasses import dataclass

from markov.chain import ENTRY_PREFIX

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """One table of the plan: its name, and the select that makes it."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Floors:
    """What keeps few customers, or one, from deciding what others are served."""

    customers_min: int = 10
    """k: this many customers must stand behind whatever leaves the miner (DESIGN 7)."""
    account_age_days: int = 7
    """Accounts first seen later than this before the newest turn do not count (DESIGN 7)."""
    customer_weight_max: float = 5.0
    """Weight that one customer may bring to one state: a working week of a daily habit."""
    link_min: float = 0.5
    """Tries count as evidence from this probability on, over all links between them, corroborated: more likely than not."""
    corroboration_max: float = 10.0
    """How much other customers may speak for a link, or against it, as a factor on its odds: ten makes a link of 0.2 one of 0.7."""


def count_steps(floors: Floors) -> list[Step]:
    """The steps from the lake to table `counts`, in order."""
    return [hear(), know_customers(floors.account_age_days), share_links(), rest(), move(), count()]


def hear() -> Step:
    """Each turn as the chain sees it: what was said, the state that it was taken for, its goal, and what came of it."""
    entry = f"'{ENTRY_PREFIX}' || turns.said || '|' || coalesce(turns.prompt_kind, '')"
    return Step(
        "heard",
        f"""
        select turns.turn_id, turns.customer_id, coalesce(turns.customer_kind, 'account') as customer_kind, turns.event_time,
            cast(turns.event_time as date) as day, turns.said, coalesce(turns.prompt_kind, '') as kind, coalesce(turns.room, '') as room,
            {entry} as entry, turns.state, turns.utterance, settled.outcome, pursued.segment_id,
            (turns.rewrite_id is not null or turns.original is not null) as rewritten
        from turns
        left join (
            select turn_id, outcome, row_number() over (partition by turn_id order by labeller desc) as place from outcomes
        ) as settled on settled.turn_id = turns.turn_id and settled.place = 1
        left join (
            select turn_id, segment_id, row_number() over (partition by turn_id order by labeller desc, segment_id) as place from segments
        ) as pursued on pursued.turn_id = turns.turn_id and pursued.place = 1
        """,
    )


def know_customers(account_age_days: int) -> Step:
    """Who counts towards a floor: no customer that is but a session, no account that is too young."""
    return Step(
        "known",
        f"""
        select customer_id,
            sum(case when customer_kind = 'session' then 1 else 0 end) = 0
                and min(event_time) <= (select max(event_time) from heard) - interval '{account_age_days}' day as counts
        from heard
        group by customer_id
        """,
    )


def share_links() -> Step:
    """Links inside goal segments, as shares of the turn that they leave: more than one certain link cannot leave a turn."""
    return Step(
        "tries",
        f"""
        select source_turn_id, target_turn_id, told / {MILLION}.0 as probability,
            cast(floor({MILLION}.0 * told / greatest({MILLION}, sum(told) over (partition by source_turn_id))) as bigint) as millionths
        from (
            select links.source_turn_id, links.target_turn_id,
                cast(round({MILLION} * least(1.0, greatest(0.0, max(links.probability)))) as bigint) as told
            from links
            join heard as source on source.turn_id = links.source_turn_id
            join heard as target on target.turn_id = links.target_turn_id
            where source.segment_id = target.segment_id and source.customer_id = target.customer_id
                and links.source_turn_id <> links.target_turn_id
            group by links.source_turn_id, links.target_turn_id
        ) as linked
        """,
    )


def rest() -> Step:
    """The weight of each turn that no link takes, with its own outcome; a censored turn has none."""
    return Step(
        "rests",
        f"""
        select heard.day, heard.customer_id, heard.entry, heard.state, heard.outcome, heard.rewritten,
            {MILLION} - coalesce(linked.taken, 0) as millionths
        from heard
        left join (select source_turn_id, sum(millionths) as taken from tries group by source_turn_id) as linked
            on linked.source_turn_id = heard.turn_id
        where heard.outcome in ('success', 'failure')
        """,
    )


def move() -> Step:
    """Every step of every turn, twice: from its wording (entry), and from the state that it was taken for.

    A link leads to the state of the next try; the rest of the turn leads to its own outcome.
    The same words again are a self-loop of the entry, the same meaning again is one of the state.
    """
    tries = """
        from tries
        join heard as source on source.turn_id = tries.source_turn_id
        join heard as target on target.turn_id = tries.target_turn_id
    """
    made_by_us = "(source.rewritten or target.rewritten) as rewritten"
    return Step(
        "moves",
        f"""
        select source.day, source.customer_id, source.entry as source,
            case when target.entry = source.entry then source.entry else target.state end as target, {made_by_us}, tries.millionths
        {tries}
        union all
        select source.day, source.customer_id, source.state as source, target.state as target, {made_by_us}, tries.millionths
        {tries}
        union all
        select day, customer_id, entry as source, outcome as target, rewritten, millionths from rests where millionths > 0
        union all
        select day, customer_id, state as source, outcome as target, rewritten, millionths from rests where millionths > 0
        """,
    )


def count() -> Step:
    """Table `counts`: sums per day, customer, source, target, rewritten; they add up, and one customer can be taken out."""
    return Step(
        "counted",
        f"""
        select day, customer_id, source, target, rewritten,
            cast(sum(millionths) as double) / {MILLION}.0 as weight, cast(count(*) as bigint) as times
        from moves
        group by day, customer_id, source, target, rewritten
        """,
    )
