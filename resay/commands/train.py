"""The command `train`: detectors trained from examples. Knows files and options; how training goes is in `rephrase.train`."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from rephrase.example import Example
from rephrase.example_file import read_examples
from rephrase.model_folder import ModelCard
from rephrase.question import Kind
from resay.commands.console import JsonOption, console, print_json, progress
from resay.commands.train_failure_point import failure_point
from resay.commands.train_finding import sounds, towers
from resay.commands.train_goals import goals
from resay.commands.train_teachings import teachings
from resay.commands.training_needed import training_needed

if TYPE_CHECKING:
    from rephrase.train import TrainRules

_PANEL = "Measure"


class Precision(StrEnum):
    """How precisely products are taken."""

    AUTO = "auto"
    BF16 = "bf16"
    FP32 = "fp32"


def register(app: typer.Typer) -> None:
    """Add `train`."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Train models from examples; needs the extra `train`.")
    group.callback()(_group)
    group.command("rephrase")(rephrase)
    group.command("encoder")(encoder)
    group.command("towers")(towers)
    group.command("sounds")(sounds)
    group.command("goals")(goals)
    group.command("failure-point")(failure_point)
    group.command("teachings")(teachings)
    app.add_typer(group, name="train", rich_help_panel=_PANEL)


def rephrase(  # noqa: PLR0917 - the command line names its options
    examples: Annotated[list[Path], typer.Option("--examples", metavar="FILE", help="Examples to train on; may be given again.")],
    choose: Annotated[list[Path], typer.Option("--choose", metavar="FILE", help="Examples to stop, calibrate and choose on.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The model's folder; training that was cut off goes on there.")],
    kind: Annotated[Kind, typer.Option("--kind", help="span points at the second try; pairwise is the baseline.")] = Kind.SPAN,
    trunk: Annotated[Path | None, typer.Option("--trunk", metavar="DIR", help="A BERT [default: the embedded MiniLM].")] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1)] = 3,
    seconds_max: Annotated[float, typer.Option("--seconds-max", min=1, help="Training ends here though epochs are left.")] = 2_700.0,
    batch: Annotated[int, typer.Option("--batch", min=1)] = 16,
    frozen_layers: Annotated[int, typer.Option("--frozen-layers", min=0, help="Lowest layers that stay as they are.")] = 2,
    rate: Annotated[float, typer.Option("--rate", min=0.0, help="Highest learning rate of the trunk.")] = 1e-4,
    rows_max: Annotated[int | None, typer.Option("--examples-max", min=1, help="Train on so many, drawn by the seed.")] = None,
    seed: Annotated[int, typer.Option("--seed")] = 7,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1 [default: the GPU where there is one].")] = "",
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="Of the processor [default: all].")] = None,
    precision: Annotated[Precision, typer.Option("--precision", help="auto: bf16 where it is faster.")] = Precision.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Train a detector of second tries on the examples of `resay examples rephrase`, and write its folder with card and hashes.

    Groups that are chosen on leave training. What is written runs without torch: `resay detect --detector span --model DIR`.

    Examples: `resay train rephrase --examples train.jsonl.gz --choose choose.jsonl.gz --out span` ·
    `resay train rephrase --kind pairwise --seconds-max 720 --examples train.jsonl.gz --choose choose.jsonl.gz --out pairwise --json`
    """
    training = _some(_read(examples), rows_max, seed=seed)
    rules = _rules(kind, trunk, fit=(epochs, seconds_max, rate), rest=(batch, frozen_layers, seed))
    card = _train(training, _read(choose), rules, out=out, on=(device, precision, threads), named=_names(examples), shown=not as_json)
    if as_json:
        print_json({"out": str(out), "version": card.version} | asdict(card))
    else:
        console.print(_table(card, out))


def encoder(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The encoder's folder.")],
    trunk: Annotated[Path | None, typer.Option("--trunk", metavar="DIR", help="A BERT [default: the embedded MiniLM].")] = None,
    as_json: JsonOption = False,
) -> None:
    """Export an encoder of text, trained by others, in eight bits: what runs it then needs no torch.

    Examples: `resay train encoder --out models/minilm` · `resay train encoder --trunk my-bert --out encoder --json`
    """
    with training_needed():
        from resay.training.encoder_export import export_encoder
    card = export_encoder(out, trunk=trunk)
    if as_json:
        print_json({"out": str(out)} | card)
    else:
        console.print(f"{card['trunk']} in {out}", markup=False)


def _train(
    training: list[Example],
    choosing: list[Example],
    rules: TrainRules,
    *,
    out: Path,
    on: tuple[str, Precision, int | None],
    named: str,
    shown: bool,
) -> ModelCard:
    import torch

    from rephrase.train import apart, train
    from resay.training.device import device_of

    name, precision, threads = on
    if threads is not None:
        torch.set_num_threads(threads)
    device = device_of(name, bf16=None if precision is Precision.AUTO else precision is Precision.BF16)
    with progress("Training", unit="batches", shown=shown) as tick:
        return train(apart(training, choosing, named), rules, out=out, device=device, tick=tick)


def _rules(kind: Kind, trunk: Path | None, *, fit: tuple[int, float, float], rest: tuple[int, int, int]) -> TrainRules:
    """How training goes.

    Raises: TrainingUnavailable.
    """
    with training_needed():
        from rephrase.train import TrainRules
        from resay.training.loop import FitRules
    epochs, seconds_max, rate = fit
    batch, frozen_layers, seed = rest
    fitting = replace(FitRules(), epochs=epochs, seconds_max=seconds_max, rate=rate)
    return TrainRules(kind=kind, trunk=trunk, fit=fitting, batch=batch, frozen_layers=frozen_layers, seed=seed)


def _read(paths: Iterable[Path]) -> list[Example]:
    return [example for path in paths for example in read_examples(path)]


def _some(examples: list[Example], most: int | None, *, seed: int) -> list[Example]:
    return examples if most is None or most >= len(examples) else random.Random(seed).sample(examples, most)


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(path.name for path in paths)


def _table(card: ModelCard, out: Path) -> Table:
    table = Table("", "", title=f"{card.kind} {card.version} in {out}", show_header=False, title_justify="left")
    table.add_row("trained on", f"{card.trained['training']:,} examples, {card.trained['steps']:,} steps, {card.trained['seconds']:,.0f} s")
    table.add_row("ended by", str(card.trained["ended"]))
    table.add_section()
    for name in ("f1", "precision", "recall", "average_precision", "span_exact"):
        table.add_row(name.replace("_", " "), str(card.figures[name]))
    table.add_row("threshold", f"{card.threshold:.3f}")
    table.add_row("temperature", f"{card.temperature:.3f}")
    return table


def _group() -> None:
    """Train models from examples; needs the extra `train`."""
