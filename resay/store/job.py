"""Stream jobs: what a table says of turns, kept true while turns come in, each change taken in exactly once.

A job stands at a version of each table that it reads. One step takes what has changed since, judges every stretch of turns that a change
may have touched, and puts the rows of these turns in place of the old ones, in a commit that also moves the position
(docs/decisions/0007-stream-jobs.md). So after any step the tables hold what judging the whole lake would give, whatever was killed when,
and however late or disordered turns came. Knows nothing of what is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pyarrow as pa

from resay.dialogue.session import Session, sessionize
from resay.store.changes import CHANGED, touched_turns
from resay.store.commit import Progress
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.tables import TURN_PARTS, Table
from resay.store.turns import judged_turns

Judge = Callable[[Iterator[Session], Connection], Mapping[Table, pa.Table]]
"""What a job says of whole sessions: rows of each of its outputs, each row about a turn of theirs.

Pure: what it says depends on the sessions and on the lake behind the connection, and on nothing else. The connection's table `judged`
holds the ids of all turns of the sessions; it must be asked before the first session is taken, as it answers one question at a time.
"""


class JobStep(StrEnum):
    """What a step does, in order; between any two of them the process may die."""

    LOOKED = "looked"
    """The changes are known; nothing is written yet."""
    JUDGED = "judged"
    """The rows are made; nothing is written yet."""
    COMMITTED = "committed"
    """One more output has taken them, and has moved its position."""


@dataclass(frozen=True, slots=True)
class Job:
    """One stream job."""

    name: str
    inputs: Mapping[Table, str]
    """The tables whose changes are followed, each with the column that says of which turn a row is."""
    outputs: Mapping[Table, str]
    """The tables that it writes, in this order, each with the column that says of which turn a row is; nobody else writes them."""
    judge: Judge
    observe: Callable[[JobStep], None] = lambda _step: None
    """Told of every step after it was taken: for metrics, and for the tests that kill at it."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What one step of a job took in."""

    turns: int
    """How many were judged."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """How many rows each output took, by its name."""


def advance(job: Job, lake: Lake) -> Advance | None:
    """Take in what has changed since the last step, at most `COMMITS_A_STEP` commits of it; nothing where nothing has.

    Where the history since then is gone (vacuum), everything is judged again in this one step, as a run over the whole lake would.

    Raises: LostPosition where another process has taken a step meanwhile, and then nothing more was written; LakeUnavailable.
    """
    stands = positions(job, lake)
    # Outputs part where a run died between two of their commits: all that any of them lacks is judged, and all take the same.
    since = {table: min(stands[output][table] for output in job.outputs) for table in job.inputs}
    changes = {table: lake.changed(table, turn, since=since[table]) for table, turn in job.inputs.items()}
    ends = {table: each.version for table, each in changes.items()}
    if all(stands[output][table] == end for output in job.outputs for table, end in ends.items()):
        return None
    lost = any(each.lost for each in changes.values())
    changed = _everything(job, lake) if lost else pa.concat_tables([each.rows for each in changes.values()])
    job.observe(JobStep.LOOKED)
    judged, written = _judge(job, lake, changed)
    job.observe(JobStep.JUDGED)
    for output, turn in job.outputs.items():
        moved = [Progress(_partition(job, table), stands[output][table], end) for table, end in ends.items()]
        lake.revise(output, written[output], keys=judged.rename_columns([turn]), progress=moved)
        job.observe(JobStep.COMMITTED)
    return Advance(judged.num_rows, {output.name: written[output].num_rows for output in job.outputs})


def positions(job: Job, lake: Lake) -> dict[Table, dict[Table, int]]:
    """Where each output stands: a version of each input."""
    return {output: {table: lake.position(output, _partition(job, table)) for table in job.inputs} for output in job.outputs}


def lag(job: Job, lake: Lake) -> int:
    """How many commits of its inputs the job has not yet taken in."""
    return sum(max(0, lake.version(table) - min(at[table] for at in positions(job, lake).values())) for table in job.inputs)


def whole_progress(job: Job, lake: Lake) -> dict[Table, list[Progress]]:
    """What a run over the whole lake declares done for each output; asked before it reads, so that it declares no more than it has seen."""
    stands = positions(job, lake)
    ends = {table: lake.version(table) for table in job.inputs}
    return {output: [Progress(_partition(job, table), at[table], end) for table, end in ends.items()] for output, at in stands.items()}


def _everything(job: Job, lake: Lake) -> pa.Table:
    """All turns that the lake or an output knows: what is judged where the history since the last step is gone.

    The outputs' own turns are among them, so that rows of turns that were taken out meanwhile leave.
    """
    named = {TURN_PARTS: "turn_id"} | dict(job.inputs) | dict(job.outputs)
    places = [f"select {turn} as turn_id, customer_id, event_time from {table.name}" for table, turn in named.items()]
    with lake.connect() as connection:
        rows: pa.Table = connection.sql(" union ".join(places)).to_arrow_table()
    return rows.cast(CHANGED)


def _judge(job: Job, lake: Lake, changed: pa.Table) -> tuple[pa.Table, Mapping[Table, pa.Table]]:
    """Ids of all turns whose rows are to be replaced, and their new rows."""
    with lake.connect() as connection:
        connection.register("changed", changed)
        for statement in touched_turns():
            connection.execute(statement)
        written = job.judge(sessionize(judged_turns(connection)), connection)
        # A turn that changed may have gone, or have lost its words: it is judged no more, and its rows leave.
        judged = connection.sql("select turn_id from judged union select turn_id from changed").to_arrow_table()
    assert written.keys() == job.outputs.keys(), "a job must write each of its outputs"
    return judged, written


def _partition(job: Job, table: Table) -> str:
    return f"{job.name}#{table.name}"
