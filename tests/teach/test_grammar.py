"""The grammar: what customers teach is found with its spans, in unseen wordings too, and ordinary talk teaches nothing."""

from __future__ import annotations

import pytest

from resay.dialogue.teaching import Kind
from resay.dialogue.text import canonical
from resay.teach.grammar import Grammar
from resay.teach.teaching import Frame
from tests.teach.wordings import ORDINARY, UNSEEN, Wording

RIGHT_MIN = 0.6
"""Floor of 2026-11-22: share of the wordings in `UNSEEN` that are understood."""

WRONG_MAX = 0.05
"""And of those that are misunderstood: worse than not understood."""


@pytest.mark.parametrize(
    ("said", "words", "meaning", "kind"),
    [
        ("When I say “movie night”, I mean dim the lights.", "movie night", "dim the lights", Kind.REQUEST),
        ("by the den I mean the guest room", "den", "the guest room", Kind.NAME),
        ("call the standing lamp floor lamp", "floor lamp", "the standing lamp", Kind.NAME),
        ("from now on the den is the guest room", "den", "the guest room", Kind.NAME),
        ("from now on movie night is dim the lights", "movie night", "dim the lights", Kind.REQUEST),
        ("i want you to dim the lights when i say movie night", "movie night", "dim the lights", Kind.REQUEST),
    ],
)
def test_words_and_meaning_are_found_where_they_stand(said: str, words: str, meaning: str, kind: Kind):
    """With their spans in the utterance."""
    found = Grammar().teaching(said)

    assert found is not None
    assert (found.words, found.meaning, found.kind, found.frame) == (words, meaning, kind, Frame.TOLD)
    assert found.words_span is not None
    assert found.meaning_span is not None
    assert said[found.words_span.start : found.words_span.end] == words
    assert said[found.meaning_span.start : found.meaning_span.end] == meaning


def test_a_correction_teaches_the_words_before():
    """What was said just before is what "no, I meant …" is about; without it, or by a piece of a request, nothing is taught."""
    found = Grammar().teaching("no, I meant play the beatles", before="play the beetles")

    assert found is not None
    assert (found.words, found.meaning, found.frame) == ("play the beetles", "play the beatles", Frame.CORRECTED)
    assert Grammar().teaching("no, I meant play the beatles") is None
    assert Grammar().teaching("no, I meant the beatles", before="play the beetles") is None


def test_unseen_wordings_are_mostly_understood_and_hardly_misunderstood():
    """Over two hundred or so wordings of other verbs and orders."""
    right = [each for each in UNSEEN if _taught(each) == (_bare(each.words), _bare(each.meaning))]
    wrong = [each for each in UNSEEN if _taught(each) not in {None, (_bare(each.words), _bare(each.meaning))}]

    assert len(UNSEEN) >= 150
    assert len(right) / len(UNSEEN) >= RIGHT_MIN
    assert len(wrong) / len(UNSEEN) <= WRONG_MAX


@pytest.mark.parametrize("said", ORDINARY)
def test_ordinary_talk_teaches_nothing(said: str):
    """Not even where it says, calls or means something."""
    assert Grammar().teaching(said, before="play madonna") is None


@pytest.mark.parametrize("said", ["", "when i say", "i mean", "when i say i mean", "call the", "x means", "means y", "say " * 400, "'\"“”"])
def test_what_is_cut_short_teaches_nothing(said: str):
    """Half a sentence, an endless one, or no words."""
    assert Grammar().teaching(said, before="play madonna") is None


def _taught(wording: Wording) -> tuple[str, str] | None:
    found = Grammar().teaching(wording.text, before=wording.before)
    return None if found is None else (_bare(found.words), _bare(found.meaning))


def _bare(text: str) -> str:
    """Canonical, without an article in front."""
    tokens = canonical(text).split()
    return " ".join(tokens[1:] if tokens[0] in {"the", "my"} else tokens)
