"""Cosine: the nearest turn is linked, whoever makes the vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings

from rephrase.cosine import CosineDetector, Vectors
from rephrase.detect import checked
from resay.dialogue.session import Session
from tests.builders import session, turn
from tests.strategies import sessions

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def by_letters(texts: Sequence[str]) -> Vectors:
    """How often each letter occurs, as a vector of length one; a text without letters is the first axis."""
    counts = np.array([[text.count(letter) for letter in LETTERS] for text in texts], dtype=np.float32)
    counts[counts.sum(axis=1) == 0, 0] = 1.0
    return np.asarray(counts / np.linalg.norm(counts, axis=1, keepdims=True), dtype=np.float32)


def test_the_nearest_of_the_turns_in_reach_is_linked():
    """One link for each turn that others follow, with the cosine for its chance."""
    talk = session(turn("play madona", at=0), turn("weather", at=5), turn("play madonna", at=9), turn("louder", at=12))

    links = CosineDetector(by_letters).links(talk)

    assert [(link.source_turn_id, link.target_turn_id) for link in links][:2] == [("c1@0", "c1@9"), ("c1@5", "c1@12")]
    assert links[0].probability > 0.9 > links[1].probability


def test_what_has_no_words_is_near_to_nothing():
    """Two silences are no second try."""
    assert CosineDetector(by_letters).links(session(turn(""), turn("", at=5))) == []


@settings(max_examples=40)
@given(talk=sessions())
def test_links_keep_the_contract(talk: Session):
    """Forward, once a source, inside the target; the same again."""
    detector = CosineDetector(by_letters)

    links = checked(talk, detector.links(talk))

    assert len({link.source_turn_id for link in links}) == len(links)
    assert detector.links(talk) == links
