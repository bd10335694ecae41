"""The exported model of goals: where goals begin, whether they were reached, which turns failed. Needs no torch.

Every dialogue is asked of by itself, so equal dialogues get equal answers in whatever company.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from resay.dialogue.errors import ResayError
from resay.dialogue.turn import Turn
from resay.label.goal_features import FEATURES, GROUPS, Encode, Floats, seen, without
from resay.label.goal_signs import DEFECT_LEANS, ODDS_MAX, REACHED_LEANS, SIGNS, Scale, trouble
from resay.training.onnx_model import OnnxModel

MODEL_FILE = "model.onnx"
CARD_FILE = "card.json"

INPUTS = ("vectors", "numbers", "present")
OUTPUT = "odds"
ANSWERS = ("begins", "reached", "defect", "well")
"""What is answered of every turn, in the order of the output."""

TURNS_AT_ONCE = 48
"""Turns of a long session that are asked of together."""

MARGIN = 8
"""Turns at either end of such a window that are only looked at; a net attends no farther by distance."""


class WrongGoalModel(ResayError):
    """A folder does not hold a model of goals, or not as it was written."""


@dataclass(frozen=True, slots=True)
class GoalCard:
    """What a model is, how its numbers are read, and what is known of it."""

    calibration: Mapping[str, tuple[float, float]]
    """By answer: the chance is the logistic of a · odds + b."""
    thresholds: Mapping[str, float]
    """`begins`: from here on a goal begins."""
    encoder: str
    """Hash of the encoder whose vectors it takes."""
    features: tuple[str, ...] = FEATURES
    hidden: tuple[str, ...] = ()
    """Groups of numbers that it is not shown: recognisers' scores are not comparable."""
    signs: Scale = field(default_factory=dict)
    """How the signs lie that its odds lean on; empty where they lean on none."""
    trained: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    """On the choosing split."""
    sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Changes with the weights."""
        return self.sha256.get(MODEL_FILE, "")[:8]


@dataclass(frozen=True, slots=True)
class GoalJudgement:
    """What a model, or rules, say of one turn."""

    turn_id: str
    goal: int
    """Number of the goal within the session, from 0."""
    begins: float
    """Chance that the goal begins here."""
    success: float
    """Chance that the goal was reached at this turn."""
    defect: float
    """Chance that the turn failed its customer."""
    well: float
    """Chance that the session as a whole went well."""


class GoalModel:
    """Judges sessions by a model and an encoder; safe to share between threads."""

    def __init__(self, folder: Path, encode: Encode, *, encoder: str = "") -> None:
        """The model of a folder; `encoder` is the hash of what encodes, where it is known.

        Raises: WrongGoalModel, WrongModel.
        """
        self.card = read_goal_card(folder)
        if encoder and encoder != self.card.encoder:
            message = f"model {folder} must be asked with the encoder it was trained with; the hashes differ; was one of the two replaced?"
            raise WrongGoalModel(message)
        self._model = OnnxModel(folder / MODEL_FILE, inputs=INPUTS, output=OUTPUT)
        self._encode = encode
        self.name = f"goals/{self.card.version}"

    def judge(self, turns: Sequence[Turn]) -> list[GoalJudgement]:
        """What is to be said of each turn of a session."""
        chances = self.chances(turns)
        judged: list[GoalJudgement] = []
        goal = -1
        for place, (turn, (begins, reached, defect, well)) in enumerate(zip(turns, chances.tolist(), strict=True)):
            goal += place == 0 or begins >= self.card.thresholds["begins"]
            judged.append(GoalJudgement(turn.turn_id, goal, begins, reached, defect, well))
        return judged

    def chances(self, turns: Sequence[Turn]) -> Floats:
        """Calibrated chances: (turn, 4)."""
        shown = seen(turns, self._encode)
        numbers = without(shown.numbers, self.card.hidden)
        odds = np.zeros((len(turns), len(ANSWERS)), dtype=np.float32)
        for first, last, begin, end in _windows(len(turns)):
            part = slice(first, last)
            told = self._model.run(
                {
                    "vectors": shown.vectors[None, part],
                    "numbers": numbers[None, part],
                    "present": np.ones((1, last - first), dtype=np.float32),
                }
            )
            odds[begin:end] = told[0, begin - first : end - first]
        return calibrated(leant(odds, numbers, self.card.signs), self.card.calibration)


def leant(odds: Floats, numbers: Floats, signs: Scale) -> Floats:
    """Log odds of a defect and of a goal reached, leant on signs; as they were where there are none."""
    if not signs:
        return odds
    leans = np.zeros(len(ANSWERS), dtype=np.float32)
    leans[[ANSWERS.index("reached"), ANSWERS.index("defect")]] = REACHED_LEANS, DEFECT_LEANS
    held = np.where(leans != 0, odds.clip(-ODDS_MAX, ODDS_MAX), odds)
    return np.asarray(held + trouble(numbers, signs)[:, None] * leans, dtype=np.float32)


def calibrated(odds: Floats, calibration: Mapping[str, tuple[float, float]]) -> Floats:
    """Log odds as chances."""
    slopes = np.array([calibration[name] for name in ANSWERS], dtype=np.float32)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds * slopes[:, 0] + slopes[:, 1], -30.0, 30.0))), dtype=np.float32)


def write_goal_card(folder: Path, card: GoalCard) -> None:
    """Write the card beside the model that it is of, with its hash."""
    hashes = {MODEL_FILE: hashlib.sha256((folder / MODEL_FILE).read_bytes()).hexdigest()}
    (folder / CARD_FILE).write_text(json.dumps(asdict(card) | {"sha256": hashes}, indent=1) + "\n")


def read_goal_card(folder: Path) -> GoalCard:
    """The card of a folder whose model is as it was written.

    Raises: WrongGoalModel.
    """
    try:
        record = json.loads((folder / CARD_FILE).read_text())
        card = GoalCard(
            calibration={name: (float(record["calibration"][name][0]), float(record["calibration"][name][1])) for name in ANSWERS},
            thresholds={"begins": float(record["thresholds"]["begins"])},
            encoder=str(record["encoder"]),
            features=tuple(record["features"]),
            hidden=tuple(record.get("hidden", ())),
            signs={name: (float(mean), float(spread)) for name, (mean, spread) in record.get("signs", {}).items()},
            trained=record["trained"],
            figures=record["figures"],
            sha256={MODEL_FILE: str(record["sha256"][MODEL_FILE])},
        )
        _check(card, folder)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        reason = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
        message = f"folder {folder} must hold a model of goals; {reason}; was it written by `resay train goals`?"
        raise WrongGoalModel(message) from error
    return card


def _check(card: GoalCard, folder: Path) -> None:
    numbers = [each for pairs in (card.calibration, card.signs) for pair in pairs.values() for each in pair]
    if not all(math.isfinite(each) for each in (*numbers, *card.thresholds.values())):
        message = "its calibration is no numbers"
        raise ValueError(message)
    if not set(card.hidden) <= set(GROUPS) or (card.signs and set(card.signs) != set(SIGNS)):
        message = "it hides groups or leans on signs that this version does not know"
        raise ValueError(message)
    if card.features != FEATURES:
        message = "it sees other numbers than this version makes"
        raise ValueError(message)
    if hashlib.sha256((folder / MODEL_FILE).read_bytes()).hexdigest() != card.sha256[MODEL_FILE]:
        message = f"the hash of {MODEL_FILE} is not that of the card"
        raise ValueError(message)


def _windows(length: int) -> Iterator[tuple[int, int, int, int]]:
    """Windows over a session: first and last turn that are seen, and those between that are judged by it."""
    step = TURNS_AT_ONCE - 2 * MARGIN
    if length <= TURNS_AT_ONCE:
        yield 0, length, 0, length
        return
    for begin in range(0, length, step):
        yield max(0, begin - MARGIN), min(length, begin + step + MARGIN), begin, min(length, begin + step)
