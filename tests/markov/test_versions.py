"""A replay retires what the assistant no longer needs, keeps what it does, and changes nothing where it is not told."""

from __future__ import annotations

from collections.abc import Mapping

from markov.versions import BUDGET_S, FAULTS_MAX, KEPT_S, Asked, Finding, NotTold, Reading, Remembering, Replayed, replay
from resay.dialogue.turn import Context, Entity, Interpretation
from tests.builders import rewrite
from tests.fakes import FakeClock

LAMP = rewrite("lamp on now", "turn on the lamp")
ON, OFF = Interpretation("on", domain="light"), Interpretation("off", domain="light")
KITCHEN, DEN = Context(room="kitchen"), Context(room="den")


class FakeNlu:
    """Understands what it is told that it does; anything else it refuses, and some texts break it."""

    def __init__(self, readings: Mapping[str | tuple[str, str], Interpretation | Reading], *, broken: tuple[str, ...] = ()) -> None:
        self._readings, self._broken = readings, broken
        self.asked: list[Asked] = []

    def understand(self, asked: Asked) -> Reading:
        """By text and room, or by text."""
        self.asked.append(asked)
        if asked.text in self._broken:
            message = "the hook answered 500"
            raise NotTold(message)
        found = self._readings.get((asked.text, asked.context.room)) or self._readings.get(asked.text) or Reading()
        return found if isinstance(found, Reading) else Reading((found,))


def found(nlu: FakeNlu, *contexts: Context) -> Finding:
    """What a replay of the one rewrite finds."""
    (each,) = replay([LAMP], {LAMP.rewrite_id: contexts}, nlu, clock=lambda: 0.0).found
    return each.finding


def test_what_the_assistant_has_learnt_is_needless():
    """It takes the source for what it takes the target for."""
    assert found(FakeNlu({LAMP.source: ON, LAMP.target: ON})) is Finding.NEEDLESS


def test_what_it_still_does_not_understand_is_needed():
    """So is what it takes for something else: that is for customers to judge, not for the NLU."""
    assert found(FakeNlu({LAMP.target: ON})) is Finding.NEEDED
    assert found(FakeNlu({LAMP.source: OFF, LAMP.target: ON})) is Finding.NEEDED


def test_a_target_that_is_not_understood_any_more_is_pointless():
    """Nor is one whose entity is not found: the customer would be refused in other words."""
    lost = Reading((ON,), (Entity("name", "lamp", status="not_found"),))

    assert found(FakeNlu({LAMP.source: ON})) is Finding.POINTLESS
    assert found(FakeNlu({LAMP.target: lost})) is Finding.POINTLESS


def test_two_refusals_are_not_one_meaning():
    """Neither understood: the rewrite is not needless but pointless."""
    assert found(FakeNlu({})) is Finding.POINTLESS


def test_slots_are_compared_whatever_their_order():
    """Equal meanings have equal keys."""
    one = Interpretation("on", domain="light", slots={"name": "lamp", "area": "den"})
    other = Interpretation("on", domain="light", slots={"area": "den", "name": "lamp"}, confidence=0.4)

    assert found(FakeNlu({LAMP.source: one, LAMP.target: other})) is Finding.NEEDLESS
    assert found(FakeNlu({LAMP.source: one, LAMP.target: ON})) is Finding.NEEDED


def test_what_is_needed_in_one_room_stays():
    """Asked in the rooms in which it was learnt."""
    nlu = FakeNlu({(LAMP.source, "kitchen"): ON, LAMP.target: ON})

    assert (found(nlu, KITCHEN), found(nlu, KITCHEN, DEN), found(nlu, DEN)) == (Finding.NEEDLESS, Finding.NEEDED, Finding.NEEDED)
    assert {each.context.room for each in nlu.asked} == {"kitchen", "den"}


def test_the_context_of_a_short_answer_is_told():
    """It means nothing without what was asked."""
    nlu = FakeNlu({})
    replay([rewrite("the tall", "the tall one", prompt_kind="which")], {}, nlu, clock=lambda: 0.0)

    assert {each.prompt_kind for each in nlu.asked} == {"which"}


def test_a_broken_hook_changes_nothing_and_is_said():
    """Of one text, only that rewrite is not told; the others are."""
    music = rewrite("play madona", "play madonna")
    nlu = FakeNlu({LAMP.source: ON, LAMP.target: ON}, broken=("play madonna",))

    replayed = replay([music, LAMP], {}, nlu, clock=lambda: 0.0).found

    assert replayed[0] == Replayed(music.rewrite_id, Finding.NOT_TOLD, "the hook answered 500")
    assert replayed[1].finding is Finding.NEEDLESS


def test_a_hook_that_is_down_is_not_asked_for_every_rewrite():
    """After a few faults in a row the rest is not told, and nothing is retired."""
    table = [rewrite(f"lamp {number}", "turn on the lamp") for number in range(50)]
    nlu = FakeNlu({}, broken=("turn on the lamp",))

    replayed = replay(table, {}, nlu, clock=lambda: 0.0).found

    assert {each.finding for each in replayed} == {Finding.NOT_TOLD}
    assert len(nlu.asked) == FAULTS_MAX


def test_what_was_told_just_now_is_not_asked_again():
    """After half a minute it is, and so is what was not told."""
    clock = FakeClock()
    nlu = FakeNlu({LAMP.source: ON, LAMP.target: ON}, broken=("play madonna",))
    remembering = Remembering(nlu, clock=lambda: clock.now.timestamp())
    table = [LAMP, rewrite("play madona", "play madonna")]

    times = []
    for seconds in (0.0, KEPT_S - 1.0, 2.0):
        clock.advance(seconds)
        replay(table, {}, remembering, clock=lambda: 0.0)
        times.append([each.text for each in nlu.asked].count(LAMP.target))

    assert times == [1, 1, 2]
    assert [each.text for each in nlu.asked].count("play madonna") == 3


def test_the_same_text_elsewhere_is_asked_again():
    """It may mean something else in another room, or as an answer to another question."""
    nlu = FakeNlu({})
    remembering = Remembering(nlu, clock=lambda: 0.0)

    for asked in (Asked("lights", "", KITCHEN), Asked("lights", "", DEN), Asked("lights", "which", DEN), Asked("lights", "", KITCHEN)):
        remembering.understand(asked)

    assert len(nlu.asked) == 3


def test_a_slow_hook_is_given_up_within_the_budget():
    """What could not be asked in time stays as it is."""
    seconds = iter([0.0, 1.0, BUDGET_S + 1.0, BUDGET_S + 2.0])
    table = [LAMP, rewrite("play madona", "play madonna"), rewrite("radio loud", "turn up the radio")]

    replayed = replay(table, {}, FakeNlu({LAMP.source: ON, LAMP.target: ON}), clock=lambda: next(seconds)).found

    assert [each.finding for each in replayed] == [Finding.NEEDLESS, Finding.NOT_TOLD, Finding.NOT_TOLD]
