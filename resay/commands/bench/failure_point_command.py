"""The command `bench failure-point`: how well it is told where turns failed (EVALUATION 5)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import typer

from failure_point.example import Example
from failure_point.model import FailurePointModel
from failure_point.model_folder import WrongModelFolder, read_model
from resay.commands.bench.failure_point import COLUMNS, Piece, ScoredSet, Split
from resay.commands.bench.report import BenchReport, BenchRow, bench_report, print_report, show_report
from resay.commands.classify import FailureModelOption
from resay.commands.console import JsonOption, progress, remarks
from resay.commands.detectors import FAILURE_POINT
from resay.commands.example_sets import CALLS, TEXTS, CallsOption, TextsOption
from resay.commands.failure_kept import KeptOption, kept_in
from resay.commands.failure_sets import FailureSet, Places, examples_of, lacking, lessons_of, spoken_of
from resay.commands.worlds import WorldOption
from resay.dialogue.tick import Tick
from resay.lab.linked.part import Part
from resay.lab.world import VOICE_HOME

SEED = 7

FOLLOWED = {FailureSet.HOME, FailureSet.ASKED, FailureSet.DSTC2}
"""Sets in which turns follow turns."""


def failure_point(  # noqa: PLR0917 - the command line names its options
    sets: Annotated[list[FailureSet] | None, typer.Option("--set", help="A set; again for more [default: all that are there].")] = None,
    baselines: Annotated[bool, typer.Option("--baselines/--no-baselines", help="Score the baselines too.")] = True,
    model: FailureModelOption = FAILURE_POINT,
    world: WorldOption = VOICE_HOME,
    texts: TextsOption = TEXTS,
    calls: CallsOption = CALLS,
    size: Annotated[float, typer.Option("--size", min=0.05, max=4.0, help="Share of the usual homes' customers.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Chance of the sets, the trees and the intervals.")] = SEED,
    kept: KeptOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score where turns failed: false_wake, asr, nlu, er, result or correct, by models of each set's own training part.

    Sets: home, simulated homes with planted faults and voices of their own, learnt with the recordings behind them; recorded, those
    recordings one by one; asked, made talk of assistants that ask; slurp, commands of other texts; dstc2, the dev calls. Rows: SET (all
    that follows is seen), SET/alone (nothing has followed yet), SET/unscored (a log without any score), SET/ship (the model that ships;
    SET/ship/text-only: nothing but words is logged; SET/ship/no-memory: each session by itself, as in the lake), and baselines: majority,
    confidence, metadata, words. SET/…/point=… is one point's F1; coverage is how many turns, the surest first, are named with 95 % right;
    named, how many are at all. Thresholds are chosen out of fold on what is learnt from. All of it takes more than half an hour of a core;
    with --kept a run that was cut off goes on. Sets that are not there are passed over, and said so.

    Examples: `resay bench failure-point --set home` · `resay bench failure-point --set slurp --set dstc2 --kept /tmp/made --json`
    """
    now = datetime.now(UTC)
    places = Places(world, texts, calls, size=size)
    shipped = _shipped(model)
    rows: list[BenchRow] = []
    for each in sets or list(FailureSet):
        if why := lacking(each, places):
            remarks.print(f"without {each}: {why}", markup=False, soft_wrap=True)
            continue
        mine = kept_in(kept, places, seed=seed)
        scored = ScoredSet(each.value, _split(each, places, seed=seed), kept=mine, seed=seed)
        for name, piece in scored.pieces(shipped, baselines=baselines):
            of = f" {shipped.version}" if shipped and "/ship" in name else ""
            with progress(f"Scoring {name}", unit="steps", shown=not as_json) as tick:
                rows += mine.figures(f"figures {name}{of}", partial(_figures, piece, tick))
    report = bench_report("failure-point", rows, seed=seed, now=now)
    if as_json:
        print_report(report)
        return
    whole = tuple(row for row in report.rows if "/point=" not in row.row)
    show_report(BenchReport(report.bench, report.date, report.seed, report.commit, report.machine, whole), COLUMNS)


def _figures(piece: Piece, tick: Tick) -> list[BenchRow]:
    return list(piece(tick))


def _split(each: FailureSet, places: Places, *, seed: int) -> Split:
    """A set's examples; each part is made once, and only where it is asked for."""

    def of(which: FailureSet, *parts: Part) -> list[Example]:
        return [example for part in parts for example in examples_of(which, part, places, seed=seed)]

    return Split(
        learn=cache(partial(of, each, Part.TRAIN, Part.CHOOSE)),
        test=cache(partial(of, each, Part.TEST)),
        has_following=each in FOLLOWED,
        # The recordings behind the homes: the same voices, and far more of them.
        beside=cache(partial(of, FailureSet.RECORDED, Part.TRAIN, Part.CHOOSE)) if each is FailureSet.HOME else None,
        lessons=cache(partial(lessons_of, each, places)),
        spoken=cache(partial(spoken_of, FailureSet.RECORDED if each is FailureSet.HOME else each, places)),
    )


def _shipped(folder: Path) -> FailurePointModel | None:
    try:
        return read_model(folder)
    except WrongModelFolder as error:
        remarks.print(f"without ship: {error}", markup=False, soft_wrap=True)
        return None
