"""`train failure-point`: the model that ships, learnt from what may ship. Knows files and options; learning is in `failure_growing`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from failure_point.case import Case, cases_of
from failure_point.example import Example
from failure_point.train import Rows, joined, rows_of
from resay.commands.console import JsonOption, console, print_json, progress, remarks
from resay.commands.detectors import FAILURE_POINT
from resay.commands.example_sets import TEXTS, TextsOption
from resay.commands.failure_growing import grown, with_following, write_grown
from resay.commands.failure_sets import SHIPS, FailureSet, Places, examples_of, lacking
from resay.commands.failure_views import seen_as
from resay.commands.worlds import WorldOption
from resay.dialogue.tick import Tick
from resay.lab.linked.part import Part
from resay.lab.world import VOICE_HOME

SEED = 7


def failure_point(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The model's folder.", show_default="models/failure-point")
    ] = FAILURE_POINT,
    world: WorldOption = VOICE_HOME,
    texts: TextsOption = TEXTS,
    size: Annotated[float, typer.Option("--size", min=0.05, max=4.0, help="Share of the usual homes' customers.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Train the model of failure points on simulated homes with planted faults, their recordings, and your copy of SLURP; never on DSTC2.

    Some five minutes of one core. Voices and texts by which it is scored are left out. A folder without SLURP is done without, and said so.

    Examples: `resay train failure-point` · `resay train failure-point --out my-model --size 0.2 --json`
    """
    began = time.perf_counter()
    places = Places(world, texts, size=size)
    there = [each for each in SHIPS if not lacking(each, places)]
    for each in SHIPS:
        if each not in there:
            remarks.print(f"without {each}: {lacking(each, places)}", markup=False, soft_wrap=True)
    with progress("Making examples", unit="sets", shown=not as_json) as tick:
        rows, choosing = _rows(there, Part.TRAIN, places, seed=seed, tick=tick), _rows(there, Part.CHOOSE, places, seed=seed, tick=tick)
    with progress("Training", unit="steps", shown=not as_json) as tick:
        model = grown(rows, choosing, seed=seed, tick=tick)
    about = {
        "sets": [each.value for each in there],
        "cases": len(rows.points),
        "choosing": len(choosing.points),
        "seed": seed,
        "size": size,
        "seconds": round(time.perf_counter() - began),
    }
    card = write_grown(out, model, about=about)
    figures = {"out": str(out), "version": card.sha256[:8]} | dict(card.trained) | dict(card.figures)
    if as_json:
        print_json(figures)
    else:
        console.print(", ".join(f"{name} {value}" for name, value in figures.items()), markup=False, soft_wrap=True)


def _rows(sets: Iterable[FailureSet], part: Part, places: Places, *, seed: int, tick: Tick) -> Rows:
    """The rows of all sets: examples as they are, and as logs that lack some of it, that remember nothing, that nothing has followed yet.

    Sessions stand in both ways; turns that stand alone are many, and are dealt to one of the two.
    """
    parts = []
    for number, each in enumerate(sets):
        examples = list(examples_of(each, part, places, seed=seed))
        rng = Random(f"{seed}/{each}/{part}")
        whole, less = (examples, examples) if each is FailureSet.HOME else (examples[::2], examples[1::2])
        seen = [seen_as(example, rng) for example in less]
        parts += [rows_of(whole, with_following), rows_of(seen[::2], _half_followed), rows_of(seen[1::2], _half_followed, remembered=False)]
        tick(number + 1)
    return joined([rows for rows in parts if len(rows.points)])


def _half_followed(example: Example) -> Iterable[Case]:
    """The cases of an example, every other session without what follows."""
    return cases_of(example.session, following=hash_of(example.group) % 2 == 0)


def hash_of(group: str) -> int:
    """A number of a group that is the same in every run."""
    return Random(group).getrandbits(16)
