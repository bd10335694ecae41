"""Records to rows: of `turn_parts` where they could be read, of `rejects` where not.

The one place that says which column is filled from which field. A column is null where the part does not carry its field;
where the field is carried and says nothing, the column holds an empty mark, so that the merge at read can tell the two apart
(`resay.store.turns_view`). A batch is read column by column; where its records stood is added afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.privacy import Mask, keep
from ingest.source import Batch, Record
from resay.dialogue.codec import EARLIEST, FUTURE_MAX, RECORD_BYTES_MAX, WireTurn, decode, instant, refuse_length
from resay.dialogue.lean import free_form, read_lean
from resay.dialogue.state import interpretation_key
from resay.dialogue.text import canonical
from resay.dialogue.turn import Interpretation, Reject
from resay.store.tables import REJECTS, TIME, TURN_PARTS

WORDINGS_KEPT = 65_536
"""Canonical forms and interpretation keys remembered, as talk repeats itself; at a hundred bytes each some ten megabytes."""

Column: TypeAlias = "pa.Array[Any]"

_PLACED = ("source", "partition", "position", "landed_at")
_READ = tuple(column.name for column in TURN_PARTS.columns if column.name not in _PLACED)
_TYPES = {column.name: column.type for column in TURN_PARTS.columns}

_NONE_REFUSED: Mapping[int, str] = MappingProxyType({})

_PLAIN_TIME_CHARS = len("2026-11-21T09:00:00.000Z")


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that could not be read, and why."""

    record: Record
    reject: Reject


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """What the records of a batch say: columns of those that could be read, and reasons for the others."""

    columns: pa.Table
    """Columns of `turn_parts`, but for those that say where a record stood."""
    good: Sequence[int]
    """Which records of the batch the rows are made of, in order."""
    bad: Mapping[int, Reject]
    """By place in the batch; where the record came from is left open."""


def read_batch(
    raws: Sequence[bytes], *, overlong: Mapping[int, int], now: datetime, mask: Mask = keep, refused: Mapping[int, str] = _NONE_REFUSED
) -> ReadBatch:
    """Good and bad records, as two streams.

    `overlong` has the lengths of those that were cut, `refused` the reasons of those that the source refuses;
    `now` bounds event times from above.
    """
    if mask is not keep:
        raws = [mask(raw) for raw in raws]
    turns = read_lean(raws)
    for place in (*overlong, *refused):
        turns[place] = None
    times = {"event_time": _times(turns, "at", now=now), "ended_at": _times(turns, "ended_at", now=now)}
    good = [place for place, turn in enumerate(turns) if turn is not None]
    columns = _columns([turn for turn in turns if turn is not None])
    columns |= {name: times[name].take(pa.array(good, pa.int64())) for name in times}
    columns["body"] = _texts([raws[place] for place in good])
    bad = {place: _reject(raws[place], overlong.get(place), now) for place, turn in enumerate(turns) if turn is None}
    bad |= {place: Reject(raws[place], reason, "") for place, reason in refused.items()}
    return ReadBatch(pa.table([columns[name] for name in _READ], names=list(_READ)), good, bad)


def overlong_of(batch: Batch) -> dict[int, int]:
    """The lengths of the records that are longer than what was kept of them, by place."""
    if not batch.lengths or max(batch.lengths) <= RECORD_BYTES_MAX:
        return {}
    return {place: length for place, length in enumerate(batch.lengths) if length > RECORD_BYTES_MAX}


def turn_part_rows(read: ReadBatch, batch: Batch, *, source: str, now: datetime) -> pa.Table:
    """Rows of `turn_parts`, in order."""
    size = len(read.good)
    positions = np.asarray(batch.positions, dtype=np.int64)[np.asarray(read.good, dtype=np.int64)]
    columns = {name: read.columns.column(name) for name in _READ} | {
        "source": pa.repeat(source, size),
        "partition": pa.repeat(batch.partition, size),
        "position": pa.array(positions),
        "landed_at": pa.repeat(pa.scalar(now, TIME), size),
    }
    return pa.table([columns[column.name] for column in TURN_PARTS.columns], schema=TURN_PARTS.schema())


def refused_of(read: ReadBatch, batch: Batch) -> list[Refused]:
    """The records that could not be read, in order."""
    return [_refused(batch.record(place), reject) for place, reject in read.bad.items()]


def reject_rows(refused: Sequence[Refused], *, source: str, now: datetime) -> pa.Table:
    """Rows of `rejects`, in order."""
    rows = [
        (
            *(source, each.record.partition, each.record.position, now),
            *(each.reject.where, each.reject.reason, each.reject.raw[:RECORD_BYTES_MAX], each.record.length),
        )
        for each in refused
    ]
    columns = zip(*rows, strict=True) if rows else ([] for _ in REJECTS.columns)
    arrays = [pa.array(list(values), column.type) for values, column in zip(columns, REJECTS.columns, strict=True)]
    return pa.table(arrays, schema=REJECTS.schema())


def _refused(record: Record, reject: Reject) -> Refused:
    # The record as it was masked, if it was.
    return Refused(replace(record, raw=reject.raw), replace(reject, where=record.origin))


def _reject(raw: bytes, length: int | None, now: datetime) -> Reject:
    if length is not None:
        return refuse_length(raw, length, where="")
    verdict = decode(raw, where="", now=now)
    if isinstance(verdict, Reject):
        return verdict
    return Reject(raw, "record must be read alike one by one and in bulk; it was not; is this a fault of resay that wants telling?", "")


