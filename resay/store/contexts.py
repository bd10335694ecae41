"""Where and when turns were said, read back from the lake: the last part of each that tells it, without the rest of the turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import pyarrow as pa

from resay.dialogue.cue import cues_of
from resay.dialogue.turn import Context
from resay.store.reading import Connection
from resay.store.tables import TEXT
from resay.store.turns_view import parts_in_order

ROWS_A_BATCH = 8_192
"""Rows held at a time, as where whole turns are read."""


class _Told(msgspec.Struct):
    context: Context | None = None


_decode = msgspec.json.Decoder(_Told).decode


def cues_told(connection: Connection, turn_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """The cues of those of some turns that tell any."""
    connection.register("contexts_asked", pa.table({"turn_id": pa.array(sorted(turn_ids), TEXT)}))
    return {turn_id: cues_of(context) for turn_id, context in _contexts(connection)}


def _contexts(connection: Connection) -> Iterator[tuple[str, Context]]:
    """Of those turns whose ids are in table `contexts_asked`, where any is told; merged as turns are."""
    asked = "(select * from turn_parts where turn_id in (select turn_id from contexts_asked))"
    turn, last = "", None
    for batch in connection.sql(parts_in_order(asked)).to_arrow_reader(ROWS_A_BATCH):
        for turn_id, body in zip(batch.column("turn_id").to_pylist(), batch.column("body").to_pylist(), strict=True):
            if turn_id != turn:
                if last is not None:
                    yield turn, last
                turn, last = turn_id, None
            # The later part wins, and one that does not carry the field says nothing.
            last = _decode(body).context or last
    if last is not None:
        yield turn, last
