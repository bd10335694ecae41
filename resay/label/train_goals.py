"""Training a model of goals: first without labels, by telling dialogues that were made wrong; then on several labels at once."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import torch
from torch import Tensor

from resay.dialogue.tick import Tick, silent
from resay.label.goal_features import GROUPS, without
from resay.label.goal_net import NAMES, GoalNet, NetRules, fit_scale
from resay.label.goal_rows import GoalRow
from resay.training.batches import batches_by_length
from resay.training.device import Device, seed_all
from resay.training.loop import FitRules, Fitted, Task, fit

LEFT_OUT = 0.15
"""Chance that training leaves a group of numbers out, so that a log without it is judged by the rest."""

WORDS_ALONE = 0.25
"""Chance that training leaves out all but words: assistants of texts log no more."""

HIDDEN = ("recogniser",)
"""What weights that ship are never shown: recognisers' scores and lists are told each in its own way (`resay.label.doubt`)."""

BESIDE_WORDS = ("status", "reading", "recogniser", "times", "told")

TEXTLESS = 0.15
"""Chance that training hides all vectors of a dialogue: what then tells holds in any domain."""


@dataclass(frozen=True, slots=True)
class GoalRules:
    """How a model of goals is trained."""

    net: NetRules = field(default_factory=NetRules)
    pretraining: FitRules = field(default_factory=lambda: FitRules(epochs=3, rate=1e-3, looks=1))
    training: FitRules = field(default_factory=lambda: FitRules(epochs=10, rate=1e-3, looks=1, decay=0.3))
    batch: int = 24
    weights: tuple[float, ...] = (1.0, 1.0, 1.0, 0.5)
    """Of the answers in the loss, in the order of `NAMES`; a dialogue's is told of every turn, and counts half."""
    seed: int = 7


USUAL = GoalRules()


@dataclass(frozen=True, slots=True)
class Batch:
    """Dialogues side by side."""

    vectors: Tensor
    numbers: Tensor
    present: Tensor
    targets: Tensor


@dataclass(slots=True)
class Trained:
    """How a training went."""

    net: GoalNet
    fitted: dict[str, Fitted] = field(default_factory=dict)


def pretrain(wrong: Sequence[GoalRow], rules: GoalRules, *, device: Device, tick: Tick = silent) -> Trained:
    """A net that tells dialogues made wrong from right ones; a tenth of the groups chooses when to stop."""
    seed_all(rules.seed)
    net = GoalNet(rules.net).to(device.name)
    fit_scale(net, [row.numbers for row in wrong])
    training, choosing = _apart(wrong)
    weights = torch.ones(wrong[0].targets.shape[1])
    task = _task(net, training, choosing, rules=rules, told=(net.told_apart, weights))
    return Trained(net, {"pretraining": fit(task, rules.pretraining, device=device, tick=tick)})


def train(
    training: Sequence[GoalRow], choosing: Sequence[GoalRow], rules: GoalRules, *, begun: GoalNet | None = None, tick: Tick = silent
) -> Trained:
    """A net for all answers, from nothing or from a pretrained one, which stays as it was."""
    seed_all(rules.seed)
    net = GoalNet(rules.net)
    if begun is not None:
        net.load_state_dict(begun.state_dict())
    else:
        fit_scale(net, [row.numbers for row in training])
    task = _task(net, training, choosing, rules=rules, told=(net, torch.tensor(rules.weights)))
    return Trained(net, {"training": fit(task, rules.training, device=Device("cpu", bf16=False), tick=tick)})


def answers(net: GoalNet, rows: Sequence[GoalRow]) -> list[np.ndarray]:
    """Log odds of every row: (turn, 4)."""
    net.eval()
    told = []
    with torch.no_grad():
        for row in rows:
            batch = _batch([row])
            told.append(net(batch.vectors, batch.numbers, batch.present)[0].numpy())
    return told


def _apart(rows: Sequence[GoalRow]) -> tuple[list[GoalRow], list[GoalRow]]:
    """Nine tenths of the groups, and one."""
    groups = sorted({row.group for row in rows})
    random.Random("goals/choose").shuffle(groups)
    held = set(groups[: max(1, len(groups) // 10)])
    return [row for row in rows if row.group not in held], [row for row in rows if row.group in held]


def _task(
    net: GoalNet, training: Sequence[GoalRow], choosing: Sequence[GoalRow], *, rules: GoalRules, told: tuple[object, Tensor]
) -> Task[list[GoalRow]]:
    asked, weights = told
    lengths = [len(row.numbers) for row in training]
    choosing_in = [list(choosing[begin : begin + 64]) for begin in range(0, len(choosing), 64)]

    def batches(epoch: int) -> Iterator[list[GoalRow]]:
        rng = random.Random(f"{rules.seed}/{epoch}")
        for batch in batches_by_length(lengths, rules.batch, rng=rng):
            yield [_lacking(training[place], rng) for place in batch]

    def loss(rows: list[GoalRow]) -> Tensor:
        batch = _batch(rows)
        odds = cast("Tensor", asked(batch.vectors, batch.numbers, batch.present))  # type: ignore[operator]
        return _loss(odds, batch.targets, weights)

    def choosing_loss() -> float:
        return sum(float(loss(rows)) * len(rows) for rows in choosing_in) / max(1, len(choosing))

    return Task(net, batches, -(-len(training) // rules.batch), loss, choosing_loss)


def _loss(odds: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """The mean over what is known of each answer, weighted by answer."""
    known = ~torch.isnan(targets)
    losses = torch.nn.functional.binary_cross_entropy_with_logits(odds, torch.where(known, targets, 0.0), reduction="none")
    each = torch.where(known, losses, 0.0).sum((0, 1)) / known.sum((0, 1)).clamp_min(1)
    return (each * weights).sum()


def _lacking(row: GoalRow, rng: random.Random) -> GoalRow:
    """A row as a log would hold it that lacks something."""
    numbers, vectors = row.numbers, row.vectors
    words_alone = rng.random() < WORDS_ALONE
    left_out = [group for group in GROUPS if rng.random() < LEFT_OUT or (words_alone and group in BESIDE_WORDS)]
    if left_out:
        numbers = without(numbers, left_out)
    if rng.random() < TEXTLESS:
        vectors = np.zeros_like(vectors)
    return replace(row, numbers=numbers, vectors=vectors)


def _batch(rows: Sequence[GoalRow]) -> Batch:
    length = max(len(row.numbers) for row in rows)
    first = rows[0]
    vectors = np.zeros((len(rows), length, *first.vectors.shape[1:]), dtype=np.float32)
    numbers = np.full((len(rows), length, first.numbers.shape[1]), np.nan, dtype=np.float32)
    targets = np.full((len(rows), length, first.targets.shape[1]), np.nan, dtype=np.float32)
    present = np.zeros((len(rows), length), dtype=np.float32)
    for place, row in enumerate(rows):
        size = len(row.numbers)
        vectors[place, :size], numbers[place, :size], targets[place, :size] = row.vectors, row.numbers, row.targets
        present[place, :size] = 1.0
    return Batch(*(torch.from_numpy(each) for each in (vectors, numbers, present, targets)))


assert len(NAMES) == len(USUAL.weights), "every answer has its weight"
