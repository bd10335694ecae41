"""A world's traffic without end: in order, at its rate, and the same again with the same seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import islice, pairwise

import pytest
from msgspec.structs import replace as changed

from resay.dialogue.session import SESSION_GAP, silence_between
from resay.dialogue.turn import Turn
from resay.lab.assistant import Assistant
from resay.lab.flow import SILENT_SESSIONS_MAX, Flow, flow_stage, flow_turns
from resay.lab.habits import AS_SHIPPED
from resay.lab.home import BrokenWorld
from resay.lab.world import World, read_world
from tests.builders import BASE
from tests.lab.small_world import write_world

FLOW = Flow(seed=1, start=BASE, per_s=5.0, customers=10)
TURNS = 3_000

Talk = Callable[[Flow], list[Turn]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return read_world(write_world(tmp_path_factory.mktemp("world")))


@pytest.fixture(scope="module")
def talk(world: World) -> Talk:
    assistant = Assistant(world.home)
    return lambda flow: list(islice(flow_turns(flow_stage(world, assistant, seed=flow.seed), flow), TURNS))


@pytest.fixture(scope="module")
def turns(talk: Talk) -> list[Turn]:
    return talk(FLOW)


def test_turns_come_in_order_of_event_time(turns: list[Turn]):
    """Whoever reads them may trust the order, and no turn comes twice."""
    assert all(earlier.at <= later.at for earlier, later in pairwise(turns))
    assert len({turn.turn_id for turn in turns}) == TURNS


def test_customers_of_a_flow_have_the_habits_of_their_world(world: World):
    """Who gives up at once never says it again."""
    stated = replace(world, habits=changed(AS_SHIPPED, patience=((1, 1.0),), goes_on=0.0, again=0.0, changed_mind=0.0, never_mind=0.0))
    stage = flow_stage(stated, Assistant(world.home), seed=1)

    sessions = [turn.session_id for turn in islice(flow_turns(stage, FLOW), 300)]

    assert len(set(sessions)) == len(sessions)


def test_the_rate_holds(turns: list[Turn]):
    """Once sessions are under way, so many turns a second as were asked for."""
    seconds = (turns[-1].at - turns[300].at).total_seconds()

    assert (TURNS - 300) / seconds == pytest.approx(FLOW.per_s, rel=0.05)


def test_nobody_is_in_two_sessions_at_a_time(turns: list[Turn]):
    """There are customers enough, and inside a session nobody is silent for longer than the gap."""
    by_customer: dict[str, list[Turn]] = defaultdict(list)
    for turn in turns:
        by_customer[turn.customer_id].append(turn)

    for said in by_customer.values():
        for earlier, later in pairwise(said):
            assert (silence_between(earlier, later) <= SESSION_GAP) == (earlier.session_id == later.session_id)


def test_the_same_seed_says_the_same(talk: Talk, turns: list[Turn]):
    """Whoever looks into a fault can have the load again."""
    assert talk(FLOW) == turns


def test_another_seed_says_other_things(talk: Talk, turns: list[Turn]):
    """The seed is the chance."""
    assert [turn.utterance for turn in talk(replace(FLOW, seed=2))] != [turn.utterance for turn in turns]


def test_two_flows_share_no_turn(talk: Talk, turns: list[Turn]):
    """A load that is sent again a little later is new, and no repeat."""
    later = talk(replace(FLOW, start=BASE + timedelta(milliseconds=1)))

    assert not {turn.turn_id for turn in later} & {turn.turn_id for turn in turns}


def test_a_world_in_which_nobody_speaks_is_said(world: World):
    """Recordings of a phrase that no speaker said make no talk, and no endless search for it."""
    silent = replace(world, recordings=(), false_wakes=())

    with pytest.raises(BrokenWorld, match=f"{SILENT_SESSIONS_MAX + 1:,} sessions"):
        next(flow_turns(flow_stage(silent, Assistant(silent.home), seed=1), FLOW))
