"""The habits that come out: rates over twenty-five thousand turns of the world that ships."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest

from resay.lab.assistant import Assistant
from resay.lab.cast import Cast, Casting, casts
from resay.lab.customer import Try
from resay.lab.making import START
from resay.lab.rehearsal import Rate, Rehearsal
from resay.lab.traffic import Span, talk
from resay.lab.ways import SYNONYM
from resay.lab.world import VOICE_HOME, World, read_world

DAYS = 21

pytestmark = [
    pytest.mark.slow,
]


@dataclass(slots=True)
class Seen:
    """What three weeks of a thousand customers came to."""

    rehearsal: Rehearsal = field(default_factory=Rehearsal)
    first_supported: Counter[bool] = field(default_factory=Counter)
    goals: dict[int, Counter[str]] = field(default_factory=dict)
    """By week."""
    meant: dict[int, Counter[str]] = field(default_factory=dict)
    """Goals by shared phrase."""

    @property
    def rates(self) -> dict[str, Rate]:
        """By name."""
        return {each.name: each for each in self.rehearsal.rates()}


@pytest.fixture(scope="module")
def world() -> World:
    return read_world(VOICE_HOME)


@pytest.fixture(scope="module")
def cast(world: World) -> Cast:
    return casts(world, Assistant(world.home), Casting(seed=7, customers=1_000, days=DAYS))[0]


@pytest.fixture(scope="module")
def seen(world: World, cast: Cast) -> Seen:
    seen, phrase_of = Seen(), {each.fingerprint: world.phrases[each.phrase] for each in world.recordings}
    days = talk(cast.stage, cast.customers, span=Span(START, 0, DAYS), seed=7, false_wakes=())
    for day, exchanges in enumerate(days):
        seen.rehearsal.add(exchanges)
        week = seen.goals.setdefault(day // 7, Counter())
        for each in exchanges:
            truth, phrase = each.truth, phrase_of[each.truth.recording]
            week[truth.goal] += 1
            if truth.attempt is Try.FIRST:
                seen.first_supported[phrase.supported and phrase.goal == truth.goal] += 1
            if phrase.number in cast.stage.ways.shared:
                seen.meant.setdefault(phrase.number, Counter())[truth.goal] += 1
    return seen


def test_failed_requests_are_said_again_at_the_rates_of_people(seen: Seen):
    """Within one, two, three turns: 49, 60, 64 % (DSTC2); persistence, ends of sessions and other wishes between are all in it."""
    within = [seen.rates[f"failed turns said again within {turns}"].share for turns in ("1 turn", "2 turns", "3 turns")]

    assert seen.rehearsal.turns >= 25_000
    assert within == pytest.approx([0.492, 0.602, 0.644], abs=0.035)


def test_about_half_of_second_tries_fail_again(seen: Seen):
    """As in DSTC2 (48 %)."""
    share = seen.rates["second tries that fail again"].share

    assert share is not None
    assert 0.45 <= share <= 0.55


def test_the_same_words_fail_more_often_than_with_people(seen: Seen):
    """Recordings of the same words are too alike (58 % in DSTC2), so that other words must do better than people's (43 %)."""
    same, other = (seen.rates[f"those in {words}"].share for words in ("the same words", "other words"))

    assert same is not None
    assert 0.7 <= same <= 0.87
    assert other is not None
    assert 0.3 <= other <= 0.45


def test_first_tries_are_supported_and_about_a_third_of_turns_fails(seen: Seen):
    """Nine in ten first tries; the defect rate of well-served voices."""
    share = seen.rates["turns of well-served voices that fail"].share

    assert seen.first_supported[True] / seen.first_supported.total() == pytest.approx(0.9, abs=0.015)
    assert share is not None
    assert 0.31 <= share <= 0.37


def test_a_third_of_second_tries_are_in_the_same_words(seen: Seen):
    """As in DSTC2."""
    assert seen.rates["second tries in the same words"].share == pytest.approx(0.316, abs=0.02)


def test_four_successes_in_a_hundred_are_repeated(seen: Seen):
    """The volume up, and up."""
    heard = seen.rehearsal

    assert heard.attempts[Try.AGAIN] / (heard.turns - heard.failed) == pytest.approx(0.04, abs=0.006)


def test_a_fifth_of_the_synonyms_is_shared_and_each_is_said_for_several_goals(seen: Seen, world: World, cast: Cast):
    """None of their goals has all of the turns."""
    synonyms = [each for each in world.phrases.values() if each.tag == SYNONYM]

    assert len(cast.stage.ways.shared) == round(0.2 * len(synonyms))
    often = {number: meant for number, meant in seen.meant.items() if meant.total() >= 30}
    assert often
    assert all(meant.most_common()[0][1] < 0.8 * meant.total() for meant in often.values())


def test_ten_goals_are_half_of_what_is_wanted_and_their_shares_shift(seen: Seen):
    """A heavy head, a tail in which every goal is wanted by someone, and weeks that differ."""
    for week in seen.goals.values():
        assert 0.4 <= sum(count for _, count in week.most_common(10)) / week.total() <= 0.75
        assert len(week) >= 60
    first, last = seen.goals[0], seen.goals[2]
    moved = sum(abs(first[goal] / first.total() - last[goal] / last.total()) for goal in first | last) / 2
    assert 0.05 <= moved <= 0.4
