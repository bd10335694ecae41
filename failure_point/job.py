"""The stream job of failure points: turns in, table `failure_points` out, each change taken in exactly once.

Knows the lake; how a verdict comes about is `model`'s affair. What the log remembers of wordings is left out here: it changes with every
turn that lands, and rows must depend on their own session alone, so that a stream and a run over the whole lake write the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from failure_point.classify import classify
from failure_point.model import FailurePointModel
from failure_point.traffic import Traffic
from resay.dialogue.session import Session, sessionize
from resay.dialogue.tick import Tick
from resay.store.job import Job, JobStep, replace_whole, whole_ends
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.rows import Rows
from resay.store.tables import FAILURE_POINTS, TURN_PARTS, Table
from resay.store.turns import read_turns

NOTHING_REMEMBERED = Traffic()


@dataclass(frozen=True, slots=True)
class ClassifyReport:
    """What one run over a lake found."""

    model: str
    turns: int
    points: Mapping[str, int]
    """How many turns failed where."""


def classify_lake(model: FailurePointModel, lake: Lake, tick: Tick) -> ClassifyReport:
    """Judge all turns of a lake; what was there is replaced in one commit, and a second run changes nothing.

    Raises: JobContended, LakeUnavailable.
    """
    job = classify_job(model)
    ends = whole_ends(job, lake)
    rows, counts = Rows(FAILURE_POINTS), Counter[str]()
    for session in sessionize(read_turns(lake)):
        counts.update(_write(session, model, rows))
        tick(sum(counts.values()))
    replace_whole(job, lake, {FAILURE_POINTS: rows.table()}, ends=ends)
    return ClassifyReport(model.version, sum(counts.values()), dict(sorted(counts.items())))


def classify_job(model: FailurePointModel, observe: Callable[[JobStep], None] = lambda _step: None) -> Job:
    """The job that keeps `failure_points` true."""

    def judge(sessions: Iterator[Session], _connection: Connection) -> Mapping[Table, pa.Table]:
        rows = Rows(FAILURE_POINTS)
        for session in sessions:
            _write(session, model, rows)
        return {FAILURE_POINTS: rows.table()}

    return Job("classify", {TURN_PARTS: "turn_id"}, {FAILURE_POINTS: "turn_id"}, judge, observe)


def verdicts_of_others(lake: Lake, model: FailurePointModel) -> bool:
    """Whether the lake holds verdicts of another model, which are to be made anew."""
    with lake.connect() as connection:
        found = connection.execute("select 1 from failure_points where model <> ? limit 1", [model.version]).fetchone()
    return found is not None


def _write(session: Session, model: FailurePointModel, rows: Rows) -> list[str]:
    verdicts = list(classify(model, [session], NOTHING_REMEMBERED))
    for turn, verdict in zip(session.turns, verdicts, strict=True):
        chances = list(verdict.probabilities.values())
        rows.add(turn.turn_id, turn.customer_id, turn.at, verdict.named, *chances, model.version)
    return [verdict.named for verdict in verdicts]
