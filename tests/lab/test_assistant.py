"""The NLU in a small home: what text means, and how far the assistant comes with it."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import resay.lab
from resay.lab.action import Action, Reach
from resay.lab.assistant import RULES, Assistant
from resay.lab.home import BrokenWorld, read_home
from tests.lab.small_world import write_world


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """An assistant in the small home; made once, as it loads for a second."""
    return Assistant(read_home(write_world(tmp_path_factory.mktemp("world"))))


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("", Reach.EMPTY),
        ("let there be light", Reach.NO_MATCH),
        ("turn on the bunny lamp", Reach.UNRESOLVED),
        ("turn on the reading lamp", Reach.UNAVAILABLE),
        ("play the copper kettles", Reach.NOT_FOUND),
        ("turn on the counter lights", Reach.OK),
    ],
)
def test_each_way_to_fail_has_its_name(assistant: Assistant, text: str, reach: Reach):
    """Nothing heard, no template, an unknown name, a device offline, a title unknown, and success are told apart."""
    assert assistant.understand(text, "kitchen").reach is reach


def test_two_wordings_of_one_wish_come_to_one_action(assistant: Assistant):
    """Whatever the words, the same thing is done."""
    asked = assistant.understand("turn on the counter lights", "kitchen")
    short = assistant.understand("counter lights on", "kitchen")

    assert asked.done == short.done == Action("HassTurnOn", ("light.counter",))


def test_a_room_fills_in_what_was_not_said(assistant: Assistant):
    """The lights of the room in which one speaks are meant."""
    assert assistant.understand("turn on the lights", "kitchen").slots["area"] == "kitchen"


def test_words_that_are_no_name_are_kept(assistant: Assistant):
    """The assistant tells what it does not know, in the customer's words."""
    assert assistant.understand("turn on the telly", "kitchen").unknown == {"name": "telly"}


def test_nothing_is_done_where_the_assistant_refuses(assistant: Assistant):
    """An action that was understood and not carried out is not done."""
    meaning = assistant.understand("turn on the reading lamp", "kitchen")

    assert meaning.action is not None
    assert meaning.done is None


def test_free_text_is_compared_without_case_and_articles(assistant: Assistant):
    """What is put on a list is the same with an article and without."""
    one = assistant.understand("add the milk to my shopping list", "kitchen")
    other = assistant.understand("add milk to my shopping list", "kitchen")

    assert one.done == other.done == Action("HassListAddItem", ("todo.shopping",), (("item", "milk"),))


def test_a_folder_that_is_no_world_is_said(tmp_path: Path):
    """A missing file is named."""
    with pytest.raises(BrokenWorld, match=r"home\.json"):
        read_home(tmp_path)


def test_whatever_decides_what_a_text_means_is_among_the_rules():
    """All of the lab that the rules build on: a module left out would let what an earlier version understood stand."""
    lab = Path(resay.lab.__file__).parent

    imported = {
        f"{node.module.removeprefix('resay.lab.')}.py"
        for rule in RULES
        for node in ast.walk(ast.parse((lab / rule).read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("resay.lab.")
    }

    assert imported - set(RULES) == set()
    assert "home.py" in imported


def test_where_none_is_named_the_first_of_its_kind_is_meant(tmp_path: Path):
    """No home's own ids are known to the assistant: its shopping list, weather and vacuum are whatever the home has."""
    folder = write_world(tmp_path)
    written = json.loads((folder / "home.json").read_text())
    for device_id, name in (("weather.zurich", "zurich"), ("weather.basel", "basel"), ("vacuum.x1", "hoover"), ("todo.a", "chores")):
        written["devices"][device_id] = {"area": None, "device_class": None, "names": [name], "available": True}
    written["devices"]["todo.groceries"] = written["devices"].pop("todo.shopping")
    (folder / "home.json").write_text(json.dumps(written))
    assistant = Assistant(read_home(folder))

    texts = ("add milk to my shopping list", "what is the weather", "clean the kitchen")
    done = {text: assistant.understand(text, "kitchen").done for text in texts}

    assert {text: action and action.targets for text, action in done.items()} == {
        "add milk to my shopping list": ("todo.groceries",),
        "what is the weather": ("weather.zurich",),
        "clean the kitchen": ("vacuum.x1",),
    }
