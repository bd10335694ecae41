"""Known wordings: which of them was misheard, from every transcript; and of words unlike all of them, how far they are."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest

from failure_point.case import cases_of
from failure_point.fit_wording import TIMES_MIN, fit_wordings
from failure_point.grams import BUCKETS, VIEWS
from failure_point.likeness import likeness_of
from failure_point.model import Content
from failure_point.point import POINTS, FailurePoint
from failure_point.wording import NAMES, Heard, Spoken, Wordings, heard_of, transcripts_of
from resay.dialogue.turn import AppliedRewrite, Hypothesis
from tests.builders import session, turn

WORKS, UNKNOWN_WORDS, UNKNOWN_THING = "turn on the kitchen light", "let there be light in the kitchen", "turn on the studying lamp"

POINT_OF = {WORKS: FailurePoint.ASR, UNKNOWN_WORDS: FailurePoint.NLU, UNKNOWN_THING: FailurePoint.ER}


def misheard(text: str, rng: Random) -> str:
    """A text with one letter in six left out."""
    return " ".join("".join(letter for letter in text if rng.random() > 1 / 6).split())


def recordings(times: int = 30) -> Iterator[Spoken]:
    """Every wording as often, misheard each time, and a noise."""
    rng = Random(7)
    for number in range(times):
        for wording, point in POINT_OF.items():
            yield Spoken((misheard(wording, rng), misheard(wording, rng)), wording, point, f"voice/{number % 5}")
        yield Spoken((misheard("mumble jumble hum", rng),), "", FailurePoint.FALSE_WAKE, f"noise/{number}")


@pytest.fixture(scope="module")
def wordings() -> Wordings:
    """What is learnt of these recordings."""
    return fit_wordings(list(recordings()))


def told(wordings: Wordings, *transcripts: str, after: tuple[str, ...] = ()) -> dict[str, float]:
    """What is known of one turn, by name."""
    heard: Heard = (transcripts, after)
    return dict(zip(NAMES, wordings.told([heard])[0].tolist(), strict=True))


@pytest.mark.parametrize("wording", POINT_OF)
def test_a_misheard_wording_points_to_where_it_fails(wordings: Wordings, wording: str):
    """A wording that works was misheard; one that the assistant does not know, or that names what is not there, fails later."""
    known = told(wordings, misheard(wording, Random(99)))

    chances = {point: known[f"worded {point}"] for point in POINT_OF.values()}
    assert max(chances, key=lambda point: chances[point]) is POINT_OF[wording]
    assert known["worded noise"] < 0.2


def test_what_nobody_said_is_told_from_words(wordings: Wordings):
    """A noise like those that are known."""
    assert told(wordings, "mumbl jumle hm")["worded noise"] > 0.5 > told(wordings, "turn on the kitchen ligt")["worded noise"]


def test_a_later_transcript_can_tell_what_the_first_does_not(wordings: Wordings):
    """The first of three is of no wording; the others are of one that works."""
    first = told(wordings, "burn an achievement")
    all_of_them = told(wordings, "burn an achievement", "turn on the kitchen lie", "turn in the kitchen light")

    assert all_of_them["worded asr"] > first["worded asr"]
    assert all_of_them["worded like asr"] > 0.85 > first["worded like asr"]


def test_the_next_try_is_looked_at_too(wordings: Wordings):
    """Said again in the same words it is the same wording; of another request it is not."""
    again = told(wordings, "turn on kitchen lit", after=("turn on the kitchen light",))
    other = told(wordings, "turn on kitchen lit", after=("let there be light in kitchen",))
    last = told(wordings, "turn on kitchen lit")

    assert again["worded the same next"] > 0.5 > other["worded the same next"]
    assert other["next worded nlu"] > other["next worded asr"]
    assert np.isnan(last["next worded asr"])


def test_words_unlike_all_that_is_known_are_said_to_be_far(wordings: Wordings):
    """Whatever wording is the likeliest, talk of another assistant is near none."""
    strange, known = told(wordings, "book me a flight to boston"), told(wordings, "turn on the studying lamb")

    assert max(strange[f"worded like {point}"] for point in POINT_OF.values()) < 0.6 < known["worded like er"]


def test_a_wording_that_was_seldom_recorded_is_not_known():
    """Of a few recordings it is not known how it is misheard, and nothing is known of any where there is no other."""
    few = [Spoken(("play madonna",), "play madonna", FailurePoint.CORRECT, "voice/1")] * (TIMES_MIN - 1)

    assert "play madonna" not in fit_wordings([*recordings(), *few]).texts
    assert np.isnan(list(told(fit_wordings(few), "play madonna").values())).all()


def test_where_nothing_was_heard_nothing_is_known(wordings: Wordings):
    """An empty transcript is of no wording."""
    assert np.isnan(list(told(wordings).values())).all()


def test_a_turn_is_told_alike_in_any_company(wordings: Wordings):
    """A batch tells of each turn what it tells of it alone."""
    heard: list[Heard] = [((misheard(wording, Random(number)),), ()) for number in range(200) for wording in POINT_OF]

    together = wordings.told(heard)

    assert np.array_equal(together[[3, 599]], wordings.told([heard[3], heard[599]]), equal_nan=True)


def test_what_was_heard_is_read_from_the_log_and_not_what_we_put_in_its_place():
    """All transcripts, each once; the words of the rewrite are none of them."""
    heard = (Hypothesis("play madona", 0.4), Hypothesis("Play Madona!", 0.3), Hypothesis("pay madonna", 0.2), Hypothesis(""))
    first = turn("play madonna", hypotheses=heard, rewrite=AppliedRewrite("d1", "play madona"))

    assert transcripts_of(first) == ("play madona", "pay madonna")
    assert heard_of(next(cases_of(session(first, turn("again", at=3))))) == (("play madona", "pay madonna"), ("again",))


def test_known_wordings_are_kept_with_their_model(wordings: Wordings):
    """Written and read again they say nearly the same, and name the likeliest."""
    weights = {view: np.zeros((BUCKETS + 1, len(POINTS)), dtype=np.float32) for view in VIEWS}
    content = Content(weights, likeness_of([], np.zeros(0, dtype=np.int64)), b"", wordings=wordings)

    again = Content.of(bytes(content)).wordings

    assert again.texts == wordings.texts
    assert np.nanmax(np.abs(again.told([(("turn on kitchen lit",), ())]) - wordings.told([(("turn on kitchen lit",), ())]))) < 0.2
    assert again.likeliest(("turn on kitchen lit",)) == WORKS
