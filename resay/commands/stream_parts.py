"""The parts of `resay stream`, each a step of a chain: landing, judging, learning. Knows jobs and sources; knows no command line.

A part may run in several processes: whoever finds that another was first looks again at what is left, and stands by while the other works.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path

from failure_point.job import classify_job, classify_lake, verdicts_of_others
from failure_point.model_folder import read_model
from ingest.folder_log import FolderLog
from ingest.kafka_reading import GROUP, KafkaReading
from ingest.landing import LandingReport, LandingRules, LandingStep, land
from ingest.privacy import Pseudonymise, keep
from ingest.source import Batch
from markov.versions import Remembering, Understanding
from rephrase.detect import detect, detect_job, links_of_others
from rephrase.detector import Detector
from resay.commands.adapted import TURNS
from resay.commands.chain import Chain, Found, Step
from resay.commands.detectors import FAILURE_POINT, DetectorAsked, detector_of
from resay.commands.home_books import opened
from resay.commands.learning import CUSTOMERS_MIN, LearnersCollide, LearnRules, Taught, basis_of, teach
from resay.commands.settings import Settings
from resay.commands.stream_metrics import StreamMetrics
from resay.commands.topic import TopicAsked, open_topic
from resay.commands.topic_events import Telling, arrivals_for, reading_of
from resay.dialogue.tick import silent
from resay.label.job import label, label_job, whole_label_due
from resay.label.rollup import SumsContended
from resay.store.job import Job, JobContended, lag, take_in
from resay.store.lake import Lake
from resay.store.slices import Slice, SliceBooks
from resay.store.tables import TURN_PARTS
from serving.dashboard.rolled import sum_up_where_due

EVERY_S = 10.0
"""How often rewrites are learnt while labels change: of the 60 s that a turn may take to change what is served, a sixth is waiting."""

LEARN_SHARE_MAX = 0.5
"""Learning takes at most this share of the time: where it takes longer than `--every`, it rests as long as it worked."""

STEPS_LOST_MAX = 3
"""Steps of a job that others may take first before this process stands by for a while: they do its work, and looking costs both."""

GLOBAL_AFTER = timedelta(hours=6)
"""How old wordings and their ranker grow before they are learnt anew: that takes half a minute; it learns from weeks of talk."""


SUMMED_EVERY_S = 60.0
"""How often it is looked whether sums are due; where nothing has changed that is the opening of a dozen tables."""

STANDS_BY = timedelta(minutes=3)
"""How old sums must be: a running service makes them each minute, and to make them twice would be for nothing."""


class Part(StrEnum):
    """Parts of the chain, in order."""

    INGEST = "ingest"
    DETECT = "detect"
    LABEL = "label"
    CLASSIFY = "classify"
    """Where turns failed; only where it is named, as it takes a millisecond a turn and learning does not need it."""
    LEARN = "learn"
    SUM = "sum"
    """Sums of days for the pages of a large lake, where no running service makes them."""


@dataclass(slots=True)
class Tally:
    """What the chain has done so far; each field is written by one thread."""

    landed: LandingReport = field(default_factory=LandingReport)
    """What became of records."""
    told: LandingReport = field(default_factory=LandingReport)
    """What became of the parts of turns that another system's events told, once they were kept."""
    judged: dict[str, int] = field(default_factory=dict)
    learnt: int = 0
    published: int = 0
    generation: int | None = None
    summed: int = 0


@dataclass(frozen=True, slots=True)
class StreamOrders:
    """What one process of the stream is to do."""

    settings: Settings
    parts: Sequence[Part]
    source: str = ""
    """Folder, growing file or kafka://…/TOPIC; empty where this process does not ingest."""
    form: str = TURNS
    """What a topic holds, as `topic_events` names it."""
    kafka_settings: Path | None = None
    rejects_topic: str = ""
    """Where dead letters of a topic go beside table `rejects`, as `TopicAsked` has it."""
    group: str = GROUP
    k: int = CUSTOMERS_MIN
    every_s: float = EVERY_S
    links: DetectorAsked = field(default_factory=DetectorAsked)
    """What links second tries."""
    understanding: Understanding | None = None
    """The assistant's NLU, where it can be asked which rewrites it still needs."""
    observe: Callable[[Part, str], None] = lambda _part, _step: None
    """Told of every step of every part after it was taken: for the tests that kill at it."""


