"""A world is a folder: it is read whole, and what does not fit together is said."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from resay.lab.action import Action, Reach
from resay.lab.home import BrokenWorld
from resay.lab.understood import Meaning
from resay.lab.world import judge, read_world
from tests.lab.small_world import write_world

LIGHT = Action("HassTurnOn", ("light.counter",))


def _edit(path: Path, change: dict[str, Any], row: int = 0) -> None:
    """Change fields of one row of a JSON file."""
    rows = json.loads(path.read_text())
    rows[row] |= change
    path.write_text(json.dumps(rows))


def test_all_files_are_read(tmp_path: Path):
    """Goals, phrases, speakers, recordings and false wakes."""
    world = read_world(write_world(tmp_path))

    assert (len(world.goals), len(world.phrases), len(world.speakers), len(world.recordings), len(world.false_wakes)) == (3, 6, 3, 55, 2)
    assert world.repairs == ("no_i_said",)
    assert len({recording.fingerprint for recording in world.recordings}) == 55


def test_the_confidence_is_the_mean_of_the_words(tmp_path: Path):
    """And nothing of what the assistant would have made of further hypotheses is in the sound."""
    sound = read_world(write_world(tmp_path)).recordings[0].sound

    assert (sound.text, sound.score, sound.others) == ("turn on the counter lights", 0.8, ("turn on the counter lights uh",))


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("goals.json", {"area": "cellar"}, "lights_on"),
        ("phrases.json", {"goal": "world_peace"}, "world_peace"),
        ("phrases.json", {"p": 99}, "phrase 1"),
        ("goals.json", {"gold": "lights on"}, "lights on"),
        ("goals.json", {"gold": [1, 2, 3]}, "verb, targets, parameters"),
    ],
)
def test_files_that_do_not_fit_together_are_said(tmp_path: Path, file: str, change: dict[str, Any], said: str):
    """The fault is named, and that it is the folder of a world that is wrong."""
    folder = write_world(tmp_path)
    _edit(folder / file, change)

    with pytest.raises(BrokenWorld, match=said):
        read_world(folder)


def test_a_folder_that_is_not_there_is_said_by_its_own_name(tmp_path: Path):
    """And not by that of the first file that would be in it."""
    (tmp_path / "file").write_text("no folder")

    for name, what in (("nowhere", "is not there"), ("file", "is a file")):
        with pytest.raises(BrokenWorld, match=f"{name}' {what}") as said:
            read_world(tmp_path / name)
        assert "home.json" not in str(said.value)


def test_a_locale_is_what_the_world_says_of_a_speaker(tmp_path: Path):
    """Where it says nothing, that of the cohorts of `voice_home`, or else American."""
    folder = write_world(tmp_path)
    told = json.loads((folder / "speakers.json").read_text())
    told["speakers"]["us1"] |= {"cohort": "bavaria", "locale": "de-DE"}
    told["speakers"]["us2"] |= {"cohort": "bavaria"}
    (folder / "speakers.json").write_text(json.dumps(told))

    locales = {name: each.locale for name, each in read_world(folder).speakers.items()}

    assert locales == {"us1": "de-DE", "us2": "en-US", "gb1": "en-GB"}


FILES = ["home.json", "goals.json", "phrases.json", "speakers.json", "recordings.jsonl.gz"]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe"])
def test_a_file_that_is_none_is_said(tmp_path: Path, file: str, content: bytes):
    """Empty, of the wrong form, cut off, or no text at all."""
    folder = write_world(tmp_path)
    (folder / file).write_bytes(content)

    with pytest.raises(BrokenWorld):
        read_world(folder)


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named(tmp_path: Path, file: str):
    """Each of those that a world must have."""
    folder = write_world(tmp_path)
    (folder / file).unlink()

    with pytest.raises(BrokenWorld, match=file):
        read_world(folder)


@pytest.mark.parametrize("file", ["goals.json", "phrases.json"])
def test_an_entry_without_its_fields_is_named(tmp_path: Path, file: str):
    """The file, the entry and the field."""
    folder = write_world(tmp_path)
    rows = json.loads((folder / file).read_text())
    del rows[1]["goal"]
    (folder / file).write_text(json.dumps(rows))

    with pytest.raises(BrokenWorld, match=rf"{file} .*entry 2: KeyError: 'goal'"):
        read_world(folder)


@pytest.mark.parametrize("damage", [lambda raw: raw[: len(raw) // 2], lambda raw: raw[:60] + bytes(40) + raw[100:]])
def test_a_damaged_recording_is_said(tmp_path: Path, damage: Callable[[bytes], bytes]):
    """Half a file, or one with a hole in it."""
    path = write_world(tmp_path) / "recordings.jsonl.gz"
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(BrokenWorld, match=r"recordings\.jsonl\.gz .*line \d+"):
        read_world(tmp_path)


def test_a_recording_of_another_form_is_said_with_its_line(tmp_path: Path):
    """Where to look."""
    path = write_world(tmp_path) / "recordings.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines()
    lines[6] = b'{"p": 1}'
    path.write_bytes(gzip.compress(b"\n".join(lines)))

    with pytest.raises(BrokenWorld, match="line 7"):
        read_world(tmp_path)


@pytest.mark.parametrize(
    ("part", "name", "field", "value"),
    [
        ("areas", "kitchen", "floor", "attic"),
        ("areas", "hallway", "names", []),
        ("devices", "lock.front", "area", "cellar"),
        ("devices", "light.counter", "names", 3),
    ],
)
def test_a_home_that_does_not_hold_together_is_said(tmp_path: Path, part: str, name: str, field: str, value: object):
    """Floors and rooms that are not there, rooms without a name, names that are none."""
    path = write_world(tmp_path) / "home.json"
    written = json.loads(path.read_text())
    written[part][name][field] = value
    path.write_text(json.dumps(written))

    with pytest.raises(BrokenWorld, match=r"home\.json"):
        read_world(tmp_path)


def test_a_goal_that_acts_on_nothing_is_said(tmp_path: Path):
    """It could never be reached."""
    folder = write_world(tmp_path)
    _edit(folder / "goals.json", {"gold": ["HassTurnOn", ["light.moon"], {}]})

    with pytest.raises(BrokenWorld, match=r"light\.moon"):
        read_world(folder)


@pytest.mark.parametrize(
    ("meaning", "outcome"),
    [
        (Meaning(Reach.EMPTY), "no_match"),
        (Meaning(Reach.NO_MATCH), "no_match"),
        (Meaning(Reach.UNRESOLVED, "HassTurnOn"), "unresolved"),
        (Meaning(Reach.NO_TARGET, "HassTurnOn", action=Action("HassTurnOn")), "unresolved"),
        (Meaning(Reach.NOT_FOUND, "HassMediaSearchAndPlay"), "not_found"),
        (Meaning(Reach.OK, "HassTurnOn", action=LIGHT), "correct"),
        (Meaning(Reach.UNAVAILABLE, "HassTurnOn", action=LIGHT), "result_fail"),
        (Meaning(Reach.OK, "HassTurnOff", action=Action("HassTurnOff", ("light.counter",))), "wrong_action"),
        (Meaning(Reach.OK, "HassTurnOn", action=Action("HassTurnOn", ("lock.front",))), "wrong_entity"),
        (Meaning(Reach.OK, "HassTurnOn", action=Action("HassTurnOn", ("light.counter",), (("p", 1),))), "wrong_value"),
    ],
)
def test_each_outcome_has_its_name(meaning: Meaning, outcome: str):
    """In the words of the recordings."""
    assert judge(meaning, LIGHT) == outcome


def test_where_nothing_was_wanted_only_nothing_is_right():
    """Noise that is refused was answered rightly."""
    assert judge(Meaning(Reach.UNRESOLVED, "HassTurnOn"), None) == "correct"
    assert judge(Meaning(Reach.OK, "HassTurnOn", action=LIGHT), None) == "wrong_action"
