"""Signs: numbers that tell of trouble, or of none, whatever the talk is about; each counts alike.

A net weighs such numbers by the talk that it learnt from, and other talk is otherwise: weights that are all the same carry over better
(docs/log.md, 2026-11-22). What a net says is leant on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from resay.label.goal_features import FEATURES, Floats

TROUBLE = (
    *("answer_apology", "answer_refusal", "answer_confusion", "refused"),
    *("answer_like_last", "answer_like_before", "answer_near_last", "answer_like_next", "answer_near_next"),
    *("like_before", "like_next", "like_after", "near_before", "near_next", "near_after", "shares_next", "blocks"),
    *("said_complaint", "said_negation", "remark_negative", "remark_denial", "remark_repair", "no_words"),
)
"""Apologies, the same said once more by either side, complaint, and the same subject as before."""

FAIR = ("answer_done", "said_answered", "near_answer", "answer_heard", "said_thanks", "said_farewell", "remark_farewell")
"""An answer that is near to what was said, thanks, and a goodbye."""

SIGNS = (*TROUBLE, *FAIR)

SIGN_MAX = 4.0
"""Spreads from the mean as far as which a sign counts."""

ODDS_MAX = 6.0
"""Log odds of a net as far as which they count beside signs: of strange talk it is far too sure."""

DEFECT_LEANS, REACHED_LEANS = 0.5, -0.5
"""How far the log odds of a defect, and of a goal reached, lean on the sum of signs. Chosen among 0, ¼, ½, ¾ and 1 on DSTC2's train
calls and on the choosing homes: there the net loses a quarter of a point of AUC, on strange calls in words alone it gains ten."""

Scale = Mapping[str, tuple[float, float]]
"""Mean and spread of each sign."""

_TOLD = np.array([1.0] * len(TROUBLE) + [-1.0] * len(FAIR), dtype=np.float32)


def scale_of(numbers: Sequence[Floats]) -> dict[str, tuple[float, float]]:
    """How signs lie in these dialogues."""
    known = np.concatenate(list(numbers)).astype(np.float64)
    scale = {}
    for name in SIGNS:
        column = known[:, FEATURES.index(name)]
        column = column[~np.isnan(column)]
        scale[name] = (float(column.mean()), float(column.std())) if len(column) else (0.0, 1.0)
    return scale


def trouble(numbers: Floats, scale: Scale) -> Floats:
    """The sum of signs of each turn, of about one spread: (turn,)."""
    told = np.array([scale[name] for name in SIGNS], dtype=np.float32)
    shown = numbers[:, [FEATURES.index(name) for name in SIGNS]]
    signs = np.nan_to_num((shown - told[:, 0]) / (told[:, 1] + 1e-3), nan=0.0)
    return np.asarray(signs.clip(-SIGN_MAX, SIGN_MAX) @ _TOLD / np.sqrt(len(SIGNS)), dtype=np.float32)
