"""`train teachings`: what finds words and meaning in what customers teach. Knows files and options; the learning is in `resay.teach`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from resay.commands.bench.teach_lessons import second, unseen
from resay.commands.console import JsonOption, console, print_json, progress
from resay.commands.detectors import MODELS
from resay.commands.training_needed import training_needed
from resay.teach.bars import choose_bars
from resay.teach.material import WORDINGS_FILE, read_material
from resay.teach.model_folder import MODEL_FILE, Card, net_hash, read_model, write_card
from resay.teach.tagger import Tagger
from resay.training.token_states import TokenStates

TEACHINGS = MODELS / "teachings"

UTTERANCES = 60_000
"""Utterances that are made, and learnt from once each: a quarter of an hour of a core."""

CHOOSING = 1_500
"""Utterances that bars are chosen on: one in a hundred of the ordinary talk among them is five."""


def teachings(  # noqa: PLR0917 - the command line names its options
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The model's folder.")],
    wordings: Annotated[
        Path, typer.Option("--wordings", metavar="FILE", help="What teachings are made of.", show_default="models/teachings/wordings.txt")
    ] = TEACHINGS / WORDINGS_FILE,
    encoder: Annotated[
        Path, typer.Option("--encoder", metavar="DIR", help="The encoder whose states are read.", show_default="models/minilm")
    ] = MODELS / "minilm",
    utterances: Annotated[int, typer.Option("--utterances", min=640, help="How many are made and learnt from.")] = UTTERANCES,
    start: Annotated[Path | None, typer.Option("--from", metavar="DIR", help="A model that is trained on, in place of a new one.")] = None,
    seed: Annotated[int, typer.Option("--seed")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Train what understands "when I say … I mean …" on teachings made of wordings, and write its folder; it runs without torch.

    A seventh of the wordings is set apart: what is shown is of these, and so are the bars that are chosen.

    Examples: `resay train teachings --out models/teachings` · `resay train teachings --out pilot --utterances 2000 --json` ·
    `resay train teachings --from models/teachings --utterances 10000 --out further`
    """
    with training_needed():
        from resay.teach.train import Lessons, export_tagger, learn_tagger, readings_of, rows_of
    states = TokenStates(encoder)
    scored = [line for _, line in [*unseen(), *second()]]
    begun = _net_in(start) if start else None
    material = read_material(wordings, states.vocabulary.words(), scored=scored)
    choosing = rows_of(material.made(CHOOSING, Random(seed), apart=True), states)
    with progress("Training", unit="steps", shown=not as_json) as tick:
        net, fitted = learn_tagger(Lessons(material, utterances, seed, begun), choosing, states=states, tick=tick)
    out.mkdir(parents=True, exist_ok=True)
    export_tagger(net, choosing, out / MODEL_FILE, seed=seed)
    readings = list(readings_of(Tagger(out / MODEL_FILE), choosing))
    taught = [each.right for each in readings if each.teaches]
    trained: dict[str, float | str] = {
        "utterances": utterances,
        "seed": seed,
        "steps": fitted.steps,
        "seconds": round(fitted.seconds),
        "loss": fitted.best,
    }
    trained |= {"from": net_hash(start)} if start else {}
    trained |= {"right": round(sum(taught) / len(taught), 3)}
    card = write_card(out, Card(choose_bars(readings), trained))
    if as_json:
        print_json({"out": str(out), "sha256": card.sha256, "bars": asdict(card.bars)} | trained)
    else:
        said = f"loss {fitted.best:.3f}, {trained['right']:.1%} read as meant on wordings set apart"
        console.print(f"{out}: {fitted.steps:,} steps, {said}", markup=False)


def _net_in(folder: Path) -> Path:
    """The net of a folder, if it is what its card tells.

    Raises: WrongTeachingModel.
    """
    read_model(folder)
    return folder / MODEL_FILE
