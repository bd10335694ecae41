"""What a model of goals sees: nothing that is not in the log, and the same whatever is lacking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from resay.dialogue.turn import Response, ResponseStatus, Turn
from resay.label.goal_features import FEATURES, GROUPS, WIDTH, seen, texts_of

NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)


def _letters(texts: list[str]) -> np.ndarray:
    """A text as counts of its letters, of length one."""
    rows = np.zeros((len(texts), WIDTH), dtype=np.float32)
    for place, text in enumerate(texts):
        for letter in text:
            rows[place, ord(letter) % WIDTH] += 1
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _turn(place: int, utterance: str, response: Response | None = None, *, seconds: int = 10) -> Turn:
    return Turn(f"t{place}", "anna", NOON + timedelta(seconds=place * seconds), utterance, response=response)


def _value(numbers: np.ndarray, place: int, name: str) -> float:
    return float(numbers[place, FEATURES.index(name)])


def test_what_a_log_lacks_is_not_known():
    """Without responses, scores and times their numbers are NaN, and the rest is there."""
    numbers = seen([_turn(0, "play madonna", seconds=0), _turn(1, "louder please", seconds=0)], _letters).numbers

    for name in ("answer_words", "status_done", "confidence", "score", "silence_before", "near_answer"):
        assert np.isnan(numbers[:, FEATURES.index(name)]).all(), name
    assert _value(numbers, 0, "words") > 0
    assert _value(numbers, 1, "like_last") >= 0


def test_a_repeated_request_is_seen_from_both_sides():
    """The same words again are alike for the turn that follows and the turn that is followed."""
    numbers = seen([_turn(0, "play madonna"), _turn(1, "play madonna"), _turn(2, "what time is it")], _letters).numbers

    assert _value(numbers, 0, "like_next") == _value(numbers, 1, "like_last") == 1.0
    assert _value(numbers, 1, "like_next") < 0.7


def test_the_answer_before_stands_in_for_a_prompt():
    """What had been asked is the prompt where one is logged, else the answer before."""
    asked = Response("which room", ResponseStatus.ASKED)

    vectors = seen([_turn(0, "lights on", asked), _turn(1, "kitchen")], _letters).vectors

    assert np.array_equal(vectors[1, 2], vectors[0, 1])
    assert not vectors[0, 2].any()


def test_an_empty_dialogue_of_noise_is_read():
    """A turn in which nothing was heard has no vectors, and numbers all the same."""
    shown = seen([_turn(0, "")], _letters)

    assert shown.vectors.shape == (1, 3, WIDTH)
    assert not shown.vectors.any()
    assert list(texts_of([_turn(0, "")])) == []


def test_later_turns_do_not_change_what_is_known_of_earlier_words():
    """Only numbers that look ahead change when a turn follows; the groups name them for training to leave out."""
    alone = seen([_turn(0, "play madonna")], _letters).numbers[0]
    followed = seen([_turn(0, "play madonna"), _turn(1, "no")], _letters).numbers[0]

    changed = {name for name, one, two in zip(FEATURES, alone, followed, strict=True) if not (one == two or np.isnan([one, two]).all())}

    assert changed <= {
        *GROUPS["after"],
        "last",
        "after",
        "answer_like_next",
        "read_like_next",
        "blocks",
        "blocks_said",
        "depth",
        "answer_near_next",
    }
