"""Training a detector: examples in, a model's folder out, with its card. Knows torch; nothing that runs a model needs this file."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rephrase.calibrate import Asked, calibrate
from rephrase.example import Example
from rephrase.example_file import line_of
from rephrase.model_detector import INPUTS, OUTPUT, Ask, asking
from rephrase.model_folder import MODEL_FILE, TOKENIZER_FILE, ModelCard, read_card, write_card
from rephrase.padded import padded
from rephrase.question import Kind, Numbers
from rephrase.rows import Row, question_of, rows_of, varied
from rephrase.window import Window, WindowRules
from rephrase.window_model import HEAD_NAMES, WindowModel, freeze, inputs_of, numbers_of, pair_loss, span_loss
from rephrase.word_pieces import WordPieces
from resay.dialogue.errors import ResayError
from resay.dialogue.tick import Tick, silent
from resay.training.batches import batches_by_length
from resay.training.checkpoint import Checkpoint
from resay.training.device import Device, seed_all
from resay.training.export import export_int8
from resay.training.loop import FitRules, Fitted, Task, fit
from resay.training.narrowed import narrowed
from resay.training.onnx_model import OnnxModel
from resay.training.trunk import EMBEDDED, embedded_trunk, load_trunk, read_tokenizer

WEIGHTS_FILE = "weights.pt"
"""The weights as they were trained, for `rephrase.torch_detector`."""

ROWS_LOOKED_AT = 320
"""Rows of the choosing split at each look while training: a few seconds, and a standard error of the loss of some 5 %.
By them the export to eight bits is made ready, too."""

CALIBRATED_ON = 4_000
"""Examples of the choosing split that temperature and threshold are chosen on: their standard error is under a percent then."""

BATCH_ASKED = 32
"""Windows that torch is asked of together; on a GPU 512 would do."""


class TooFewExamples(ResayError):
    """There is too little to train or to choose on."""


@dataclass(frozen=True, slots=True)
class TrainRules:
    """How a detector is trained."""

    kind: Kind = Kind.SPAN
    trunk: Path | None = None
    """Folder of a BERT; the embedded MiniLM where none is named."""
    window: WindowRules = field(default_factory=WindowRules)
    fit: FitRules = field(default_factory=FitRules)
    batch: int = 16
    frozen_layers: int = 2
    """Lowest layers that are not trained, nor are the embeddings."""
    seed: int = 7
    varies: bool = True
    """Whether gaps, statuses, responses and hypotheses are now and then left out."""


@dataclass(frozen=True, slots=True)
class Material:
    """What is trained and chosen on."""

    training: Sequence[Example]
    choosing: Sequence[Example]
    """No group of it is trained on."""
    named: str = ""
    """Which data it is, for the card."""


def apart(training: Sequence[Example], choosing: Sequence[Example], named: str = "") -> Material:
    """Material in which no group is on both sides: it leaves training.

    Raises: TooFewExamples.
    """
    groups = {example.group for example in choosing}
    kept = [example for example in training if example.group not in groups]
    if not kept or not choosing:
        message = (
            f"training needs examples on both sides; got {len(kept):,} to train on, of groups that are not chosen on, and "
            f"{len(choosing):,} to choose on; do both files hold the same groups?"
        )
        raise TooFewExamples(message)
    return Material(kept, choosing, named)


def train(material: Material, rules: TrainRules, *, out: Path, device: Device, tick: Tick = silent) -> ModelCard:
    """Train, export, calibrate what was exported, and write the folder. Cut off, it goes on where it was.

    Raises: TrunkUnavailable, WrongVocabulary, WrongCheckpoint, TooFewExamples.
    """
    seed_all(rules.seed)
    trunk = rules.trunk or embedded_trunk()
    tokenizer = read_tokenizer(trunk)
    pieces = WordPieces(tokenizer, where=str(trunk / TOKENIZER_FILE))
    model = WindowModel(load_trunk(trunk), rules.kind)
    freeze(model, layers=rules.frozen_layers)
    model.to(device.name)
    checkpoint = Checkpoint(out / "checkpoint.pt", mark=mark_of(material, rules, trunk=trunk))
    fitted = fit(_task(model, material, rules, pieces=pieces, device=device), rules.fit, device=device, checkpoint=checkpoint, tick=tick)
    model.to("cpu")
    out.mkdir(parents=True, exist_ok=True)
    export(model, _some_rows(material.choosing, pieces, rules), out / MODEL_FILE, padding=pieces.padding)
    (out / TOKENIZER_FILE).write_bytes(tokenizer)
    torch.save(model.state_dict(), out / WEIGHTS_FILE)
    ask = asking(OnnxModel(out / MODEL_FILE, inputs=INPUTS, output=OUTPUT), padding=pieces.padding, threads=1)
    asked = list(ask_all(drawn(material.choosing, CALIBRATED_ON, seed=rules.seed), pieces, rules.window, kind=rules.kind, ask=ask))
    chosen = calibrate(asked, rules.kind)
    trained = _trained(material, rules, fitted, device=device)
    write_card(out, ModelCard(rules.kind, rules.window, chosen.temperature, chosen.threshold, trained, chosen.figures))
    checkpoint.forget()
    return read_card(out)


def mark_of(material: Material, rules: TrainRules, *, trunk: Path) -> str:
    """What a training is of: other examples, another trunk or another rule is another training."""
    told = sha256(repr((rules, trunk.resolve())).encode())
    for examples in (material.training, material.choosing):
        told.update(f"{len(examples)} examples\n".encode())
        for example in examples:
            told.update(line_of(example))
    how = f"batch {rules.batch}, {rules.fit.epochs} epochs, rate {rules.fit.rate:g}, seed {rules.seed}, trunk {trunk.name}"
    return f"{rules.kind} of {len(material.training):,} examples, {how}, hash {told.hexdigest()[:16]}"


def drawn(examples: Sequence[Example], most: int, *, seed: int) -> list[Example]:
    """So many examples at most, from anywhere among them."""
    return random.Random(seed).sample(examples, min(len(examples), most))


def export(model: WindowModel, rows: Sequence[Row], path: Path, *, padding: int) -> None:
    """Write a model as ONNX in eight bits; rows show how large numbers get inside it."""
    samples = (inputs_of(padded([row.window], padding=padding), device="cpu") for row in rows)
    # Two, as tracing may take an axis of one for a constant.
    traced = inputs_of(padded([rows[0].window] * 2, padding=padding), device="cpu")
    export_int8(narrowed(model, samples), dict(zip(INPUTS, traced, strict=True)), OUTPUT, axes=("window", "token"), path=path)


def ask_all(examples: Sequence[Example], pieces: WordPieces, rules: WindowRules, *, kind: Kind, ask: Ask) -> Iterator[Asked]:
    """Ask a model of examples; those without candidates are not asked."""
    for example in examples:
        question = question_of(example, pieces, rules, kind=kind)
        if question is not None:
            yield Asked(example, question, tuple(ask(question.windows)))


def asking_torch(model: WindowModel, *, padding: int, device: Device, batch: int = BATCH_ASKED) -> Ask:
    """Asks a model in torch, many windows together: for a GPU, and to compare what was exported with."""

    def ask(windows: Sequence[Window]) -> list[Numbers]:
        model.eval()
        told: list[Numbers] = []
        with torch.no_grad(), device.autocast():
            for begin in range(0, len(windows), batch):
                some = windows[begin : begin + batch]
                numbers = numbers_of(model, padded(some, padding=padding), device=device.name).float().cpu().numpy()
                told += [np.asarray(each[: len(window.tokens)]) for each, window in zip(numbers, some, strict=True)]
        return told

    return ask


def _task(model: WindowModel, material: Material, rules: TrainRules, *, pieces: WordPieces, device: Device) -> Task[list[Row]]:
    usual = [(example, list(rows_of(example, pieces, rules.window, kind=rules.kind))) for example in material.training]
    numbered = [(example, number, row) for example, rows in usual for number, row in enumerate(rows)]
    lengths = [len(row.window.tokens) for _, _, row in numbered]
    looked_at = _some_rows(material.choosing, pieces, rules)
    if not numbered or not looked_at:
        message = f"examples must have candidates; of {len(material.training):,} none has; are their turns more than 45 s apart?"
        raise TooFewExamples(message)

    def batches(epoch: int) -> Iterator[list[Row]]:
        rng = random.Random(f"{rules.seed}/{epoch}")
        for batch in batches_by_length(lengths, rules.batch, rng=rng):
            yield [_varied(numbered[row], pieces, rules, rng=rng) for row in batch]

    def loss(rows: list[Row]) -> Tensor:
        return loss_of(model, rows, padding=pieces.padding, device=device)

    def choosing_loss() -> float:
        parts = [looked_at[begin : begin + BATCH_ASKED] for begin in range(0, len(looked_at), BATCH_ASKED)]
        with device.autocast():
            return sum(float(loss(part)) * len(part) for part in parts) / len(looked_at)

    return Task(model, batches, -(-len(numbered) // rules.batch), loss, choosing_loss, lambda name: name.startswith(HEAD_NAMES))


def loss_of(model: WindowModel, rows: Sequence[Row], *, padding: int, device: Device) -> Tensor:
    """The mean loss of rows."""
    arrays = padded([row.window for row in rows], padding=padding)
    gold = torch.tensor([row.gold for row in rows], device=device.name)
    numbers = numbers_of(model, arrays, device=device.name)
    if model.kind is Kind.SPAN:
        return span_loss(numbers, torch.from_numpy(arrays.places).to(device.name), gold)
    return pair_loss(numbers, gold)


def _varied(numbered: tuple[Example, int, Row], pieces: WordPieces, rules: TrainRules, *, rng: random.Random) -> Row:
    example, number, row = numbered
    if not rules.varies:
        return row
    return list(rows_of(example, pieces, varied(rules.window, rng), kind=rules.kind))[number]


def _some_rows(examples: Sequence[Example], pieces: WordPieces, rules: TrainRules) -> list[Row]:
    some = drawn(examples, ROWS_LOOKED_AT, seed=rules.seed)
    rows = [row for example in some for row in rows_of(example, pieces, rules.window, kind=rules.kind)]
    return sorted(rows[:ROWS_LOOKED_AT], key=lambda row: len(row.window.tokens))


def _trained(material: Material, rules: TrainRules, fitted: Fitted, *, device: Device) -> dict[str, Any]:
    fitting = asdict(rules.fit)
    return {
        "examples": material.named,
        "training": len(material.training),
        "choosing": len(material.choosing),
        "trunk": str(rules.trunk.name) if rules.trunk else EMBEDDED,
        "seed": rules.seed,
        "batch": rules.batch,
        "frozen_layers": rules.frozen_layers,
        "device": device.name,
        "bf16": device.bf16,
        "torch": torch.__version__,
        "fit": fitting,
        "steps": fitted.steps,
        "seconds": round(fitted.seconds, 1),
        "ended": fitted.ended,
        "best_step": fitted.best_step,
        "looks": [[step, round(loss, 4), round(choosing, 4)] for step, loss, choosing in fitted.looks],
    }