def run_parts(orders: StreamOrders, chain: Chain, *, tally: Tally, metrics: StreamMetrics) -> None:
    """Run the parts side by side until the chain ends.

    Raises: what a part raised first.
    """
    with ExitStack() as stack:
        steps = []
        if Part.INGEST in orders.parts:
            steps += _landing(orders, chain, into=(tally, metrics), on=stack)
        if jobs := list(_jobs(orders)):
            steps.append(_judging(jobs, orders.settings, tally=tally, metrics=metrics))
        if Part.LEARN in orders.parts:
            steps.append(Step("learn", _Learning(orders, tally=tally, metrics=metrics)))
        if Part.SUM in orders.parts:
            steps.append(Step("sum", _Summing(orders, tally=tally)))
        chain.run(steps)


def _jobs(orders: StreamOrders) -> Iterator[Job]:
    if Part.DETECT in orders.parts:
        detector = detector_of(orders.links)
        _link_anew(detector, Lake(orders.settings.lake))
        yield detect_job(detector, partial(orders.observe, Part.DETECT))
    if Part.LABEL in orders.parts:
        yield label_job(observe=partial(orders.observe, Part.LABEL))
    if Part.CLASSIFY in orders.parts:
        model = read_model(FAILURE_POINT)
        if verdicts_of_others(Lake(orders.settings.lake), model):
            classify_lake(model, Lake(orders.settings.lake), silent)
        yield classify_job(model, partial(orders.observe, Part.CLASSIFY))


def _link_anew(detector: Detector, lake: Lake) -> None:
    """Link all turns by this detector where another has linked them: its links would stand beside ours for as long as no turn changes."""
    if links_of_others(lake, detector):
        detect(lake, detector, silent)


def _landing(orders: StreamOrders, chain: Chain, *, into: tuple[Tally, StreamMetrics], on: ExitStack) -> list[Step]:
    lake, (tally, metrics) = Lake(orders.settings.lake), into

    def landed(report: LandingReport) -> None:
        tally.landed += report
        metrics.landing.landed(report)
        chain.touch()

    def observe(step: LandingStep, _batch: Batch) -> None:
        metrics.landing.step(step)
        orders.observe(Part.INGEST, step)

    mask = Pseudonymise(orders.settings.hash_key) if orders.settings.hash_key else keep
    rules = LandingRules(clock=lambda: datetime.now(UTC), mask=mask, observe=observe, landed=landed)
    if orders.source.startswith("kafka://"):
        asked = TopicAsked(orders.source, orders.kafka_settings, orders.rejects_topic)
        reading = reading_of(orders.form, KafkaReading(orders.group, follow=True))
        arrivals = on.enter_context(arrivals_for(orders.form, orders.source, orders.settings))
        topic = on.enter_context(open_topic(asked, reading=reading, lake=lake, stop=chain.stopping, arrivals=arrivals))
        topic.show(metrics.landing)

        def follow() -> Found:
            topic.land(lake, rules, metrics=metrics.landing, stop=chain.stopping)
            return Found.NOTHING

        if arrivals is None:
            return [Step("ingest", follow, waits=True)]
        telling = Telling(topic, arrivals, rules, metrics=metrics.landing)

        def tell() -> Found:
            found = telling()
            tally.told = telling.told
            return found

        return [Step("ingest", follow, waits=True), Step("tell", tell)]
    folder = FolderLog(Path(orders.source))
    on.callback(folder.close)
    metrics.bytes_left_is(folder.bytes_left)

    def look() -> Found:
        read = folder.look() and land(folder, lake, rules=rules, stop=chain.stopping).read
        folder.close()
        return Found.WORK if read else Found.NOTHING

    return [Step("ingest", look)]


def _judging(jobs: Sequence[Job], settings: Settings, *, tally: Tally, metrics: StreamMetrics) -> Step:
    """One step for all jobs: labels build on links, and taken in turn they are made once, not before and after the links."""
    lake = Lake(settings.lake)
    for job in jobs:
        metrics.behind_is(job.name, partial(lag, job, lake))

    def judge() -> Found:
        found = Found.NOTHING
        for job in jobs:
            began = time.monotonic()
            try:
                turns = _take_in(job, lake)
            except JobContended:
                # Another process is at this job, and faster. That is no fault: this one stands by, and takes over should it die.
                found = Found.WORK_LATER
                continue
            if turns is not None:
                tally.judged[job.name] = tally.judged.get(job.name, 0) + turns
                metrics.judged(job.name, turns, seconds=time.monotonic() - began)
                found = Found.WORK
        return found

    return Step("judge", judge)


