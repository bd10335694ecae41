"""Putting a trained model of goals into its folder: exported, calibrated on dialogues that it did not learn from, with its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from resay.label.goal_features import FEATURES
from resay.label.goal_model import ANSWERS, INPUTS, MODEL_FILE, OUTPUT, GoalCard, calibrated, read_goal_card, write_goal_card
from resay.label.goal_net import GoalNet
from resay.label.goal_rows import GoalRow
from resay.label.goal_scores import auc, average_precision, best_threshold, calibration_error, coverage, slope_of
from resay.label.train_goals import answers
from resay.training.export import export_float


def write_goal_model(net: GoalNet, choosing: Sequence[GoalRow], out: Path, *, encoder: str, trained: Mapping[str, Any]) -> GoalCard:
    """Export a net, calibrate it, and write its card."""
    out.mkdir(parents=True, exist_ok=True)
    width = net.rules.width
    samples = (torch.zeros(2, 5, 3, width), torch.zeros(2, 5, len(FEATURES)), torch.ones(2, 5))
    export_float(net.eval(), dict(zip(INPUTS, samples, strict=True)), OUTPUT, axes=("dialogue", "turn"), path=out / MODEL_FILE)
    calibration, threshold, figures = calibrate(net, choosing)
    write_goal_card(out, GoalCard(calibration, {"begins": threshold}, encoder, trained=trained, figures=figures))
    return read_goal_card(out)


def calibrate(net: GoalNet, choosing: Sequence[GoalRow]) -> tuple[dict[str, tuple[float, float]], float, dict[str, Any]]:
    """Calibration by answer, the threshold of a beginning, and figures, on dialogues that were not learnt from."""
    odds, truth = np.concatenate(answers(net, choosing)), np.concatenate([row.targets for row in choosing])
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
