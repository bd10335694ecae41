"""Putting a trained model of goals into its folder: exported, calibrated on dialogues that it did not learn from, with its card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from resay.label.goal_features import FEATURES
from resay.label.goal_model import ANSWERS, INPUTS, MODEL_FILE, OUTPUT, GoalCard, calibrated, leant, read_goal_card, write_goal_card
from resay.label.goal_net import GoalNet
from resay.label.goal_rows import GoalRow, lacking
from resay.label.goal_scores import auc, average_precision, best_threshold, calibration_error, coverage, slope_of
from resay.label.goal_signs import Scale, scale_of
from resay.label.train_goals import BESIDE_WORDS, HIDDEN, answers
from resay.training.export import export_float

Ask = Callable[[Sequence[GoalRow]], Sequence[np.ndarray]]
"""Log odds of dialogues: (turn, 4) each."""


def write_goal_model(net: GoalNet, choosing: Sequence[GoalRow], out: Path, *, encoder: str, trained: Mapping[str, Any]) -> GoalCard:
    """Export a net and write its card."""
    out.mkdir(parents=True, exist_ok=True)
    width = net.rules.width
    samples = (torch.zeros(2, 5, 3, width), torch.zeros(2, 5, len(FEATURES)), torch.ones(2, 5))
    export_float(net.eval(), dict(zip(INPUTS, samples, strict=True)), OUTPUT, axes=("dialogue", "turn"), path=out / MODEL_FILE)
    write_goal_card(out, card_of(lambda rows: answers(net, rows), choosing, encoder=encoder, trained=trained))
    return read_goal_card(out)


def card_of(ask: Ask, choosing: Sequence[GoalRow], *, encoder: str, trained: Mapping[str, Any]) -> GoalCard:
    """The card of a model: calibrated on dialogues as they are logged and, as often, on their words alone."""
    kept = [lacking(row, HIDDEN) for row in choosing]
    both = [*kept, *(lacking(row, BESIDE_WORDS) for row in kept)]
    signs = scale_of([row.numbers for row in both])
    calibration, threshold, figures = calibrate(ask(both), both, signs)
    return GoalCard(calibration, {"begins": threshold}, encoder, hidden=HIDDEN, signs=signs, trained=trained, figures=figures)


def calibrate(
    told: Sequence[np.ndarray], choosing: Sequence[GoalRow], signs: Scale = MappingProxyType({})
) -> tuple[dict[str, tuple[float, float]], float, dict[str, Any]]:
    """Calibration by answer, the threshold of a beginning, and figures, from log odds of dialogues that were not learnt from."""
    odds = leant(np.concatenate(list(told)), np.concatenate([row.numbers for row in choosing]), signs)
    truth = np.concatenate([row.targets for row in choosing])
    # A session's first turn begins a goal whoever looks.
    first = np.concatenate([np.arange(len(row.targets)) == 0 for row in choosing])
    truth[first, 0] = np.nan
    known = ~np.isnan(truth)
    calibration = {
        name: slope_of(truth[known[:, place], place], odds[known[:, place], place]) if known[:, place].any() else (1.0, 0.0)
        for place, name in enumerate(ANSWERS)
    }
    chances = calibrated(odds, calibration)
    figures = {name: _figures(truth[known[:, place], place], chances[known[:, place], place]) for place, name in enumerate(ANSWERS)}
    return calibration, best_threshold(truth[known[:, 0], 0], chances[known[:, 0], 0]), figures


def _figures(truth: np.ndarray, chances: np.ndarray) -> dict[str, float | None]:
    told = {
        "auc": auc(truth, chances),
        "auc_pr": average_precision(truth, chances),
        "ece": calibration_error(truth, chances),
        "coverage": coverage(truth, chances),
    }
    return {name: None if each is None else round(each, 4) for name, each in told.items()} | {"turns": len(truth)}
