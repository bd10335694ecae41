"""What was understood is kept: in this run, and for the next one where there is a shelf."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from resay.lab.action import Action, Reach
from resay.lab.assistant import Assistant
from resay.lab.home import Home, read_home
from resay.lab.understood import FILE_BYTES_MAX, FILES_KEPT_MAX, MEANINGS_KEPT_MAX, Heard, Meaning, Understood
from tests.lab.small_world import write_world

REFUSED = Meaning(Reach.NO_MATCH)
TIMER = Meaning(
    Reach.OK,
    "HassStartTimer",
    slots={"minutes": 5, "name": "tea", "half": 2.5, "none": None},
    unknown={"area": "attic"},
    action=Action("HassStartTimer", ("timer.kitchen",), (("p", 50), ("s", 300.0))),
    response="default",
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return read_home(write_world(tmp_path / "world"))


def test_the_next_run_knows_what_this_one_understood(tmp_path: Path):
    """Every field comes back as it was, whole numbers as whole numbers."""
    Understood(tmp_path / "lab" / "kept").keep(Heard("set a timer", "kitchen"), TIMER)

    found = Understood(tmp_path / "lab" / "kept").find("set a timer", "kitchen")

    assert found == TIMER
    assert repr(found) == repr(TIMER)


def test_an_assistant_with_a_shelf_reads_nothing_twice(home: Home, tmp_path: Path):
    """The second run finds all that the first one wrote, and adds nothing; both say the same as one without a shelf."""
    texts = ["turn on the counter lights", "let there be light", "turn on the bunny lamp", " lock  the front door "]
    bare = [Assistant(home).understand(text, "kitchen") for text in texts]

    first = [Assistant(home, shelf=tmp_path).understand(text, "kitchen") for text in texts]
    written = [path.read_bytes() for path in tmp_path.glob("*.jsonl")]
    second = [Assistant(home, shelf=tmp_path).understand(text, "kitchen") for text in texts]

    assert first == second == bare
    assert [path.read_bytes() for path in tmp_path.glob("*.jsonl")] == written
    assert len(written) == 1
    assert len(written[0].split(b"\n")) == 1 + len(texts)


def test_another_home_has_another_file(home: Home, tmp_path: Path):
    """What words mean is the home's, so what was kept in one is not taken for another."""
    silent = replace(home, media=())
    asked = "play the silver foxes"

    found = [Assistant(each, shelf=tmp_path).understand(asked, "kitchen").reach for each in (home, silent)]

    assert found == [Reach.OK, Reach.NOT_FOUND]
    assert len(list(tmp_path.glob("*.jsonl"))) == 2


def test_what_an_assistant_learnt_is_not_kept_for_others(home: Home, tmp_path: Path):
    """One that takes a text as another one is a case of its own."""
    wiser = Assistant(home, also={"let there be light": "turn on the counter lights"}, shelf=tmp_path)

    assert wiser.understand("let there be light", "kitchen").reach is Reach.OK
    assert Assistant(home, shelf=tmp_path).understand("let there be light", "kitchen").reach is Reach.NO_MATCH


def test_a_line_that_is_cut_off_or_damaged_is_passed_over(tmp_path: Path):
    """All else is read, and what is written after it too."""
    path = tmp_path / "kept"
    Understood(path).keep(Heard("one", "kitchen"), REFUSED)
    with path.open("ab") as file:
        file.write(b'\n["two","kit')
        file.write(b'\n["tw\xffo","kitchen",{}]')

    Understood(path).keep(Heard("three", "kitchen"), TIMER)

    kept = Understood(path)
    assert [kept.find(text, "kitchen") for text in ("one", "two", "three")] == [REFUSED, None, TIMER]


@pytest.mark.parametrize("place", ["/dev/null/kept", "."])
def test_a_place_that_cannot_be_written_is_done_without(tmp_path: Path, place: str):
    """Nothing is lost but time."""
    kept = Understood(tmp_path / place)

    kept.keep(Heard("one", "kitchen"), TIMER)

    assert kept.find("one", "kitchen") == TIMER


def test_a_file_that_grew_too_large_is_begun_anew(tmp_path: Path):
    """It holds nothing that cannot be understood again."""
    path = tmp_path / "kept"
    path.touch()
    os.truncate(path, FILE_BYTES_MAX + 1)

    Understood(path).keep(Heard("one", "kitchen"), TIMER)

    assert path.stat().st_size < 1_000
    assert Understood(path).find("one", "kitchen") == TIMER


def test_equal_meanings_are_one():
    """Of a hundred texts that are refused alike, one meaning is held."""
    kept = Understood()

    one, other = (kept.keep(Heard(text, "kitchen"), Meaning(Reach.NO_MATCH)) for text in ("one", "other"))

    assert one is other
    assert kept.find("other", "kitchen") is one


def test_only_so_much_is_remembered():
    """What comes then is answered, and not held."""
    kept = Understood()
    for number in range(MEANINGS_KEPT_MAX):
        kept.keep(Heard(str(number), "kitchen"), REFUSED)
    assert kept.find("0", "kitchen") == REFUSED

    answered = kept.keep(Heard("one more", "kitchen"), REFUSED)

    assert answered == REFUSED
    assert kept.find("0", "kitchen") == REFUSED
    assert kept.find("one more", "kitchen") is None


def test_only_so_much_is_read(tmp_path: Path):
    """A file may hold more, where several runs wrote to it at once."""
    path = tmp_path / "kept"
    path.write_bytes(b"".join(b'["%d","kitchen",{"reach":"no_match"}]\n' % number for number in range(MEANINGS_KEPT_MAX + 1)))
    size = path.stat().st_size

    kept = Understood(path)
    kept.keep(Heard("one more", "kitchen"), REFUSED)

    found = [kept.find(str(number), "kitchen") for number in (0, MEANINGS_KEPT_MAX - 1, MEANINGS_KEPT_MAX)]
    assert found == [REFUSED, REFUSED, None]
    assert path.stat().st_size == size


def test_files_of_rules_long_gone_are_removed(tmp_path: Path):
    """When a new one comes, the newest stay; what is not such a file is left alone."""
    (tmp_path / "notes.jsonl").touch()
    for number in range(FILES_KEPT_MAX + 1):
        (tmp_path / f"understood-{number}.jsonl").touch()
        os.utime(tmp_path / f"understood-{number}.jsonl", (number, number))

    Understood(tmp_path / "understood-0.jsonl")
    untouched = len(list(tmp_path.iterdir()))
    Understood(tmp_path / "understood-new.jsonl").keep(Heard("one", "kitchen"), REFUSED)

    assert untouched == FILES_KEPT_MAX + 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "notes.jsonl",
        "understood-2.jsonl",
        "understood-3.jsonl",
        "understood-4.jsonl",
        "understood-new.jsonl",
    ]
