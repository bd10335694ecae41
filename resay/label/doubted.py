"""Which wordings labels are least sure of, as the lake has it: what may be asked about, with risky ones left out.

Knows the lake and risk; knows nothing of shares, nor of who is asked (`explore`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from resay.dialogue.rewrite import Risk
from resay.dialogue.risk import risk_of
from resay.label.explore import Doubted
from resay.store.lake import Lake
from resay.store.turns_view import DUCKDB, merged_turns

LOOKED_BACK = timedelta(days=28)
"""Talk that counts: what was said a month ago and not since will hardly be said today."""

WORDINGS_MAX = 2_000
"""Wordings that are looked at, those worth most: a small home has some hundred, and of a large one these are asked about for months."""


@dataclass(frozen=True, slots=True)
class Log:
    """What a log has of late."""

    turns: int
    """All of them."""
    doubted: tuple[Doubted, ...]
    """Wordings that are worth a question, and may be asked about."""


def read_doubted(lake: Lake) -> Log:
    """Wordings of a lake that are not risky, those worth most first.

    Left out are what answers a question, what we had rewritten, and what was refused: of that the customer was told already.

    Raises: LakeUnavailable.
    """
    with lake.connect() as connection:
        newest = connection.execute("select max(event_time) from turn_parts").fetchall()[0][0]
        if newest is None:
            return Log(0, ())
        since = newest - LOOKED_BACK
        turns = connection.execute("select count(distinct turn_id) from turn_parts where event_time > ?", [since]).fetchall()[0][0]
        rows = connection.execute(_DOUBTED, [since, since, WORDINGS_MAX]).fetchall()
    harmless = (Doubted(said, times, worth) for said, times, worth, states in rows if not is_risky(said, states))
    return Log(int(turns), tuple(harmless))


def is_risky(said: str, states: Sequence[str | None]) -> bool:
    """Whether these words, or anything that they were ever taken for, must not be tried out."""
    return any(risk_of(state or "", said) is Risk.HIGH for state in (*states, ""))


_DOUBTED = f"""
    select said, count(*) as times, sum(case when refused then 0 else 1 - abs(2 * defect - 1) end) as worth,
        list(distinct interpretation) as states
    from (
        select turns.said, turns.interpretation, coalesce(turns.status, '') in ('failed', 'unsupported') as refused, outcomes.defect
        from ({merged_turns(DUCKDB, "(select * from turn_parts where event_time > ?)")}) as turns
        join (select turn_id, max(defect) as defect from outcomes where event_time > ? group by turn_id) as outcomes
            on outcomes.turn_id = turns.turn_id
        where coalesce(turns.prompt_kind, '') = '' and turns.rewrite_id is null and turns.said <> ''
    ) as told
    group by said
    having worth > 0
    order by worth desc, said
    limit ?
"""
