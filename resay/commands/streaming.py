"""`resay stream`: the loop that never ends. Records land, turns are linked and labelled, rewrites are learnt and published, as they come.

One process runs the whole chain, or several run a part of it each; all meet in the lake.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ingest.folder_log import FolderLog
from ingest.kafka_reading import GROUP, KafkaReading
from ingest.landing import LandingReport, LandingRules, land
from ingest.privacy import keep, pseudonymise
from rephrase.combined import CombinedDetector
from rephrase.detect import detect_job
from resay.commands.chain import Chain, Found, Step
from resay.commands.console import HomeOption, JsonOption, console, print_json, remarks
from resay.commands.learn import CUSTOMERS_MIN, KOption, Taught, teach
from resay.commands.settings import Settings, read_settings
from resay.commands.stream import KafkaSettingsOption, open_topic, stoppable
from resay.commands.stream_metrics import StreamMetrics, shown_at
from resay.dialogue.tick import silent
from resay.label.job import label, label_job, whole_label_due
from resay.store.commit import Progress
from resay.store.job import Job, advance, lag
from resay.store.lake import Lake
from resay.store.tables import COUNTS, LINKS, OUTCOMES, SEGMENTS, TURN_PARTS

EVERY_S = 10.0
"""How often rewrites are learnt while labels change: of the 60 s that a turn may take to change what is served, a sixth is waiting."""

LEARN_SHARE_MAX = 0.5
"""Learning takes at most this share of the time: where it takes longer than `--every`, it rests as long as it worked."""

CONFLICTS_MAX = 20
"""Lost positions in a row before a member of a group gives up, as in `resay ingest`."""


class JobName(StrEnum):
    """Parts of the chain, in order."""

    INGEST = "ingest"
    DETECT = "detect"
    LABEL = "label"
    LEARN = "learn"


@dataclass(slots=True)
class _Tally:
    """What the chain has done so far; each field is written by one thread."""

    landed: LandingReport = field(default_factory=LandingReport)
    judged: dict[str, int] = field(default_factory=dict)
    learnt: int = 0
    published: int = 0
    generation: int | None = None


def register(app: typer.Typer) -> None:
    """Add `stream`."""
    app.command("stream", rich_help_panel="Run it")(stream_command)


def stream_command(  # noqa: PLR0917 - an option is a parameter
    source: Annotated[str, typer.Option("--source", metavar="PLACE", help="Folder of logs, a growing file, or kafka://…/TOPIC.")] = "",
    jobs: Annotated[str, typer.Option("--jobs", help="Parts to run: ingest, detect, label, learn [default: all].")] = "",
    every: Annotated[float, typer.Option("--every", min=0.1, help="Learn at most this often, seconds.")] = EVERY_S,
    until_idle: Annotated[float | None, typer.Option("--until-idle", min=0.1, help="End after so many seconds without work.")] = None,
    k: KOption = CUSTOMERS_MIN,
    metrics_port: Annotated[int | None, typer.Option("--metrics-port", min=0, max=65_535, help="Show metrics at this port.")] = None,
    group: Annotated[str, typer.Option("--group", help="Consumer group; its members share the partitions of a topic.")] = GROUP,
    kafka_settings: KafkaSettingsOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the whole loop as turns come in: land, link, label, learn, publish. A running `resay serve` takes up what is published.

    Ends cleanly on Ctrl-C and SIGTERM, and may be killed at any moment: nothing is lost and nothing counted twice.
    Several processes may share the work: each part runs in one process, but `ingest` of a topic in as many as it has partitions.

    Examples: `resay stream --source logs/` · `resay stream --source kafka://localhost:9092/dialogue-turns --metrics-port 9400` ·
    `resay stream --jobs detect,label` · `resay stream --source logs/ --until-idle 5 --json`
    """
    settings, names = read_settings(home=home), _names(jobs, source)
    metrics, tally, began = StreamMetrics(source.split("://")[0] if "://" in source else "file"), _Tally(), time.monotonic()
    with ExitStack() as stack:
        chain = Chain(stop=stack.enter_context(stoppable()), until_idle_s=until_idle)
        steps = []
        if judging := [job for job in _jobs() if job.name in names]:
            steps.append(_judging(judging, settings, tally=tally, metrics=metrics))
        if JobName.INGEST in names:
            steps.insert(0, _landing(source, kafka_settings, group=group, settings=settings, chain=chain, into=(tally, metrics), on=stack))
        if JobName.LEARN in names:
            steps.append(Step("learn", _Learning(settings, k, every, tally=tally, metrics=metrics)))
        stack.enter_context(shown_at(metrics, metrics_port))
        if not as_json:
            remarks.print(f"resay: streaming {', '.join(names)}; Ctrl-C ends it", markup=False)
        chain.run(steps)
    if as_json:
        print_json({**asdict(tally), "read": tally.landed.read, "seconds": round(time.monotonic() - began, 2)})
    else:
        console.print(_summary(tally), markup=False, soft_wrap=True)


