"""Sessions of the lake as vCon containers: a JSON line each, with what is held against their turns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

from ingest.adapters.vcon_export import container_of
from resay.dialogue.session import Session, sessionize
from resay.dialogue.turn import Turn
from resay.label.verdicts import Verdict, verdicts
from resay.store.lake import Lake
from resay.store.turns import judged_turns, read_turns

SESSIONS_AT_ONCE = 1_000
"""Sessions whose verdicts are looked up in one query: some thousands of turns."""

_BEGIN, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def containers(lake: Lake, customers: list[str], *, now: datetime) -> Iterator[bytes]:
    """Those of some customers, or of all where none is named.

    Raises: LakeUnavailable.
    """
    sessions = sessionize(_of(lake, customers) if customers else read_turns(lake))
    while some := list(islice(sessions, SESSIONS_AT_ONCE)):
        held = _held(lake, some)
        told = (container_of(session.turns, held, now=now) for session in some)
        yield from (each for each in told if each is not None)


def _of(lake: Lake, customers: list[str]) -> Iterator[Turn]:
    with lake.connect() as connection:
        query = "create temp table judged as select distinct turn_id from turn_parts where list_contains(?::varchar[], customer_id)"
        connection.execute(query, [customers])
        yield from judged_turns(connection)


def _held(lake: Lake, sessions: list[Session]) -> dict[str, list[Verdict]]:
    """Verdicts by turn."""
    held: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts(lake, since=_BEGIN, until=_END, among=[turn.turn_id for session in sessions for turn in session.turns]):
        held[verdict.turn_id].append(verdict)
    return held
