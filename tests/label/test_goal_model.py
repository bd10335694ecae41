"""The exported model of goals: the same as the net, whole or refused, and the same for any length of talk."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from resay.dialogue.turn import Hypothesis, Response, Turn
from resay.label.goal_example import GoalExample
from resay.label.goal_export import write_goal_model
from resay.label.goal_features import WIDTH
from resay.label.goal_model import CARD_FILE, MODEL_FILE, TURNS_AT_ONCE, GoalModel, WrongGoalModel, calibrated, leant
from resay.label.goal_net import GoalNet, NetRules
from resay.label.goal_rows import lacking, made_wrong, rows_of
from resay.label.train_goals import HIDDEN, USUAL, answers, train
from resay.training.loop import FitRules

NOON = datetime(2026, 9, 7, 12, tzinfo=UTC)
SMALL = NetRules(text=8, hidden=16, layers=1, heads=2, dropout=0.0, lost=0.0)


def _letters(texts: list[str]) -> np.ndarray:
    rows = np.zeros((len(texts), WIDTH), dtype=np.float32)
    for place, text in enumerate(texts):
        for letter in text:
            rows[place, ord(letter) % WIDTH] += 1
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _turns(number: int, *, refused: bool = False) -> tuple[Turn, ...]:
    answer = Response("sorry i cannot do that" if refused else "here is what you asked for")
    return tuple(
        Turn(f"t{place}", "anna", NOON + timedelta(seconds=9 * place), f"request {place % 7}", response=answer) for place in range(number)
    )


def _example(number: int, *, failed: bool) -> GoalExample:
    turns = _turns(number, refused=failed)
    begins = tuple(place == 0 for place in range(number))
    return GoalExample(turns, begins, (not failed,) * number, (failed,) * number, not failed, f"g{number}{failed}")


EXAMPLES = [_example(number, failed=failed) for number in (2, 3, 4, 5) for failed in (True, False)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's folder: a small net as it begins."""
    torch.manual_seed(7)
    out = tmp_path_factory.mktemp("goals")
    write_goal_model(GoalNet(SMALL), list(rows_of(EXAMPLES, _letters)), out, encoder="letters", trained={})
    return out


def test_what_was_exported_says_what_the_net_said(folder: Path):
    """Chances of the file are those of the net in torch, leant on signs and calibrated."""
    torch.manual_seed(7)
    net = GoalNet(SMALL)
    model = GoalModel(folder, _letters)

    (row,) = (lacking(each, HIDDEN) for each in rows_of([EXAMPLES[3]], _letters))
    (odds,) = answers(net, [row])

    expected = calibrated(leant(odds, row.numbers, model.card.signs), model.card.calibration)
    assert model.chances(EXAMPLES[3].turns) == pytest.approx(expected, abs=2e-3)


def test_what_a_recogniser_scores_is_not_shown_to_weights_that_ship(folder: Path):
    """However sure a recogniser says it was, the judgement is the same."""
    model = GoalModel(folder, _letters)

    plain, scored = (
        model.chances(tuple(replace(each, hypotheses=hypotheses) for each in _turns(3)))
        for hypotheses in ((), (Hypothesis("request", -9.0), Hypothesis("quest", -9.5)))
    )

    assert (plain == scored).all()


def test_goals_are_numbered_from_the_first_turn(folder: Path):
    """A session begins with goal 0, and numbers never go back nor leave one out."""
    judged = GoalModel(folder, _letters).judge(_turns(9))

    goals = [each.goal for each in judged]

    assert goals[0] == 0
    assert all(later - earlier in {0, 1} for earlier, later in pairwise(goals))
    assert all(0.0 <= chance <= 1.0 for each in judged for chance in (each.begins, each.success, each.defect, each.well))


@pytest.mark.parametrize("number", [1, TURNS_AT_ONCE, TURNS_AT_ONCE + 1, 3 * TURNS_AT_ONCE])
def test_every_turn_of_a_long_session_is_judged_once(folder: Path, number: int):
    """A session of any length gets one judgement a turn, none left at nothing."""
    judged = GoalModel(folder, _letters).judge(_turns(number))

    assert [each.turn_id for each in judged] == [f"t{place}" for place in range(number)]


def test_a_replaced_model_is_refused(folder: Path, tmp_path: Path):
    """Weights whose hash is not the card's are not run; nor is a card of other features, or an encoder of another hash."""
    (tmp_path / CARD_FILE).write_bytes((folder / CARD_FILE).read_bytes())
    (tmp_path / MODEL_FILE).write_bytes((folder / MODEL_FILE).read_bytes() + b"x")

    with pytest.raises(WrongGoalModel, match="hash"):
        GoalModel(tmp_path, _letters)
    with pytest.raises(WrongGoalModel, match="encoder"):
        GoalModel(folder, _letters, encoder="other")


def test_a_card_of_other_numbers_is_refused(folder: Path, tmp_path: Path):
    """A model that sees other numbers than this version makes would be asked nonsense."""
    card = json.loads((folder / CARD_FILE).read_text())
    (tmp_path / MODEL_FILE).write_bytes((folder / MODEL_FILE).read_bytes())
    (tmp_path / CARD_FILE).write_text(json.dumps(card | {"features": card["features"][1:]}))

    with pytest.raises(WrongGoalModel, match="other numbers"):
        GoalModel(tmp_path, _letters)


def test_training_finds_what_was_planted():
    """Refused dialogues fail and the others do not: after some epochs the net knows which turns failed."""
    rows = list(rows_of(EXAMPLES * 4, _letters))
    rules = replace(USUAL, net=SMALL, training=FitRules(epochs=12, rate=3e-3, head_rate=3e-3, looks=1), batch=8)

    trained = train(rows, rows, rules)

    for row, odds in zip(rows[:8], answers(trained.net, rows[:8]), strict=True):
        assert ((odds[:, 2] > 0) == (row.targets[:, 2] > 0.5)).all()


def test_dialogues_are_made_wrong_where_it_is_said():
    """What is marked as another's answer is one, and a first turn always begins."""
    others = [_example(6, failed=failed) for failed in (True, False)] * 6

    wrong = list(made_wrong(others, _letters, seed=3))

    marks = np.concatenate([row.targets for row in wrong])
    assert all(row.targets[0, 2] == 1.0 for row in wrong)
    assert {len(row.targets) for row in wrong} == {6, 12}
    assert all(row.targets[6, 2] == 1.0 for row in wrong if len(row.targets) == 12)
    assert 0 < marks[:, 0].sum() < len(marks) / 2
