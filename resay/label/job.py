"""The labelling job: turns and links in, tables `friction`, `segments`, `outcomes` out.

Knows the lake; the rules stand in `friction` and `goals_by_rule`. Everything is labelled anew each time and put in place of what was there,
so a second run changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from resay.dialogue.label import Friction, FrictionSign, GoalOutcome, GoalSegment, RephraseLink, TurnOutcome
from resay.dialogue.session import Session, sessionize
from resay.label.doubt import NO_FLOORS, score_floors
from resay.label.friction import friction_of
from resay.label.goals_by_rule import LABELLER, outcomes_of, segments_of
from resay.label.wordings import ENGLISH, Wordings
from resay.store import tables
from resay.store.lake import Lake
from resay.store.rows import Rows
from resay.store.turns import read_turns

LINKS_A_BATCH = 8_192
"""Links read at a time."""


class Tick(Protocol):
    """How long work tells how far it is."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """So many turns are labelled."""


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


def label(lake: Lake, tick: Tick, *, wordings: Wordings = ENGLISH) -> LabelReport:
    """Label all turns of a lake by rules, with the links that lie in it.

    Every table is written whole or not at all; the three are three commits, `outcomes` last.
    """
    floors = score_floors(read_turns(lake))
    links = read_links(lake)
    written = {table.name: Rows(table) for table in (tables.FRICTION, tables.SEGMENTS, tables.OUTCOMES)}
    count = _Count()
    for session in sessionize(read_turns(lake)):
        labels = labels_of(session, links, wordings=wordings, floors=floors)
        _write(session, labels, written)
        count.add(session, labels)
        tick(count.turns)
    for table in (tables.FRICTION, tables.SEGMENTS, tables.OUTCOMES):
        lake.replace(table, written[table.name].table())
    return count.report()


def labels_of(
    session: Session,
    links: Mapping[str, list[RephraseLink]],
    *,
    wordings: Wordings = ENGLISH,
    floors: Mapping[str, float] = NO_FLOORS,
) -> Labels:
    """What the rules say of one session; `links` by source turn."""
    own = [link for turn in session.turns for link in links.get(turn.turn_id, ())]
    friction = friction_of(session, wordings=wordings, floors=floors)
    outcomes = outcomes_of(session, friction, links=own, wordings=wordings)
    return Labels(friction, outcomes, segments_of(session, own, outcomes=outcomes))


def read_links(lake: Lake) -> dict[str, list[RephraseLink]]:
    """All rephrase links of a lake, by source turn."""
    links: dict[str, list[RephraseLink]] = {}
    for link in _links(lake):
        links.setdefault(link.source_turn_id, []).append(link)
    return links


def _links(lake: Lake) -> Iterator[RephraseLink]:
    query = """
        select source_turn_id, target_turn_id, customer_id, event_time, probability, span_start, span_end, detector
        from links order by source_turn_id, target_turn_id, detector
    """
    with lake.connect() as connection:
        for batch in connection.sql(query).to_arrow_reader(LINKS_A_BATCH):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield RephraseLink(*row)


def _write(session: Session, labels: Labels, written: Mapping[str, Rows]) -> None:
    for sign in labels.friction:
        written["friction"].add(sign.turn_id, sign.customer_id, sign.at, sign.sign.value, sign.shown_by)
    at = {turn.turn_id: turn.at for turn in session.turns}
    for segment in labels.segments:
        for ordinal, turn_id in enumerate(segment.turn_ids):
            written["segments"].add(segment.segment_id, turn_id, ordinal, segment.customer_id, at[turn_id], segment.outcome.value, LABELLER)
    for each in labels.outcomes:
        written["outcomes"].add(each.turn_id, each.customer_id, each.at, each.outcome.value, each.defect, each.labeller)


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