def _names(jobs: str, source: str) -> list[JobName]:
    """The parts to run, in the order of the chain."""
    asked = [each.strip() for each in jobs.split(",") if each.strip()]
    unknown = sorted(set(asked) - set(JobName))
    if unknown:
        message = f"--jobs must name some of {', '.join(JobName)}; got {', '.join(unknown)}; was a comma forgotten?"
        raise typer.BadParameter(message)
    names = [each for each in JobName if each in asked] or [each for each in JobName if source or each is not JobName.INGEST]
    if bool(source) != (JobName.INGEST in names):
        message = "--source must go with the part `ingest`; one of them is there without the other"
        raise typer.BadParameter(message)
    return names


def _jobs() -> list[Job]:
    return [detect_job(CombinedDetector()), label_job()]


def _landing(
    source: str,
    kafka_settings: Path | None,
    *,
    group: str,
    settings: Settings,
    chain: Chain,
    into: tuple[_Tally, StreamMetrics],
    on: ExitStack,
) -> Step:
    lake, (tally, metrics) = Lake(settings.lake), into

    def landed(report: LandingReport) -> None:
        tally.landed += report
        metrics.landed(report)
        chain.touch()

    mask = pseudonymise(settings.hash_key) if settings.hash_key else keep
    rules = LandingRules(clock=lambda: datetime.now(UTC), mask=mask, conflicts_max=CONFLICTS_MAX, landed=landed)
    if source.startswith("kafka://"):
        reading = KafkaReading(group, follow=True)
        topic = open_topic(source, kafka_settings, reading=reading, lake=lake, stop=chain.stopping)
        on.callback(topic.close)
        metrics.lag_is(lambda: sum(topic.lag().values()), in_bytes=False)

        def follow() -> Found:
            land(topic, lake, rules=rules, stop=chain.stopping)
            return Found.NOTHING

        return Step("ingest", follow, waits=True)
    folder = FolderLog(Path(source))
    on.callback(folder.close)
    metrics.lag_is(folder.bytes_left, in_bytes=True)

    def look() -> Found:
        read = folder.look() and land(folder, lake, rules=rules, stop=chain.stopping).read
        folder.close()
        return Found.WORK if read else Found.NOTHING

    return Step("ingest", look)


def _judging(jobs: Sequence[Job], settings: Settings, *, tally: _Tally, metrics: StreamMetrics) -> Step:
    """One step for all jobs: labels build on links, and taken in turn they are made once, not before and after the links."""
    lake = Lake(settings.lake)
    for job in jobs:
        metrics.behind_is(job.name, partial(lag, job, lake))

    def judge() -> Found:
        found = Found.NOTHING
        for job in jobs:
            began = time.monotonic()
            turns = _take_in(job, lake)
            if turns is not None:
                tally.judged[job.name] = tally.judged.get(job.name, 0) + turns
                metrics.judged(job.name, turns, seconds=time.monotonic() - began)
                found = Found.WORK
        return found

    return Step("judge", judge)


def _take_in(job: Job, lake: Lake) -> int | None:
    """How many turns one step of a job judged; nothing where it had nothing to take in."""
    if job.name == JobName.LABEL and whole_label_due(lake):
        return label(lake, silent).turns
    taken = advance(job, lake)
    return taken.turns if taken else None


class _Learning:
    """The last step: learns from labels when they have changed, not too often, and notes in table `counts` what it has learnt from."""

    def __init__(self, settings: Settings, k: int, every_s: float, *, tally: _Tally, metrics: StreamMetrics) -> None:
        self._settings, self._k, self._every_s = settings, k, every_s
        self._tally, self._metrics = tally, metrics
        self._lake = Lake(settings.lake)
        self._due = 0.0
        self._seen: datetime | None = None
        """Turns that landed before this were in the lake when the last learning began."""

    def __call__(self) -> Found:
        progress = [
            Progress(f"learn#{table.name}", self._lake.position(COUNTS, f"learn#{table.name}"), self._lake.version(table))
            for table in (LINKS, SEGMENTS, OUTCOMES)
        ]
        if all(each.start == each.end for each in progress):
            return Found.NOTHING
        began = time.monotonic()
        if began < self._due:
            return Found.WORK_LATER
        now = datetime.now(UTC)
        taught = teach(self._settings, self._totals(), k=self._k)
        # After the publishing: a run that dies before this learns the same again, finds it live, and notes it then.
        self._lake.append(COUNTS, COUNTS.schema().empty_table(), progress)
        self._tell(taught, oldest=self._oldest_landing(now))
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


def _summary(tally: _Tally) -> str:
    judged = ", ".join(f"{job}: {turns:,} turns" for job, turns in tally.judged.items()) or "nothing judged"
    live = f"generation {tally.generation} is live" if tally.generation else "no generation was made live"
    return (
        f"records read: {tally.landed.read:,}; new: {tally.landed.accepted:,}, rejected: {tally.landed.rejected:,}; {judged}; "
        f"learnt {tally.learnt:,} times, published {tally.published:,}; {live}"
    )
