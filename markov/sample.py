"""The SQL that chooses which turns a rewrite cites: a few, of different customers, the surest and newest first."""

from __future__ import annotations

from markov.corroborate import fingerprint
from markov.steps import TRIES

EVIDENCE_MAX = 5
"""Pairs of turns kept as a sample: a reviewer reads three to five dialogues."""


def sampled(agreed: str, keys: str) -> str:
    """SQL for at most so many pairs for each of the keys, in order (`place`).

    `agreed` selects the keys, `customer`, `source` and `target` (fingerprints of turns), `probability` and `event_time`. Turns go by
    fingerprints until few are left; of equals among these the names decide, so that every engine cites the same.
    """
    surest, named = "order by probability desc, event_time desc", ", source_turn_id, target_turn_id"
    by_name = " and ".join(f"agreed.{key} = few.{key}" for key in (*keys.split(", "), "customer", "probability", "event_time"))
    return f"""
        with agreed as ({agreed}),
        best as (
            select {keys}, customer, probability, event_time
            from (
                select {keys}, customer, probability, event_time, row_number() over (partition by {keys}, customer {surest}) as place
                from agreed
            ) as of_customer
            where place = 1
        ),
        few as (
            select {keys}, customer, probability, event_time
            from (
                select {keys}, customer, probability, event_time, rank() over (partition by {keys} {surest}) as place from best
            ) as ranked
            where place <= {EVIDENCE_MAX}
        ),
        candidates as (
            select {_of("few", keys)}, few.customer, few.probability, few.event_time, agreed.source, agreed.target
            from few
            join agreed on {by_name}
        ),
        sources as ({_named("source")}),
        targets as ({_named("target")})
        select {keys}, source_turn_id, target_turn_id, place
        from (
            select {keys}, source_turn_id, target_turn_id, row_number() over (partition by {keys} {surest}{named}) as place
            from (
                select {_of("candidates", keys)}, candidates.probability, candidates.event_time, sources.turn_id as source_turn_id,
                    targets.turn_id as target_turn_id, row_number() over (
                        partition by {_of("candidates", keys)}, candidates.customer order by sources.turn_id, targets.turn_id
                    ) as of_customer
                from candidates
                join sources on sources.turn = candidates.source
                join targets on targets.turn = candidates.target
            ) as told
            where of_customer = 1
        ) as ordered
        where place <= {EVIDENCE_MAX}
    """


def _of(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{column}" for column in columns.split(", "))


def _named(end: str) -> str:
    turn = fingerprint(f"{end}_turn_id")
    return f"""
            select {turn} as turn, min({end}_turn_id) as turn_id
            from {TRIES}
            where {turn} in (select {end} from candidates)
            group by {turn}
    """
