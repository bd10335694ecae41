"""How words sound: phones by rules that were learnt from a dictionary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.dialogue.text import canonical
from rewrite_online.sound import WORD_CHARS_MAX, read_rules, sound_key, sounds, written
from rewrite_online.spelling import alike
from rewrite_online.train_sound import learn_rules, read_dictionary

TOY = ["rat R AE1 T", "brat B R AE1 T", "drat D R AE1 T", "frat F R AE1 T", "rate R EY1 T", "brate B R EY1 T", "drate D R EY1 T"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("night", "knight"), ("phone", "fone"), ("wait", "weight"), ("i scream", "ice cream"), ("rain", "rane")],
)
def test_what_sounds_alike_has_nearly_equal_keys(one: str, other: str):
    """However it is spelt, and wherever its words begin."""
    assert alike([sound_key(one)], [sound_key(other)])[0][0] >= 0.8


def test_phones_of_a_class_are_nearer_than_others():
    """A hiss is taken for another hiss sooner than for a hum."""
    near, far = alike([sound_key("sip")], [sound_key("ship"), sound_key("nip")])[0]

    assert near > far


def test_what_the_rules_do_not_know_stands_for_itself():
    """Other scripts, digits, and words that are none."""
    assert sound_key("включи свет") == "включисвет"
    assert sound_key("8") == "8"
    assert sound_key("x" * (WORD_CHARS_MAX + 1)) == "x" * (WORD_CHARS_MAX + 1)
    assert sound_key("") == ""


@given(st.text(max_size=80))
def test_any_text_has_a_key_and_always_the_same(text: str):
    """Word for word, in a row."""
    said = canonical(text)

    assert sound_key(said) == "".join(sound_key(word) for word in said.split()) == sound_key(said)


def test_rules_are_learnt_from_a_dictionary():
    """A mute e is heard in the vowel before it, and so for words that were not in the dictionary."""
    rules = learn_rules(list(read_dictionary([*TOY, "rat(2) X", "3d D IY", ""])))

    assert sounds("frat", rules) == ["F", "R", "AE", "T"]
    assert sounds("frate", rules) == ["F", "R", "EY", "T"]


def test_rules_come_back_from_their_lines():
    """As they were."""
    rules = learn_rules(list(read_dictionary(TOY)))

    assert read_rules(written(rules)) == rules
