"""Training finds planted faults again, and never judges a text by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np

from failure_point.evaluate import best_worth, calibration_error, coverage_at, f1_by_point, macro_f1
from failure_point.example import Example
from failure_point.likeness import likeness_of
from failure_point.point import POINTS, FailurePoint
from failure_point.train import FOLDS, folds_of, rows_of
from resay.commands.failure_growing import FEW, MANY, MANY_FROM, grown, growth_of, with_following
from resay.dialogue.turn import Entity
from tests.builders import session, turn

SMALL = replace(FEW, trees=40)
"""Trees enough for faults that are this plain."""

THINGS = ("lamp", "fan", "door", "blind", "heater", "radio", "oven", "kettle")


def silent(done: int, total: int | None = None) -> None:
    """A tick that nobody sees."""


def planted(number: int, seed: int) -> Iterator[Example]:
    """Sessions of a small assistant, with a fault in one stage of each."""
    rng = Random(seed)
    for place in range(number):
        point, thing, who = rng.choice(POINTS), rng.choice(THINGS), f"{seed}-{place}"
        said, status, entity, answer = {
            FailurePoint.FALSE_WAKE: ("uh hm", "none", None, ""),
            FailurePoint.ASR: (f"tern the {thing[::-1]}", "unsupported", None, "sorry"),
            FailurePoint.NLU: (f"let there be {thing}", "unsupported", None, "sorry"),
            FailurePoint.ER: (f"turn on the {thing}", "failed", "not_found", "no such thing"),
            FailurePoint.RESULT: (f"turn on the {thing}", "failed", "resolved", f"{thing} is unavailable"),
            FailurePoint.CORRECT: (f"turn on the {thing}", "done", "resolved", "done"),
        }[point]
        entities = (Entity("name", thing, status=entity),) if entity else ()
        talk = session(turn(said, customer=who, status=status, response=answer, entities=entities))
        yield Example(talk, {talk.turns[0].turn_id: point}, group=who, source=who, traffic="log")


def test_planted_faults_are_found_again():
    """Where each stage fails in its own way, a model that has learnt it names the stage in talk that it has not seen."""
    rows, scored = (rows_of(planted(number, seed), with_following) for number, seed in ((550, 1), (150, 3)))

    model = grown(rows, seed=7, tick=silent, growth=SMALL)
    chances = model.chances(scored)

    assert macro_f1(scored.points, chances.argmax(axis=1), len(POINTS)) > 0.95
    assert calibration_error(scored.points, chances) < 0.1


def test_shuffled_truth_teaches_nothing():
    """Where the truth has nothing to do with the talk, no better than chance is found: nothing leaks into features."""
    rows, scored = (rows_of(planted(number, seed), with_following) for number, seed in ((450, 1), (150, 3)))
    for each in (rows, scored):
        np.random.default_rng(7).shuffle(each.points)

    model = grown(rows, seed=7, tick=silent, growth=SMALL)

    assert macro_f1(scored.points, model.chances(scored).argmax(axis=1), len(POINTS)) < 0.35


def test_a_source_is_in_one_fold():
    """What was recorded together is never on both sides, and large sources are spread."""
    folds = folds_of(["kal"] * 6 + ["rms"] * 5 + ["eus"] * 2 + ["awb"] + ["slt"])

    assert len({*folds[:6]}) == len({*folds[6:11]}) == 1
    assert len(set(folds.tolist())) == FOLDS


def test_the_nearest_text_of_each_point_is_told():
    """A text near one that the NLU never understood, and far from all that were misheard."""
    known = likeness_of([("make it cosy", 1), ("tern on the lamb", 1), ("turn on the lamp", 0)], np.array([2, 1, 5]))

    told = known.told([("make it rosy", 1)])[0]

    assert POINTS[int(told[:6].argmax())] is FailurePoint.NLU
    assert told[8 + 2] > 0.8 > told[8 + 1]


def test_figures_are_those_of_the_definitions():
    """Two points, one of them never named: F1 by hand."""
    truth, named = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])

    assert f1_by_point(truth, named, 3) == [0.8, 2 / 3, None]
    assert macro_f1(truth, named, 3) == (0.8 + 2 / 3) / 2


def test_sure_of_half_and_right_half_the_time_is_calibrated():
    """The calibration error is nothing where chances hold, and half where they are sure and wrong half the time."""
    truth = np.array([0, 1] * 50)

    assert calibration_error(truth, np.tile([0.5, 0.5], (100, 1))) == 0.0
    assert calibration_error(truth, np.tile([1.0, 0.0], (100, 1))) == 0.5


def test_coverage_ends_where_too_many_are_wrong():
    """The surest three of four are right: three quarters can be named with all right."""
    chances = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])

    assert coverage_at(np.array([0, 0, 0, 1]), chances, accuracy=0.95) == (0.75, 0.7)


def test_a_rare_point_is_worth_more():
    """Where a rare point is never the likeliest, its worth makes it named."""
    truth = np.array([0] * 90 + [1] * 10)
    chances = np.array([[0.95, 0.05]] * 90 + [[0.6, 0.4]] * 10)

    worth = best_worth(truth, chances)

    assert worth[1] / worth[0] > 1.5


def test_of_few_rows_small_trees_are_grown():
    """A set of some thousands is learnt with fewer leaves than one of tens of thousands."""
    assert (growth_of(MANY_FROM - 1), growth_of(MANY_FROM)) == (FEW, MANY)
