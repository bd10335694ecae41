"""Stream jobs: what a table says of turns, kept true while turns come in, each change taken in exactly once.

A job stands at a version of each table that it reads. One step takes what has changed since, judges every stretch of turns that a change
may have touched, and puts the rows of these turns in place of the old ones, in a commit that also moves the position
(docs/decisions/0007-stream-jobs.md). So after any step the tables hold what judging the whole lake would give, whatever was killed when,
and however late or disordered turns came. Of two workers at one job the first commit wins; the other has written nothing, and looks again.
Knows nothing of what is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

import pyarrow as pa

from resay.dialogue.errors import ResayError
from resay.dialogue.session import Session, sessionize
from resay.store.changes import CHANGED, touched_turns
from resay.store.commit import Progress
from resay.store.errors import LostPosition
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.tables import TURN_PARTS, Table
from resay.store.turns import judged_turns

CONFLICTS_MAX = 20
"""Steps in a row that others may take first: as many as the lake grants its writers. Each is a step that somebody has taken."""

Judge = Callable[[Iterator[Session], Connection], Mapping[Table, pa.Table]]
"""What a job says of whole sessions: rows of each of its outputs, each row about a turn of theirs.

Pure: what it says depends on the sessions and on the lake behind the connection, and on nothing else. The connection's table `judged`
holds the ids of all turns of the sessions; it must be asked before the first session is taken, as it answers one question at a time.
"""


class JobContended(ResayError):
    """Other workers at the same job were first every time."""


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
    measures: Mapping[Table, str] = field(default_factory=dict)
    """Tables by which all turns are judged, each with the partition whose position counts its editions: a new edition judges all anew."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What one step of a job took in."""

    turns: int
    """How many were judged."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """How many rows each output took, by its name."""


def take_in(job: Job, lake: Lake, *, conflicts_max: int = CONFLICTS_MAX) -> Advance | None:
    """As `advance`; where another worker has taken the step meanwhile, look again at what is left.

    Raises: JobContended where others were first every time; LakeUnavailable.
    """
    for _ in range(conflicts_max + 1):
        try:
            return advance(job, lake)
        except LostPosition:
            continue
    message = (
        f"job {job.name} must take a step; other workers took {conflicts_max + 1} in a row before it; "
        "does another process run the same job on this lake?"
    )
    raise JobContended(message)


def advance(job: Job, lake: Lake) -> Advance | None:
    """Take in what has changed since the last step, at most `COMMITS_A_STEP` commits of it; nothing where nothing has.

    Where the history since then is gone (vacuum), or a measure has a new edition, everything is judged again in this one step, as a run
    over the whole lake would.

    Raises: LostPosition where another process has taken a step meanwhile, and then nothing more was written; LakeUnavailable.
    """
    stands = positions(job, lake)
    # Outputs part where a run died between two of their commits: all that any of them lacks is judged, and all take the same.
    since = {table: min(stands[output][table] for output in job.outputs) for table in job.inputs}
    editions = _editions(job, lake)
    changes = {table: lake.changed(table, turn, since=since[table]) for table, turn in job.inputs.items()}
    ends = {table: each.version for table, each in changes.items()} | editions
    if all(stands[output][table] == end for output in job.outputs for table, end in ends.items()):
        return None
    anew = any(stands[output][table] != edition for output in job.outputs for table, edition in editions.items())
    anew = anew or any(each.lost for each in changes.values())
    changed = _everything(job, lake) if anew else pa.concat_tables([each.rows for each in changes.values()])
    job.observe(JobStep.LOOKED)
    judged, written = _judge(job, lake, changed)
    job.observe(JobStep.JUDGED)
    for output, turn in job.outputs.items():
        lake.revise(output, written[output], keys=judged.rename_columns([turn]), progress=_moved(job, stands[output], ends))
        job.observe(JobStep.COMMITTED)
    return Advance(judged.num_rows, {output.name: written[output].num_rows for output in job.outputs})


def positions(job: Job, lake: Lake) -> dict[Table, dict[Table, int]]:
    """Where each output stands: a version of each input, and an edition of each measure."""
    followed = (*job.inputs, *job.measures)
    return {output: {table: lake.position(output, _partition(job, table)) for table in followed} for output in job.outputs}


def lag(job: Job, lake: Lake) -> int:
    """How many commits of its inputs the job has not yet taken in."""
    return sum(max(0, lake.version(table) - min(at[table] for at in positions(job, lake).values())) for table in job.inputs)


def whole_ends(job: Job, lake: Lake) -> dict[Table, int]:
    """What a run over the whole lake will have seen; asked before it reads, so that it declares no more than that."""
    return {table: lake.version(table) for table in job.inputs} | _editions(job, lake)


def replace_whole(job: Job, lake: Lake, written: Mapping[Table, pa.Table], *, ends: Mapping[Table, int]) -> None:
    """Put what a run over the whole lake says in place of all rows, and the positions where it began to look, wherever they stood.

    Rows and positions go together: where other workers were further on, their steps since `ends` are due again, and are taken here.

    Raises: JobContended, LakeUnavailable.
    """
    overtaken = False
    for output in job.outputs:
        overtaken |= _replace(job, lake, output, rows=written[output], ends=ends)
    while overtaken and take_in(job, lake) is not None:
        pass


def _replace(job: Job, lake: Lake, output: Table, *, rows: pa.Table, ends: Mapping[Table, int]) -> bool:
    """Whether others had gone further than `ends`."""
    for _ in range(CONFLICTS_MAX + 1):
        stands = positions(job, lake)[output]
        with suppress(LostPosition):
            lake.replace(output, rows, _moved(job, stands, ends))
            return any(stands[table] > end for table, end in ends.items())
    message = (
        f"table {output.name} must be written anew; other workers at job {job.name} wrote it {CONFLICTS_MAX + 1} times meanwhile; "
        "can they rest while the whole lake is judged?"
    )
    raise JobContended(message)


def _editions(job: Job, lake: Lake) -> dict[Table, int]:
    return {table: lake.position(table, partition) for table, partition in job.measures.items()}


def _moved(job: Job, stands: Mapping[Table, int], ends: Mapping[Table, int]) -> list[Progress]:
    return [Progress(_partition(job, table), stands[table], end) for table, end in ends.items()]


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
