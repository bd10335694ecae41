"""The commands `bench …`: every figure that we report, from a command, with seed, date and an interval (EVALUATION)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from resay.commands.bench.context_command import context
from resay.commands.bench.experiments_command import experiments
from resay.commands.bench.failure_point_command import failure_point
from resay.commands.bench.forget_command import forget
from resay.commands.bench.index_command import index
from resay.commands.bench.kept_answers import Asked, KeptAnswers, decision_lines
from resay.commands.bench.labels_command import labels
from resay.commands.bench.loop_command import loop
from resay.commands.bench.mine_command import mine
from resay.commands.bench.pages_command import pages
from resay.commands.bench.rephrase_command import rephrase
from resay.commands.bench.replay import COLUMNS, ReplayRow, Train, figures, replay_rows, score_row
from resay.commands.bench.report import bench_report, print_report, show_report
from resay.commands.bench.serve_command import serve
from resay.commands.bench.stream.command import stream
from resay.commands.bench.teach_command import teach
from resay.commands.console import JsonOption, console, progress
from resay.commands.detectors import DEFAULT, DetectorOption, ModelOption, asked_detector, detector_of, name_of
from resay.commands.example_sets import CALLS, LOOKED_FOR
from resay.dialogue.errors import ResayError
from resay.label.corpora.dstc2 import Call, WrongCorpus, read_calls, splits_in
from rewrite_online.evaluate import TurnResult

SEED = 7
"""The usual chance; only intervals depend on it."""

QUICK = ("a", "b", "c", "d")
"""Rows that are scored where none is named, in about a minute; the others grow trees, which takes minutes a row."""


class Corpus(StrEnum):
    """Corpora that calls are replayed from."""

    DSTC2 = "dstc2"


class UnwritableDecisions(ResayError):
    """The file of decisions cannot be written."""


def register(app: typer.Typer) -> None:
    """Add `bench`."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Score and time it: every figure that we report.")
    group.callback()(_group)
    group.command("replay")(replay)
    group.command("stream")(stream)
    group.command("loop")(loop)
    group.command("rephrase")(rephrase)
    group.command("mine")(mine)
    group.command("serve")(serve)
    group.command("index")(index)
    group.command("labels")(labels)
    group.command("experiments")(experiments)
    group.command("failure-point")(failure_point)
    group.command("teach")(teach)
    group.command("context")(context)
    group.command("forget")(forget)
    group.command("pages")(pages)
    app.add_typer(group, name="bench", rich_help_panel="Measure")