def _take_in(job: Job, lake: Lake) -> int | None:
    """How many turns one step of a job judged; nothing where it had nothing to take in."""
    if job.name == Part.LABEL and whole_label_due(lake):
        return label(lake, silent).turns
    taken = take_in(job, lake, conflicts_max=STEPS_LOST_MAX)
    return taken.turns if taken else None


class _Learning:
    """The last step: learns from labels when they have changed, not too often."""

    def __init__(self, orders: StreamOrders, *, tally: Tally, metrics: StreamMetrics) -> None:
        self._settings, self._every_s = orders.settings, orders.every_s
        self._rules = LearnRules(
            k=orders.k, observe=partial(orders.observe, Part.LEARN), understanding=_remembering(orders), global_after=GLOBAL_AFTER
        )
        self._tally, self._metrics = tally, metrics
        self._lake = Lake(orders.settings.lake)
        self._due = 0.0
        self._seen: datetime | None = None
        """Turns that landed before this were in the lake when the last learning began."""

    def __call__(self) -> Found:
        if basis_of(self._settings).is_learnt:
            return Found.NOTHING
        began = time.monotonic()
        if began < self._due:
            return Found.WORK_LATER
        now = datetime.now(UTC)
        # Another process that learns faster is no fault: what it leaves is looked at when it is due again.
        with suppress(LearnersCollide):
            self._tell(teach(self._settings, self._totals(), self._rules), oldest=self._oldest_landing(now))
        took = time.monotonic() - began
        self._due = began + max(self._every_s, took / LEARN_SHARE_MAX)
        return Found.WORK

    def _totals(self) -> dict[str, int]:
        with self._lake.connect() as connection:
            query = """
                select (select count(*) from outcomes) as turns, (select count(*) from outcomes where outcome = 'failure') as failed,
                    (select count(*) from links) as links
            """
            turns, failed, links = connection.execute(query).fetchall()[0]
        return {"turns": turns, "failed": failed, "links": links}

    def _oldest_landing(self, now: datetime) -> datetime | None:
        """When the oldest turn landed that this learning was the first to see; nothing where it was the first learning."""
        since, self._seen = self._seen, now
        if since is None:
            return None
        with self._lake.connect() as connection:
            query = f"select min(landed_at) from {TURN_PARTS.name} where landed_at > ? and landed_at <= ?"
            oldest: datetime | None = connection.execute(query, [since, now]).fetchall()[0][0]
        return oldest

    def _tell(self, taught: Taught, *, oldest: datetime | None) -> None:
        self._tally.learnt += 1
        self._tally.published += taught.published
        self._tally.generation = taught.generation
        self._metrics.learnt(
            len(taught.rewrites),
            generation=taught.generation,
            skipped="" if taught.published else "unchanged",
            freshness_s=(datetime.now(UTC) - oldest).total_seconds() if oldest else None,
        )


class _Summing:
    """Sums up for the pages, as a running service does; of two at the same time the one that is overtaken writes nothing."""

    def __init__(self, orders: StreamOrders, *, tally: Tally) -> None:
        self._orders, self._tally = orders, tally
        self._lake = Lake(orders.settings.lake)
        self._due = 0.0

    def __call__(self) -> Found:
        if time.monotonic() < self._due:
            return Found.NOTHING
        self._due = time.monotonic() + SUMMED_EVERY_S
        try:
            if not sum_up_where_due(self._lake, self._slices(), now=datetime.now(UTC), stands_by=STANDS_BY):
                return Found.NOTHING
        except SumsContended:
            return Found.NOTHING
        self._tally.summed += 1
        self._orders.observe(Part.SUM, "summed")
        return Found.WORK

    def _slices(self) -> list[Slice]:
        if not self._orders.settings.has_books:
            return []
        with opened(self._orders.settings) as books:
            return SliceBooks(books).all()


def _remembering(orders: StreamOrders) -> Understanding | None:
    return Remembering(orders.understanding, clock=time.monotonic) if orders.understanding else None
