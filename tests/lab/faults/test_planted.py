"""Faults that are planted, and the failure points that follow from them."""

from __future__ import annotations

from random import Random

from resay.lab.action import Action, Reach
from resay.lab.faults.commands import interpretation
from resay.lab.faults.planted import DOWN, Stricken, told
from resay.lab.linked.part import Part
from resay.lab.understood import Meaning
from tests.builders import turn

LAMP = Action("HassTurnOn", ("light.lamp",))
TIMER = Action("HassStartTimer", (), (("minutes", 5),))


class _Understanding:
    """An assistant that always understands one thing."""

    version = "made-up"

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning

    def understand(self, _text: str, _room: str) -> Meaning:
        return self._meaning


def stricken(meaning: Meaning, *, offline: str = "", down: str = "", missing: str = "") -> Stricken:
    """A home in which one thing does not work."""
    return Stricken(_Understanding(meaning), frozenset({offline}), frozenset({missing}), frozenset({down}))  # type: ignore[arg-type]


def test_an_offline_device_is_understood_and_does_nothing():
    """The meaning stays, and nothing is done."""
    meant = Meaning(Reach.OK, "HassTurnOn", action=LAMP)

    found = stricken(meant, offline="light.lamp").understand("turn on the lamp", "hall")

    assert (found.reach, found.action, found.done) == (Reach.UNAVAILABLE, LAMP, None)


def test_what_is_not_struck_works():
    """A fault of one thing is none of another."""
    meant = Meaning(Reach.OK, "HassTurnOn", action=LAMP)

    assert stricken(meant, offline="light.other", down="HassStartTimer").understand("turn on the lamp", "hall") == meant


def test_what_was_not_understood_is_no_fault_of_the_result():
    """A refusal stays the refusal that it was."""
    meant = Meaning(Reach.NO_MATCH)

    assert stricken(meant, offline="light.lamp").understand("let there be light", "hall") == meant


def test_a_lost_title_is_not_found():
    """The library has lost it: the same words come to nothing."""
    meant = Meaning(Reach.OK, "Play", action=Action("Play", ("player.one",), (("media", "jazz"),)))

    assert stricken(meant, missing="jazz").understand("play jazz", "hall").reach is Reach.NOT_FOUND


def test_a_service_that_is_down_says_so_in_words_of_its_part():
    """What is trained on says it otherwise than what is scored."""
    home = stricken(Meaning(Reach.OK, "HassStartTimer", action=TIMER), down="HassStartTimer")
    failed = turn("five minutes", status="failed", intent="HassStartTimer", response="The device is unavailable")

    said = {part: {told(failed, home, part=part, rng=Random(seed)).response.text for seed in range(40)} for part in Part}  # type: ignore[union-attr]

    assert not said[Part.TRAIN] & said[Part.TEST]
    assert len(said[Part.TRAIN]) == len(DOWN[Part.TRAIN])


def test_a_turn_that_worked_is_told_as_it_was():
    """Only failures tell of the service."""
    home = stricken(Meaning(Reach.OK, "HassStartTimer", action=TIMER), down="HassStartTimer")
    worked = turn("five minutes", intent="HassStartTimer", response="Timer set")

    assert told(worked, home, part=Part.TEST, rng=Random(7)) == worked


def test_a_slot_that_was_filled_twice_keeps_both():
    """SLURP's NLU may name a slot twice; nothing of it is lost."""
    assert interpretation({"intent": "lists_add", "entities": [["item", "milk"], ["item", "bread"]]}).slots == {"item": "milk bread"}
