"""Commands that bring records in, and look after those that could not be read: `ingest`, `rejects list|replay|drop`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry

from ingest.arriving_log import Arrivals
from ingest.dead_letters import DeadLetter, count_letters, drop_letters, list_letters, replay_letters
from ingest.file_log import FileLog
from ingest.kafka_reading import GROUP, KafkaReading
from ingest.landing import LandingReport, LandingRules, land
from ingest.privacy import Pseudonymise, keep
from resay.commands.adapted import TURNS
from resay.commands.console import HomeOption, JsonLinesOption, JsonOption, console, print_json, print_json_lines, progress, remarks
from resay.commands.fellows import fellows, processes_for
from resay.commands.landing import landed_words
from resay.commands.landing_metrics import LandingMetrics
from resay.commands.place import KafkaSettingsOption
from resay.commands.settings import Settings, read_settings
from resay.commands.stopping import stoppable
from resay.commands.stream_metrics import shown_at
from resay.commands.topic import MetricsPortOption, RejectsTopicOption, TopicAsked, open_topic
from resay.commands.topic_events import FormatOption, Telling, arrivals_for, check_usage, follow_events, reading_of
from resay.dialogue.moment import utc
from resay.store.lake import Lake

LETTERS_SHOWN = 20
"""Dead letters listed where nothing else is asked: a screen."""

RAW_SHOWN_BYTES = 200
"""So much of a record is shown: its ids and the beginning of what was said."""

INTERRUPTED = 130
"""Exit status of a run that was ended by a signal: 128 and the number of SIGINT, as shells have it."""

_PANEL = "Learn, step by step"

MatchingOption = Annotated[str, typer.Option("--matching", metavar="TEXT", help="Only those whose origin or reason contains TEXT.")]

SourceOption = Annotated[str, typer.Option("--source", metavar="kafka://HOST:PORT/TOPIC", help="Read a Kafka topic instead of files.")]
GroupOption = Annotated[str, typer.Option("--group", help="Consumer group; its members share the partitions.")]
SinceOption = Annotated[
    datetime | None, typer.Option("--from", help="Pass over records older than this, UTC, by the time that Kafka keeps for them.")
]
UntilOption = Annotated[datetime | None, typer.Option("--until", help="End before the first record of this time or later, UTC.")]
FollowOption = Annotated[bool, typer.Option("--follow", help="Wait for more at the end of the topic, until stopped.")]
ProcessesOption = Annotated[
    int,
    typer.Option("--processes", min=0, max=64, help="Processes that share the topic [default: as the backlog says]."),
]
AllowGapOption = Annotated[bool, typer.Option("--allow-gap", help="Go on where the topic has lost records before they were read.")]


def register(app: typer.Typer) -> None:
    """Add `ingest` and `rejects`."""
    rejects = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Look after the records that could not be read.")
    rejects.command("list")(list_rejects)
    rejects.command("replay")(replay_rejects)
    rejects.command("drop")(drop_rejects)
    app.command(rich_help_panel=_PANEL)(ingest)
    app.add_typer(rejects, name="rejects", rich_help_panel=_PANEL)


def ingest(  # noqa: PLR0917 - an option is a parameter
    # `readable=False`: what cannot be opened is said by us, in one sentence for all files.
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", readable=False, help="JSON lines of resay.turn/1, plain or gzip.")
    ] = None,
    source: SourceOption = "",
    form: FormatOption = TURNS,
    group: GroupOption = GROUP,
    since: SinceOption = None,
    until: UntilOption = None,
    follow: FollowOption = False,
    allow_gap: AllowGapOption = False,
    rejects_topic: RejectsTopicOption = "",
    kafka_settings: KafkaSettingsOption = None,
    metrics_port: MetricsPortOption = None,
    processes: ProcessesOption = 0,
    home: HomeOption = None,
    tolerant: Annotated[bool, typer.Option("--tolerant", help="End with 0 though some records were rejected or left unread.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Land dialogue logs, files or a Kafka topic, in the lake, each record exactly once.

    Run it again whenever a log has grown: it goes on where it stood. Bad records stop nothing; they are kept, with the reason
    (`resay rejects`). Of every record it says one of four things: new, there already, rejected, or of a
    customer who was forgotten, and left out.
    Several of them may read one topic: they share its partitions, and whichever is killed, the others go on. A long backlog is shared
    among processes by itself; with `--follow` there is one, and whoever needs more starts more.
    What cannot be read of a topic is also sent to the topic of that name with `-rejects` behind it, if there is one.
    With `--format rasa` a topic holds events as Rasa's event broker writes them, flat or nested, keyed or not: they wait in the books for
    the rest of their turn, three seconds, and what they tell lands as turns, but not while any partition of the topic is behind.

    Exit status: 0 all is in; 1 something needs you: a file cannot be read (then nothing was landed), is empty or ends in half a record,
    or records were rejected. All good records are in by then. `--tolerant` is for schedules: half records and rejects end with 0,
    unless not one record could be read. With `--follow` it runs until it is stopped, which ends with 0.

    Examples: `resay ingest turns.jsonl` · `resay ingest logs/*.jsonl.gz --tolerant --json` ·
    `resay ingest --source kafka://localhost:9092/dialogue-turns --follow --metrics-port 9401` ·
    `resay ingest --source kafka://localhost:9092/rasa_core_events --format rasa --follow`
    """
    settings = read_settings(home=home)
    reading = KafkaReading(group, follow=follow, since=since and utc(since), until=until and utc(until), allow_gap=allow_gap)
    _check_usage(files or [], source, reading, processes=processes)
    _check_topic_usage(source, rejects_topic, metrics_port)
    check_usage(form, source)
    unfinished: list[str] = []
    took: dict[str, object] = {}
    told = LandingReport()
    if source:
        asked = TopicAsked(source, kafka_settings, rejects_topic)
        orders = _Orders(asked, reading_of(form, reading), metrics_port, processes)
        with arrivals_for(form, source, settings) as arrivals:
            report, took["seconds"], broken, told = _land_topic(orders, settings, arrivals, shown=not as_json)
        unfinished += broken
        if arrivals:
            took["turn_parts"] = {name: getattr(told, name) for name in ("accepted", "duplicates", "rejected", "forgotten")}
    else:
        report, unfinished = _land_files(files or [], settings, shown=not as_json)
    if as_json:
        print_json({"read": report.read, **asdict(report), "unfinished": unfinished, "lake": str(settings.lake), **took})
    else:
        console.print(landed_words(report), markup=False)
        if form != TURNS and source:
            console.print(f"parts of turns: new {told.accepted:,}, rejected {told.rejected:,}", markup=False)
    rejected = report.rejected + told.rejected
    _remark(report.faults, rejected, unfinished)
    wholly_bad = report.rejected > 0 and report.rejected == report.read
    if not follow and (wholly_bad or ((rejected or unfinished) and not tolerant)):
        raise typer.Exit(1)


