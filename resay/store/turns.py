"""Turns read back from the lake: parts put together, customer by customer in event time.

Knows how turns lie in `turn_parts`; knows nothing of sessions, which are cut from what this yields.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import cast

from resay.dialogue.assembly import assemble
from resay.dialogue.codec import decode
from resay.dialogue.turn import Turn, TurnPart
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.turns_view import parts_in_order

ROWS_A_BATCH = 8_192
"""Rows held at a time: at 2 KB a body some 16 MB, and four vectors of DuckDB's 2,048."""

_ANY_TIME = datetime(9000, 1, 1, tzinfo=UTC)
"""Stored parts passed the check of the clock when they landed; a clock set back since must not hide them."""


def read_turns(lake: Lake) -> Iterator[Turn]:
    """All turns whose words are known, by customer, then event time, then turn id: ready for `sessionize`.

    One snapshot, streamed: memory does not grow with the lake (what DuckDB cannot sort in memory it spills to disk).
    Repeats of a part change nothing, nor does the order in which parts landed.
    """
    with lake.connect() as connection:
        yield from _turns(connection, parts_in_order())


def judged_turns(connection: Connection) -> Iterator[Turn]:
    """As `read_turns`, of those turns only whose ids are in the connection's table `judged`."""
    return _turns(connection, parts_in_order("(select * from turn_parts where turn_id in (select turn_id from judged))"))


def _turns(connection: Connection, query: str) -> Iterator[Turn]:
    for _, parts in groupby(_read_parts(connection, query), key=itemgetter(0)):
        turn = assemble(part for _, part in parts)
        if turn is not None:
            yield turn


def _read_parts(connection: Connection, query: str) -> Iterator[tuple[str, TurnPart]]:
    for batch in connection.sql(query).to_arrow_reader(ROWS_A_BATCH):
        for row in zip(*(batch.column(name).to_pylist() for name in ("turn_id", "part", "body")), strict=True):
            turn_id, name, body = cast("tuple[str, str, bytes]", row)
            part = decode(body, where="", now=_ANY_TIME)
            assert isinstance(part, TurnPart), f"a stored part must be readable; {turn_id!r}/{name!r}: {part.reason}"
            yield turn_id, part
