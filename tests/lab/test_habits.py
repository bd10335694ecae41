"""Habits: what a world may state of them, and that each comes out as often as it is stated."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace as changed

from resay.dialogue.turn import Versions
from resay.lab.action import Action
from resay.lab.assistant import Assistant
from resay.lab.cast import Casting, casts
from resay.lab.channel import Channel, Side
from resay.lab.circumstance import Circumstance
from resay.lab.conversation import Exchange, Opening, Stage, converse
from resay.lab.customer import Popularity, Try, first_wording, make_customer, turns_until_rephrase
from resay.lab.habits import AS_SHIPPED, HABITS_FILE, LIVELY, Habits
from resay.lab.home import BrokenWorld
from resay.lab.logged import House
from resay.lab.making import START
from resay.lab.traffic import Day, population, sessions
from resay.lab.ways import Ways, own_words, ways_of
from resay.lab.world import World, read_world
from tests.builders import BASE
from tests.lab.small_world import write_world

DRAWS = 20_000
NAME = 7
"""The phrase "put the glow on": a name of the counter lights that the home does not know."""

WITH_NAMES = changed(AS_SHIPPED, own_names=1.0, shared_words=1.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small world, with a name that the home does not know, and a second thing in the kitchen that it could be the name of."""
    folder = write_world(tmp_path_factory.mktemp("world"))
    goals, phrases = json.loads((folder / "goals.json").read_text()), json.loads((folder / "phrases.json").read_text())
    goals.append({"goal": "lamp_on", "area": "kitchen", "canon": "turn on the reading lamp", "gold": ["HassTurnOn", ["light.lamp"], {}]})
    said = {"area": "kitchen", "goal": "lights_on", "text": "put the glow on", "tag": "S", "gold_outcome": "no_match"}
    lamp = {"area": "kitchen", "goal": "lamp_on", "text": "turn on the reading lamp", "tag": "T", "gold_outcome": "result_fail"}
    phrases += [said | {"p": NAME}, lamp | {"p": 8}]
    (folder / "goals.json").write_text(json.dumps(goals))
    (folder / "phrases.json").write_text(json.dumps(phrases))
    return folder


@pytest.fixture(scope="module")
def world(folder: Path) -> World:
    return read_world(folder)


@pytest.fixture(scope="module")
def assistant(world: World) -> Assistant:
    return Assistant(world.home)


def _stage(world: World, assistant: Assistant, habits: Habits, ways: Ways | None = None) -> Stage:
    channel = Channel(world, Side.LEARNING, speakers=world.speakers)
    popularity = Popularity(world, Random(1), weeks=1)
    house = House(world.home, Versions())
    return Stage(world, assistant, channel, popularity, house, ways or ways_of(world, habits, rng=Random(2)))


def _talk(stage: Stage, *, count: int = 3_000, at: timedelta = timedelta(0)) -> list[list[Exchange]]:
    """Sessions of many customers, all begun at one moment."""
    rng = Random(3)
    customers = [make_customer(stage.world, f"c{number}", rng=rng, sessions_daily=1.0, ways=stage.ways) for number in range(50)]
    opened = [Opening(f"s{number}", BASE + at) for number in range(count)]
    return [converse(stage, rng.choice(customers), opening=opening, week=0, rng=rng) for opening in opened]


def test_a_world_states_its_habits(folder: Path, tmp_path: Path):
    """What it does not name is plain."""
    stated = write_world(tmp_path)
    (stated / HABITS_FILE).write_text('{"again": 0.5}')

    assert read_world(stated).habits == changed(AS_SHIPPED, again=0.5)
    assert read_world(folder).habits is None


@pytest.mark.parametrize(
    "written", ['{"agian": 0.5}', '{"again": "often"}', "[", '{"again": 1.5}', '{"shared_words": -0.1}', '{"patience": []}']
)
def test_habits_that_cannot_be_are_said(tmp_path: Path, written: str):
    """A slip of the pen is no silent default."""
    folder = write_world(tmp_path)
    (folder / HABITS_FILE).write_text(written)

    with pytest.raises(BrokenWorld, match=HABITS_FILE):
        read_world(folder)


