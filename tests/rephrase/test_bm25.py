"""BM25: rare words count, frequent ones hardly, length is discounted."""

from __future__ import annotations

import pytest

from rephrase.bm25 import Bm25Detector, background_of, bm25
from tests.builders import session, turn

BACKGROUND = background_of(["play the song", "play the news", "play the radio", "stop the radio", "turn the light on"])


def test_rare_words_weigh_more_than_frequent_ones():
    """Of five utterances all have "the", one has "song"."""
    assert BACKGROUND.rarity("song") > BACKGROUND.rarity("play") > BACKGROUND.rarity("the") > 0
    assert BACKGROUND.rarity("never heard") > BACKGROUND.rarity("song")


def test_the_score_is_that_of_the_formula():
    """One shared word, once in a document of average length: its rarity."""
    background = background_of(["a b", "a c", "a d"])

    assert bm25(["b"], ["b", "a"], background=background) == pytest.approx(background.rarity("b"))


def test_the_later_turn_with_the_rarest_shared_words_is_linked():
    """Of two followers the one that names the song wins over the one that shares "play the"."""
    talk = session(
        turn("play the song", at=0, turn_id="t1"), turn("play the news", at=9, turn_id="t2"), turn("that song", at=18, turn_id="t3")
    )

    links = Bm25Detector(BACKGROUND).links(talk)

    assert (links[0].source_turn_id, links[0].target_turn_id) == ("t1", "t3")


def test_an_empty_background_is_no_fault():
    """Without any talk all words are equally rare."""
    (link,) = Bm25Detector(background_of([])).links(session(turn("play", at=0), turn("play", at=5)))

    assert 0.0 < link.probability <= 1.0
