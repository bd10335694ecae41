"""The model of goals that ships: whole, small, over the encoder that ships, and with some sense for talk it never met."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resay.dialogue.turn import Response, Turn
from resay.label.goal_model import GoalModel
from resay.training.encoder import ENCODER_FILE, TextEncoder

MODELS = Path(__file__).parents[2] / "models"
NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def model() -> GoalModel:
    encoder = MODELS / "minilm"
    return GoalModel(MODELS / "goals", TextEncoder(encoder), encoder=hashlib.sha256((encoder / ENCODER_FILE).read_bytes()).hexdigest())


def _talk(*lines: tuple[str, str]) -> list[Turn]:
    return [
        Turn(f"t{place}", "anna", NOON + timedelta(seconds=20 * place), said, response=Response(answer))
        for place, (said, answer) in enumerate(lines)
    ]


def test_it_is_small():
    """What ships stays within its share of the room."""
    assert sum(path.stat().st_size for path in (MODELS / "goals").iterdir()) <= 6_000_000


def test_the_last_answer_counts_for_more_than_a_refusal(model: GoalModel):
    """A hotel and a train in words alone: where they are thanked it was reached, where they are sorry it was not."""
    judged = model.judge(
        _talk(
            ("I need a place to stay in the north with free parking.", "I have several guesthouses. Would you like me to recommend one?"),
            ("Yes, please book it for 2 nights.", "Your booking was successful. Can I help you with anything else?"),
            ("I also need a train to Cambridge on Friday.", "Sorry, there are no trains matching your request."),
            ("Yes, thank you, that is perfect.", "You are welcome. Enjoy your trip!"),
        )
    )

    success = [each.success for each in judged]

    assert success[3] > success[2]
    assert success[1] > success[2]


def test_what_is_not_understood_has_failed(model: GoalModel):
    """A refusal in words is a defect, an answer is none."""
    refused, answered = model.judge(
        _talk(("play madonna", "Sorry, I did not understand."), ("what is the weather in berlin", "It is sunny in Berlin, 20 degrees."))
    )

    assert refused.defect > 0.7
    assert answered.defect < 0.3