def test_a_loop_takes_the_habits_that_it_is_given_then_those_of_the_world(world: World, assistant: Assistant):
    """And lively ones where nobody states any."""
    stating = replace(world, habits=changed(AS_SHIPPED, again=0.5))
    casting = Casting(seed=1, customers=4, days=1)

    habits = [
        casts(each, assistant, how)[0].stage.ways.habits
        for each, how in (
            (world, casting),
            (stating, casting),
            (stating, replace(casting, habits=AS_SHIPPED)),
        )
    ]

    assert habits == [LIVELY, stating.habits, AS_SHIPPED]


def test_a_fifth_of_many_synonyms_is_shared_and_by_goals_of_one_room(world: World):
    """As many as are stated; each stands for its own goal and for others of the room, of the same verb where there are such."""
    names = {number: replace(world.phrases[NAME], number=number) for number in range(100, 200)}
    many = replace(world, phrases={**world.phrases, **names})
    number_of = len([each for each in many.phrases.values() if each.tag == "S"])

    shared = ways_of(many, LIVELY, rng=Random(1)).shared

    assert len(shared) == round(0.2 * number_of)
    assert set(shared.values()) == {("lights_on", "lamp_on")}
    assert ways_of(many, AS_SHIPPED, rng=Random(1)).shared == {}


def test_customers_mean_different_things_by_shared_words(world: World):
    """Each means one of them, all equally often; nobody has the words for two things."""
    ways = ways_of(world, WITH_NAMES, rng=Random(1))
    rng = Random(2)
    meant: Counter[str] = Counter()

    for _ in range(2_000):
        own = own_words(world, ways.shared, rng)
        having = [goal for goal in world.goals if NAME in [each.number for each in own.get(goal) or world.phrases_of(goal)]]
        meant[having[0]] += 1
        assert len(having) == 1

    assert meant.keys() == {"lights_on", "lamp_on"}
    assert meant["lamp_on"] / 2_000 == pytest.approx(0.5, abs=0.04)


def test_what_is_wanted_by_the_same_words_differs_and_the_truth_knows(world: World, assistant: Assistant):
    """One text, two truths; in each customer's own mouth it is always the same one."""
    stage = _stage(world, assistant, changed(WITH_NAMES, supported_first=0.0, favourite=1.0))
    named = {each.fingerprint for each in world.recordings if each.phrase == NAME}
    assert not named, "the small world has no recording of it; those of another phrase stand in"
    standing_in = tuple(replace(each, phrase=NAME) if each.phrase == 3 else each for each in world.recordings)
    spoken = replace(world, recordings=standing_in)
    stage = replace(stage, world=spoken, channel=Channel(spoken, Side.LEARNING, speakers=spoken.speakers))
    heard = {each.fingerprint for each in standing_in if each.phrase == NAME}
    wanted: dict[str, set[tuple[str, Action | None]]] = {}

    for session in _talk(stage):
        for turn, truth in ((each.turn, each.truth) for each in session if each.truth.recording in heard):
            wanted.setdefault(turn.customer_id, set()).add((truth.goal, truth.wanted))

    assert {len(each) for each in wanted.values()} == {1}
    assert {goal for each in wanted.values() for goal, _ in each} == {"lights_on", "lamp_on"}
    assert all(action == world.goals[goal].action for each in wanted.values() for goal, action in each)


def test_own_names_are_the_favourites_outside_the_templates(world: World):
    """Half of the customers where a half is stated; the others choose among all that the assistant does not support."""
    rng = Random(4)
    half = changed(AS_SHIPPED, own_names=0.5)
    customers = [make_customer(world, "c", rng=rng, sessions_daily=1.0, ways=Ways(half)) for _ in range(4_000)]
    favourites = [each.favourites["lights_on"].unsupported for each in customers if "lights_on" in each.favourites]

    share = favourites.count(NAME) / len(favourites)

    # The others take the name in one of two cases, as "let there be light" is outside the templates too.
    assert share == pytest.approx(0.5 + 0.5 / 2, abs=0.03)


