"""Figures of labels: from chances that are known to figures that can be counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest

from resay.commands.bench.labels import Told, label_rows, segment_rows, told_by_rules
from resay.commands.bench.labels_asked import asked_rows
from resay.commands.bench.labels_words import by_words, together
from resay.commands.detectors import detector_of
from resay.dialogue.turn import Response, ResponseStatus, Turn
from resay.label.goal_example import GoalExample

NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)


def _told(name: str, defects: tuple[bool, ...], chances: tuple[float, ...], *, answer: str = "done") -> Told:
    turns = tuple(
        Turn(f"{name}.{place}", name, NOON + timedelta(seconds=9 * place), f"request {place}", response=Response(answer))
        for place in range(len(defects))
    )
    example = GoalExample(turns, (True, *defects[1:]), tuple(not each for each in defects), defects, not any(defects), name)
    told = np.array([[chance, 1 - chance, chance, 1 - chance] for chance in chances])
    return Told(example, told)


def _figures(rows) -> dict[tuple[str, str], float]:
    return {(each.row, each.metric): each.value for each in rows}


def test_a_labeller_that_knows_has_the_best_figures():
    """Chances that are the truth order all, are honest, and cover all."""
    told = [_told(f"c{place}", (False, True, False), (0.0, 1.0, 0.0)) for place in range(4)]

    figures = _figures([*label_rows("x", told, rng=Random(1)), *segment_rows("x", told, 0.5, rng=Random(1))])

    assert (figures["x", "auc"], figures["x", "auc_pr"], figures["x", "ece"], figures["x", "coverage"]) == (1.0, 1.0, 0.0, 1.0)
    assert (figures["x", "pk"], figures["x", "boundary_f1"]) == (0.0, 1.0)


def test_a_labeller_that_is_wrong_has_the_worst():
    """The other way round the order is nought, whatever the interval."""
    told = [_told(f"c{place}", (False, True), (0.9, 0.1)) for place in range(3)]

    figures = _figures(label_rows("x", told, rng=Random(1)))

    assert figures["x", "auc"] == 0.0
    assert figures["x", "coverage"] == 0.0


def test_rules_are_told_as_a_model_would():
    """A refusal fails, what was done does not; both have a chance for every answer."""
    turns = tuple(
        Turn(f"t{place}", "anna", NOON + timedelta(seconds=9 * place), text, response=Response(status=status))
        for place, (text, status) in enumerate([("it's dark", ResponseStatus.FAILED), ("play madonna", ResponseStatus.DONE)])
    )
    example = GoalExample(turns, (True, True), (False, True), (True, False), None, "anna")

    (told,) = told_by_rules([example], detector_of())

    assert told.chances.shape == (2, 4)
    assert told.chances[0, 2] > 0.9
    assert told.chances[1, 2] < 0.1


def test_words_of_other_folds_tell_a_fold():
    """Where "sorry" is bad in four folds it is bad in the fifth; net and words together stay between the two."""
    folded = [
        (_told(f"c{place}", (bad,), (0.5,), answer="sorry i cannot" if bad else "here you are").example, place % 5)
        for place, bad in enumerate([True, False] * 20)
    ]

    told = by_words(folded)
    both = together(told, [Told(each.example, np.full((1, 4), 0.5)) for each in told])

    assert all((each.chances[-1, 2] > 0.5) == each.example.defects[-1] for each in told)
    assert all(abs(mean.chances[-1, 2] - 0.5) <= abs(one.chances[-1, 2] - 0.5) for mean, one in zip(both, told, strict=True))


def test_asking_never_makes_labels_worse_where_answers_are_true():
    """With answers to a hundredth of the turns at least as many labels are right, and that share is kept."""
    told = [_told(f"c{place}", (place % 3 == 0,) * 2, (0.45, 0.55)) for place in range(300)]

    figures = _figures(asked_rows("x", told, rng=Random(1)))

    assert figures["x/answers/asked", "accuracy"] >= figures["x/answers", "accuracy"] - 0.02
    assert 0 < figures["x/answers/asked", "asked"] <= 0.01
    assert figures["x/answers/asked", "asked"] == pytest.approx(figures["x/answers/asked-at-random", "asked"])
