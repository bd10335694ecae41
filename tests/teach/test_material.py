"""What the tagger is trained on: the truth stands on each word, and nothing that is scored is among it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from resay.commands.bench.teach_lessons import unseen
from resay.dialogue.text import canonical
from resay.teach.material import WORDINGS_FILE, Made, WrongWordings, read_material, read_wordings
from resay.teach.span_model import TEACHINGS
from resay.teach.span_path import Part

SHIPPED = TEACHINGS / WORDINGS_FILE

SMALL = """
[request]
when i say {words} i mean {meaning}
[name]
call the {meaning} {words}
[correction]
no i meant {meaning}
[none]
turn on the {thing}
[odd]
lumos
[command]
dim the {thing}
[called]
bertha
[thing]
lamp
[lead]
now
[tail]
please
[filler]
um
[swap]
say|shout
"""


def said(made: Made, part: Part) -> str:
    """The words of a part."""
    return canonical(" ".join(word for word, each in zip(made.words, made.parts, strict=True) if each is part))


def test_each_word_is_told_what_it_belongs_to(tmp_path: Path):
    """Whatever stands around it."""
    (tmp_path / "w.txt").write_text(SMALL)
    made = list(read_material(tmp_path / "w.txt", ["blue"]).made(300, Random(7)))

    taught = {(each.kind, said(each, Part.WORDS), said(each, Part.MEANING)) for each in made if each.kind in {"request", "name"}}

    assert taught == {("request", "lumos", "dim the lamp"), ("name", "bertha", "lamp")}
    assert {said(each, Part.MEANING) for each in made if each.kind == "correction"} == {"dim the lamp"}
    assert {part for each in made if each.kind == "none" for part in each.parts} == {Part.AROUND}


def test_the_same_chance_makes_the_same():
    """And all kinds come up."""
    first, again = (list(read_material(SHIPPED, ["blue", "stone"]).made(200, Random(3))) for _ in range(2))

    assert first == again
    assert set(Counter(each.kind for each in first)) == {"request", "name", "correction", "none"}


def test_wordings_that_are_scored_are_not_trained_on():
    """Nor are they with other words around the places."""
    sections = read_wordings(SHIPPED)
    trained = {canonical(line).replace("the {", "{") for kind in ("request", "name", "correction") for line in sections[kind]}

    assert not [line for _, line in unseen() if canonical(line).replace("the {", "{") in trained]


@pytest.mark.parametrize("text", ["", "[request]\n{words}\n", SMALL.replace("[thing]", "[other]")])
def test_a_file_that_is_cut_short_is_refused(text: str, tmp_path: Path):
    """With the section that is missing."""
    (tmp_path / "w.txt").write_text(text)

    with pytest.raises(WrongWordings, match="is missing"):
        read_wordings(tmp_path / "w.txt")
