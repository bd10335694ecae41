"""Finding candidates: the nearest wordings by spelling, sound and meaning, over all that may have been heard."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.dialogue.rewrite import Heard, Risk
from resay.dialogue.turn import Hypothesis, Prompt
from resay.dialogue.wording import Wording
from rewrite_online.finder import QUERY_CHARS_MAX, WordingFinder, index_of
from rewrite_online.shelves import Ways
from tests.builders import BASE

SPOKEN = st.lists(st.sampled_from(["turn", "on", "off", "the", "light", "lied", "kitchen", "chicken"]), min_size=1, max_size=6).map(
    " ".join
)


def wording(text: str, *, kind: str = "", customers: int = 20) -> Wording:
    """A wording that fares well."""
    return Wording(text, kind, state=f"home|{text}|", risk=Risk.LOW, customers=customers, times=50.0, success=0.9, last_day=20_000)


def heard(utterance: str, *hypotheses: str, kind: str = "") -> Heard:
    """A turn of which these hypotheses are known besides."""
    nbest = tuple(Hypothesis(text) for text in hypotheses)
    return Heard("t", "c1", BASE, utterance, hypotheses=nbest, prompt=Prompt(kind=kind) if kind else None)


def found(finder: WordingFinder, turn: Heard, *, at_most: int = 10) -> list[str]:
    """The texts of the candidates, best first."""
    return [candidate.wording.text for candidate in finder.find(turn, at_most=at_most)]


class LetterEncoder:
    """Vectors that count letters: what has the same letters means the same."""

    def heard(self, texts: Sequence[str]) -> np.ndarray:
        """One row a text."""
        rows = np.array([[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz "] for text in texts], dtype=np.float32) + 1e-3
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    wordings = heard

    def has(self, _texts: Sequence[str]) -> bool:
        """Never: each is counted anew."""
        return False


HOME = ("turn on the light", "turn off the light", "turn on the kitchen light", "play jazz", "what time is it", "lock the front door")


@pytest.fixture
def finder() -> WordingFinder:
    """What is said in a home."""
    return WordingFinder([wording(text) for text in HOME])


def test_a_wording_spelt_nearly_so_comes_first(finder: WordingFinder):
    """Letters that are shared in order count."""
    assert found(finder, heard("turn of the lights"))[0] == "turn off the light"


def test_a_wording_that_sounds_alike_is_found_though_spelt_otherwise():
    """Keys of phones are compared, over the ends of words."""
    finder = WordingFinder([wording("phone the office"), wording("scare them off"), wording("four candles")], ways=Ways(spelling=False))

    assert found(finder, heard("fork handles"))[0] == "four candles"


def test_a_later_hypothesis_finds_what_the_first_does_not(finder: WordingFinder):
    """Each hypothesis is a query, and one that is a wording says its place in the n-best."""
    candidates = finder.find(heard("blue chess", "blue chess", "play chairs", "play jazz"), at_most=3)

    assert candidates[0].wording.text == "play jazz"
    assert candidates[0].hypothesis == 2
    assert candidates[0].nearest.spelling == 1.0
    assert candidates[0].first.spelling is not None
    assert candidates[0].first.spelling < 0.6


def test_every_candidate_has_every_nearness():
    """Whichever way found it; what has not been looked at is nothing."""
    finder = WordingFinder([wording(text) for text in HOME], encoder=LetterEncoder())

    candidates = finder.find(heard("turn on the lied"), at_most=10)

    assert len(candidates) == len(HOME)
    for candidate in candidates:
        for nearness in (candidate.nearest, candidate.first):
            assert all(value is not None and 0 <= value <= 1 for value in (nearness.meaning, nearness.sound, nearness.spelling))


def test_a_way_that_is_not_taken_says_nothing(finder: WordingFinder):
    """Without an encoder nothing is known of meaning."""
    assert finder.find(heard("play jaws"), at_most=1)[0].nearest.meaning is None


def test_what_was_heard_is_never_a_candidate(finder: WordingFinder):
    """Not even where it is a wording, or stands in the n-best again."""
    assert "play jazz" not in found(finder, heard("Play jazz!", "play jazz", "play jars"))


def test_wordings_after_other_prompts_do_not_come_unless_they_are_wanted():
    """The same words mean something else after another question."""
    wordings = [wording("north please", kind="request(area)"), wording("north", kind="confirm(area)"), wording("north please", kind="")]

    only = WordingFinder(wordings)
    also = WordingFinder(wordings, ways=Ways(others_max=5))

    assert found(only, heard("nor please", kind="request(area)")) == ["north please"]
    candidates = also.find(heard("nor please", kind="request(area)"), at_most=10)
    assert [(each.wording.text, each.wording.prompt_kind) for each in candidates] == [
        ("north please", "request(area)"),
        ("north", "confirm(area)"),
    ]
    assert len(found(also, heard("nor please", kind="request(area)"), at_most=1)) == 1


def test_of_two_wordings_with_one_text_that_of_more_customers_is_kept():
    """One candidate a text."""
    finder = WordingFinder([wording("play jazz", customers=11), wording("play jazz", customers=40)])

    assert [each.wording.customers for each in finder.find(heard("play jars"), at_most=10)] == [40]


@pytest.mark.parametrize(
    "utterance",
    ["", "  ", "?!", "\x00\x07", "a", "включи свет", "電気をつけて", "🙂", "word " * 10_000, "x" * (QUERY_CHARS_MAX + 1), "\ud800 jazz"],
    ids=["empty", "spaces", "marks", "control", "letter", "cyrillic", "japanese", "emoji", "speech", "long", "surrogate"],
)
def test_bad_utterances_find_what_they_find_and_raise_nothing(finder: WordingFinder, utterance: str):
    """Whatever a microphone or a client makes up."""
    candidates = finder.find(heard(utterance, utterance, ""), at_most=5)

    assert len(candidates) <= 5


def test_other_scripts_are_found_by_spelling():
    """Their letters are compared as any others."""
    finder = WordingFinder([wording("включи свет на кухне"), wording("включи музыку"), wording("電気をつけて")])

    assert found(finder, heard("включи светна кухне"))[0] == "включи свет на кухне"
    assert found(finder, heard("電気つけて"))[0] == "電気をつけて"


def test_no_wordings_find_nothing():
    """A generation of the first night."""
    assert found(WordingFinder([]), heard("play jazz")) == []
    assert found(WordingFinder([], encoder=LetterEncoder()), heard("play jazz")) == []


def test_none_wanted_finds_nothing(finder: WordingFinder):
    """A limit of none is one."""
    assert found(finder, heard("play jars"), at_most=0) == []


@given(texts=st.lists(SPOKEN, min_size=1, max_size=30), said=SPOKEN, seed=st.integers(0, 99), at_most=st.integers(1, 12))
def test_the_order_of_wordings_does_not_matter(texts: list[str], said: str, seed: int, at_most: int):
    """Candidates are the same, in the same order, however wordings are given."""
    wordings = [wording(text, customers=10 + place) for place, text in enumerate(texts)]
    shuffled = random.Random(seed).sample(wordings, len(wordings))

    once = WordingFinder(wordings).find(heard(said), at_most=at_most)
    again = WordingFinder(shuffled).find(heard(said), at_most=at_most)

    assert list(once) == list(again)
    assert len({each.wording.text for each in once}) == len(once) <= at_most


@given(texts=st.lists(SPOKEN, min_size=1, max_size=20), others=st.lists(SPOKEN, max_size=9), said=SPOKEN)
def test_an_index_given_finds_as_one_made(texts: list[str], others: list[str], said: str):
    """In whatever order it was made, and whatever else it holds."""
    wordings, encoder = [wording(text) for text in texts], LetterEncoder()
    strange = [wording(text, kind="request(area)") for text in others]

    made = WordingFinder(wordings, encoder=encoder).find(heard(said), at_most=5)
    given_ = WordingFinder(wordings, encoder=encoder, index=index_of([*strange, *wordings[::-1]], encoder)).find(heard(said), at_most=5)

    assert list(made) == list(given_)


def test_of_what_the_index_does_not_hold_no_meaning_is_known():
    """It is found by its sound all the same."""
    wordings, encoder = [wording(text) for text in HOME], LetterEncoder()
    finder = WordingFinder(wordings, encoder=encoder, index=index_of(wordings[:3], encoder))

    meanings = {each.wording.text: each.nearest.meaning for each in finder.find(heard("play jaws"), at_most=10)}

    assert meanings["play jazz"] is None
    assert meanings["turn on the light"] is not None


def test_among_many_the_nearest_of_all_are_found():
    """What is looked for, and not compared with all, is found as well."""
    texts = [f"{verb} the {thing} {number}" for verb in ("turn on", "dim", "open", "find") for thing in HOME for number in range(40)]
    finder = WordingFinder([wording(text) for text in texts], encoder=LetterEncoder())

    candidates = finder.find(heard("dim the play chess 7", "tim de play jazz 17"), at_most=10)

    assert candidates[0].wording.text == "dim the play jazz 17"
    assert all(each.nearest.meaning is not None for each in candidates)


def test_wordings_after_other_prompts_take_no_place_from_those_after_the_same():
    """However near in meaning they are."""
    near = [wording(f"play jazz {'z' * count}", kind="request(area)") for count in range(1, 90)]
    own = [wording(f"open the door {'o' * count}", kind="confirm(area)") for count in range(1, 90)]
    finder = WordingFinder([*near, *own], ways=Ways(spelling=False, sound=False), encoder=LetterEncoder())

    assert len(found(finder, heard("play jazz", kind="confirm(area)"), at_most=5)) == 5
    assert len(found(finder, heard("play jazz", kind="request(area)"), at_most=5)) == 5