def list_rejects(
    matching: MatchingOption = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="So many at most, the newest first.")] = LETTERS_SHOWN,
    home: HomeOption = None,
    as_json: JsonLinesOption = False,
) -> None:
    """List records that could not be read: where they stood, why, and how they begin.

    Examples: `resay rejects list` · `resay rejects list --matching "utterance" --limit 100 --json`
    """
    lake = Lake(read_settings(home=home).lake)
    letters = list_letters(lake, matching=matching, limit=limit, raw_bytes_max=RAW_SHOWN_BYTES)
    if as_json:
        print_json_lines(_letter_json(letter) for letter in letters)
        return
    for letter in letters:
        console.print(f"{letter.origin}  {letter.reason}", markup=False, soft_wrap=True)
        console.print(f"    {_shown(letter)}", markup=False, soft_wrap=True, style="dim")
    total = count_letters(lake, matching=matching)
    console.print(f"{len(letters):,} of {total:,} rejects shown" if total else "no rejects", markup=False)


def replay_rejects(matching: MatchingOption = "", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Read rejects again, and land those that can be read now: after a newer version, or when their time has come.

    Those that still cannot be read stay. Records longer than 1 MiB are not tried, as only their beginning was kept.

    Examples: `resay rejects replay` · `resay rejects replay --matching "in the future"`
    """
    settings = read_settings(home=home)
    report = replay_letters(Lake(settings.lake), rules=_rules(settings), matching=matching)
    if as_json:
        print_json({"read": report.read, **asdict(report)})
    else:
        console.print(landed_words(report), markup=False)


def drop_rejects(
    matching: MatchingOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give up rejects for good.

    Examples: `resay rejects drop --matching turns.jsonl` · `resay rejects drop --yes`
    """
    lake = Lake(read_settings(home=home).lake)
    count = count_letters(lake, matching=matching)
    if count and not yes:
        if not sys.stdin.isatty():
            message = f"dropping {count:,} rejects must be confirmed; nobody is there to ask; is --yes missing?"
            raise typer.BadParameter(message)
        typer.confirm(f"Drop {count:,} rejects for good?", abort=True, err=True)
    dropped = drop_letters(lake, matching=matching)
    if as_json:
        print_json({"dropped": dropped})
    else:
        console.print(f"dropped {dropped:,} rejects", markup=False)


def _check_usage(files: list[Path], source: str, reading: KafkaReading, *, processes: int) -> None:
    if bool(files) == bool(source):
        message = "files or --source must be given, and not both; is one of them missing?"
        raise typer.BadParameter(message)
    if processes > 1 and (not source or reading.follow):
        message = "--processes must go with --source, and without --follow; whoever follows with more than one starts more than one"
        raise typer.BadParameter(message)
    if not source and (reading.follow or reading.since or reading.until or reading.allow_gap):
        message = "--follow, --from, --until and --allow-gap must go with --source; got files; files are read to their ends"
        raise typer.BadParameter(message)
    if reading.until and (reading.follow or reading.until > datetime.now(UTC)):
        message = "--until must lie in the past, and go without --follow; leave it out to read all that is there"
        raise typer.BadParameter(message)


def _check_topic_usage(source: str, rejects_topic: str, metrics_port: int | None) -> None:
    if not source and (rejects_topic or metrics_port is not None):
        message = "--rejects-topic and --metrics-port must go with --source; got files; their rejects are in table `rejects`"
        raise typer.BadParameter(message)


def _land_files(files: list[Path], settings: Settings, *, shown: bool) -> tuple[LandingReport, list[str]]:
    source = FileLog(files)
    try:
        lake = Lake(settings.lake)
        with progress("Ingesting", unit="bytes", shown=shown) as tick:
            report = land(source, lake, rules=_rules(settings), tick=lambda _read: tick(source.bytes_read(), source.bytes_total()))
        return report, source.unfinished()
    finally:
        source.close()


@dataclass(frozen=True, slots=True)
class _Orders:
    """How a topic is to be landed."""

    asked: TopicAsked
    reading: KafkaReading
    metrics_port: int | None
    processes: int
    """0: as the backlog says."""

    def words(self, settings: Settings) -> list[str]:
        """The options that say the same to a fellow."""
        reading, asked = self.reading, self.asked
        named = {
            "--source": asked.address,
            "--group": reading.group,
            "--from": reading.since and f"{reading.since:%Y-%m-%dT%H:%M:%S}",
            "--until": reading.until and f"{reading.until:%Y-%m-%dT%H:%M:%S}",
            "--rejects-topic": asked.rejects_topic,
            "--kafka-settings": asked.kafka_settings and str(asked.kafka_settings),
            "--home": str(settings.home),
        }
        return [
            *(word for name, value in named.items() if value for word in (name, value)),
            *(["--allow-gap"] if reading.allow_gap else []),
        ]


def _land_topic(
    orders: _Orders, settings: Settings, arrivals: Arrivals | None, *, shown: bool
) -> tuple[LandingReport, float, list[str], LandingReport]:
    """What was read, the seconds from the first poll to the last commit, what fellows complained of, and what was told of events."""
    lake, metrics, landed, told = Lake(settings.lake), LandingMetrics("kafka", CollectorRegistry()), LandingReport(), LandingReport()

    def count(report: LandingReport) -> None:
        nonlocal landed  # Known however the landing ends.
        landed += report
        metrics.landed(report)

    with ExitStack() as stack:
        stop = stack.enter_context(stoppable())
        topic = stack.enter_context(open_topic(orders.asked, reading=orders.reading, lake=lake, stop=stop, arrivals=arrivals))
        topic.show(metrics)
        stack.enter_context(shown_at(metrics, orders.metrics_port))
        together = stack.enter_context(fellows())
        backlog = topic.source.backlog()
        number = orders.processes or processes_for(sum(backlog.values()), len(backlog))
        with progress("Ingesting", unit="records", shown=shown) as tick:
            began = time.monotonic()
            # Events are told behind one reader: the books have one writer.
            together.start(orders.words(settings), number=0 if arrivals else number - 1)
            rules = replace(_rules(settings), landed=count, observe=lambda step, _batch: metrics.step(step))
            if arrivals and orders.reading.follow:
                telling = Telling(topic, arrivals, rules, metrics=metrics)
                follow_events(telling, rules, metrics=metrics, stop=stop)
                told = telling.told
            else:
                topic.land(lake, rules, metrics=metrics, tick=lambda read: tick(read, read + sum(topic.source.lag().values())), stop=stop)
                # Stopped before the end it tells nothing: the rest of a talk was not read.
                told = arrivals.tell(rules, at_once=True) if arrivals and not stop() else told
            took_s = time.monotonic() - began
        if stop():
            together.stop()
        read, complaints = together.gather()
        landed += read
        if stop() and not orders.reading.follow:
            # The front door says it, as it does of every command.
            raise typer.Exit(INTERRUPTED)
    return landed, took_s, complaints, told


def _rules(settings: Settings) -> LandingRules:
    mask = Pseudonymise(settings.hash_key) if settings.hash_key else keep
    return LandingRules(clock=lambda: datetime.now(UTC), mask=mask)


def _remark(faults: Sequence[str], rejected: int, unfinished: list[str]) -> None:
    for fault in faults:
        remarks.print(f"rejected {fault}", markup=False, soft_wrap=True)
    if rejected:
        remarks.print(f"resay: records rejected: {rejected:,}; all are kept, with reasons: resay rejects list", soft_wrap=True)
    for sentence in unfinished:
        remarks.print(f"resay: {sentence}", markup=False, soft_wrap=True)


def _letter_json(letter: DeadLetter) -> dict[str, object]:
    return {**asdict(letter), "raw": letter.raw.decode("utf-8", "backslashreplace"), "landed_at": letter.landed_at.isoformat()}


def _shown(letter: DeadLetter) -> str:
    """The beginning of a record, safe to print."""
    text = letter.raw.decode("utf-8", "backslashreplace")
    safe = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return safe + (" …" if letter.raw_bytes > len(letter.raw) else "")
