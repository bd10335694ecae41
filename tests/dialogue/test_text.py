"""The canonical form of text."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.dialogue.text import canonical, has_command_prefix, has_control_characters, words, words_in_common


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Play  Madonna!", "play madonna"),
        ("turn-off the LIGHTS…", "turn off the lights"),
        ("Priya’s lamp", "priya's lamp"),  # the typographic apostrophe
        ("Priya´s `lamp`", "priya's lamp"),
        ("'play' 'it'", "play it"),
        ("rock 'n' roll's", "rock n roll's"),
        ("Straße", "strasse"),
        ("ＴＵＲＮ　ｏｎ", "turn on"),  # full width
        ("ﬁnd ①", "find 1"),
        ("हिन्दी गाने बजाओ", "हिन्दी गाने बजाओ"),  # marks belong to words
        ("snake_case, 3.5", "snake case 3 5"),
        ("\x00\t\n", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_wordings_meet_in_one_form(text: str, expected: str):
    """Case, width, punctuation and spaces do not tell utterances apart; letters, marks and digits do."""
    assert canonical(text) == expected


@given(st.text())
def test_canonical_text_is_a_fixed_point(text: str):
    """Bringing canonical text to canonical form changes nothing."""
    once = canonical(text)

    assert canonical(once) == once


def test_every_code_point_reaches_its_fixed_point():
    """Three rounds of folding are enough for each code point of Unicode, alone and between letters."""
    for code in range(sys.maxunicode + 1):
        once = canonical(f"a{chr(code)}b {chr(code)}")
        assert canonical(once) == once, hex(code)


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_takes_no_other_form_by_its_short_cut(text: str):
    """ASCII has its own table; beside a letter outside ASCII the same text goes the long way, and comes out the same."""
    assert canonical(f"{text} é") == f"{canonical(text)} é".strip()


@given(st.text())
def test_words_are_what_lies_between_single_spaces(text: str):
    """Words joined by single spaces are the canonical text."""
    assert " ".join(words(text)) == canonical(text)


def test_words_in_common_are_a_share_of_all():
    """Each word once, in whatever order; two texts without words have none."""
    assert words_in_common("Turn on, turn ON the light", "the light is on") == 3 / 5
    assert (words_in_common("a b", "b a"), words_in_common("a", "b"), words_in_common("", "…")) == (1.0, 0.0, 0.0)


@given(st.text())
def test_control_characters_are_found_by_category(text: str):
    """The short cut by `isprintable` never hides one."""
    assert has_control_characters(text) == any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co"} for character in text)


def test_a_command_prefix_is_found_behind_spaces():
    """Rasa reads `/intent{...}` as a command, not as words."""
    assert has_command_prefix("  /restart")
    assert not has_command_prefix("play ac/dc")
