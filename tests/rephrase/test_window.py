"""Windows: what stands in them, where they are cut, and the way back to characters."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from tokenizers import Tokenizer

from rephrase.window import NOWHERE, Window, WindowRules, windows_of
from rephrase.word_pieces import WordPieces
from resay.dialogue.session import SESSION_TURNS_MAX, Session
from resay.dialogue.turn import AppliedRewrite, Explicit, Feedback, Hypothesis, said
from resay.training.vocabulary import WrongVocabulary
from tests.builders import session, turn
from tests.rephrase.made_model import tokenizer_bytes, word_pieces
from tests.strategies import sessions

PIECES = word_pieces()
NAMES = Tokenizer.from_str(tokenizer_bytes().decode())


def read(window: Window) -> str:
    """A window in words; markers by their numbers."""
    return " ".join(NAMES.id_to_token(token).replace("unused", "") for token in window.tokens)


def test_a_window_tells_the_first_try_and_what_followed():
    """Source, its other transcript, status and answer; then silence, candidate, and its status."""
    talk = session(
        turn("play madonna", response="sorry", hypotheses=(Hypothesis("play madonna"), Hypothesis("play a song"))),
        turn("no", at=4),
        turn("madonna", at=12, feedback=Feedback(explicit=Explicit.YES)),
    )

    (window,) = windows_of(talk, PIECES, WindowRules())

    assert read(window) == ("[CLS] [1] play madonna [6] play a song [10] [4] sorry [21] [3] no [10] [22] [2] madonna [9] [10] [SEP]")
    assert [place for place in window.places if place != NOWHERE] == [2]
    assert window.segments == (0,) * 11 + (1,) * 10


@pytest.mark.parametrize(
    ("less", "left"),
    [
        ({"gaps": False}, "[CLS] [1] play [10] [4] what [2] play [10] [4] what [SEP]"),
        ({"statuses": False}, "[CLS] [1] play [4] what [20] [2] play [4] what [SEP]"),
        ({"responses": False}, "[CLS] [1] play [10] [20] [2] play [10] [SEP]"),
    ],
)
def test_what_is_not_to_be_seen_is_left_out(less: dict[str, bool], left: str):
    """Each of the three by itself, for ablations and for logs without it."""
    talk = session(turn("play", response="what"), turn("play", at=1, response="what"))

    (window,) = windows_of(talk, PIECES, replace(WindowRules(), **less))

    assert read(window) == left


def test_turns_of_one_instant_have_no_gap():
    """Whoever has no times gives all turns the same."""
    (window,) = windows_of(session(turn("play"), turn("play", turn_id="t2")), PIECES, WindowRules())

    assert read(window) == "[CLS] [1] play [10] [2] play [10] [SEP]"


def test_the_far_end_is_cut():
    """The nearest candidate stays; what does not fit has no tokens, and is a candidate all the same."""
    talk = session(turn("play"), turn("no i said play", at=1), turn("lights off", at=2), turn("stop the song", at=3))

    first, *_ = windows_of(talk, PIECES, WindowRules(tokens_max=12))

    assert read(first) == "[CLS] [1] play [10] [20] [2] no i said play [10] [SEP]"
    assert first.targets == (1, 2, 3)
    assert set(first.places) == {1, NOWHERE}


def test_the_last_token_of_a_cut_utterance_ends_it():
    """A span that goes on to the end of what was read goes on to the end of the utterance."""
    long = "play madonna the song the song"
    (window,) = windows_of(session(turn("play"), turn(long, at=1)), PIECES, WindowRules(utterance_tokens_max=2))

    assert [end for place, end in zip(window.places, window.ends, strict=True) if place == 1] == [4, len(long)]


def test_a_rewritten_turn_is_read_as_it_was_said():
    """What we put in its place is ours."""
    ours = turn("turn the lights off", at=1, rewrite=AppliedRewrite(decision_id="d", original="no lights"))

    (window,) = windows_of(session(turn("play"), ours), PIECES, WindowRules())

    assert "no lights" in read(window)


@settings(max_examples=60)
@given(talk=sessions())
def test_tokens_lie_in_the_utterances_that_they_came_from(talk: Session):
    """Of any script; no window is longer than allowed, and each begins where a model points for none."""
    rules = WindowRules(tokens_max=40)

    for window in windows_of(talk, PIECES, rules):
        assert len(window.tokens) <= rules.tokens_max
        assert window.tokens[0] == PIECES.first
        assert len({len(each) for each in (window.tokens, window.segments, window.places, window.starts, window.ends)}) == 1
        for place, start, end in zip(window.places, window.starts, window.ends, strict=True):
            assert place == NOWHERE or (place in window.targets and 0 <= start <= end <= len(said(talk.turns[place])))


def test_the_longest_session_has_a_window_a_turn():
    """500 turns of 2,000 characters: each window is bounded, and there is one for each turn but the last."""
    talk = session(*(turn("🙂 играй мадонну 再生 " * 100, at=number) for number in range(SESSION_TURNS_MAX)))

    windows = list(windows_of(talk, PIECES, WindowRules()))

    assert len(windows) == SESSION_TURNS_MAX - 1
    assert max(len(window.tokens) for window in windows) <= 128


def test_a_vocabulary_without_markers_is_named():
    """Another language model's tokeniser, or a file that is none, is one sentence."""
    strange = tokenizer_bytes().replace(b"unused7", b"used7")

    with pytest.raises(WrongVocabulary, match=r"\[unused7\]"):
        WordPieces(strange, where="x")
    with pytest.raises(WrongVocabulary, match=r"tokenizer\.json of Hugging Face"):
        WordPieces(b"\x00 no json", where="x")
