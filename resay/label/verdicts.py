"""What the lake holds against its turns, turn by turn, for those who watch an assistant elsewhere: defects, rephrases, failure points.

Knows tables; how a verdict is written for others is in `verdicts_otlp`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from resay.store.lake import Lake

ROWS_AT_ONCE = 5_000
"""Turns in memory at once, with their records: some ten megabytes."""

DEFECT, REPHRASE, FAILURE_POINT = "resay.defect", "resay.rephrase", "resay.failure_point"
"""What is judged."""

TRACE_FIELD = "otel"
"""The field of a turn's record by which its sender finds it again: `trace_id`, `span_id`, `response_id` (`ingest.adapters.otel`)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judgement of one turn."""

    turn_id: str
    at: datetime
    """Event time of the turn, UTC."""
    name: str
    label: str
    score: float
    """0 to 1."""
    explanation: str
    """By what, and in whose version."""
    session_id: str = ""
    trace_id: str = ""
    """Of the span that told the turn, where one did; with `span_id` and `response_id`."""
    span_id: str = ""
    response_id: str = ""


def verdicts(lake: Lake, *, since: datetime, until: datetime, among: Sequence[str] | None = None) -> Iterator[Verdict]:
    """Of the turns of some time, its end apart, in order of time; of all, or of those with some ids.

    Raises: LakeUnavailable.
    """
    with lake.connect() as connection:
        rows = connection.execute(_JUDGED, [since, until, among is None, list(among or ())])
        while some := rows.fetchmany(ROWS_AT_ONCE):
            for row in some:
                yield from _of_row(*row)


_JUDGED = """
    with said as (
        select turn_id, any_value(session_id) as session_id, any_value(case when contains(body, '"otel"') then body end) as body
        from turn_parts
        group by turn_id
    ), again as (
        select source_turn_id as turn_id, max(probability) as probability,
            arg_max(target_turn_id, probability) as target, arg_max(detector, probability) as detector
        from links
        group by source_turn_id
    )
    select outcomes.turn_id, outcomes.event_time, coalesce(said.session_id, ''), coalesce(said.body, ''),
        outcomes.outcome, outcomes.defect, outcomes.labeller,
        again.probability, again.target, again.detector,
        points.point, points.model,
        case points.point
            when 'false_wake' then points.false_wake when 'asr' then points.asr when 'nlu' then points.nlu
            when 'er' then points.er when 'result' then points.result when 'correct' then points.correct
        end
    from outcomes
    left join said using (turn_id)
    left join again using (turn_id)
    left join failure_points as points using (turn_id)
    where outcomes.event_time >= ? and outcomes.event_time < ? and (? or list_contains(?::varchar[], outcomes.turn_id))
    order by outcomes.event_time, outcomes.turn_id, outcomes.labeller
"""


def _of_row(*row: object) -> Iterator[Verdict]:
    turn_id, at, session_id, body, *judged = row
    outcome, defect, labeller, probability, target, detector, point, model, chance = judged
    assert isinstance(at, datetime) and isinstance(body, str), "columns are what their table says"
    where = _trace(body) | {"session_id": str(session_id)}
    yield Verdict(str(turn_id), at, DEFECT, str(outcome), _score(defect), f"by {labeller}", **where)
    if probability is not None:
        said_again = f"by {detector}: said again in turn {target}"
        yield Verdict(str(turn_id), at, REPHRASE, "rephrased", _score(probability), said_again, **where)
    # What went well has no point at which it failed.
    if point is not None and chance is not None and outcome == "failure":
        yield Verdict(str(turn_id), at, FAILURE_POINT, str(point), _score(chance), f"by model {model}", **where)


def _score(value: object) -> float:
    assert isinstance(value, float), "chances are numbers"
    return round(value, 6)


def _trace(body: str) -> dict[str, str]:
    """Where the sender finds the turn again; nothing where its record does not say."""
    found = msgspec.json.decode(body).get(TRACE_FIELD) if body else None
    names = ("trace_id", "span_id", "response_id")
    return {name: value for name in names if isinstance(value := found.get(name), str)} if isinstance(found, dict) else {}
