"""The miner's SQL, as named steps: what is kept of each turn and of each second try. Common dialect only; nothing runs while building.

Each step is a select that reads the lake's views (`turns`, `links`, `segments`, `outcomes`) or the steps before it. Weights are whole
millionths, because integers add up exactly in any order, on any engine: days add up, and a customer's share can be taken out to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass

from resay.store.tables import CHAIN_TRIES, CHAIN_TURNS

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


HEARD = "heard"
"""Each turn as the chain sees it: what the miner reads of turns, kept by the lake or made from labels."""

TRIES = "tries"
"""Each second try with both of its turns: what the miner reads of links."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which turns are looked at: all, or whole stretches of talk."""

    turns: str = "turns"
    """The view that has these turns, and no others."""
    ids: str = ""
    """SQL for their ids; empty: all."""

    def only(self, column: str) -> str:
        """SQL of the condition that a column names one of these turns."""
        return f"{column} in ({self.ids})" if self.ids else "true"


EVERYTHING = Scope()


def fact_steps(scope: Scope = EVERYTHING) -> list[Step]:
    """The steps from labels to what the chain is counted from, in order."""
    return [link_turns(scope), hear(scope), try_again()]


def kept_steps() -> list[Step]:
    """The same from what the lake keeps: nothing is judged again."""
    return [Step(HEARD, f"select * from {CHAIN_TURNS.name}"), Step(TRIES, f"select * from {CHAIN_TRIES.name}")]


def link_turns(scope: Scope) -> Step:
    """Links inside goal segments, as shares of the turn that they leave: more than one certain link cannot leave a turn.

    Where the result failed other words were tried in vain, or worked because the fault was gone: such a link says nothing of words.
    """
    return Step(
        "shared_links",
        f"""
        with linked as (
            select source_turn_id, target_turn_id, cast(round({MILLION} * least(1.0, greatest(0.0, max(probability)))) as bigint) as told
            from links
            where {scope.only("source_turn_id")} and not exists (
                select turn_id from failure_points where failure_points.turn_id = links.source_turn_id and failure_points.point = 'result'
            )
            group by source_turn_id, target_turn_id
        ),
        ends as (select source_turn_id as turn_id from linked union select target_turn_id as turn_id from linked),
        pursued as (
            select turn_id, segment_id
            from (
                select segments.turn_id, segments.segment_id,
                    row_number() over (partition by segments.turn_id order by segments.labeller desc, segments.segment_id) as place
                from segments
                join ends on ends.turn_id = segments.turn_id
            ) as ordered
            where place = 1
        )
        select source_turn_id, target_turn_id, told / {MILLION}.0 as probability,
            cast(floor({MILLION}.0 * told / greatest({MILLION}, sum(told) over (partition by source_turn_id))) as bigint) as millionths
        from (
            select linked.source_turn_id, linked.target_turn_id, linked.told
            from linked
            join pursued as source on source.turn_id = linked.source_turn_id
            join pursued as target on target.turn_id = linked.target_turn_id
            where linked.source_turn_id <> linked.target_turn_id
                -- A plain equality would let engines pair all turns of a goal first, and one goal may have a million.
                and case when source.segment_id = target.segment_id then 1 else 0 end = 1
        ) as inside
        """,
    )


def hear(scope: Scope) -> Step:
    """Each turn as the chain sees it: what was said, the state that it was taken for, what came of it, how much of it links take."""
    return Step(
        HEARD,
        f"""
        select turns.turn_id, turns.customer_id, turns.event_time, cast(turns.event_time as date) as day,
            coalesce(turns.customer_kind, '') = 'session' as is_session,
            turns.said, coalesce(turns.prompt_kind, '') as kind, coalesce(turns.room, '') as room,
            coalesce(turns.device_type, '') as device_type, turns.state, turns.utterance,
            coalesce(settled.outcome, '') as outcome, (turns.rewrite_id is not null or turns.original is not null) as rewritten,
            coalesce(taken.millionths, 0) as taken, turns.cohorts
        from {scope.turns} as turns
        left join ({_settled(scope)}) as settled on settled.turn_id = turns.turn_id
        left join (
            select source_turn_id, cast(sum(millionths) as bigint) as millionths from shared_links group by source_turn_id
        ) as taken on taken.source_turn_id = turns.turn_id
        """,
    )


def try_again() -> Step:
    """Each second try, with what its two turns said and came to; of one customer."""
    return Step(
        TRIES,
        f"""
        select shared_links.source_turn_id, shared_links.target_turn_id, source.customer_id, source.event_time, source.day,
            shared_links.probability, shared_links.millionths,
            source.said as source_said, source.kind as source_kind, source.room as source_room, source.device_type as source_device_type,
            source.state as source_state,
            source.outcome as source_outcome, target.said as target_said, target.kind as target_kind, target.state as target_state,
            target.outcome as target_outcome, (source.rewritten or target.rewritten) as rewritten
        from shared_links
        join {HEARD} as source on source.turn_id = shared_links.source_turn_id
        join {HEARD} as target on target.turn_id = shared_links.target_turn_id
        where source.customer_id = target.customer_id
        """,
    )


def _settled(scope: Scope) -> str:
    """SQL of each turn's outcome by the last labeller, by name, that judged it; nearly always there is but one, and nothing to order."""
    last = "(select max(labeller) from outcomes)"
    return f"""
        select turn_id, outcome from outcomes where labeller = {last} and {scope.only("turn_id")}
        union all
        select turn_id, outcome
        from (
            select turn_id, outcome, row_number() over (partition by turn_id order by labeller desc) as place
            from outcomes
            where labeller < {last} and turn_id not in (select turn_id from outcomes where labeller = {last}) and {scope.only("turn_id")}
        ) as older
        where place = 1
    """
