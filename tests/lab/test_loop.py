"""The closed loop: fair to both arms, the same each time, and without a way for the truth to reach who learns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from resay.dialogue.rewrite import BeforeRequest, RetryRequest
from resay.dialogue.tick import silent
from resay.dialogue.turn import ResponseStatus, Turn
from resay.lab.adviser import Mode, Rewriting, adviser
from resay.lab.assistant import Assistant
from resay.lab.cast import Casting, NoSuchCohort, NoSuchFamily, casts, of_cohorts
from resay.lab.channel import Side, side_of
from resay.lab.checkpoint import Checkpoint
from resay.lab.conversation import Exchange
from resay.lab.loop import LoopOutcome, LoopPlan, Parts, run_loop
from resay.lab.making import START
from resay.lab.slices import SlicedTalk
from resay.lab.tally import Arm
from resay.lab.traffic import Span, talk
from resay.lab.world import World
from tests.lab.loop_world import FAMILIES, SOURCES, TARGET, LightsSystem, two_families

PLAN = LoopPlan(Casting(seed=1, customers=40, days=6, treatment_share=0.5), learning_days=3)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return two_families(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def assistant(world: World) -> Assistant:
    return Assistant(world.home)


class Overheard:
    """The usual talk, overheard; and, if asked, with each day's truths dealt out anew."""

    def __init__(self, *, scrambled: bool = False) -> None:
        self.days: list[list[Exchange]] = []
        self._scrambled = scrambled

    def __call__(self, *args: Any, **how: Any) -> Iterator[list[Exchange]]:
        """The exchanges of each day."""
        for exchanges in talk(*args, **how):
            self.days.append(exchanges)
            truths = [each.truth for each in exchanges]
            dealt = truths[len(truths) // 2 :] + truths[: len(truths) // 2]
            yield [Exchange(each.turn, truth) for each, truth in zip(exchanges, dealt, strict=True)] if self._scrambled else exchanges


@pytest.fixture(scope="module")
def run(world: World, assistant: Assistant) -> Any:
    def run(plan: LoopPlan = PLAN, overheard: Overheard | None = None) -> tuple[LightsSystem, LoopOutcome]:
        system = LightsSystem()
        return system, run_loop(world, plan, Parts(system, assistant, lambda: 0.0, overheard or talk), tick=silent)

    return run


@pytest.fixture(scope="module")
def usual(run: Any) -> tuple[LightsSystem, LoopOutcome, list[list[Exchange]]]:
    overheard = Overheard()
    return *run(PLAN, overheard), overheard.days


def test_control_is_never_rewritten(usual: tuple[LightsSystem, LoopOutcome, list[list[Exchange]]], world: World, assistant: Assistant):
    """Only customers of the treatment arm are answered, and the log says which arm that was."""
    system, _, _ = usual
    taught, scored = casts(world, assistant, PLAN.casting)
    arms = taught.arms | scored.arms

    rewritten = [turn for turn in system.landed if turn.rewrite]

    assert rewritten
    assert {arms[turn.customer_id] for turn in rewritten} == {Arm.TREATMENT}
    assert {turn.rewrite.arm for turn in rewritten if turn.rewrite} == {"treatment"}
    assert {arms[request.heard.customer_id] for request in system.asked} == {Arm.TREATMENT}
    assert Arm.CONTROL in {arms[turn.customer_id] for turn in system.landed}


def test_a_customer_stays_in_one_arm(usual: tuple[LightsSystem, LoopOutcome, list[list[Exchange]]]):
    """Whoever was rewritten once is of the treatment arm on every day."""
    _, outcome, days = usual
    seen: dict[str, set[str]] = {}
    for exchange in (each for day in days for each in day if each.truth.arm):
        seen.setdefault(exchange.turn.customer_id, set()).add(exchange.truth.arm)

    assert all(len(arms) == 1 for arms in seen.values())
    assert outcome.learning.members.items() <= outcome.ours.members.items()


def test_a_known_rewrite_wins(usual: tuple[LightsSystem, LoopOutcome, list[list[Exchange]]]):
    """What it turns right is counted as won, and the defects of its customers fall below what they are untouched."""
    _, outcome, _ = usual
    ours, untouched = outcome.ours.by_customer(Arm.TREATMENT), outcome.untouched.by_customer(Arm.TREATMENT)

    wins = sum(sums.wins for sums in ours.values())

    assert wins > 0
    assert sum(sums.losses for sums in ours.values()) == 0
    assert sum(sums.defects for sums in ours.values()) < sum(sums.defects for sums in untouched.values())
    assert {pair.target for pair in outcome.ours.pairs} == {TARGET}
    assert {pair.source for pair in outcome.ours.pairs} <= SOURCES


def test_learning_comes_before_scoring_and_each_night(usual: tuple[LightsSystem, LoopOutcome, list[list[Exchange]]]):
    """Three nights of learning, none after the scored weeks have begun."""
    system, outcome, days = usual

    assert system.learnt_at == [sum(map(len, days[: night + 1])) for night in range(3)]
    assert outcome.learning.total().turns == system.learnt_at[-1]


def test_the_same_seed_gives_the_same_log_and_another_does_not(run: Any, usual: tuple[LightsSystem, LoopOutcome, list[list[Exchange]]]):
    """Byte for byte."""
    again, _ = run()
    other, _ = run(replace(PLAN, casting=replace(PLAN.casting, seed=2)))

    assert again.log == usual[0].log
    assert other.log != usual[0].log


def test_truths_dealt_out_anew_change_nothing_that_the_system_sees(run: Any, usual: tuple[LightsSystem, LoopOutcome, list[list[Exchange]]]):
    """Log and requests are the same where every turn bears the truth of another; only the figures differ."""
    system, outcome = run(PLAN, Overheard(scrambled=True))

    assert system.log == usual[0].log
    assert system.asked == usual[0].asked
    assert outcome.learning.by_customer() != usual[1].learning.by_customer()


def test_no_recording_serves_both_sides(usual: tuple[LightsSystem, LoopOutcome, list[list[Exchange]]], world: World):
    """Learning weeks draw from one side, every pass over the scored weeks from the other."""
    sides = side_of(world)
    _, _, days = usual

    drawn = [{sides[each.truth.recording] for each in day if each.truth.recording} for day in days]

    assert drawn == [{Side.LEARNING}] * 3 + [{Side.SCORING}] * 9


def test_a_family_that_is_left_out_is_nowhere_in_learning(run: Any, world: World):
    """No customer has its voice, and no recording of it stands in for another; the scored weeks have no other voice."""
    voice = {each.fingerprint: FAMILIES[each.speaker] for each in world.recordings}
    overheard = Overheard()
    plan = replace(PLAN, casting=replace(PLAN.casting, leave_out="kal"))

    _, outcome = run(plan, overheard)

    heard = [{voice[each.truth.recording] for each in day if each.truth.recording} for day in overheard.days]
    assert set().union(*heard[:3]) == {"slt", "rp"}
    assert set().union(*heard[3:]) == {"kal"}
    assert not outcome.learning.members.keys() & outcome.ours.members.keys()
    assert {member.main for member in outcome.ours.members.values()} == {True}


class Dies(Exception):
    """The machine is switched off."""


class Mortal(LightsSystem):
    """Dies at one of its landings or learnings, before or after it is done, and forgets nothing; lands no turn twice."""

    def __init__(self, dies_at: int) -> None:
        super().__init__()
        self._steps, self._dies_at = 0, dies_at

    def land(self, turns: Sequence[Turn], now: datetime) -> None:
        """As ever, but for death."""
        self._step()
        known = {turn.turn_id: turn for turn in self.landed}
        assert all(known[turn.turn_id] == turn for turn in turns if turn.turn_id in known), "a day lived again must be the same day"
        super().land([turn for turn in turns if turn.turn_id not in known], now)
        self._step()

    def learn(self, now: datetime) -> None:
        """As ever, but for death."""
        self._step()
        super().learn(now)
        self._step()

    def _step(self) -> None:
        self._steps += 1
        if self._steps == self._dies_at:
            raise Dies


@pytest.mark.parametrize("dies_at", range(1, 25, 2))
def test_a_loop_that_dies_goes_on_where_it_was(
    world: World, assistant: Assistant, tmp_path: Path, dies_at: int, usual: tuple[LightsSystem, LoopOutcome, list[list[Exchange]]]
):
    """Whenever it dies, log and figures are in the end what they are without a death."""
    system = Mortal(dies_at)
    parts = Parts(system, assistant, lambda: 0.0, checkpoint=Checkpoint(tmp_path / "stand"))

    with suppress(Dies):
        run_loop(world, PLAN, parts, tick=silent)
    outcome = run_loop(world, PLAN, parts, tick=silent)

    assert system.log == usual[0].log
    assert outcome == usual[1]


def test_slices_of_a_day_are_the_very_talk_of_the_day(world: World, assistant: Assistant):
    """The same turns, in the order in which sessions begin."""
    cast, _ = casts(world, assistant, PLAN.casting)
    how = {"span": Span(START, 0, 1), "seed": 1, "false_wakes": cast.false_wakes}

    slices = list(SlicedTalk(timedelta(hours=1))(cast.stage, cast.customers, **how))

    turns = [each.turn for exchanges in slices for each in exchanges]
    days = [each.turn for exchanges in talk(cast.stage, cast.customers, **how) for each in exchanges]
    begun = [min(each.turn.at for each in exchanges) for exchanges in slices]
    assert sorted(turns, key=lambda turn: turn.turn_id) == sorted(days, key=lambda turn: turn.turn_id)
    assert len(slices) > 12
    assert begun == sorted(begun)
    assert all(
        max(each.turn.at for each in exchanges) - moment < timedelta(hours=2) for exchanges, moment in zip(slices, begun, strict=True)
    )


def test_what_is_learnt_while_people_talk_is_served_the_same_day(run: Any):
    """On the first day nobody is rewritten before the first slice is learnt from, and somebody is after it."""
    system, _ = run(replace(PLAN, slice=timedelta(hours=6)))
    nightly, _ = run()

    first_day = [turn for turn in system.landed if turn.turn_id.startswith(f"{turn.customer_id}-0.")]
    assert len(system.learnt_at) > PLAN.learning_days
    assert not any(turn.rewrite for turn in first_day[: system.learnt_at[0]])
    assert any(turn.rewrite for turn in first_day[system.learnt_at[0] :])
    assert not any(turn.rewrite for turn in nightly.landed[: nightly.learnt_at[0]])


def test_what_is_answered_in_one_session_changes_no_other(world: World, assistant: Assistant):
    """With and without a system people begin each session with the same wish, and are heard the same."""
    cast, _ = casts(world, assistant, replace(PLAN.casting, customers=200))
    how = {"span": Span(START, 0, 6), "seed": 1, "false_wakes": cast.false_wakes}
    system = LightsSystem()
    system.learn(START)
    advise = adviser(system.rewriting(), arms=dict.fromkeys(cast.members, Arm.TREATMENT), mode=Mode.BEFORE)

    begun = []
    for stage in (cast.stage, replace(cast.stage, advise=advise)):
        exchanges = [each for day in talk(stage, cast.customers, **how) for each in day]
        begun.append({each.turn.session_id: (each.truth.goal, each.truth.recording) for each in reversed(exchanges)})

    assert len({session.split(".")[0] for session in begun[0] if session}) < len(begun[0]), "somebody has two sessions on one day"
    assert any(each.turn.rewrite for each in exchanges)
    assert begun[0] == begun[1]


class Rolling:
    """Says what the system knows until the first round, and nothing from then on; notes how much had landed at each round."""

    def __init__(self, system: LightsSystem) -> None:
        self._system = system
        self.rounds: list[int] = []

    def rewriting(self) -> Rewriting:
        """The system's, or nothing."""
        return lambda request, now: (self._system.rewriting() if not self.rounds else LightsSystem().rewriting())(request, now)

    def judge(self, now: datetime) -> None:
        """One round more."""
        self.rounds.append(len(self._system.landed))


def test_what_is_rolled_back_is_unsaid_from_the_next_round_on(
    world: World, assistant: Assistant, usual: tuple[LightsSystem, LoopOutcome, list[list[Exchange]]]
):
    """A round a night, behind what it judges; the same weeks without roll-back stand beside it, and are not logged."""
    system = LightsSystem()
    rolling = Rolling(system)

    outcome = run_loop(world, PLAN, Parts(system, assistant, lambda: 0.0, roll_back=lambda: rolling), tick=silent)

    scored = system.landed[system.learnt_at[-1] :]
    rewritten = [place for place, turn in enumerate(scored, system.learnt_at[-1]) if turn.rewrite]
    assert len(set(rolling.rounds)) == len(rolling.rounds) == len(PLAN.scored)
    assert rewritten
    assert max(rewritten) < rolling.rounds[0] < len(system.landed)
    assert 0 < outcome.ours.total().wins < usual[1].ours.total().wins
    assert outcome.kept_on == usual[1].ours
    assert (usual[1].kept_on, outcome.oracle, outcome.untouched) == (None, usual[1].oracle, usual[1].untouched)
    assert len({turn.turn_id for turn in system.landed}) == len(system.landed)


def test_a_world_of_some_cohorts_has_their_voices_alone(world: World, assistant: Assistant):
    """And what these said; nobody else is cast."""
    some = of_cohorts(world, ["us"])

    taught, scored = casts(some, assistant, PLAN.casting)

    assert {each.speaker.cohort for each in (*taught.customers, *scored.customers)} == {"us"}
    assert {world.speakers[each.speaker].cohort for each in some.recordings} == {"us"}


@pytest.mark.parametrize(("cohorts", "said"), [(["us", "mars"], "got mars"), (["gb"], "of gb nobody is well served")])
def test_cohorts_that_cannot_be_are_said(world: World, cohorts: list[str], said: str):
    """With those that there are."""
    with pytest.raises(NoSuchCohort, match=f"{said}; are some of gb, us meant"):
        of_cohorts(world, cohorts)


@pytest.mark.parametrize("family", ["rp", "nobody"])
def test_a_family_that_cannot_be_left_out_is_said(world: World, assistant: Assistant, family: str):
    """A badly served family is none of those that count."""
    with pytest.raises(NoSuchFamily, match="slt"):
        casts(world, assistant, replace(PLAN.casting, leave_out=family))


def test_before_shows_nothing_of_the_nlu_and_retry_is_asked_after_refusals_alone(
    run: Any, usual: tuple[LightsSystem, LoopOutcome, list[list[Exchange]]]
):
    """The two modes are two types of request."""
    retry, outcome = run(replace(PLAN, mode=Mode.RETRY))

    assert {type(request) for request in usual[0].asked} == {BeforeRequest}
    assert {type(request) for request in retry.asked} == {RetryRequest}
    assert {request.status for request in retry.asked} <= {ResponseStatus.FAILED, ResponseStatus.UNSUPPORTED}
    assert outcome.ours.total().wins > 0


def test_what_is_measured_is_of_the_scored_weeks(usual: tuple[LightsSystem, LoopOutcome, list[list[Exchange]]]):
    """As many turns as the arms had there, control untouched and treatment with the system; by labels that call each half a defect."""
    _, outcome, _ = usual
    control, treatment = outcome.untouched.by_customer(Arm.CONTROL), outcome.ours.by_customer(Arm.TREATMENT)

    told = {customer: (each.turns, each.defects) for customer, each in outcome.measured.items()}

    assert told == {customer: (sums.turns, sums.turns / 2) for customer, sums in (control | treatment).items()}
