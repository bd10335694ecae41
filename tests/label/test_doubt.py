"""Doubt: NLU confidence as it stands, recogniser scores only beside the same recogniser's."""

from __future__ import annotations

from resay.dialogue.turn import Hypothesis, Turn, Versions
from resay.label.doubt import is_doubted, score_floors
from tests.builders import turn


def heard(score: float | None, asr: str = "a") -> Turn:
    """A turn whose first hypothesis has this score."""
    return turn(hypotheses=(Hypothesis("play madonna", score),), versions=Versions(asr=asr))


def test_the_floor_is_the_lowest_tenth():
    """Of scores 0 to 199 the lowest tenth lies under 20."""
    floors = score_floors(heard(float(score)) for score in range(200))

    assert floors == {"a": 20.0}
    assert is_doubted(heard(19.0), floors)
    assert not is_doubted(heard(20.0), floors)


def test_each_recogniser_has_its_own_floor():
    """Log-likelihoods of one and posteriors of another are never compared."""
    turns = [heard(-float(score), "log") for score in range(200)] + [heard(score / 200, "posterior") for score in range(200)]

    floors = score_floors(turns)

    assert floors == {"log": -179.0, "posterior": 0.1}


def test_a_recogniser_that_was_hardly_heard_has_no_floor():
    """Of a few scores no tenth can be told."""
    assert score_floors(heard(float(score)) for score in range(199)) == {}


def test_equal_scores_doubt_nothing():
    """A recogniser that always says 1.0 says nothing."""
    floors = score_floors(heard(1.0) for _ in range(300))

    assert not is_doubted(heard(1.0), floors)


def test_turns_without_scores_are_passed_over():
    """Text has no recogniser."""
    assert score_floors([turn(), heard(None)]) == {}
    assert not is_doubted(turn(), {"": 0.5})
