"""The detection job: turns in, table `links` out. Knows the lake; which detector looks is passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa

from rephrase.detector import Detector, ManyDetector
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session, sessionize
from resay.dialogue.tick import Tick
from resay.store import tables
from resay.store.job import Job, JobStep, replace_whole, whole_ends
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.rows import Rows
from resay.store.tables import Table
from resay.store.turns import read_turns

LIKELY_FROM = 0.5
"""Links from here on are counted as likely in the report: likelier than not."""


@dataclass(frozen=True, slots=True)
class DetectReport:
    """What one run of the detection job found."""

    detector: str
    """Name and version."""
    turns: int
    sessions: int
    links: int
    likely: int
    """Links of a probability of `LIKELY_FROM` or more."""
    weight: float
    """The number of rephrases that the probabilities add up to."""


def detect(lake: Lake, detector: Detector, tick: Tick) -> DetectReport:
    """Link all turns of a lake anew and put the links in place of what was there: a second run changes nothing.

    Stream jobs may link the same lake meanwhile: what they took in since this run began is taken in again behind it.

    Raises: JobContended where they leave no room for it; LakeUnavailable.
    """
    job = detect_job(detector)
    ends = whole_ends(job, lake)
    rows = Rows(tables.LINKS)
    turns = sessions = likely = 0
    weight = 0.0
    for session, links in linked(detector, sessionize(read_turns(lake))):
        for link in links:
            rows.add(*_row(link))
            likely += link.probability >= LIKELY_FROM
            weight += link.probability
        turns += len(session.turns)
        sessions += 1
        tick(turns)
    replace_whole(job, lake, {tables.LINKS: rows.table()}, ends=ends)
    return DetectReport(f"{detector.name}/{detector.version}", turns, sessions, len(rows), likely, weight)


def links_of_others(lake: Lake, detector: Detector) -> bool:
    """Whether a lake holds links that this detector, as it is now, did not make."""
    with lake.connect() as connection:
        query = f"select 1 from {tables.LINKS.name} where detector <> ? limit 1"
        return bool(connection.execute(query, [f"{detector.name}/{detector.version}"]).fetchall())


def detect_job(detector: Detector, observe: Callable[[JobStep], None] = lambda _step: None) -> Job:
    """The stream job that keeps table `links` true; the detector must judge a session by that session alone."""

    def judge(sessions: Iterator[Session], _connection: Connection) -> Mapping[Table, pa.Table]:
        rows = Rows(tables.LINKS)
        for _, links in linked(detector, sessions):
            for link in links:
                rows.add(*_row(link))
        return {tables.LINKS: rows.table()}

    return Job("detect", {tables.TURN_PARTS: "turn_id"}, {tables.LINKS: "source_turn_id"}, judge, observe)


def linked(detector: Detector, sessions: Iterable[Session]) -> Iterator[tuple[Session, list[RephraseLink]]]:
    """Each session with its links; a detector that judges many sessions at once is given many."""
    if not isinstance(detector, ManyDetector):
        for session in sessions:
            yield session, checked(session, detector.links(session))
        return
    left = iter(sessions)
    while some := list(islice(left, detector.sessions_at_once)):
        for session, links in zip(some, detector.links_of_all(some), strict=True):
            yield session, checked(session, links)


def checked(session: Session, links: list[RephraseLink]) -> list[RephraseLink]:
    """The links as they are, once it is sure that they keep the contract: a detector may be anybody's, and its faults would spread."""
    place = {turn.turn_id: number for number, turn in enumerate(session.turns)}
    for link in links:
        source, target = place.get(link.source_turn_id, -1), place.get(link.target_turn_id, -1)
        assert 0 <= source < target, "a link must run forward inside its session"
        assert 0.0 <= link.probability <= 1.0, "a link's probability must lie between 0 and 1"
        assert 0 <= link.start <= link.end <= len(session.turns[target].utterance), "a link's span must lie in the target's utterance"
    return links


def _row(link: RephraseLink) -> tuple[object, ...]:
    return (
        link.source_turn_id,
        link.target_turn_id,
        link.customer_id,
        link.at,
        link.probability,
        link.start,
        link.end,
        link.detector,
    )
