"""What every detector promises: the contract of `rephrase.detector`, run on all of them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rephrase.bm25 import Bm25Detector, background_of
from rephrase.combined import CombinedDetector
from rephrase.detect import checked, linked
from rephrase.detector import Detector
from rephrase.overlap import OverlapDetector
from rephrase.question import Kind
from resay.dialogue.session import SESSION_TURNS_MAX, Session
from resay.dialogue.turn import Hypothesis
from tests.builders import session, turn
from tests.rephrase.made_model import chance_detector
from tests.strategies import sessions

DETECTORS: tuple[Detector, ...] = (
    CombinedDetector(),
    OverlapDetector(),
    Bm25Detector(background_of(["play madonna", "play prince", "turn on the lights", "no"])),
    chance_detector(Kind.SPAN),
    chance_detector(Kind.PAIRWISE),
)

each_detector = pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)


@each_detector
@settings(max_examples=40)  # Drawing a session takes most of the time.
@given(talk=sessions())
def test_links_keep_the_contract(detector: Detector, talk: Session):
    """Forward, inside the session, once a pair, with a chance and a span inside the target; chances of a source add up to one at most."""
    links = checked(talk, detector.links(talk))

    found = [(link.source_turn_id, link.target_turn_id) for link in links]
    assert len(set(found)) == len(found)
    for turn_id in {source for source, _ in found}:
        assert sum(link.probability for link in links if link.source_turn_id == turn_id) <= 1.0 + 1e-9
    assert {link.detector for link in links} <= {f"{detector.name}/{detector.version}"}
    assert detector.links(talk) == links


@each_detector
def test_one_turn_and_no_words_have_no_links(detector: Detector):
    """The smallest sessions are no trouble."""
    assert detector.links(session(turn("play madonna"))) == []
    assert detector.links(session(turn(""), turn("", at=5))) == []


@each_detector
def test_the_longest_session_of_the_longest_utterances_does_not_stall(detector: Detector):
    """500 turns of 2,000 characters with five hypotheses each: bounded by the turns, not by their square; seconds of a core at worst."""
    long = "🙂 играй мадонну 再生 " * 100
    heard = tuple(Hypothesis(f"{number} {long}") for number in range(5))
    talk = session(*(turn(f"{number} {long}", at=number, hypotheses=heard, status="failed") for number in range(SESSION_TURNS_MAX)))

    begun = time.process_time()
    links = checked(talk, detector.links(talk))

    assert len(links) <= 3 * SESSION_TURNS_MAX
    assert time.process_time() - begun < 20


@each_detector
@settings(max_examples=10)
@given(talks=st.lists(sessions(), max_size=5))
def test_many_sessions_at_once_are_judged_as_each_alone(detector: Detector, talks: list[Session]):
    """A stream, which sees sessions in any company, links what a run over the whole lake links."""
    together = [links for _, links in linked(detector, talks)]

    assert together == [detector.links(talk) for talk in talks]
