"""Rewrites on trial with simulated customers: what does harm is rolled back by itself, what helps is promoted, and each says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from resay.dialogue.rewrite import Rewrite
from resay.experiment.evidence import Outcomes, Phase, failures_to_roll_back
from resay.experiment.promote import LIVE_SHARE, Stage, Trial, changes
from resay.store.events import Event
from serving.experiments.question import Question, draw_of, record_of
from serving.trials.referee import restore
from tests.builders import BASE, rewrite
from tests.serving.trials.customers import Chances, Town, town

GOOD = rewrite("play madona", "play madonna")
BAD = rewrite("lamp on", "lamp off")
EVEN = rewrite("lights please", "lights on please")

Make = Callable[..., Town]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Make]:
    """Makes towns, and closes their books."""
    towns: list[Town] = []

    def make(rewrites: dict[Rewrite, Chances], **others: float) -> Town:
        home = tmp_path / str(len(towns))
        home.mkdir()
        towns.append(town(home, rewrites, **others))  # type: ignore[arg-type]
        return towns[-1]

    yield make
    for each in towns:
        each.books.close()


@pytest.mark.parametrize("share", [0.3, LIVE_SHARE])
def test_a_rewrite_that_is_never_right_is_rolled_back_after_five_bad_exposures(made: Make, share: float):
    """Whatever share it is tried on; the sixth customer is not said it, and the history says why."""
    of = made({BAD: Chances(said=0.5, rewritten=0.0)}, share=share)

    for number in range(40):
        of.say(BAD, f"c{number}")
        of.judge()

    assert of.applied[BAD.rewrite_id] == failures_to_roll_back() == 5
    assert of.say(BAD, "after") == "taken_back"
    ((change, name, by, why),) = of.events()
    assert (change, name, by) == ("rolled_back", BAD.rewrite_id, "resay")
    assert why.startswith("broken promise: 0 right, 5 wrong as rewritten;")


def test_a_rewrite_that_is_mostly_wrong_is_rolled_back_within_sixty_exposures():
    """Wrong three times in four: nineteen of twenty are gone by then, half of them within twenty-five."""
    rng, exposures = Random(3), []
    for _ in range(100):
        right = wrong = 0
        while not changes([Trial("bad", Stage.CANARY, (Phase(LIVE_SHARE, Outcomes(right, wrong)),))]) and right + wrong < 200:
            lucky = rng.random() < 0.25
            right, wrong = right + lucky, wrong + (not lucky)
        exposures.append(right + wrong)

    assert sorted(exposures)[50] <= 25
    assert sorted(exposures)[95] <= 60


def test_a_rewrite_that_helps_is_promoted_from_its_share_to_all_but_the_hold_out(made: Make):
    """It is tried on three in ten, found better among all that are tried, and then said to 98 of a hundred."""
    of = made({GOOD: Chances(said=0.1, rewritten=0.9), EVEN: Chances(said=0.6, rewritten=0.6)}, share=0.3)

    for number in range(120):
        of.say(GOOD, f"c{number}")
        of.say(EVEN, f"c{number}")
        if number % 10 == 9:
            of.judge()

    assert of.fared(GOOD).stage is Stage.LIVE
    assert of.fared(EVEN).stage is Stage.CANARY
    assert [(change, name) for change, name, _, _ in of.events()] == [("promoted", GOOD.rewrite_id)]
    assert of.events()[0][3].startswith("found better: ")
    said = [of.say(GOOD, f"later-{number}") for number in range(100)]
    assert said.count("rewritten") >= 93
    assert 15 <= [of.say(EVEN, f"later-{number}") for number in range(100)].count("rewritten") <= 45


def test_a_customer_counts_once_a_day(made: Make):
    """Chance is drawn once a day for a customer's words, so that a second turn proves nothing more."""
    of = made({BAD: Chances(said=0.5, rewritten=0.0)})

    for _ in range(20):
        of.say(BAD, "c1")
        of.judge()

    assert of.fared(BAD).applied.wrong == 1


def test_what_is_not_told_yet_waits_and_what_is_told_otherwise_later_counts_so(made: Make):
    """A label that says that it cannot tell counts for nothing; the last word of a session counts."""
    of = made({GOOD: Chances(said=0.0, rewritten=1.0)})
    of.say(GOOD, "c1")
    turn = f"c1@{of.now.isoformat()}"

    told = []
    for label in ("censored", "success", "failure"):
        of.labels.say(turn, label)
        of.judge()
        told.append((of.fared(GOOD).waiting, of.fared(GOOD).applied))

    assert [(waiting, each.right, each.wrong) for waiting, each in told] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]


def test_customers_of_a_control_arm_count_for_nothing(made: Make):
    """Of them nothing but what was held out could be counted, which would make the hold-out look larger than it was drawn."""
    of = made({GOOD: Chances(said=0.0, rewritten=1.0)}, share=0.3)
    record = of.experiments.start(lambda others: record_of(Question("rewriting"), others, now=BASE))
    of.rewriter._draw = lambda _customer: None  # The replica has not taken the experiment up yet.

    for number in range(20):
        of.say(GOOD, f"c{number}")
    of.judge()

    fared, treated = of.fared(GOOD), sum(draw_of(record).arm_of(f"c{number}") == "treatment" for number in range(20))
    assert fared.applied.right + fared.held_out.wrong == treated < 20


def test_a_rolled_back_rewrite_is_tried_anew_where_a_person_says_so(made: Make):
    """What came of it before does not count any more, and it may be rolled back again."""
    of = made({BAD: Chances(said=0.5, rewritten=0.0)})
    for number in range(8):
        of.say(BAD, f"c{number}")
        of.judge()

    assert restore(of.trials, BAD.rewrite_id, now=of.now, event=Event(of.now, BAD.rewrite_id, "restored", "ada", "the NLU was mended"))
    assert not restore(of.trials, BAD.rewrite_id, now=of.now, event=Event(of.now, BAD.rewrite_id, "restored", "ada", "again"))
    of.judge()
    assert of.say(BAD, "anew") == "rewritten"
    for number in range(8):
        of.say(BAD, f"anew-{number}")
        of.judge()

    assert [change for change, *_ in of.events()] == ["rolled_back", "restored", "rolled_back"]
    assert of.applied[BAD.rewrite_id] == 10


def test_two_referees_change_a_thing_once(made: Make):
    """The second finds it done."""
    of = made({BAD: Chances(said=0.5, rewritten=0.0)})
    for number in range(8):
        of.say(BAD, f"c{number}")
    of.books.log_decisions(of.decisions)
    (change,) = of.referee.judge(of.now)
    fared = of.fared(BAD)

    assert not of.referee._made(change, fared, of.now)
    assert len(of.events()) == 1
