"""Roll-back in a loop's scored weeks: real labels over a real lake take back what fails, and nothing else, by the service's referees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from resay.commands.bench.loop_roll_back import RollBack
from resay.commands.bench.loop_system import ProductSystem
from resay.commands.settings import read_settings
from resay.dialogue.rewrite import Layer, Rewrite
from resay.dialogue.turn import ResponseStatus
from resay.store.lake import Lake
from rewrite_online.explore import NO_EXPLORATION
from rewrite_online.rewriter import Live
from tests.builders import BASE, asked, rewrite, turn
from tests.serving.trials.test_unsaying import LAMP, OneLayer

NIGHT = BASE + timedelta(days=2)


class Pair(OneLayer):
    """Offers one rewrite for its own source alone."""

    def __init__(self, layer: Layer, offered: Rewrite) -> None:
        super().__init__(layer)
        self._offered = offered

    def candidates(self, request: object) -> list[Rewrite]:
        """That rewrite, where its source was said."""
        return [self._offered] if request.heard.utterance == self._offered.source else []  # type: ignore[attr-defined]


FAN = rewrite("fan up", "fan on")


class Street:
    """Customers who are answered, whose turns land, and what is rolled back."""

    def __init__(self, home: Path) -> None:
        self.system = ProductSystem(read_settings({}, home=home))
        self.lake, self.books = Lake(home / "lake"), home / "tried.sqlite"
        self.rolling = self.begin()
        self.second = 0

    def begin(self) -> RollBack:
        """Roll-back, untried."""
        live = Live(generation=1, layers=(Pair(Layer.TABLE, FAN), Pair(Layer.GLOBAL, LAMP)))
        return RollBack(lambda: live, lake=self.lake, books=self.books, exploration=NO_EXPLORATION, label=self.system.judge)

    def say(self, words: str, customer: str, *, fails: bool) -> str:
        """A customer says it and is answered; where it fails they say so in other words. Answers what was done, and why."""
        self.second += 600
        heard = asked(words, customer_id=customer, turn_id=f"{customer}@{self.second}", at=BASE + timedelta(seconds=self.second))
        answer = self.rolling.rewriting()(heard, heard.heard.at)
        status = ResponseStatus.FAILED if fails else ResponseStatus.DONE
        logged = turn(answer.utterance, at=self.second, customer=customer, status=status, intent="" if fails else "LampOn")
        turns = [replace(logged, rewrite=answer.applied()), turn("the time", at=self.second + 20, customer=customer, intent="Time")]
        self.system.land(turns, NIGHT)
        return str(answer.reason)


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    lived = Street(tmp_path)
    yield lived
    lived.rolling.close()
    lived.system.close()


def test_what_fails_is_unsaid_after_five_customers_and_what_works_goes_on(street: Street):
    """Of the global layer and of the table, by labels of what landed; four are too few, and the layers do not pull each other down."""
    for number in range(4):
        assert street.say("lamp on", f"c{number}", fails=True) == "rewritten"
        assert street.say("fan up", f"c{number}", fails=False) == "rewritten"
    street.rolling.judge(NIGHT)
    assert street.say("lamp on", "c4", fails=True) == "rewritten"

    street.rolling.judge(NIGHT)

    assert street.say("lamp on", "c5", fails=False) == "taken_back"
    assert street.say("fan up", "c5", fails=False) == "rewritten"


def test_a_rewrite_of_the_table_is_rolled_back_too(street: Street):
    """By the referee of trials."""
    for number in range(5):
        assert street.say("fan up", f"c{number}", fails=True) == "rewritten"

    street.rolling.judge(NIGHT)

    assert street.say("fan up", "c5", fails=False) == "taken_back"


def test_a_pass_that_is_begun_again_begins_untried(street: Street):
    """Whoever died in the middle of a pass would otherwise begin with what it had rolled back later."""
    for number in range(5):
        street.say("lamp on", f"c{number}", fails=True)
    street.rolling.judge(NIGHT)
    assert street.say("lamp on", "c5", fails=True) == "taken_back"

    street.rolling.close()
    street.rolling = street.begin()

    assert street.say("lamp on", "c6", fails=True) == "rewritten"