def replay(  # noqa: PLR0917 - the command line names its options
    corpus: Annotated[Corpus, typer.Option("--corpus", help="Whose calls.")] = Corpus.DSTC2,
    folder: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Your own copy: train.jsonl.gz, dev.jsonl.gz; none ships.",
            show_default=LOOKED_FOR.format(CALLS),
        ),
    ] = CALLS,
    row: Annotated[
        list[str] | None, typer.Option("--row", help="A letter (c), a row (c/before) or all; again for more [default: a to d].")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="The calls that are scored; rows learn on train.")] = "dev",
    decisions: Annotated[Path | None, typer.Option("--decisions", metavar="FILE", help="Write one row's answers as JSON lines.")] = None,
    kept: Annotated[
        Path | None, typer.Option("--kept", metavar="DIR", help="Keep each row's answers there, and learn no row again that has some.")
    ] = None,
    detector: DetectorOption = DEFAULT,
    model: ModelOption = None,
    seed: Annotated[int, typer.Option("--seed", help="Chance of the intervals.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Replay real calls of people: what our answers would have done to them, win by win and loss by loss.

    Rows: a nothing; b exact table on text; c exact table on text and prompt; d best of the NLU's own readings (retry only); e candidates
    weighed by the ranker, learnt without labels; e+ with a detector that labels of train calls taught; f learnt from people's labels; g and
    h the same as e+ and f with the personal layer, on late calls of train callers.
    Rows b, c and e learn from the links of --detector, b and c by the product's own path at its floor of 10 customers and (k=3) below it;
    rows named -gold are references that learn from people's labels on train calls. Thresholds are chosen on train callers. Rows a to d
    take about a minute; each further one takes minutes: --row all.

    Examples: `resay bench replay --corpus dstc2` · `resay bench replay --row d-gold/retry --decisions d.jsonl --json` ·
    `resay bench replay --row c --detector span --model DIR`
    """
    now = datetime.now(UTC)
    links = detector_of(asked_detector(detector, model))
    if split == "train":
        message = "split must be one that nothing learns from; rows learn on train; is dev meant?"
        raise typer.BadParameter(message)
    wanted = _wanted(row, one=decisions is not None)
    train = Train(_calls(folder, "train"), now, links)
    scored = _calls(folder, split)
    results = {}
    with progress(f"Replaying {corpus} {split}", unit="rows", shown=not as_json) as tick:
        for done, each in enumerate(wanted):
            tick(done, len(wanted))
            results[each.name] = _scored(each, train, scored, kept=KeptAnswers(kept) if kept else None, split=split)
            if decisions is not None:
                _write(decisions, results[each.name])
        tick(len(wanted), len(wanted))
    rows = [line for name, turns in results.items() for line in figures(name, turns, Random(seed))]
    report = bench_report("replay", rows, seed=seed, now=now, detector=name_of(links))
    if as_json:
        print_report(report)
        return
    show_report(report, COLUMNS)
    _explain(wanted, train, scored, split)


def _scored(row: ReplayRow, train: Train, scored: Sequence[Call], *, kept: KeptAnswers | None, split: str) -> list[TurnResult]:
    """What a row does, from its answers where they are kept."""
    if kept is None:
        return score_row(row, train, scored)
    asked = Asked(row.name, split, name_of(train.detector), calls=len(train.calls), scored=len(scored))
    answers = kept.of(asked)
    results = score_row(row if answers is None else row.answered(answers), train, scored)
    if answers is None:
        kept.keep(asked, results)
    return results


def _group() -> None:
    """Score and time it: every figure that we report."""


def _wanted(names: Sequence[str] | None, *, one: bool) -> list[ReplayRow]:
    rows = replay_rows()
    unknown = [name for name in names or () if not any(name in {row.letter, row.name, "all"} for row in rows)]
    if unknown:
        message = f"row must be all, a, b, c, d, e, e+, f, g, h or one of {', '.join(row.name for row in rows)}; got {', '.join(unknown)}"
        raise typer.BadParameter(message)
    chosen = [row for row in rows if "all" in (names or ()) or row.letter in (names or QUICK) or row.name in (names or ())]
    if one and len(chosen) != 1:
        message = f"--decisions takes the answers of one row; got {', '.join(row.name for row in chosen)}; is --row {chosen[0].name} meant?"
        raise typer.BadParameter(message)
    return chosen


def _calls(folder: Path, split: str) -> list[Call]:
    splits_in(folder)
    calls = list(read_calls(folder, split))
    if not calls:
        message = f"split {split!r} in {folder} must hold calls; it holds none; was the file written to its end?"
        raise WrongCorpus(message)
    return calls


def _write(path: Path, results: Iterable[TurnResult]) -> None:
    try:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(decision_lines(results))
    except OSError as error:
        message = f"file {path} must be writable; {error}; is the folder there, and yours?"
        raise UnwritableDecisions(message) from error


def _explain(wanted: Sequence[ReplayRow], train: Train, scored: Sequence[Call], split: str) -> None:
    learnt = f"Learnt on {len(train.calls):,} train calls, scored on {len(scored):,} {split} calls"
    console.print(
        f"{learnt}. Intervals are over callers; the bound of w/l may be called met from 100 pairs on.", markup=False, soft_wrap=True
    )
    for row in wanted:
        console.print(f"{row.name:<14} {row.meaning}", markup=False, soft_wrap=True)
