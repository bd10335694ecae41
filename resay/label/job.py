"""The labelling job: turns and links in, tables `friction`, `segments`, `outcomes` out.

Knows the lake; the rules stand in `friction` and `goals_by_rule`. `label` labels everything anew and puts it in place of what was there, so
a second run changes nothing; `label_job` keeps the same tables true while turns come in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import pyarrow as pa

from resay.dialogue.label import Friction, FrictionSign, GoalOutcome, GoalSegment, RephraseLink, TurnOutcome
from resay.dialogue.session import Session, sessionize
from resay.dialogue.tick import Tick
from resay.label.doubt import NO_FLOORS, SCORES_MIN, score_floors
from resay.label.friction import friction_of
from resay.label.goals_by_model import GoalJudge, outcomes_by_model, segments_by_model
from resay.label.goals_by_rule import LABELLER, outcomes_of, segments_of
from resay.label.wordings import ENGLISH, Wordings
from resay.store import tables
from resay.store.commit import Progress
from resay.store.errors import LostPosition
from resay.store.job import Job, JobStep, replace_whole, whole_ends
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.rows import Rows
from resay.store.tables import Table
from resay.store.turns import read_turns

LINKS_A_BATCH = 8_192
"""Links read at a time."""

FLOORS_GROWTH = 2
"""Floors are taken anew when the lake has grown by this: a tenth of twice as many scores moves little, and the work adds up to little."""

_OUTPUTS = {tables.FRICTION: "turn_id", tables.SEGMENTS: "turn_id", tables.OUTCOMES: "turn_id"}

_PARTS_SEEN = "label#parts"
"""Position of table `floors`: how many parts the lake held when they were taken."""

_EDITION = "label#edition"
"""Position of table `floors`: how often they have changed. All outputs say by which edition they were labelled."""


@dataclass(frozen=True, slots=True)
class Labels:
    """All that the rules say of one session."""

    friction: list[Friction]
    outcomes: list[TurnOutcome]
    segments: list[GoalSegment]


@dataclass(frozen=True, slots=True)
class LabelReport:
    """What one run of the labelling job found."""

    turns: int
    sessions: int
    segments: int
    signs: Mapping[str, int]
    """How often each sign of friction was seen."""
    outcomes: Mapping[str, int]
    """How many turns succeeded, failed, were censored."""
    defects: float
    """The number of defective turns that their chances add up to."""


def label(lake: Lake, tick: Tick, *, wordings: Wordings = ENGLISH, judge: GoalJudge | None = None) -> LabelReport:
    """Label all turns of a lake by rules, or goals and outcomes by a judge, with the links that lie in it.

    Every table is written whole or not at all; the three are three commits, `outcomes` last. The recognisers' floors are taken anew first,
    and each table says by which edition of them it was labelled: where a run dies on the way, the next step of the stream job labels all.
    Stream jobs may label the same lake meanwhile: what they took in since this run began is taken in again behind it.

    Raises: JobContended where they leave no room for it; LakeUnavailable.
    """
    job = label_job(wordings=wordings)
    _take_floors(lake)
    ends = whole_ends(job, lake)
    floors, links = _read_floors(lake), read_links(lake)
    written = {table: Rows(table) for table in _OUTPUTS}
    count = _Count()
    for session in sessionize(read_turns(lake)):
        labels = labels_of(session, links, wordings=wordings, floors=floors, judge=judge)
        _write(session, labels, written)
        count.add(session, labels)
        tick(count.turns)
    replace_whole(job, lake, {table: rows.table() for table, rows in written.items()}, ends=ends)
    return count.report()


def label_job(
    *, wordings: Wordings = ENGLISH, observe: Callable[[JobStep], None] = lambda _step: None, judge: GoalJudge | None = None
) -> Job:
    """The stream job that keeps `friction`, `segments` and `outcomes` true, by the floors that were last taken."""

    def judge_all(sessions: Iterator[Session], connection: Connection) -> Mapping[Table, pa.Table]:
        # Asked before the first session is taken: one connection answers one question at a time.
        links = _by_source(_links(connection, "where source_turn_id in (select turn_id from judged)"))
        floors = dict(connection.execute("select recogniser, floor from floors").fetchall())
        written = {table: Rows(table) for table in _OUTPUTS}
        for session in sessions:
            _write(session, labels_of(session, links, wordings=wordings, floors=floors, judge=judge), written)
        return {table: rows.table() for table, rows in written.items()}

    inputs = {tables.TURN_PARTS: "turn_id", tables.LINKS: "source_turn_id"}
    return Job("label", inputs, _OUTPUTS, judge_all, observe, measures={tables.FLOORS: _EDITION})


def whole_label_due(lake: Lake) -> bool:
    """Whether the recognisers' floors are to be taken anew, and all turns labelled by them: the lake has doubled since.

    So the work of all such runs together is at most twice that of the last.
    """
    parts, taken = lake.count(tables.TURN_PARTS), lake.position(tables.FLOORS, _PARTS_SEEN)
    return parts >= max(SCORES_MIN, taken * FLOORS_GROWTH)


def labels_of(
    session: Session,
    links: Mapping[str, list[RephraseLink]],
    *,
    wordings: Wordings = ENGLISH,
    floors: Mapping[str, float] = NO_FLOORS,
    judge: GoalJudge | None = None,
) -> Labels:
    """What the rules say of one session, or a judge where there is one; `links` by source turn."""
    own = [link for turn in session.turns for link in links.get(turn.turn_id, ())]
    friction = friction_of(session, wordings=wordings, floors=floors)
    outcomes = outcomes_of(session, friction, links=own, wordings=wordings)
    if judge is not None:
        judged = judge.judge(session.turns)
        outcomes = outcomes_by_model(session, judged, rules=outcomes, name=judge.name)
        return Labels(friction, outcomes, segments_by_model(session, judged, links=own, outcomes=outcomes))
    return Labels(friction, outcomes, segments_of(session, own, outcomes=outcomes))


def read_links(lake: Lake) -> dict[str, list[RephraseLink]]:
    """All rephrase links of a lake, by source turn."""
    with lake.connect() as connection:
        return _by_source(_links(connection))


def _by_source(links: Iterable[RephraseLink]) -> dict[str, list[RephraseLink]]:
    by_source: dict[str, list[RephraseLink]] = {}
    for link in links:
        by_source.setdefault(link.source_turn_id, []).append(link)
    return by_source


def _links(connection: Connection, which: str = "") -> Iterator[RephraseLink]:
    query = f"""
        select source_turn_id, target_turn_id, customer_id, event_time, probability, span_start, span_end, detector
        from links {which} order by source_turn_id, target_turn_id, detector
    """
    for batch in connection.sql(query).to_arrow_reader(LINKS_A_BATCH):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield RephraseLink(*row)


def _take_floors(lake: Lake) -> None:
    """Take the recognisers' floors over the whole lake and keep them; where another worker does so meanwhile, its floors hold."""
    parts, taken = lake.count(tables.TURN_PARTS), lake.position(tables.FLOORS, _PARTS_SEEN)
    edition, before = lake.position(tables.FLOORS, _EDITION), _read_floors(lake)
    floors = score_floors(read_turns(lake))
    moved = Progress(_EDITION, edition, edition + (floors != before))
    with suppress(LostPosition):
        lake.replace(tables.FLOORS, _floor_rows(floors), [Progress(_PARTS_SEEN, taken, parts), moved])


