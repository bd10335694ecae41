"""`train teachings`: what finds words and meaning in what customers teach. Knows files and options; the learning is in `resay.teach`."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Annotated

import typer

from resay.commands.console import JsonOption, console, print_json, progress
from resay.commands.detectors import MODELS
from resay.commands.training_needed import training_needed
from resay.teach.material import WORDINGS_FILE, read_material
from resay.teach.model_folder import Card, write_model
from resay.training.token_states import TokenStates

TEACHINGS = MODELS / "teachings"

UTTERANCES = 9_000
"""Utterances that are made: twice as many as wordings and what fills them can be told apart by; two minutes of a core."""

CHOOSING = 640


def teachings(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The model's folder.")],
    wordings: Annotated[
        Path, typer.Option("--wordings", metavar="FILE", help="What teachings are made of.", show_default="models/teachings/wordings.txt")
    ] = TEACHINGS / WORDINGS_FILE,
    encoder: Annotated[
        Path, typer.Option("--encoder", metavar="DIR", help="The encoder whose states are read.", show_default="models/minilm")
    ] = MODELS / "minilm",
    utterances: Annotated[int, typer.Option("--utterances", min=640, help="How many are made and learnt from.")] = UTTERANCES,
    seed: Annotated[int, typer.Option("--seed")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Train what understands "when I say … I mean …" on teachings made of wordings, and write its folder; it runs without torch.

    Examples: `resay train teachings --out models/teachings` · `resay train teachings --out pilot --utterances 2000 --json`
    """
    with training_needed():
        from resay.teach.train import learn_tagger, rows_of
    states = TokenStates(encoder)
    rng = Random(seed)
    made = list(read_material(wordings, states.vocabulary.words()).made(utterances + CHOOSING, rng))
    with progress("Encoding", unit="utterances", shown=not as_json) as tick:
        rows = rows_of(made, states, tick=tick)
    with progress("Training", unit="steps", shown=not as_json) as tick:
        weights, fitted = learn_tagger(rows[CHOOSING:], rows[:CHOOSING], seed=seed, tick=tick)
    trained = {"utterances": utterances, "seed": seed, "steps": fitted.steps, "seconds": round(fitted.seconds), "loss": fitted.best}
    card = write_model(out, weights, Card(trained=trained))
    if as_json:
        print_json({"out": str(out), "sha256": card.sha256} | trained)
    else:
        console.print(f"{out}: {fitted.steps:,} steps, loss {fitted.best:.3f} on utterances set apart", markup=False)
