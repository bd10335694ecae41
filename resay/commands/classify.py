"""The command `classify`: where each turn failed. Knows files, the lake and options; verdicts are made in `failure_point`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from failure_point.classify import classify
from failure_point.job import ClassifyReport, classify_lake
from failure_point.model import FailurePointModel
from failure_point.model_folder import read_model
from failure_point.point import DO_NOT_KNOW, POINTS, Verdict
from failure_point.traffic import Traffic
from resay.commands.console import HomeOption, console, print_json, print_json_lines, progress, progress_of_lines
from resay.commands.detectors import FAILURE_POINT
from resay.commands.label import FileJsonOption, InputOption, landed, say_if_empty
from resay.commands.settings import read_settings
from resay.dialogue.session import sessionize
from resay.dialogue.tick import Tick
from resay.store.lake import Lake
from resay.store.tables import TURN_PARTS
from resay.store.turns import read_turns

FailureModelOption = Annotated[
    Path, typer.Option("--model", metavar="DIR", help="Folder of the model.", show_default="models/failure-point, beside the packages")
]


def register(app: typer.Typer) -> None:
    """Add `classify`."""
    app.command("classify", rich_help_panel="Learn, step by step")(classify_command)


def classify_command(
    file: InputOption = None,
    model: FailureModelOption = FAILURE_POINT,
    explain: Annotated[bool, typer.Option("--explain", help="With --input: the evidence of each verdict too.")] = False,
    home: HomeOption = None,
    as_json: FileJsonOption = False,
) -> None:
    """Say where each turn failed first, and write table `failure_points`: false_wake, asr, nlu, er, result, correct, or unknown.

    With `--input` it prints one JSON object a turn, in the order of customers and times: turn_id, failure_point, probabilities, and with
    `--explain` evidence: what was seen in the turn, what that means in words, its value, and by how much the log odds would fall without
    it. Whatever a log lacks (scores, interpretations, responses, times) is done without. What the log itself says of a wording is used:
    how many customers say it, and whether it is ever carried out; so judge a log as a whole, and not turn by turn. The point that is
    named need not be the likeliest: chances are weighed by what it costs to miss each point.

    Examples: `resay classify` · `resay classify --input dialogues.jsonl --json > points.jsonl` ·
    `resay classify --input dialogues.jsonl --explain`
    """
    if explain and file is None:
        message = "--explain must go with --input; a lake's verdicts are kept without their evidence; is a file meant?"
        raise typer.BadParameter(message)
    chosen = read_model(model)
    if file is not None:
        with landed(file, shown=not as_json) as lake, progress_of_lines("Classifying", unit="turns", shown=not as_json) as tick:
            print_json_lines(verdict_json(each, explain=explain) for each in _verdicts(lake, chosen, explain=explain, tick=tick))
        return
    lake = Lake(read_settings(home=home).lake)
    turns = lake.count(TURN_PARTS)
    with progress("Classifying", unit="turns", shown=not as_json) as tick:
        report = classify_lake(chosen, lake, lambda done, total=None: tick(done, total or turns))
    if as_json:
        print_json(asdict(report))
    else:
        console.print(_table(report))
        say_if_empty(lake)


def verdict_json(verdict: Verdict, *, explain: bool = False) -> dict[str, object]:
    """A verdict as outsiders read it."""
    told: dict[str, object] = {
        "turn_id": verdict.turn_id,
        "failure_point": verdict.named,
        "probabilities": {point.value: round(chance, 4) for point, chance in verdict.probabilities.items()},
    }
    if explain:
        told["evidence"] = [
            {"what": each.what, "means": each.means, "value": each.value, "weight": each.weight} for each in verdict.evidence
        ]
    return told


def _verdicts(lake: Lake, model: FailurePointModel, *, explain: bool, tick: Tick) -> Iterator[Verdict]:
    traffic = Traffic(read_turns(lake))
    for number, verdict in enumerate(classify(model, sessionize(read_turns(lake)), traffic, explain=explain), start=1):
        tick(number, traffic.turns)
        yield verdict


def _table(report: ClassifyReport) -> Table:
    table = Table("", "turns", title=f"Failure points by model {report.model}", title_justify="left")
    for name in (*(point.value for point in POINTS), DO_NOT_KNOW):
        table.add_row(name, f"{report.points.get(name, 0):,}")
    return table