def _read_floors(lake: Lake) -> dict[str, float]:
    with lake.connect() as connection:
        return dict(connection.execute("select recogniser, floor from floors").fetchall())


def _floor_rows(floors: Mapping[str, float]) -> pa.Table:
    rows = Rows(tables.FLOORS)
    for recogniser, floor in sorted(floors.items()):
        rows.add(recogniser, floor)
    return rows.table()


def _write(session: Session, labels: Labels, written: Mapping[Table, Rows]) -> None:
    for sign in labels.friction:
        written[tables.FRICTION].add(sign.turn_id, sign.customer_id, sign.at, sign.sign.value, sign.shown_by)
    at = {turn.turn_id: turn.at for turn in session.turns}
    for segment in labels.segments:
        for ordinal, turn_id in enumerate(segment.turn_ids):
            written[tables.SEGMENTS].add(
                segment.segment_id, turn_id, ordinal, segment.customer_id, at[turn_id], segment.outcome.value, LABELLER
            )
    for each in labels.outcomes:
        written[tables.OUTCOMES].add(each.turn_id, each.customer_id, each.at, each.outcome.value, each.defect, each.labeller)


class _Count:
    """What was found so far."""

    def __init__(self) -> None:
        self.turns = 0
        self._sessions = 0
        self._segments = 0
        self._signs = dict.fromkeys(FrictionSign, 0)
        self._outcomes = dict.fromkeys(GoalOutcome, 0)
        self._defects = 0.0

    def add(self, session: Session, labels: Labels) -> None:
        """One more session."""
        self.turns += len(session.turns)
        self._sessions += 1
        self._segments += len(labels.segments)
        for sign in labels.friction:
            self._signs[sign.sign] += 1
        for each in labels.outcomes:
            self._outcomes[each.outcome] += 1
            self._defects += each.defect

    def report(self) -> LabelReport:
        """All of it."""
        return LabelReport(
            turns=self.turns,
            sessions=self._sessions,
            segments=self._segments,
            signs={sign.value: times for sign, times in self._signs.items()},
            outcomes={outcome.value: times for outcome, times in self._outcomes.items()},
            defects=self._defects,
        )