def test_first_tries_stay_in_supported_wordings_whatever_the_names(world: World):
    """Nine in ten (EVALUATION, section 2)."""
    ways = ways_of(world, LIVELY, rng=Random(1))
    customer = make_customer(world, "c1", rng=Random(3), sessions_daily=1.0, ways=ways)
    rng = Random(1)
    phrases = customer.wordings("lights_on", world)

    supported = sum(world.phrases[first_wording(customer, phrases, rng, habits=LIVELY).phrase].supported for _ in range(DRAWS))

    assert supported / DRAWS == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("persistence", [0.5, 1.0, 1.3])
def test_persistence_is_a_factor_on_all_rates(persistence: float):
    """Some say it again more often, some less: of 49, 60 and 64 % within one, two and three turns."""
    rng = Random(1)
    lags = Counter(turns_until_rephrase(rng, habits=LIVELY, persistence=persistence) for _ in range(DRAWS))

    within = [sum(lags[lag] for lag in range(1, turns + 1)) / DRAWS for turns in (1, 2, 3)]

    assert within == pytest.approx([0.492 * persistence, 0.602 * persistence, 0.644 * persistence], abs=0.015)


def test_what_has_its_time_is_wanted_then(world: World, assistant: Assistant):
    """At other times so much less as is stated, and other things more."""
    habits = changed(AS_SHIPPED, untimely=0.1, timely_hours=12)
    # New York's clocks are four hours behind, London's one ahead: both are within these twelve hours, and half a day later outside.
    stage = _stage(world, assistant, habits, Ways(habits, times={"lights_on": (BASE.hour - 5) % 24}))

    timely, untimely = (_share(_talk(stage, at=timedelta(hours=hours)), "lights_on") for hours in (0, 12))

    assert 0 < untimely < 0.35 * timely


def test_a_goal_out_of_its_time_comes_to_mind_in_vain(world: World):
    """As often as stated."""
    ways = Ways(changed(AS_SHIPPED, untimely=0.3), times={"lights_on": 6})
    rng = Random(1)

    invited = [
        sum(Circumstance(ways, hour=hour, rng=rng).invites("lights_on", "kitchen") for _ in range(DRAWS)) / DRAWS for hour in (6, 11, 12)
    ]

    assert invited[:2] == [1.0, 1.0]
    assert invited[2] == pytest.approx(0.3, abs=0.015)


def test_what_is_on_already_is_seldom_switched_on(world: World):
    """A fifth as often; half of the devices are on before anyone asks."""
    ways = ways_of(world, changed(LIVELY, timely=0.0), rng=Random(1))
    rng, seen = Random(2), Counter[tuple[str, bool]]()

    for _ in range(DRAWS):
        here = Circumstance(ways, hour=12, rng=rng)
        state = here.states("kitchen")["light.counter"]
        seen[state, here.invites("lights_on", "kitchen")] += 1

    assert (seen["on", True] + seen["on", False]) / DRAWS == pytest.approx(0.5, abs=0.015)
    assert seen["on", True] / (seen["on", True] + seen["on", False]) == pytest.approx(0.2, abs=0.015)
    assert seen["off", False] == 0


def test_what_is_done_is_on_afterwards_and_logged_so(world: World):
    """The assistant knows it, rightly done or not."""
    ways = ways_of(world, LIVELY, rng=Random(1))
    here = Circumstance(ways, hour=12, rng=Random(2))

    here.change(Action("HassTurnOn", ("light.counter",)), "kitchen")
    on = here.states("kitchen")["light.counter"]
    here.change(Action("HassTurnOff", ("light.counter", "lock.front")), "kitchen")

    assert (on, here.states("kitchen")["light.counter"]) == ("on", "off")
    assert "lock.front" not in here.states("kitchen")


