"""The command `examples`: first tries and what followed them, with the truth, to train and choose detectors on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from rephrase.example import LINKED_KINDS, REPAIR, Example
from rephrase.example_file import write_examples
from resay.commands.console import JsonOption, console, print_json, progress
from resay.commands.example_making import examples_of
from resay.commands.example_sets import CALLS, SEED, SIZES, TEXTS, CallsOption, Places, Size, TextsOption, Training, corpora_of, sessions_of
from resay.commands.worlds import WorldOption
from resay.dialogue.tick import Tick
from resay.lab.linked.part import Part
from resay.lab.world import VOICE_HOME

_PANEL = "Measure"


def register(app: typer.Typer) -> None:
    """Add `examples`."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Make examples to train detectors on.")
    group.callback()(_group)
    group.command("rephrase")(rephrase)
    app.add_typer(group, name="examples", rich_help_panel=_PANEL)


def rephrase(  # noqa: PLR0917 - the command line names its options
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="JSON lines are written here; gzipped where it ends in .gz.")],
    training: Annotated[
        Training, typer.Option("--training", help="ship: only what may ship; all: DSTC2's train calls too.")
    ] = Training.SHIP,
    part: Annotated[Part, typer.Option("--part", help="What they serve for; no part shares a voice, goal or intent.")] = Part.TRAIN,
    world: WorldOption = VOICE_HOME,
    texts: TextsOption = TEXTS,
    calls: CallsOption = CALLS,
    customers: Annotated[int | None, typer.Option("--customers", min=1, help="Of simulated homes [default: by part].")] = None,
    sessions: Annotated[int | None, typer.Option("--sessions", min=1, help="Made of texts, and as many asked [default: by part].")] = None,
    seed: Annotated[int, typer.Option("--seed", help="The chance: the same seed gives the same file.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Make examples of second tries, and of what only looks like them, for `resay train rephrase`.

    From simulated homes (recorded voices), commands put into sessions, talk in which the assistant asks, and with `--training all` DSTC2's
    calls, which do not ship.
    Choose on `--part choose`: its voices, goals, intents and ways to repair are not those of `--part train`. Needs the extra `demo`.

    Examples: `resay examples rephrase --out train.jsonl.gz` · `resay examples rephrase --part choose --out choose.jsonl.gz --json`
    """
    usual = SIZES[part]
    size = Size(customers or usual.customers, sessions or usual.sessions, sessions or usual.asked)
    counted: Counter[str] = Counter()
    with progress("Making examples", unit="examples", shown=not as_json) as tick:
        made = list(_counting(_made(training, part, Places(world, texts, calls), size=size, seed=seed), counted, tick))
        # Mixed, so that any stretch of the file is like the whole.
        Random(seed).shuffle(made)
        write_examples(out, made)
    total, linked = counted.total(), sum(counted[kind] for kind in LINKED_KINDS)
    if as_json:
        print_json(
            {"out": str(out), "training": training, "part": part, "seed": seed, "examples": total, "kinds": dict(sorted(counted.items()))}
        )
        return
    console.print(
        f"{total:,} examples in {out}: {linked:,} second tries, {counted[REPAIR] / max(linked, 1):.0%} of them repairs", markup=False
    )
    for kind, number in counted.most_common():
        console.print(f"{kind:<24}{number:>8,}", markup=False)


def _made(training: Training, part: Part, places: Places, *, size: Size, seed: int) -> Iterator[Example]:
    for corpus in corpora_of(training):
        yield from examples_of(sessions_of(corpus, part, places, size=size, seed=seed))


def _counting(examples: Iterator[Example], counted: Counter[str], tick: Tick) -> Iterator[Example]:
    for number, example in enumerate(examples, start=1):
        counted[example.kind] += 1
        tick(number)
        yield example


def _group() -> None:
    """Make examples to train detectors on."""
