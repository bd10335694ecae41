"""The model that ships: words and meaning in wordings of many kinds, and nothing in ordinary talk."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from resay.commands.bench.teach import bare
from resay.dialogue.teaching import Kind
from resay.teach.grammar import Grammar
from resay.teach.rules import needs_yes
from resay.teach.span_model import TEACHINGS, SpanModel, model_in
from resay.teach.teaching import Frame, Teaching
from resay.teach.understand import Understanding
from resay.training.encoder import TextEncoder
from resay.training.token_states import TokenStates
from tests.teach.wordings import ORDINARY, UNSEEN

RIGHT_MIN = 0.6
"""Floor: share of the wordings in `UNSEEN` that are understood, as the frames have it."""


@cache
def model() -> SpanModel:
    """Read once."""
    return model_in(TEACHINGS)


@pytest.mark.parametrize(
    ("said", "words", "meaning", "kind"),
    [
        ("When I say “movie night”, I mean dim the lights.", "movie night", "dim the lights", Kind.REQUEST),
        ("when i say movie night i mean dim the lights", "movie night", "dim the lights", Kind.REQUEST),
        ("i want you to dim the lights when i say movie night", "movie night", "dim the lights", Kind.REQUEST),
        ("by the den i mean the guest room", "den", "the guest room", Kind.NAME),
        ("we call the reading lamp bertha", "bertha", "the reading lamp", Kind.NAME),
        ("from now on the den is the guest room", "den", "the guest room", Kind.NAME),
    ],
)
def test_words_and_meaning_are_found_where_they_stand(said: str, words: str, meaning: str, kind: Kind):
    """With their spans in the utterance."""
    found = model().teaching(said)

    assert found is not None
    assert (bare(found.words), bare(found.meaning), found.kind) == (bare(words), bare(meaning), kind)
    assert found.words_span is not None
    assert said[found.words_span.start : found.words_span.end] == found.words


def test_two_things_in_a_row_are_told_apart():
    """By the frames, which know what things a home has, where the model only guesses."""
    found = Understanding().teaching("call the standing lamp floor lamp")

    assert found is not None
    assert (found.words, found.meaning, found.kind) == ("floor lamp", "the standing lamp", Kind.NAME)


def test_a_correction_teaches_the_words_before():
    """And asks, as it was said of one moment; without what was said before there is nothing to teach."""
    found = model().teaching("no i meant play the beatles", before="play the beetles")

    assert found is not None
    assert (found.words, found.meaning, found.frame) == ("play the beetles", "play the beatles", Frame.CORRECTED)
    assert model().teaching("no i meant play the beatles") is None


def test_a_guess_is_asked():
    """What is not surely understood holds only after a yes."""
    assert needs_yes(Teaching(Kind.REQUEST, "movie night", "dim the lights", Frame.GUESSED))


def test_ordinary_talk_teaches_nothing_or_next_to_nothing():
    """At most a few in a hundred of what sounds like a teaching, and those are asked."""
    found = [each for said in ORDINARY if (each := model().teaching(said)) is not None]

    assert len(found) <= 0.1 * len(ORDINARY)
    assert not [each for each in found if each.frame is Frame.TOLD]


def test_wordings_of_others_are_understood_too():
    """Which it was not trained on."""
    found = [(each, model().teaching(each.text, before=each.before)) for each in UNSEEN]
    right = [each for each, told in found if told and (bare(told.words), bare(told.meaning)) == (bare(each.words), bare(each.meaning))]

    assert len(right) / len(UNSEEN) >= RIGHT_MIN


@pytest.mark.parametrize("said", ["", "when i say", "i mean", "say " * 400, "'\"“”", "a" * 290, "\u200b \u200b x"])
def test_what_is_cut_short_teaches_nothing(said: str):
    """Half a sentence, an endless one, or no words."""
    found = model().teaching(said, before="play madonna")

    assert found is None or found.frame is not Frame.TOLD


def test_frames_stand_in_where_no_model_lies(tmp_path: Path):
    """Whoever installs without models can be taught all the same."""
    found = Understanding(tmp_path).teaching("when I say movie night I mean dim the lights")

    assert found == Grammar().teaching("when I say movie night I mean dim the lights")


def test_states_are_of_the_encoder_that_ships():
    """The model's bytes with names behind them are the same model."""
    from resay.teach.span_model import ENCODER

    known = TokenStates(ENCODER)("movie night")

    assert known.states.shape == (4, 384)
    assert [piece.start for piece in known.pieces] == [0, 6]
    assert TextEncoder(ENCODER)(["movie night"]).shape == (1, 384)


def test_a_model_that_is_broken_is_told_and_frames_are_asked_instead(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """One that is not there at all is nobody's fault."""
    (tmp_path / "broken").mkdir()
    for folder in (tmp_path / "broken", tmp_path / "none"):
        assert Understanding(folder).teaching("when I say movie night I mean dim the lights") is not None

    assert [each.message.partition(" ")[0] for each in caplog.records] == ["teachings_by_frames_alone"]
