"""Rows (e) to (f) of replay on made-up calls in which the right answers are known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rephrase.combined import CombinedDetector
from resay.commands.bench.asked import NOTHING, asked, past_turns
from resay.commands.bench.beliefs import by_links, by_people
from resay.commands.bench.columns import COLUMNS, columns
from resay.commands.bench.hindsight import by_taught_links
from resay.commands.bench.proposals import propose
from resay.commands.bench.ranked import VALUES_MAX, Ranked, coarse, loss_chance, win_chance, worst_half
from resay.commands.bench.reader import Read, Reader, pieces_of
from resay.commands.bench.remembered import Remembered
from resay.commands.bench.replay_personal import last_calls, with_personal
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.label.corpora.dstc2 import Call, Reading
from resay.label.corpora.dstc2_turn import before_request, retry_request
from rewrite_online.evaluate import PASS_THROUGH, Mode, replay
from rewrite_online.features import FEATURES
from rewrite_online.fit import Growth
from tests.made_calls import call, heard

THAI = frozenset({"inform(food=thai)"})
MISHEARD = heard("tie food", truth=["inform(food=thai)"], readings=(Reading((), 0.6), Reading(("inform(food=thai)",), 0.4)))
RIGHT = heard("thai food", "inform(food=thai)")
NOISE = heard("um", readings=(Reading((), 0.6), Reading(("affirm()",), 0.4)), asked=["offer(name=golden wok)"], prompt="golden wok is nice")
SMALL = Growth(trees=15, leaves=4, leaf_rows_min=5, learning_rate=0.2)


def _calls(number: int = 40, prefix: str = "caller") -> list[Call]:
    """Callers who are misheard and say it again, and who make noises that mean nothing."""
    return [call(MISHEARD, RIGHT, NOISE, heard("bye", "bye()"), caller=f"{prefix}{index}", minute=index * 5) for index in range(number)]


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    return _calls()


@pytest.mark.parametrize("mode", list(Mode))
def test_what_people_wrote_teaches_which_turns_to_rewrite(calls: list[Call], mode: Mode):
    """What is misheard becomes what the NLU reads rightly; what was right, and noise, pass through. In both modes."""
    turns, people = list(past_turns(calls, mode)), by_people(calls)
    ranked = Ranked(turns, people, growth=SMALL)

    rewriting = ranked.rewriting(ranked.threshold(people))

    results = list(replay(_calls(3, "other"), [each.live for each in calls], mode=mode, rewriting=rewriting))
    assert [each.answer.target for each in results] == ["thai food", None, None, None] * 3


def test_interpretations_are_not_looked_at_before_the_nlu(calls: list[Call]):
    """Two turns that differ in what the NLU will read have one row of features in mode `before`."""
    turns, people = list(past_turns(calls, Mode.BEFORE)), by_people(calls)
    known = Remembered(turns, people)
    other = replace(MISHEARD[0], readings=(Reading(("request(phone)",), 1.0),))

    rows = [columns(propose(asked(before_request(calls[0].live, turn)), _read(), known), known) for turn in (MISHEARD[0], other)]

    np.testing.assert_array_equal(rows[0], rows[1])
    assert all(math.isnan(value) for value in rows[0][:, COLUMNS.index("p_top")])


def test_every_candidate_is_a_text_that_the_nlu_reads_so(calls: list[Call]):
    """Targets are known texts of the very meaning; never what was heard, nor what is acted on anyway."""
    known = Remembered(list(past_turns(calls, Mode.RETRY)), by_people(calls))

    proposed = propose(asked(retry_request(calls[0].live, MISHEARD[0])), _read(), known)

    assert {each.acts: each.candidate.wording.text for each in proposed.proposals} == {THAI: "thai food"}
    assert [known.meaning(each.candidate.wording.text, kind=proposed.asked.kind) for each in proposed.proposals] == [THAI]


def test_the_products_features_come_first(calls: list[Call]):
    """The ranker of the bench sees all that the product's sees, and more beside it."""
    assert COLUMNS[: len(FEATURES)] == FEATURES
    assert len(set(COLUMNS)) == len(COLUMNS)


def test_the_reader_takes_hypotheses_together():
    """Two hypotheses that each hold a part let both be read."""
    both = frozenset({"inform(food=thai)", "request(phone)"})
    phone = heard("phone number", "request(phone)")
    turns = list(past_turns([call(RIGHT, phone, heard("thai food phone number", *both), minute=each) for each in range(12)], Mode.BEFORE))
    reader = Reader([pieces_of(each.asked) for each in turns], [{each.understood: 1.0} for each in turns])

    read = reader.read([pieces_of(turns[2].asked)], [NOTHING])[0]

    assert read.likely == both
    assert max(read.joint, key=lambda acts: read.joint[acts]) == both
    assert sum(read.joint.values()) == pytest.approx(1)


