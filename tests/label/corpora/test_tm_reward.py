"""Judged answers become turns that end with the judged step."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from resay.label.corpora.tm_reward import FILES, RewardSet, WrongRewards, read_judged

RECORD = {
    "id": "00-1",
    "group": "g1",
    "fold": 3,
    "context": [
        ["S", "Hi there, what can I get you?"],
        ["U", "an espresso please"],
        ["S", {"api": {"get_menu_items": {"query": "espresso"}}}],
        ["api", {"response": {"get_menu_items": {"items": [{"name": "Espresso"}]}}}],
        ["S", "Single or double?"],
        ["U", "double"],
    ],
    "generation": ["S", {"api": {"add_order_item": {"menu_item_id": "espresso", "size": "double"}}}],
    "reward": 1.0,
}


def _written(folder: Path, *records: object) -> Path:
    with gzip.open(folder / FILES[RewardSet.TM4], "wt") as out:
        out.writelines(json.dumps(each) + "\n" for each in records)
    return folder


def test_a_turn_is_what_was_said_and_all_that_was_done_until_the_next(tmp_path: Path):
    """Calls are readings, what services answered entities, the last words the response; the opening line is a prompt."""
    (judged,) = read_judged(_written(tmp_path, RECORD), RewardSet.TM4)
    first, last = judged.turns

    assert (judged.good, judged.group, judged.fold) == (True, "g1", 3)
    assert first.prompt is not None
    assert first.prompt.text.startswith("Hi there")
    assert first.response is not None
    assert first.response.text == "Single or double?"
    assert first.interpretations[0].intent == "get_menu_items"
    assert first.entities[0].value == "Espresso"
    assert last.utterance == "double"
    assert last.response is not None
    assert last.response.action == "add order item menu item id espresso size double"


def test_a_step_before_anything_was_said_is_a_turn_of_its_own(tmp_path: Path):
    """An assistant may be judged for its first words."""
    (judged,) = read_judged(_written(tmp_path, RECORD | {"context": [], "generation": ["S", "Hello"]}), RewardSet.TM4)

    assert [turn.utterance for turn in judged.turns] == [""]


def test_another_file_is_named_as_wrong(tmp_path: Path):
    """What is no such record ends the reading with its reason."""
    with pytest.raises(WrongRewards, match="must hold judged answers"):
        list(read_judged(_written(tmp_path, {"id": 1}), RewardSet.TM4))
    with pytest.raises(WrongRewards, match="must hold judged answers"):
        list(read_judged(tmp_path, RewardSet.TM3))
