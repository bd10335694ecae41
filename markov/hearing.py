"""The hearing job: labels in, tables `chain_turns` and `chain_tries` out, so that a night's learning judges the new day alone.

Both hold one row a turn or a link, each about one customer: a new day adds rows, a changed turn replaces its own, a customer who is
deleted takes theirs along, and what is left is to the bit what it would be had they never been there. Knows the lake and the steps; what
the chain makes of the rows is `mine`'s affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa

from markov.duckdb_engine import DuckDBEngine
from markov.steps import HEARD, TRIES, Scope, fact_steps
from resay.dialogue.session import Session
from resay.store import tables
from resay.store.job import Job, JobStep, take_in
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.tables import CHAIN_TRIES, CHAIN_TURNS, Table
from resay.store.turns_view import DUCKDB, merged_turns

_INPUTS = {
    tables.TURN_PARTS: "turn_id",
    tables.LINKS: "source_turn_id",
    tables.SEGMENTS: "turn_id",
    tables.OUTCOMES: "turn_id",
    tables.FAILURE_POINTS: "turn_id",
}
_OUTPUTS = {CHAIN_TURNS: "turn_id", CHAIN_TRIES: "source_turn_id"}

_JUDGED = "select turn_id from judged"


def hear_all(lake: Lake, observe: Callable[[JobStep], None] = lambda _step: None) -> int:
    """Take in all that has changed since the last time; how many turns were heard anew.

    Raises: JobContended, LakeUnavailable, StepFailed.
    """
    turns = 0
    while (taken := take_in(hear_job(observe), lake)) is not None:
        turns += taken.turns
    return turns


def hear_job(observe: Callable[[JobStep], None] = lambda _step: None) -> Job:
    """The stream job that keeps `chain_turns` and `chain_tries` true."""
    return Job("hear", _INPUTS, _OUTPUTS, _hear, observe)


def _hear(_sessions: Iterator[Session], connection: Connection) -> Mapping[Table, pa.Table]:
    """The rows of the judged turns. Links stay inside a stretch of talk, and whole stretches are judged."""
    # Merging the parts of all turns to look at those of a day would cost more than all the rest.
    parts = f"(select * from turn_parts where turn_id in ({_JUDGED}))"
    connection.execute(f"create or replace temp view judged_turns as {merged_turns(DUCKDB, parts)}")
    engine = DuckDBEngine(connection)
    for step in fact_steps(Scope("judged_turns", _JUDGED)):
        engine.run(step)
    return {table: engine.rows(name).select(table.schema().names).cast(table.schema()) for table, name in _MADE.items()}


_MADE = {CHAIN_TURNS: HEARD, CHAIN_TRIES: TRIES}
