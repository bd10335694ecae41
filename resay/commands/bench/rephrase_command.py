"""The command `bench rephrase`: how well second tries are found, by every detector that is there (EVALUATION 3)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.table import Table

from rephrase.example import UNLINKED_KINDS
from resay.commands.bench.rephrase import COLUMNS, Sets, rephrase_rows
from resay.commands.bench.rephrase_models import NAMES, Models, models_in
from resay.commands.bench.report import BenchReport, BenchRow, bench_report, print_report, show_report
from resay.commands.console import JsonOption, console, progress, remarks
from resay.commands.detectors import MODELS
from resay.commands.example_sets import (
    CALLS,
    SIZES,
    TEXTS,
    CallsOption,
    Corpus,
    Places,
    Size,
    TextsOption,
    Training,
    corpora_of,
    sessions_of,
)
from resay.commands.worlds import WorldOption
from resay.lab.linked.hand import HAND, hand_sessions
from resay.lab.linked.part import Part
from resay.lab.linked.session import LinkedSession
from resay.lab.world import VOICE_HOME

SEED = 7

HAND_SET = "hand"
"""Written by hand. Not a `Corpus`, so that no command that trains or chooses can name it."""

SETS = (*(each.value for each in Corpus), HAND_SET)
"""All that can be scored."""


def rephrase(  # noqa: PLR0917 - the command line names its options
    sets: Annotated[list[str] | None, typer.Option("--set", help="A set; again for more [default: all that are there].")] = None,
    only: Annotated[list[str] | None, typer.Option("--model", help="A model; again for more [default: all that are there].")] = None,
    models: Annotated[
        Path, typer.Option("--models", metavar="DIR", help="Folder of trained models.", show_default="models, beside the packages")
    ] = MODELS,
    training: Annotated[
        Training, typer.Option("--training", help="What those were trained on; thresholds are chosen on it.")
    ] = Training.SHIP,
    world: WorldOption = VOICE_HOME,
    texts: TextsOption = TEXTS,
    calls: CallsOption = CALLS,
    customers: Annotated[int | None, typer.Option("--customers", min=1, help="Of simulated homes [default: by part].")] = None,
    sessions: Annotated[int | None, typer.Option("--sessions", min=1, help="Made of texts, and as many asked [default: by part].")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Chance of the sets and the intervals.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Score rephrase detectors: links, spans, and what is linked falsely, by kind, on talk of people they never met.

    Sets: home, simulated homes with voices and goals of their own; texts, commands put into sessions, with intents of their own; asked,
    assistants that ask for one thing after another, with wordings of their own; dstc2, the dev calls. Thresholds are chosen on other
    sessions, by F1. Intervals are over customers. Rows: SET/MODEL; /kind=… (false links), /lag=…, /repair, /without=… (the log lacks
    something); MODEL@all where DSTC2's train calls were learnt from. Needs the extra `demo`.

    The set hand ships: sessions made up and written one by one, on which nothing is trained or chosen.

    Examples: `resay bench rephrase` · `resay bench rephrase --set home --model combined --model span --json`
    """
    now = datetime.now(UTC)
    _check("model", only or (), NAMES)
    _check("set", sets or (), SETS)
    bench = _Bench(Places(world, texts, calls), training, customers, sessions, seed)
    with progress("Making sets", unit="sets", shown=not as_json) as tick:
        choosing = [each for corpus in corpora_of(training) if bench.has(corpus) for each in bench.sessions(corpus, Part.CHOOSE)]
        made: dict[str, Sequence[LinkedSession]] = {}
        for number, name in enumerate(name for name in sets or SETS if sets or bench.offers(name)):
            made[name] = bench.scored(name)
            tick(number + 1)
    utterances = (turn.utterance for each in choosing for turn in each.session.turns)
    there = _chosen(models_in(models, utterances, threads=os.cpu_count() or 1), only)
    suffix = "@all" if training is Training.ALL else ""
    with progress("Detecting", unit="sets", shown=not as_json) as tick:
        rows = list(rephrase_rows(there.there, Sets(choosing, made), suffix=suffix, rng=lambda: Random(seed), tick=tick))
    report = bench_report("rephrase", rows, seed=seed, now=now)
    if as_json:
        print_report(report)
    else:
        _show(report)
    for name, why in there.missing.items():
        remarks.print(f"without {name}: {why}", markup=False, soft_wrap=True)


class _Bench:
    """Where sets come from, and how large they are."""

    def __init__(self, places: Places, training: Training, customers: int | None, sessions: int | None, seed: int) -> None:
        self._places, self._training, self._seed = places, training, seed
        self._customers, self._sessions = customers, sessions

    def has(self, corpus: Corpus) -> bool:
        """Whether a set can be made."""
        places = self._places
        folder = {Corpus.HOME: places.world, Corpus.TEXTS: places.texts, Corpus.ASKED: places.texts, Corpus.DSTC2: places.calls}[corpus]
        return folder.is_dir()

    def offers(self, name: str) -> bool:
        """Whether a set that is scored is there, or can be made."""
        return HAND.is_dir() if name == HAND_SET else self.has(Corpus(name))

    def scored(self, name: str) -> list[LinkedSession]:
        """The sessions of a set that is scored."""
        return list(hand_sessions(HAND)) if name == HAND_SET else self.sessions(Corpus(name), Part.TEST)

    def sessions(self, corpus: Corpus, part: Part) -> list[LinkedSession]:
        """The sessions of a set."""
        usual = SIZES[part]
        size = Size(self._customers or usual.customers, self._sessions or usual.sessions, self._sessions or usual.asked)
        return list(sessions_of(corpus, part, self._places, size=size, seed=self._seed))


def _check(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        message = f"{what} must be one of {', '.join(known)}; got {', '.join(unknown)}"
        raise typer.BadParameter(message)


def _chosen(models: Models, only: Sequence[str] | None) -> Models:
    missing = {name: why for name, why in models.missing.items() if not only or name in only}
    return Models({name: each for name, each in models.there.items() if not only or name in only}, missing)


def _show(report: BenchReport) -> None:
    """The figures of whole sets, then false links by kind; the rest stands in the JSON."""
    whole = [row for row in report.rows if row.row.count("/") == 1 and "-over-" not in row.row]
    show_report(BenchReport(report.bench, report.date, report.seed, report.commit, report.machine, tuple(whole)), COLUMNS)
    _show_kinds([row for row in report.rows if row.metric == "false_link_rate"])
    for row in report.rows:
        if row.metric == "f1_gain" and row.value is not None and row.lo is not None and row.hi is not None:
            console.print(f"{row.row}: {row.value:+.1%} ({row.lo:+.1%} … {row.hi:+.1%}) of F1", markup=False)


def _show_kinds(rows: Sequence[BenchRow]) -> None:
    table = Table(title="False links, by what follows", title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("row", no_wrap=True)
    for kind in UNLINKED_KINDS:
        table.add_column(kind.replace("_", " "), justify="right")
    rates = {row.row: row.value for row in rows}
    for name in dict.fromkeys(row.row.rpartition("/")[0] for row in rows):
        found = [rates.get(f"{name}/kind={kind}") for kind in UNLINKED_KINDS]
        table.add_row(name, *("–" if rate is None else f"{rate:.1%}" for rate in found))
    console.print(table)
