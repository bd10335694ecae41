"""What the tagger is trained on: the truth stands on each word, and nothing that is scored is among it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from resay.commands.bench.teach_lessons import second, unseen
from resay.dialogue.text import canonical
from resay.teach.material import WORDINGS_FILE, Made, WrongWordings, is_apart, read_material, read_wordings
from resay.teach.span_model import TEACHINGS
from resay.teach.span_path import Part
from tests.teach.wordings import SMALL

SHIPPED = TEACHINGS / WORDINGS_FILE


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

    # Counted, and not shown: they are not to be looked at.
    assert sum(canonical(line).replace("the {", "{") in trained for _, line in [*unseen(), *second()]) == 0


def test_wordings_that_are_set_apart_are_not_learnt_from():
    """And what is chosen is chosen on no others; those that are put together are all learnt from."""
    material = read_material(SHIPPED, ["blue", "stone"])
    whole = {kind: set(read_wordings(SHIPPED)[kind]) for kind in ("request", "name", "correction")}

    for kind, lines in whole.items():
        learnt = {material.wording(kind, Random(seed)) for seed in range(3_000)}
        apart = {material.wording(kind, Random(seed), apart=True) for seed in range(3_000)}

        assert apart == {line for line in lines if is_apart(line)}
        assert not learnt & apart
        assert len(learnt - lines) > 1_000
        assert len(apart) > 0.08 * len(lines)


def test_one_word_around_may_be_misheard(tmp_path: Path):
    """The parts stay what they are."""
    (tmp_path / "w.txt").write_text(SMALL)
    made = list(read_material(tmp_path / "w.txt", ["zebra"]).made(600, Random(7)))

    misheard = [each for each in made if "zebra" in canonical(" ".join(each.words)).split()]

    assert misheard
    assert all(part is Part.AROUND for each in misheard for word, part in zip(each.words, each.parts, strict=True) if "zebra" in word)
    assert all(canonical(" ".join(each.words)).split().count("zebra") == 1 for each in misheard)


def test_what_is_scored_is_not_put_together_from_parts(tmp_path: Path):
    """Whatever its articles and stops; what is put together otherwise still is."""
    (tmp_path / "w.txt").write_text(SMALL)
    material = read_material(tmp_path / "w.txt", [], scored=["If I say {words}, you {meaning}!"])

    learnt = {material.wording("request", Random(seed)) for seed in range(200)}

    assert learnt == {"when i say {words} i mean {meaning}", "whenever i say {words} you {meaning}"}


def test_stops_and_marks_stand_at_the_words_that_they_touch(tmp_path: Path):
    """As somebody writes them, and as what is served reads them: no word is a mark alone."""
    text = SMALL.replace("when i say {words} i mean {meaning}", 'what is "{words}"? it is ({meaning}).')
    (tmp_path / "w.txt").write_text(text.replace("{when} i say {words} you {meaning}", 'what is "{words}"? it is ({meaning}).'))
    made = [each for each in read_material(tmp_path / "w.txt", ["blue"]).made(300, Random(7)) if each.kind == "request"]

    words = {word for each in made for word in each.words}
    marked = {(word, part) for each in made for word, part in zip(each.words, each.parts, strict=True) if word in {'"lumos"?', "lamp)."}}

    assert marked == {('"lumos"?', Part.WORDS), ("lamp).", Part.MEANING)}
    assert "(dim" in words
    assert all(any(sign.isalnum() for sign in word) for word in words)


@pytest.mark.parametrize("text", ["", "[request]\n{words}\n", SMALL.replace("[thing]", "[other]")])
def test_a_file_that_is_cut_short_is_refused(text: str, tmp_path: Path):
    """With the section that is missing."""
    (tmp_path / "w.txt").write_text(text)

    with pytest.raises(WrongWordings, match="is missing"):
        read_wordings(tmp_path / "w.txt")
