"""Models of goals that are trained for a bench on a corpus of its own, and asked of dialogues that they did not see. Needs torch."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from resay.commands.bench.labels import Told
from resay.label.goal_example import GoalExample
from resay.label.goal_export import calibrate
from resay.label.goal_features import Encode
from resay.label.goal_model import calibrated
from resay.label.goal_net import GoalNet, NetRules
from resay.label.goal_rows import GoalRow, made_wrong, rows_of
from resay.label.train_goals import GoalRules, answers, pretrain, train
from resay.training.device import Device

CHOOSE_SHARE = 0.12
"""Share of the groups that stops training and calibrates."""

FEW = GoalRules()
"""How a net is trained where there are thousands of dialogues."""

SMALL = replace(
    FEW,
    net=NetRules(hidden=64, text=32, layers=1, dropout=0.5),
    training=replace(FEW.training, epochs=5, decay=1.0, looks=2, patience=3),
)
"""The same where only the last turn of a dialogue is judged: the large net learns so few labels by heart."""

EPOCHS_MAX = 60
"""With a hundredth of the labels as many epochs would take as many steps; so many is enough for the loss to turn."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A net and the dialogues that choose for it."""

    net: GoalNet
    choosing: Sequence[GoalRow]


def begun_without_labels(examples: Sequence[GoalExample], encode: Encode, rules: GoalRules = FEW) -> GoalNet:
    """A net that has learnt to tell dialogues made wrong from right ones, and nothing else."""
    torch.set_num_threads(1)
    wrong = [row for seed in (rules.seed, rules.seed + 1) for row in made_wrong(examples, encode, seed=seed)]
    return pretrain(wrong, rules, device=Device("cpu", bf16=False)).net


def trained_on(rows: Sequence[GoalRow], rules: GoalRules, *, share: float = 1.0, begun: GoalNet | None = None) -> Asked:
    """A net trained on a share of the dialogues, of which a part chooses."""
    torch.set_num_threads(1)
    training, choosing = _apart(_some(rows, share, seed=rules.seed), seed=rules.seed)
    epochs = min(EPOCHS_MAX, round(rules.training.epochs * share**-0.6))
    fitting = replace(rules.training, epochs=epochs, patience=max(rules.training.patience, epochs // 8))
    return Asked(train(training, choosing, replace(rules, training=fitting), begun=begun).net, choosing)


def told_by_net(asked: Asked, examples: Sequence[GoalExample], rows: Sequence[GoalRow]) -> list[Told]:
    """What a net says, calibrated on the dialogues that chose for it."""
    calibration, _, _ = calibrate(answers(asked.net, asked.choosing), asked.choosing)
    odds = answers(asked.net, rows)
    told = []
    for example, each in zip(examples, odds, strict=True):
        chances = np.full((len(example.turns), each.shape[1]), 0.5)
        chances[-len(each) :] = calibrated(each, calibration)
        told.append(Told(example, chances))
    return told


def cut_rows(examples: Sequence[GoalExample], encode: Encode, *, last: int | None = None) -> list[GoalRow]:
    """Dialogues as rows, of their last turns alone where a number is named."""
    rows = list(rows_of(examples, encode))
    if last is None:
        return rows
    return [replace(row, vectors=row.vectors[-last:], numbers=row.numbers[-last:], targets=row.targets[-last:]) for row in rows]


def _some(rows: Sequence[GoalRow], share: float, *, seed: int) -> list[GoalRow]:
    some = list(rows)
    random.Random(seed).shuffle(some)
    return some[: max(2, round(len(some) * share))]


def _apart(rows: Sequence[GoalRow], *, seed: int) -> tuple[list[GoalRow], list[GoalRow]]:
    """Groups that train, and groups that choose; where there is but one group its rows are dealt."""
    groups = sorted({row.group for row in rows})
    random.Random(seed).shuffle(groups)
    held = set(groups[: max(1, round(len(groups) * CHOOSE_SHARE))])
    training, choosing = [row for row in rows if row.group not in held], [row for row in rows if row.group in held]
    return (training, choosing) if training else (choosing[::2], choosing[1::2] or choosing)
