"""Records to rows: of `turn_parts` where they could be read, of `rejects` where not.

The one place that says which column is filled from which field. A column is null where the part does not carry its field;
where the field is carried and says nothing, the column holds an empty mark, so that the merge at read can tell the two apart
(`resay.store.turns_view`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from ingest.source import Record
from resay.dialogue.codec import RECORD_BYTES_MAX
from resay.dialogue.state import interpretation_key, is_unresolved
from resay.dialogue.text import canonical
from resay.dialogue.turn import Reject, TurnPart
from resay.store.tables import REJECTS, TURN_PARTS, Table


@dataclass(frozen=True, slots=True)
class Landed:
    """A record that could be read, and the part that it carries."""

    record: Record
    part: TurnPart


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that could not be read, and why."""

    record: Record
    reject: Reject


def turn_part_rows(landed: Sequence[Landed], *, source: str, now: datetime) -> pa.Table:
    """Rows of `turn_parts`, in order."""
    return _table(TURN_PARTS, [_turn_part_row(each, source, now) for each in landed])


def reject_rows(refused: Sequence[Refused], *, source: str, now: datetime) -> pa.Table:
    """Rows of `rejects`, in order."""
    return _table(REJECTS, [_reject_row(each, source, now) for each in refused])


def _table(table: Table, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in table.columns)
    arrays = [pa.array(list(values), column.type) for values, column in zip(columns, table.columns, strict=True)]
    return pa.Table.from_arrays(arrays, schema=table.schema())


def _reject_row(refused: Refused, source: str, now: datetime) -> tuple[Any, ...]:
    record, reject = refused.record, refused.reject
    return (
        *(source, record.partition, record.position, now),
        *(reject.where, reject.reason, reject.raw[:RECORD_BYTES_MAX], record.length),
    )


def _turn_part_row(landed: Landed, source: str, now: datetime) -> tuple[Any, ...]:
    record, part = landed.record, landed.part
    turn, carried = part.turn, part.fields
    context = turn.context if "context" in carried else None
    return (
        *(turn.turn_id, part.part, turn.customer_id, turn.at),
        *(source, record.partition, record.position, now),
        turn.customer_kind.value if "customer_kind" in carried else None,
        turn.session_id,
        *((turn.utterance, canonical(turn.utterance)) if "utterance" in carried else (None, None)),
        canonical(turn.rewrite.original) if turn.rewrite else None,
        turn.prompt.kind if turn.prompt else None,
        *_interpretation_columns(part),
        _asr_score(part),
        turn.response.status.value if turn.response else None,
        turn.barge_in if "barge_in" in carried else None,
        turn.ended_at,
        (turn.feedback.explicit or "") if turn.feedback else None,
        *((context.room, context.device_type) if context else (None, None)),
        *((turn.rewrite.rewrite_id, turn.rewrite.decision_id, turn.rewrite.arm) if turn.rewrite else (None, None, None)),
        list(turn.cohorts) if "cohorts" in carried else None,
        record.raw.decode(),
    )


def _interpretation_columns(part: TurnPart) -> tuple[str | None, bool | None, float | None]:
    """Columns interpretation, unresolved, confidence."""
    turn, top = part.turn, None
    interpretation = None
    if "interpretations" in part.fields:
        top = turn.interpretations[0] if turn.interpretations else None
        interpretation = interpretation_key(top) if top else ""
    return interpretation, is_unresolved(turn) if "entities" in part.fields else None, top.confidence if top else None


def _asr_score(part: TurnPart) -> float | None:
    if "hypotheses" not in part.fields:
        return None
    score = part.turn.hypotheses[0].score if part.turn.hypotheses else None
    # Not NaN: the statistics of a Parquet file pass over NaN, and DuckDB then takes it for a number like any other.
    return -math.inf if score is None else score