def test_what_was_said_again_is_believed_to_have_been_meant(calls: list[Call]):
    """The log alone: a refused turn means, by the link's chance, what was read when it was said again; the rest is as it was read."""
    believed = by_links(calls[:1], CombinedDetector())

    first, second = believed["caller0-0", 0], believed["caller0-0", 1]

    assert first[THAI] > 0.3
    assert first[THAI] + first[NOTHING] == pytest.approx(1)
    assert second == {THAI: pytest.approx(1, abs=0.3)}


def test_a_taught_detector_believes_more_than_links_alone(calls: list[Call]):
    """With labels of other callers the same turn is all but certain; no belief sums to more than one."""
    believed = by_taught_links(calls, CombinedDetector())

    assert believed["caller0-0", 0][THAI] > 0.9
    assert all(sum(each.values()) <= 1 + 1e-9 for each in believed.values())


def test_columns_become_coarse_and_keep_their_order():
    """Thousands of values become as many as trees tell apart; unknown ones stay unknown, and few values stay what they are."""
    fine = np.linspace(0, 1, 3000, dtype=np.float32)
    few = np.arange(3000, dtype=np.float32) % 7
    fine[0] = math.nan

    rows = coarse(np.stack([fine, few], axis=1))

    assert math.isnan(rows[0, 0])
    assert len(np.unique(rows[1:, 0])) == VALUES_MAX
    assert (np.diff(rows[1:, 0]) >= 0).all()
    np.testing.assert_allclose(rows[1:, 0], fine[1:], atol=1 / VALUES_MAX)
    np.testing.assert_array_equal(rows[:, 1], few)


def test_wins_and_losses_of_a_belief_are_those_of_the_scorer():
    """A refused turn that is rewritten wrongly is lost; a wrongly read one is not; what is acted on anyway changes nothing."""
    refused, wrong = past_turns([call(MISHEARD, heard("tie", "inform(food=tie)"))], Mode.RETRY)
    affirmed = frozenset({"affirm()"})

    assert win_chance(THAI, refused, {THAI: 0.75, NOTHING: 0.25}) == 0.75
    assert loss_chance(THAI, refused, {THAI: 0.75, NOTHING: 0.25}) == 0.25
    assert loss_chance(affirmed, refused, {THAI: 1.0}) == 1
    assert loss_chance(affirmed, wrong, {THAI: 1.0}) == 0
    assert loss_chance(affirmed, wrong, {wrong.understood: 0.8, THAI: 0.2}) == pytest.approx(0.8)
    assert loss_chance(wrong.understood, wrong, {THAI: 1.0}) == 0


def test_thresholds_are_chosen_on_those_who_are_heard_worst():
    """Of three callers the two with the larger shares of wrong turns; whoever is heard rightly says nothing of those who are not."""
    made = [
        call(RIGHT, RIGHT, caller="well", minute=0),
        call(MISHEARD, MISHEARD, caller="worst", minute=5),
        call(MISHEARD, RIGHT, RIGHT, caller="badly", minute=10),
    ]

    worst = worst_half(list(past_turns(made, Mode.RETRY)), by_people(made))

    assert worst == {"worst", "badly"}


def test_only_late_calls_of_frequent_callers_are_kept_out():
    """Five calls: the last two are scored; four calls: none is."""
    often = [call(RIGHT, caller="often", minute=each) for each in range(5)]
    seldom = [call(RIGHT, caller="seldom", minute=each) for each in range(4)]

    others, last = last_calls([*often, *seldom])

    assert [each.live.call_id for each in last] == ["often-3", "often-4"]
    assert len(others) == 7


def test_a_caller_is_answered_by_their_own_earlier_calls_alone():
    """Said again twice with success, it is done for them the third time; not before, and not for another."""
    own = [call(MISHEARD, RIGHT, caller="anna", minute=10 * each) for each in range(3)]
    other = call(MISHEARD, RIGHT, caller="ben", minute=40)
    rewriting = with_personal([each.live for each in [*own, other]], _Linking(), lambda _request: PASS_THROUGH)

    answers = [rewriting(before_request(each.live, each.live.turns[0])) for each in [*own, other]]

    assert [each.target for each in answers] == [None, None, "thai food", None]
    assert answers[2].layer == "personal"


class _Linking:
    """A detector to which every second turn is a second try."""

    name, version = "linking", "1"

    def links(self, session: Session) -> list[RephraseLink]:
        first, second = session.turns[:2]
        return [RephraseLink(first.turn_id, second.turn_id, session.customer_id, first.at, 0.9, start=0, end=4, detector="linking/1")]


def _read() -> Read:
    """A reader that has learnt nothing."""
    return Read(acts={}, likely=NOTHING, proposed=(), joint={})
