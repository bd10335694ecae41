"""The boards as values: from the sums of the lake, its versions and the books. Nothing here scans turns, but for the few that are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from ingest.dead_letters import DeadLetter, list_letters
from markov.publish import read_card
from resay.dialogue.turn import ResponseStatus
from resay.experiment.evidence import failures_to_roll_back
from resay.label.day_sums import KINDS
from resay.label.rollup import Failed, Fared, Rollup
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from resay.store.rewrites import PROOF_FILE
from resay.store.slices import Slice, SliceBooks
from resay.store.tables import CHAIN_TURNS, FAILURE_POINTS, LINKS, OUTCOMES, REJECTS, TURN_PARTS, Table
from serving.dashboard.evidence import Said
from serving.dashboard.queries import Step, dialogue_turns, run
from serving.dashboard.report import read_report
from serving.dashboard.rolled import Rolled, rolled
from serving.dashboard.view import BEING_SUMMED, Absent
from serving.service import Service

NAMES_SHOWN_MAX = 30
"""Names of one kind on a page, those of most failures; `resay rollup --json` has two hundred."""

LETTERS_SHOWN_MAX = 20
"""Rejects on the page, the newest first; `resay rejects list` has all."""

RAW_SHOWN_BYTES = 400
"""How much of a reject is shown."""

CUSTOMERS_LEAST = 30
"""Customers that a cohort must have to be called worse than the whole: below that it is anybody's guess."""

POINTS = ("false_wake", "asr", "nlu", "er", "result", "correct", "unknown")
"""Failure points in the order of the assistant's parts."""

FOLLOWERS: Sequence[tuple[str, Table, Table]] = (
    ("detect", LINKS, TURN_PARTS),
    ("label", OUTCOMES, TURN_PARTS),
    ("classify", FAILURE_POINTS, TURN_PARTS),
    ("learn", CHAIN_TURNS, OUTCOMES),
)
"""Jobs: what they write, where they also note how far they are, and what they follow."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Where turns fail first, told apart by one kind."""

    by: str
    kinds: tuple[str, ...]
    points: tuple[str, ...]
    """Those that occur."""
    whole: Mapping[str, int]
    """Failed turns by point, of all traffic."""
    rows: tuple[tuple[str, int, Mapping[str, int]], ...]
    """Name, failed turns, and by point."""
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Samples:
    """Some turns behind a figure."""

    point: str
    by: str
    name: str
    turns: int
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A part of traffic beside the whole."""

    fared: Fared
    gap: float | None
    """Its defect rate less that of the whole; nothing where either is not known."""


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Who fares how."""

    whole: Fared | None
    worst: Standing | None
    cohorts: tuple[Standing, ...]
    """The widest gap first."""
    devices: tuple[Standing, ...]
    slices: tuple[Standing, ...]
    waiting: tuple[Slice, ...]
    """Saved, and not summed yet."""
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Behind:
    """How far a job is behind."""

    job: str
    commits: int
    """Of what it follows, not yet taken in."""
    rows: int
    """Of what it writes."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Lag, rejects, freshness."""

    landed: datetime | None
    """When the newest record landed, UTC."""
    newest: datetime | None
    """Event time of the newest turn, UTC."""
    parts: int
    learnt: datetime | None
    """When the live generation was made, UTC."""
    jobs: tuple[Behind, ...]
    rejects: int
    letters: tuple[tuple[DeadLetter, str], ...]
    """The newest, each with how it begins."""


@dataclass(frozen=True, slots=True)
class ServiceCard:
    """What the service is, in figures of its own."""

    version: str
    generation: int | None
    rewrites: int
    made_at: datetime | None
    made_of: Mapping[str, object]
    """What the live generation's card says of what stood behind it."""
    rules: Mapping[str, float]
    """What its proof says every rewrite was held to."""
    log: Rollup | None
    proof: object
    """The report of the last scored experiment; nothing where there is none."""
    bad_exposures: int
    statuses: tuple[str, ...]


Board = Failures | Samples | Cohorts | Streams | ServiceCard | Absent


def failures_of(service: Service, by: str) -> Board:
    """Where turns fail first."""
    sums = _sums(service)
    if sums is None:
        return Absent(BEING_SUMMED)
    failed = sums.rollup.failed
    if not failed:
        return Absent("No turn has a failure point yet. `resay classify` finds them; `resay stream --jobs …,classify` does as turns come.")
    by = by if by in KINDS else KINDS[0]
    rows: dict[str, dict[str, int]] = {}
    for each in failed:
        if each.kind == by:
            rows.setdefault(each.name, {})[each.point] = each.turns
    ordered = sorted(rows.items(), key=lambda row: (-sum(row[1].values()), row[0]))[:NAMES_SHOWN_MAX]
    whole = {each.point: each.turns for each in failed if each.kind == "all"}
    points = tuple(point for point in POINTS if point in whole)
    return Failures(by, KINDS, points, whole, tuple((name, sum(of.values()), of) for name, of in ordered), _as_of(sums))


