"""Commands that say what is true of turns: `detect` links second tries, `label` marks friction, goals and defects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.table import Table

from ingest.file_log import FileLog
from ingest.landing import LandingRules, land
from rephrase.detect import DetectReport, detect, linked
from resay.commands.console import HomeOption, console, print_json, print_json_lines, progress, progress_of_lines, remarks
from resay.commands.detectors import (
    DEFAULT,
    DetectorName,
    DeviceOption,
    ModelOption,
    TrunkOption,
    asked_detector,
    best_there,
    considered,
    detector_of,
)
from resay.commands.label_goals import GoalsOption, Labeller, LabellerOption, goal_model, label_lines, usual_labeller
from resay.commands.settings import read_settings
from resay.commands.standard_input import kept_input
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session, sessionize
from resay.dialogue.tick import Tick
from resay.label.job import LabelReport, label
from resay.store.lake import Lake
from resay.store.tables import TURN_PARTS
from resay.store.turns import read_turns

_PANEL = "Learn, step by step"


InputOption = Annotated[
    Path | None,
    typer.Option(
        "--input",
        metavar="FILE",
        help="Read this file of resay.turn/1, or - for standard input, instead of the lake; write JSON lines, store nothing.",
    ),
]


FileJsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object instead of text; with --input it is JSON lines, one object a turn.")
]

PairsJsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object instead of text; with --input JSON lines, of every pair that was considered."),
]


AnyDetectorOption = Annotated[
    DetectorName | None,
    typer.Option(
        "--detector",
        help="span: the trained model; combined: rules; pairwise, overlap and bm25 are baselines.",
        show_default="combined; span with --input, --model or --device",
    ),
]


def register(app: typer.Typer) -> None:
    """Add `detect` and `label`."""
    app.command("detect", rich_help_panel=_PANEL)(detect_command)
    app.command("label", rich_help_panel=_PANEL)(label_command)


def detect_command(  # noqa: PLR0917 - an option is a parameter
    file: InputOption = None,
    detector: AnyDetectorOption = None,
    model: ModelOption = None,
    device: DeviceOption = "",
    trunk: TrunkOption = None,
    home: HomeOption = None,
    as_json: PairsJsonOption = False,
) -> None:
    """Find where customers said it again, and write table `links`.

    Run it after `resay ingest`; it links all turns anew, so a second run changes nothing. With `--input` it prints one JSON object a
    link: source, target, probability, and start and end of the span in the target's utterance; with `--json` too, one for every pair of
    turns that was considered, however unlikely. A file is judged by the model that ships, a lake by rules, which learning is used to.

    Examples: `resay detect` · `resay detect --input dialogues.jsonl > links.jsonl` · `resay detect --input pairs.jsonl --json` ·
    `resay detect --detector combined --input pairs.jsonl` · `resay detect --model DIR --device cuda`
    """
    usual = DetectorName.SPAN if model or device else DEFAULT if file is None else best_there()
    asked = asked_detector(detector or usual, model, device=device, trunk=trunk)
    if file is not None:
        with landed(file, shown=not as_json) as lake, progress_of_lines("Linking rephrases", unit="turns", shown=not as_json) as tick:
            if as_json:
                pairs = considered(detector_of(asked, lake, probability_min=0.0), _sessions(lake))
            else:
                told = linked(detector_of(asked, lake), _told(_sessions(lake), _of_all(tick, lake)))
                pairs = (link for _, links in told for link in links)
            print_json_lines(_link_json(link) for link in pairs)
        return
    lake = Lake(read_settings(home=home).lake)
    with progress("Linking rephrases", unit="turns", shown=not as_json) as tick:
        report = detect(lake, detector_of(asked, lake), _of_all(tick, lake))
    if as_json:
        print_json(asdict(report))
    else:
        console.print(_links_table(report))
        say_if_empty(lake)


def label_command(
    file: InputOption = None,
    labeller: LabellerOption = None,
    goals: GoalsOption = None,
    home: HomeOption = None,
    as_json: FileJsonOption = False,
) -> None:
    """Mark friction, goals and defects, and write tables `friction`, `segments`, `outcomes`.

    Run it after `resay detect`: a turn that was said again counts as defective. With `--input` it finds the links itself and prints one
    JSON object a turn, in the order of customers and times: turn_id, goal (its number within the session, from 0), begins (whether the
    goal begins at this turn), success (the chance that the goal was reached at this turn), defect (the chance that the turn failed its
    customer); what the rules say: outcome, friction; and meant, where a later turn reached the goal of a failed one: the reading that it
    should have had.

    A file's goals are cut by the model that ships, which needs no more than utterances; success and defects are its own where no status is
    logged, and the rules' where one is. A lake is judged by rules, unless `--labeller model` is named.

    Examples: `resay label` · `resay label --input dialogues.jsonl > labels.jsonl` · `resay label --input dialogues.jsonl --labeller rules`
    """
    asked = labeller or (Labeller.RULES if file is None and goals is None else usual_labeller(goals))
    model = goal_model(goals) if asked is Labeller.MODEL else None
    if file is not None:
        with landed(file, shown=not as_json) as lake, progress_of_lines("Labelling turns", unit="turns", shown=not as_json) as tick:
            of_all = _of_all(tick, lake)
            for number, line in enumerate(label_lines(lake, detector_of(), model), start=1):
                of_all(number)
                print_json(line)
        return
    lake = Lake(read_settings(home=home).lake)
    with progress("Labelling turns", unit="turns", shown=not as_json) as tick:
        report = label(lake, _of_all(tick, lake), judge=model)
    if as_json:
        print_json(asdict(report))
    else:
        console.print(_labels_table(report))
        say_if_empty(lake)


@contextmanager
def landed(file: Path, *, shown: bool) -> Iterator[Lake]:
    """A lake of its own for one file, gone after the block; bad records are named and passed over, and end the command with 1."""
    with TemporaryDirectory(prefix="resay-") as folder, kept_input([file]) as files:
        lake = Lake(Path(folder) / "lake")
        source = FileLog(files)
        try:
            with progress("Reading", unit="bytes", shown=shown) as tick:
                rules = LandingRules(clock=lambda: datetime.now(UTC))
                report = land(source, lake, rules=rules, tick=lambda _read: tick(source.bytes_read(), source.bytes_total()))
            unfinished = source.unfinished()
            if not report.read and not unfinished:
                unfinished = [f"file {file} must hold records, one a line; it holds only empty lines; is it the right file?"]
        finally:
            source.close()
        for sentence in (*(f"rejected {fault}" for fault in report.faults), *unfinished):
            remarks.print(f"resay: {sentence}", markup=False, soft_wrap=True)
        if report.rejected:
            remarks.print(f"resay: records passed over as unreadable: {report.rejected:,} of {report.read:,}", markup=False, soft_wrap=True)
        if report.duplicates:
            repeats = f"records whose turn was there already, and passed over: {report.duplicates:,} of {report.read:,}"
            remarks.print(f"resay: {repeats}; are turn ids numbered anew in each session?", markup=False, soft_wrap=True)
        yield lake
        if report.rejected or unfinished:
            raise typer.Exit(1)


def say_if_empty(lake: Lake) -> None:
    """Whoever reads a table of zeros is told that nothing was there to read."""
    if not lake.count(TURN_PARTS):
        remarks.print(f"resay: lake {lake.root} holds no turns; was a log read with `resay ingest`?", markup=False, soft_wrap=True)


def _sessions(lake: Lake) -> Iterator[Session]:
    return sessionize(read_turns(lake))


def _told(sessions: Iterable[Session], tick: Tick) -> Iterator[Session]:
    """Sessions, with a tick behind each."""
    done = 0
    for session in sessions:
        yield session
        done += len(session.turns)
        tick(done)


def _of_all(tick: Tick, lake: Lake) -> Tick:
    """A tick that knows how many turns there are."""
    with lake.connect() as connection:
        row = connection.execute("select count(distinct turn_id) from turn_parts").fetchone()
    turns = int(row[0]) if row else 0
    return lambda done, total=None: tick(done, total or turns)


def _link_json(link: RephraseLink) -> dict[str, object]:
    return {
        "source": link.source_turn_id,
        "target": link.target_turn_id,
        "probability": round(link.probability, 4),
        "start": link.start,
        "end": link.end,
    }


def _links_table(report: DetectReport) -> Table:
    table = Table("", "", title=f"Rephrases found by {report.detector}", show_header=False, title_justify="left")
    table.add_row("turns", f"{report.turns:,}")
    table.add_row("sessions", f"{report.sessions:,}")
    table.add_row("links", f"{report.links:,}")
    table.add_row("likelier than not", f"{report.likely:,}")
    table.add_row("rephrases, by their chances", f"{report.weight:,.0f}")
    return table


def _labels_table(report: LabelReport) -> Table:
    table = Table("", "", title="Labels", show_header=False, title_justify="left")
    table.add_row("turns", f"{report.turns:,}")
    table.add_row("sessions", f"{report.sessions:,}")
    table.add_row("goal segments", f"{report.segments:,}")
    table.add_section()
    for outcome, times in report.outcomes.items():
        table.add_row(outcome, f"{times:,}")
    share = f" ({report.defects / report.turns:.1%} of turns)" if report.turns else ""
    table.add_row("defects, by their chances", f"{report.defects:,.0f}{share}")
    table.add_section()
    for sign, times in report.signs.items():
        table.add_row(sign.replace("_", " "), f"{times:,}")
    return table
