"""Planted cases: what is planted is really there, and each verdict can come out both ways."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from resay.dialogue.text import canonical
from resay.dialogue.turn import said
from resay.lab.action import Action
from resay.lab.assistant import Assistant
from resay.lab.conversation import pass_through
from resay.lab.scenarios import assistant_learns, cohort_harm, conspirators, forgotten
from resay.lab.scenarios.crowd import Crowd, NoSuchCase, cases, crowd
from resay.lab.scenarios.venue import Guests, Learner
from resay.lab.scenarios.verdict import Part, Ruling, Verdict
from resay.lab.world import Goal, Phrase, World
from tests.lab.scenarios.planted_world import Asking, Deaf, Gullible, Retiring, planted_world, venue_of


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return planted_world(tmp_path_factory.mktemp("world"))


def _figure(verdict: Verdict, metric: str, row: str = "") -> float:
    return next(each.value for each in verdict.figures if each.metric == metric and each.row.endswith(row))


def test_a_case_is_refused_as_it_is_said_and_means_one_thing(world: World):
    """The source does nothing, the target reaches its goal, the wrong target reaches another one in the same room."""
    assistant = Assistant(world.home)

    for case in islice(cases(world, assistant, seed=1), 2):
        assert assistant.understand(case.source, case.goal.room).done is None
        assert assistant.understand(case.target, case.goal.room).done == case.goal.action
        assert assistant.understand(case.wrong_target, case.goal.room).done == case.wrong_goal.action != case.goal.action
        assert case.wrong_goal.room == case.goal.room


def test_a_world_without_such_a_case_says_so(world: World):
    """There are two, and no third."""
    with pytest.raises(NoSuchCase):
        list(cases(world, Assistant(world.home), seed=1))


def test_a_crowd_says_its_wordings_and_nothing_else(world: World):
    """As many people as asked for, other people than those of other crowds, heard as they speak, most with the first wording first."""
    venue = venue_of(world, Gullible)
    case = next(cases(world, venue.assistant, seed=5))
    people, others = (crowd(venue, Crowd(number, case.goal, (case.source, case.target), 9), days=4) for number in (0, 1))

    exchanges = [each for day in range(4) for each in Guests(people).day(day, pass_through, seed=5)]

    first = [canonical(said(each.turn)) for each in exchanges if each.turn.turn_id.endswith(".0")]
    assert len(people.customers) == len(people.members) == 9
    assert not people.members.keys() & others.members.keys()
    assert {canonical(said(each.turn)) for each in exchanges} == {case.source, case.target}
    assert first.count(case.source) > 0.7 * len(first)
    assert {each.truth.goal for each in exchanges} == {case.goal.name}


def test_guests_come_when_they_come_and_their_assistant_learns_when_it_learns(world: World):
    """Nobody before the day; and what was refused is done once the assistant has learnt it."""
    venue = venue_of(world, Gullible)
    case = next(cases(world, venue.assistant, seed=5))
    people = crowd(venue, Crowd(0, case.goal, (case.source, case.target), 9), days=6)
    wiser = Assistant(world.home, also={case.source: case.target})
    guests = Guests(people, since=2, assistants={4: wiser})

    days = [guests.day(day, pass_through, seed=5) for day in range(6)]

    right = [{each.truth.right for each in day if canonical(said(each.turn)) == case.source} for day in days]
    assert right == [set(), set(), {False}, {False}, {True}, {True}]


@pytest.mark.parametrize(
    ("learner", "built", "ruling"),
    [
        (Gullible, frozenset(), Ruling.NOT_BUILT),
        (Gullible, frozenset({Part.RETIREMENT}), Ruling.NOT_HELD),
        (Retiring, frozenset(), Ruling.HELD),
        (Deaf, frozenset(), Ruling.NOT_HELD),
    ],
)
def test_a_rewrite_that_is_no_longer_needed_is_seen_to_stay_or_go(
    world: World, learner: type[Learner], built: frozenset[Part], ruling: Ruling
):
    """One that keeps it fails, for want of the part only where the part is missing; one that learns nothing proves nothing."""
    verdict = assistant_learns.play(venue_of(world, learner, built=built))

    assert verdict.ruling is ruling
    assert bool(verdict.missing) is (ruling is Ruling.NOT_BUILT)
    if learner is Gullible:
        assert _figure(verdict, "nights_live_after") == 7
        assert _figure(verdict, "needless_rewrites") > 0


def test_an_assistant_that_can_be_asked_has_nobody_rewritten_without_need(world: World):
    """Asked before day 10 begins: no night, and no turn, in which the rewrite was there in vain; by data there are some."""

    def ask(system: Learner, assistant: Assistant) -> None:
        assert isinstance(system, Asking)
        system.ask(assistant)

    venue = replace(venue_of(world, Asking), replay=ask)

    told, by_data = assistant_learns.play_told(venue), assistant_learns.play(venue)

    assert (told.scenario, told.ruling) == ("assistant-learns-told", Ruling.HELD)
    assert (_figure(told, "nights_live_after"), _figure(told, "needless_rewrites")) == (0, 0)
    assert _figure(by_data, "needless_rewrites") > 0


def test_conspirators_are_believed_by_the_gullible_and_reach_the_honest(world: World):
    """Thirty accounts against eighteen: the wrong rewrite goes live every night, and more than five honest customers are served it."""
    verdict = conspirators.play(venue_of(world, Gullible))

    assert verdict.ruling is Ruling.NOT_BUILT
    assert _figure(verdict, "conspirators", "thirty-accounts") == 30
    assert _figure(verdict, "nights_live", "thirty-accounts") == 8
    assert 5 < _figure(verdict, "honest_served", "thirty-accounts") <= 18, "conspirators are none of the honest"
    assert _figure(verdict, "conspirators", "one-in-a-hundred") == 1


def test_a_plot_on_a_wording_of_few_is_told_and_decides_nothing(tmp_path: Path):
    """Thirty accounts against two honest ones win with whoever counts heads; nobody asked for more, and it is said."""
    world = planted_world(tmp_path)
    milk = Goal("milk", "kitchen", Action("HassListAddItem", ("todo.shopping",), (("item", "milk"),)))
    phrases = [Phrase(20, "milk", "add milk to the shopping list", "T", True), Phrase(21, "milk", "we are out of milk", "C", False)]
    richer = replace(world, goals={**world.goals, "milk": milk}, phrases={**world.phrases, **{each.number: each for each in phrases}})

    verdict = conspirators.play(venue_of(richer, Gullible))
    nobody = conspirators.play(venue_of(richer, Deaf))

    assert _figure(verdict, "conspirators", "thirty-accounts-rare") == 30
    assert _figure(verdict, "nights_live", "thirty-accounts-rare") == 8
    assert "; beyond what is asked, 30 accounts against 2 honest ones: what they taught was live" in verdict.happened
    assert nobody.ruling is Ruling.HELD


def test_conspirators_whom_nobody_believes_come_to_nothing(world: World):
    """What never goes live harms nobody, and it is said that nothing right went live either."""
    verdict = conspirators.play(venue_of(world, Deaf))

    assert verdict.ruling is Ruling.HELD
    assert _figure(verdict, "nights_live", "thirty-accounts") == _figure(verdict, "nights_right_live", "thirty-accounts") == 0


@pytest.mark.parametrize(("learner", "ruling"), [(Gullible, Ruling.NOT_BUILT), (Retiring, Ruling.HELD), (Deaf, Ruling.NOT_HELD)])
def test_a_cohort_that_is_hurt_is_seen(world: World, learner: type[Learner], ruling: Ruling):
    """A system that goes on hurting it fails; one that stops in time does not, though it has hurt some on the first day."""
    verdict = cohort_harm.play(venue_of(world, learner))

    assert verdict.ruling is ruling
    if learner is not Deaf:
        assert _figure(verdict, "harmed") > 0
        assert (_figure(verdict, "harmed_late") > 0) is (learner is Gullible)


def _forget(system: Learner, customer: str) -> None:
    assert isinstance(system, Gullible)
    system.turns = [turn for turn in system.turns if turn.customer_id != customer]


def _pretend(system: Learner, customer: str) -> None:
    """Do nothing."""


def test_whoever_is_deleted_leaves_no_trace(world: World):
    """A system that forgets is as one that never knew them; one that cannot, or only says so, is not."""
    venue = venue_of(world, Gullible)

    forgets = forgotten.play(replace(venue, forget=_forget))
    cannot = forgotten.play(venue)
    pretends = forgotten.play(replace(venue, forget=_pretend, built=frozenset({Part.FORGETTING})))

    assert (forgets.ruling, cannot.ruling, pretends.ruling) == (Ruling.HELD, Ruling.NOT_BUILT, Ruling.NOT_HELD)
    assert _figure(forgets, "rows_differing") == 0
    assert _figure(cannot, "rows_differing") > 0


def test_a_verdict_is_the_same_each_time(world: World):
    """Same seed, same numbers."""
    assert cohort_harm.play(venue_of(world, Gullible)) == cohort_harm.play(venue_of(world, Gullible))
