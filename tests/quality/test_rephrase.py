"""Quality floors of the default rephrase detector: above its baselines on simulated homes, and on real calls whose labels it never saw."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from benchmarks.calibrate_detector import calibration_gap, sessions_in, simulate, true_links
from rephrase.bm25 import Bm25Detector, background_of
from rephrase.combined import CombinedDetector
from rephrase.detector import Detector
from rephrase.evaluate import LinkScore, Pair, average_precision, best_threshold, score_links
from rephrase.overlap import OverlapDetector
from resay.dialogue.session import Session
from resay.lab.assistant import Assistant
from resay.lab.world import VOICE_HOME, read_world
from resay.label.corpora.dstc2 import read_calls
from resay.label.corpora.dstc2_turn import turn_parts

DSTC2 = Path(__file__).parents[3] / "shared" / "data" / "dstc2"

pytestmark = [pytest.mark.corpus, pytest.mark.slow]

with_calls = pytest.mark.skipif(not (DSTC2 / "train.jsonl.gz").exists(), reason="DSTC2 does not ship; it is read beside the checkout")


def halves() -> tuple[list[Session], list[Session], set[Pair], set[Pair]]:
    """The train calls by halves of their callers, and the true links: the first chooses the baselines' thresholds, the second scores."""
    sessions: tuple[list[Session], list[Session]] = ([], [])
    truth: tuple[set[Pair], set[Pair]] = (set(), set())
    for call in read_calls(DSTC2, "train"):
        turns = tuple(part.turn for part in turn_parts(call.live))
        half = int(hashlib.sha256(call.live.caller.encode()).hexdigest(), 16) % 2
        sessions[half].append(Session(call.live.caller, turns))
        for number, each in enumerate(call.truth.turns):
            if each.rephrased_after:
                truth[half].add((turns[number].turn_id, turns[number + each.rephrased_after].turn_id))
    return *sessions, *truth


def scores(detectors: tuple[Detector, ...]) -> Iterator[tuple[LinkScore, float]]:
    """Agreement and average precision on the second half: the baselines at the threshold that was best on the first, the default at 0.5."""
    first, held_out, first_truth, truth = halves()
    for detector in detectors:
        probable = isinstance(detector, CombinedDetector)
        threshold = 0.5 if probable else best_threshold([link for session in first for link in detector.links(session)], first_truth)
        links = [link for session in held_out for link in detector.links(session)]
        score = score_links(links, truth, threshold=threshold)
        area = average_precision(links, truth)
        print(  # noqa: T201 - `pytest -s` prints what docs/log.md reports.
            f"{detector.name}: P {score.precision:.3f} R {score.recall:.3f} F1 {score.f1:.3f} AP {area:.3f} from {threshold:.2f}"
        )
        yield score, area


@with_calls
def test_the_default_beats_overlap_and_bm25_on_calls_unlike_all_it_knows() -> None:
    """Floors of 2026-11-21: F1 0.39 and average precision 0.33 without one label of DSTC2; the baselines have 0.31 and 0.14."""
    first, *_ = halves()
    background = background_of(turn.utterance for session in first for turn in session.turns)

    (combined, area), *baselines = scores((CombinedDetector(), OverlapDetector(), Bm25Detector(background)))

    assert combined.f1 >= 0.39
    assert area >= 0.33
    assert all(combined.f1 > 1.17 * other.f1 and area > 2 * other_area for other, other_area in baselines)


def test_the_default_beats_overlap_in_a_home_with_customers_it_never_met() -> None:
    """Floors of 2026-11-21 on simulated logs, as logged and with customers who go on at once: F1 0.64, area 0.70."""
    world = read_world(VOICE_HOME)
    people = simulate(world, Assistant(world.home), seed=105, customers=100)
    sessions = sessions_in(people, lambda turn: turn, busy=True, rng=Random(105))
    truth = {pair for session in sessions for pair in true_links(session.turns, people.truth)}

    ours, theirs = ([link for session in sessions for link in each.links(session)] for each in (CombinedDetector(), OverlapDetector()))

    combined = score_links(ours, truth, threshold=0.5)
    overlap = score_links(theirs, truth, threshold=best_threshold(theirs, truth))
    area = average_precision(ours, truth)
    print(f"home: F1 {combined.f1:.3f} AP {area:.3f} gap {calibration_gap(ours, truth):.3f}, overlap F1 {overlap.f1:.3f}")  # noqa: T201 - as above.
    assert combined.f1 >= 0.64
    assert area >= 0.70
    assert calibration_gap(ours, truth) <= 0.07
    assert combined.f1 > 1.17 * overlap.f1
