"""The model that ships: it is whole, small, learnt from what may ship, and asked without what trained it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from failure_point.classify import classify
from failure_point.model_folder import CARD_FILE, read_model
from failure_point.point import FailurePoint
from failure_point.traffic import Traffic
from resay.commands.detectors import FAILURE_POINT
from resay.dialogue.turn import Hypothesis
from tests.builders import session, turn

BYTES_MAX = 6_000_000
"""What was granted to it of the 60 MB of all models."""

NOTHING = Traffic()


def test_it_is_as_its_card_says_and_small():
    """The hash holds, nothing was learnt from DSTC2, and the folder keeps within its share."""
    read_model(FAILURE_POINT)

    assert json.loads((FAILURE_POINT / CARD_FILE).read_text())["trained"]["sets"] == ["home", "recorded", "asked", "slurp"]
    assert sum(path.stat().st_size for path in FAILURE_POINT.iterdir()) <= BYTES_MAX


@pytest.mark.parametrize(
    ("said", "answer", "status", "point"),
    [
        ("turn on the kitchen light", "Turned on the light", "done", FailurePoint.CORRECT),
        ("turn on the kitchen light", "Kitchen light is unavailable", "failed", FailurePoint.RESULT),
    ],
    ids=["done", "unavailable"],
)
def test_plain_cases_are_named(said: str, answer: str, status: str, point: FailurePoint):
    """What leaves no doubt is named as it is."""
    talk = session(turn(said, response=answer, status=status, intent="HassTurnOn" if said else None))

    (verdict,) = classify(read_model(FAILURE_POINT), [talk], NOTHING)

    assert verdict.point is point


def test_it_is_asked_without_what_trained_it():
    """Neither scikit-learn, SciPy, onnx nor torch is loaded to ask it."""
    program = """
import sys
from failure_point.model_folder import read_model
from pathlib import Path
read_model(Path(sys.argv[1]))
print(sorted({"sklearn", "scipy", "onnx", "torch"} & set(sys.modules)))
"""
    told = subprocess.run([sys.executable, "-c", program, str(FAILURE_POINT)], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"


def test_scores_on_another_scale_are_not_taken_for_doubt():
    """Log-likelihoods are no posteriors: a turn is judged as if its recogniser had logged nothing but words, however low they are."""
    model = read_model(FAILURE_POINT)

    plain, scored = (
        next(iter(classify(model, [session(turn("turn on the kitchen light", response="Turned on the light", hypotheses=heard))], NOTHING)))
        for heard in ((), (Hypothesis("turn on the kitchen light", -7.5), Hypothesis("the kitten", -9.0)))
    )

    assert plain.probabilities == scored.probabilities