def samples_of(service: Service, asked: tuple[str, str, str], *, mask: Callable[[str], str]) -> Board:
    """Some of the turns that failed first at a point, of one part of traffic: (point, kind, name)."""
    sums = _sums(service)
    point, by, name = asked
    found: Failed | None = next(
        (each for each in (sums.rollup.failed if sums else ()) if (each.point, each.kind, each.name) == (point, by, name)), None
    )
    if found is None:
        return Absent("There are no such turns, or none any more.")
    with Lake(service.settings.lake).connect() as connection:
        rows = run(connection, dialogue_turns(found.samples))
    said = [Said(at, mask(customer), text, status, answer) for _, customer, at, text, status, answer in rows]
    return Samples(point, by, name, found.turns, tuple(sorted(said, key=lambda each: each.at, reverse=True)))


def cohorts_of(service: Service) -> Board:
    """Who fares how."""
    sums = _sums(service)
    if sums is None:
        return Absent(BEING_SUMMED)
    fared = sums.rollup.fared
    whole = next((each for each in fared if each.kind == "all"), None)
    if whole is None:
        return Absent("No turn is labelled yet. `resay learn` labels them.")
    standing = {kind: _standing(fared, kind, whole) for kind in ("cohort", "device_type", "slice")}
    sure = [each for each in standing["cohort"] if each.fared.customers >= CUSTOMERS_LEAST and each.gap is not None and each.gap > 0]
    known = {each.fared.name for each in standing["slice"]}
    waiting = tuple(each for each in SliceBooks(service.books).all() if each.slice not in known)
    return Cohorts(whole, next(iter(sure), None), standing["cohort"], standing["device_type"], standing["slice"], waiting, _as_of(sums))


def streams_of(service: Service) -> Board:
    """How far behind everything is."""
    lake = Lake(service.settings.lake)
    with lake.connect() as connection:
        ((landed, newest, parts),) = run(connection, Step("freshness", "select max(landed_at), max(event_time), count(*) from turn_parts"))
    live = Shelf(service.settings.rewrites).current()
    rejects = lake.count(REJECTS)
    letters = list_letters(lake, limit=LETTERS_SHOWN_MAX, raw_bytes_max=RAW_SHOWN_BYTES) if rejects else []
    return Streams(
        landed=landed,
        newest=newest,
        parts=parts,
        learnt=read_card(live).made_at if live else None,
        jobs=tuple(_behind(lake, each) for each in FOLLOWERS),
        rejects=rejects,
        letters=tuple((each, each.raw.decode("utf-8", "replace")) for each in letters),
    )


def card_of(service: Service) -> Board:
    """What the service is."""
    live, sums = Shelf(service.settings.rewrites).current(), _sums(service)
    card = read_card(live) if live else None
    parameters = json.loads(live.read(PROOF_FILE))["parameters"] if live else {}
    return ServiceCard(
        version=version("resay"),
        generation=live.number if live else None,
        rewrites=len(service.watch.live().rewrites),
        made_at=card.made_at if card else None,
        made_of={name: value for name, value in (card.totals if card else {}).items() if isinstance(value, int)},
        rules=parameters,
        log=sums.rollup if sums else None,
        proof=read_report(service.reports),
        bad_exposures=failures_to_roll_back(),
        statuses=tuple(ResponseStatus),
    )


def _sums(service: Service) -> Rolled | None:
    return rolled(Lake(service.settings.lake), SliceBooks(service.books).all(), now=service.clock())


def _as_of(sums: Rolled) -> datetime | None:
    return None if sums.is_current else sums.made_at


def _standing(fared: Sequence[Fared], kind: str, whole: Fared) -> tuple[Standing, ...]:
    found = [Standing(each, _gap(each, whole)) for each in fared if each.kind == kind]
    return tuple(sorted(found, key=lambda each: (-(each.gap if each.gap is not None else -1), each.fared.name)))


def _gap(fared: Fared, whole: Fared) -> float | None:
    rate, of_all = fared.defect_rate, whole.defect_rate
    return None if rate is None or of_all is None else rate - of_all


def _behind(lake: Lake, follower: tuple[str, Table, Table]) -> Behind:
    job, output, followed = follower
    # Each table is opened once: that costs more than all that is asked of it.
    ours, theirs = lake.snapshot(output), lake.snapshot(followed)
    if ours is None:
        return Behind(job, 0, 0)
    taken = ours.transaction_version(f"{job}#{followed.name}") or 0
    return Behind(job, max(0, (theirs.version() if theirs else 0) - taken), ours.count())