def _times(turns: list[WireTurn | None], name: str, *, now: datetime) -> Column:
    """Times as they are kept; a turn whose time cannot be is put to nothing."""
    values = [None if turn is None else getattr(turn, name) for turn in turns]
    if values.count(None) == len(values):
        return pa.nulls(len(values)).cast(TIME)
    moments = _plain_times(values)
    # As numbers, where what is missing is NaN and lies in no range.
    instants = moments.cast(pa.int64()).to_numpy(zero_copy_only=False)
    known = (instants >= pa.scalar(EARLIEST, TIME).value) & (instants <= pa.scalar(now + FUTURE_MAX, TIME).value)
    odd = {int(place): _instant(value, now) for place in np.flatnonzero(~known) if (value := values[place]) is not None}
    return _mended(moments, odd, turns)


def _plain_times(values: Sequence[object]) -> Column:
    """Those times that are written as nearly all senders do, to the millisecond and in UTC; the others are read one by one."""
    plain = [value if isinstance(value, str) and len(value) == _PLAIN_TIME_CHARS and value[-1] == "Z" else None for value in values]
    try:
        return pa.array(plain, pa.string()).cast(TIME)
    except pa.ArrowInvalid:  # Of those, one at least is no time.
        return pa.nulls(len(values)).cast(TIME)


def _mended(moments: Column, odd: Mapping[int, datetime | None], turns: list[WireTurn | None]) -> Column:
    """Times with those put in that were read one by one, in order of place; where there is none, the turn is put to nothing."""
    if not odd:
        return moments
    for place, moment in odd.items():
        if moment is None:
            turns[place] = None
    mask = np.zeros(len(moments), dtype=bool)
    mask[list(odd)] = True
    mended: Column = pc.replace_with_mask(moments, pa.array(mask), pa.array(list(odd.values()), TIME))
    return mended


def _instant(value: str | float, now: datetime) -> datetime | None:
    try:
        return instant(value, now=now)
    except ValueError:
        return None


def _columns(turns: Sequence[WireTurn]) -> dict[str, Column]:
    """Columns by name, but for times and the record itself."""
    tops = [turn.interpretations[0] if turn.interpretations else None for turn in turns]
    contexts, rewrites = [turn.context for turn in turns], [turn.rewrite for turn in turns]
    utterances = [turn.utterance for turn in turns]
    values: dict[str, list[object]] = {
        "turn_id": [turn.turn_id for turn in turns],
        "part": [turn.part for turn in turns],
        "customer_id": [turn.customer_id for turn in turns],
        "customer_kind": [turn.customer_kind for turn in turns],
        "session_id": [turn.session_id for turn in turns],
        "utterance": [*utterances],
        "canonical": [None if text is None else _canonical(text) for text in utterances],
        "original": [rewrite and _canonical(rewrite.original) for rewrite in rewrites],
        "prompt_kind": [turn.prompt and turn.prompt.kind for turn in turns],
        "interpretation": [_interpretation(turn, top) for turn, top in zip(turns, tops, strict=True)],
        "unresolved": [None if turn.entities is None else any(each.status != "resolved" for each in turn.entities) for turn in turns],
        "confidence": [top and top.confidence for top in tops],
        "asr_score": [_asr_score(turn) for turn in turns],
        "status": [turn.response and turn.response.status for turn in turns],
        "barge_in": [turn.barge_in for turn in turns],
        "explicit": [turn.feedback and (turn.feedback.explicit or "") for turn in turns],
        "room": [context and context.room for context in contexts],
        "device_type": [context and context.device_type for context in contexts],
        "rewrite_id": [rewrite and rewrite.rewrite_id for rewrite in rewrites],
        "decision_id": [rewrite and rewrite.decision_id for rewrite in rewrites],
        "arm": [rewrite and rewrite.arm for rewrite in rewrites],
        "cohorts": [turn.cohorts for turn in turns],
    }
    return {name: _array(column, _TYPES[name]) for name, column in values.items()}


def _array(values: list[object], kind: pa.DataType) -> Column:
    # Most fields are in no record or in all of them.
    return pa.nulls(len(values)).cast(kind) if values.count(None) == len(values) else pa.array(values, kind)


def _texts(raws: Sequence[bytes]) -> Column:
    """Texts from what is known to be UTF-8, laid end to end."""
    ends = np.zeros(len(raws) + 1, dtype=np.int32)
    np.cumsum(np.fromiter(map(len, raws), np.int32, len(raws)), out=ends[1:])
    return pa.StringArray.from_buffers(len(raws), pa.py_buffer(ends.data), pa.py_buffer(b"".join(raws)))


def _interpretation(turn: WireTurn, top: Interpretation | None) -> str | None:
    if turn.interpretations is None:
        return None
    return "" if top is None else _key(top.domain, top.intent, free_form(top.slots))


def _asr_score(turn: WireTurn) -> float | None:
    if turn.hypotheses is None:
        return None
    score = turn.hypotheses[0].score if turn.hypotheses else None
    # Not NaN: the statistics of a Parquet file pass over NaN, and DuckDB then takes it for a number like any other.
    return -math.inf if score is None else score


_canonical = lru_cache(WORDINGS_KEPT)(canonical)


@lru_cache(WORDINGS_KEPT)
def _key(domain: str, intent: str, slots: bytes) -> str:
    return interpretation_key(Interpretation(intent, domain, msgspec.json.decode(slots) if slots else {}))
