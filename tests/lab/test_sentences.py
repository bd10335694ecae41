"""Sentences for a recogniser: the assistant's own, with a home's own names."""

from __future__ import annotations

from pathlib import Path
from random import Random

from resay.lab.action import Reach
from resay.lab.assistant import Assistant
from resay.lab.home import read_home
from resay.lab.sentences import in_words, sample_sentences
from tests.lab.small_world import write_world

FILLERS = {("HassMediaSearchAndPlay", "search_query"): ["the silver foxes"], ("HassShoppingListAddItem", "item"): ["milk"]}


def test_the_assistant_has_a_template_for_what_is_drawn(tmp_path: Path):
    """Nearly all are understood as they are, in the words of a recogniser; the rest asks for what this home has not."""
    home = read_home(write_world(tmp_path))
    assistant = Assistant(home)

    drawn = sample_sentences(home, fillers=FILLERS, number=300, rng=Random(1))

    reached = [assistant.understand(each, "kitchen").reach for each in drawn]
    assert len(drawn) == 300
    assert sum(reach is Reach.NO_MATCH for reach in reached) < 30
    assert any("counter lights" in each for each in drawn)
    assert not any(character.isdigit() or character.isupper() for each in drawn for character in each)


def test_the_same_seed_draws_the_same(tmp_path: Path):
    """So that a language model can be made again."""
    home = read_home(write_world(tmp_path))

    one, again, other = (sample_sentences(home, fillers=FILLERS, number=20, rng=Random(seed)) for seed in (1, 1, 2))

    assert one == again != other


def test_numbers_are_words():
    """As a recogniser writes them."""
    assert (in_words(7), in_words(25), in_words(101)) == ("seven", "twenty five", "one hundred one")