def test_turns_tell_what_is_on_in_their_room_where_states_are_lived(world: World, assistant: Assistant):
    """And tell nothing of it where habits are plain."""
    told = [
        {
            tuple(each.turn.context.device_states)
            for session in _talk(_stage(world, assistant, habits), count=200)
            for each in session
            if each.turn.context
        }
        for habits in (LIVELY, AS_SHIPPED)
    ]

    assert told == [{("light.counter", "light.lamp"), ("lock.front",)}, {()}]


def test_repeated_successes_come_as_often_as_stated(world: World, assistant: Assistant):
    """After one success in five where that is stated; where it is not there is none."""
    habits = changed(AS_SHIPPED, again=0.2, changed_mind=0.0, patience=((1, 1.0),))
    often, never = (_talk(_stage(_rich(world), assistant, how)) for how in (habits, changed(habits, again=0.0)))

    repeated = sum(each.truth.attempt is Try.AGAIN for session in often for each in session)
    right = sum(each.truth.right for session in often for each in session)

    assert repeated / right == pytest.approx(0.2, abs=0.02)
    assert not any(each.truth.attempt is Try.AGAIN for session in never for each in session)


def test_minds_change_as_often_as_stated(world: World, assistant: Assistant):
    """Right after one success in five something else is wanted; nobody here would have gone on otherwise."""
    habits = changed(AS_SHIPPED, changed_mind=0.2, again=0.0, goes_on=0.0, patience=((1, 1.0),), never_mind=0.0)
    talk = _talk(_stage(_rich(world), assistant, habits))

    followed = sum(before.truth.right for session in talk for before, _ in pairwise(session))
    right = sum(each.truth.right for session in talk for each in session)

    # Now and then the same comes to mind again, or a thing of which there is no recording.
    assert followed / right == pytest.approx(0.2, abs=0.06)


def test_unrelated_requests_follow_each_other_as_often_as_stated(world: World, assistant: Assistant):
    """Half of the customers want a second thing where a half is stated; in one room where all stay there."""
    habits = changed(AS_SHIPPED, goes_on=0.5, same_room=1.0, again=0.0, changed_mind=0.0, patience=((1, 1.0),), leaves=0.0, never_mind=0.0)
    recorded = _rich(replace(world, goals={name: goal for name, goal in world.goals.items() if name != "lamp_on"}))
    talk = _talk(_stage(recorded, assistant, habits))

    going_on = sum(len(session) > 1 for session in talk) / len(talk)
    rooms = {len({each.turn.context.room for each in session if each.turn.context}) for session in talk if session}

    assert going_on == pytest.approx(0.5, abs=0.03)
    assert rooms == {1}


def test_days_by_hash_have_as_many_sessions_as_days_by_chance(world: World, assistant: Assistant):
    """The quick way is another chance and the same habit; and no customer's day depends on another's."""
    stage = _stage(world, assistant, AS_SHIPPED)
    people = population(world, seed=1, customers=300, days=1)
    begun = [
        [len([*sessions(how, each, day=Day(number, START, 1), sounds=world.false_wakes)]) for number in range(60) for each in people]
        for how in (stage, replace(stage, quick_days=True))
    ]
    means = [sum(each) / len(each) for each in begun]

    assert means[1] == pytest.approx(means[0], rel=0.03)
    assert begun[1].count(0) / len(begun[1]) == pytest.approx(begun[0].count(0) / len(begun[0]), abs=0.01)


def _share(talk: list[list[Exchange]], goal: str) -> float:
    first = [session[0].truth.goal for session in talk if session]
    return first.count(goal) / len(first)


def _rich(world: World) -> World:
    """The world with each recording many times over, so that none is ever used up."""
    copies = tuple(replace(each, fingerprint=f"{each.fingerprint}/{number}") for each in world.recordings for number in range(12))
    return replace(world, recordings=copies)
