"""Spans in characters of the utterance as it came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rephrase.span import span_after, whole_span
from resay.dialogue.text import words


@pytest.mark.parametrize(
    ("utterance", "prefix", "said_again"),
    [
        ("no i said madonna", 3, "madonna"),
        ("No, I said: Madonna!", 3, "Madonna!"),
        ("  no   i said  play  madonna ", 3, "play  madonna"),
        ("no - madonna", 1, "madonna"),
        ("no,madonna", 1, "madonna"),
        ("no—i—said—madonna live", 3, "madonna live"),
        ("play madonna", 0, "play madonna"),
        ("no", 1, ""),
        ("", 0, ""),
        ("   ", 0, ""),
        ("no", 5, ""),
    ],
)
def test_the_span_is_what_follows_the_remark(utterance: str, prefix: int, said_again: str):
    """Offsets are of the raw text, whatever its case, marks and spaces."""
    start, end = span_after(utterance, prefix)

    assert utterance[start:end] == said_again


@given(st.text(max_size=60), st.integers(0, 12))
def test_a_span_lies_inside_and_holds_the_words_that_are_left(utterance: str, prefix: int):
    """No text of any script brings a span outside, and it keeps at least the words after the prefix."""
    start, end = span_after(utterance, prefix)

    assert 0 <= start <= end <= len(utterance)
    assert len(words(utterance[start:end])) <= len(words(utterance)) or prefix == 0


@given(st.text(max_size=60))
def test_the_whole_span_is_the_stripped_text(utterance: str):
    """Nothing but the white space around is left out."""
    start, end = whole_span(utterance)

    assert utterance[start:end] == utterance.strip()
