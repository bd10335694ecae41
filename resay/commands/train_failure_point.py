"""`train failure-point`: the model that ships, learnt from what may ship. Knows files and options; learning is in `failure_growing`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from failure_point.case import Case, cases_of
from failure_point.example import Example
from failure_point.train import CasesOf, Rows, joined, rows_of
from resay.commands.console import JsonOption, console, print_json, progress, remarks
from resay.commands.detectors import FAILURE_POINT
from resay.commands.example_sets import TEXTS, TextsOption
from resay.commands.failure_growing import Beside, grown, with_following, write_grown
from resay.commands.failure_kept import Kept, KeptOption, kept_in
from resay.commands.failure_sets import SHIPS, FailureSet, Places, examples_of, lacking, lessons_of, spoken_of
from resay.commands.failure_views import seen_as
from resay.commands.worlds import WorldOption
from resay.dialogue.tick import Tick
from resay.lab.linked.part import Part
from resay.lab.world import VOICE_HOME

SEED = 7

ALONE = {FailureSet.RECORDED, FailureSet.SLURP}
"""Sets in which every turn stands alone."""


def failure_point(  # noqa: PLR0917 - the command line names its options
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The model's folder.", show_default="models/failure-point")
    ] = FAILURE_POINT,
    world: WorldOption = VOICE_HOME,
    texts: TextsOption = TEXTS,
    size: Annotated[float, typer.Option("--size", min=0.05, max=4.0, help="Share of the usual homes' customers.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed")] = SEED,
    kept: KeptOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train the model of failure points on homes with planted faults, their recordings, made talk, and your copy of SLURP; never on DSTC2.

    Some ten minutes of one core; with --kept a run that was cut off goes on. Voices and texts by which it is scored are left out. A
    folder without SLURP is done without, and said so.

    Examples: `resay train failure-point` · `resay train failure-point --out my-model --size 0.2 --kept /tmp/made`
    """
    began = time.perf_counter()
    places = Places(world, texts, size=size)
    there = [each for each in SHIPS if not lacking(each, places)]
    for each in SHIPS:
        if each not in there:
            remarks.print(f"without {each}: {lacking(each, places)}", markup=False, soft_wrap=True)
    keep = kept_in(kept, places, seed=seed, sets=[each.value for each in there])
    with progress("Making examples", unit="sets", shown=not as_json) as tick:
        rows, beside = _rows(there, places, seed=seed, keep=keep, tick=tick)
    with progress("Training", unit="steps", shown=not as_json) as tick:
        model = grown(rows, beside, seed=seed, tick=tick, keep=keep.array)
    about = {
        "sets": [each.value for each in there],
        "cases": len(rows.points),
        "beside": len(beside.rows.points) if beside.rows else 0,
        "lessons": len(beside.lessons),
        "spoken": len(beside.spoken),
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


def _rows(sets: Sequence[FailureSet], places: Places, *, seed: int, keep: Kept, tick: Tick) -> tuple[Rows, Beside]:
    """The rows of all sets, and what is learnt from beside them: recordings by themselves are in other shares than in any talk."""
    judged: list[Rows] = []
    beside: list[Rows] = []
    lessons = [lesson for each in sets for lesson in lessons_of(each, places)]
    spoken = [recording for each in sets for recording in spoken_of(each, places)]
    for number, (each, part) in enumerate((each, part) for each in sets for part in (Part.TRAIN, Part.CHOOSE)):
        made = keep.rows(f"rows {each} {part}", partial(_seen, each, part, places, seed=seed))
        (beside if each is FailureSet.RECORDED else judged).append(made)
        tick(number + 1)
    return joined(judged), Beside(joined(beside) if beside else None, lessons, spoken)


def _seen(which: FailureSet, part: Part, places: Places, *, seed: int) -> Rows:
    """Examples as they are, and as logs that lack some of it, that remember nothing, that nothing has followed yet.

    Talk of homes stands in both ways; recordings and made talk are many, and are dealt to one of the two; commands lack all that may lack.
    """
    examples = list(examples_of(which, part, places, seed=seed))
    rng = Random(f"{seed}/{which}/{part}")
    whole, less = _dealt(which, examples)
    seen = [seen_as(example, rng) for example in less]
    # Of what stands alone a log seldom knows that nothing will follow.
    parts: tuple[tuple[list[Example], CasesOf, bool], ...] = (
        (whole, _half_followed if which in ALONE else with_following, True),
        (seen[::2], _half_followed, True),
        (seen[1::2], _half_followed, False),
    )
    return joined([rows_of(some, view, remembered=remembered) for some, view, remembered in parts if some])


def _dealt(which: FailureSet, examples: list[Example]) -> tuple[list[Example], list[Example]]:
    match which:
        case FailureSet.HOME:
            return examples, examples
        case FailureSet.SLURP:
            return examples, []
        case _:
            return examples[::2], examples[1::2]


def _half_followed(example: Example) -> Iterable[Case]:
    """The cases of an example, every other session without what follows."""
    return cases_of(example.session, following=hash_of(example.group) % 2 == 0)


def hash_of(group: str) -> int:
    """A number of a group that is the same in every run."""
    return Random(group).getrandbits(16)
