"""The table layer: exact text, exact context."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from resay.dialogue.rewrite import Layer, Rewrite, RewriteRequest
from resay.dialogue.turn import Context
from resay.store.artifact import BrokenArtifact
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.rewriter import Live, Rewriter
from rewrite_online.table_layer import TableLayer
from tests.builders import BASE, asked, rewrite


def test_text_is_compared_in_canonical_form():
    """Case, marks and spaces do not matter."""
    table = TableLayer([rewrite("play madona", "play madonna")])

    found = table.candidates(asked("  Play, MADONA!"))

    assert [each.target for each in found] == ["play madonna"]


def test_a_short_answer_means_nothing_without_its_question():
    """A rewrite holds only after the kind of prompt that it was learnt after."""
    table = TableLayer([rewrite("nort", "north", prompt_kind="area")])

    assert table.candidates(asked("nort")) == ()
    assert table.candidates(asked("nort", prompt_kind="food")) == ()
    assert [each.target for each in table.candidates(asked("nort", prompt_kind="area"))] == ["north"]


def test_it_knows_what_it_would_say():
    """The target of a rewrite is known as such, in its context."""
    table = TableLayer([rewrite("nort", "North", prompt_kind="area")])

    assert table.offers(asked("north", prompt_kind="area"))
    assert not table.offers(asked("north"))
    assert not table.offers(asked("nort", prompt_kind="area"))


@pytest.mark.parametrize("target", ["/restart", "  /intent{}", "play\x07madonna", "play\u202emadonna", "", "?!"])
def test_a_target_that_no_customer_can_say_is_refused(target: str):
    """Command prefixes, control characters and empty texts never reach an assistant, whoever published them."""
    with pytest.raises(BrokenArtifact, match=r"target of rewrite .* must"):
        TableLayer([rewrite("play madona", target)])


def test_a_source_with_two_targets_is_refused():
    """In one context one text means one thing."""
    with pytest.raises(BrokenArtifact, match="one target a prompt kind and place"):
        TableLayer([rewrite("play madona", "play madonna"), rewrite("play madona", "play prince")])


RADIO, TELEVISION = "turn up the radio", "turn up the television"

UP = TableLayer(
    [
        rewrite("turn it up", RADIO, not_rooms=("bedroom", "living room"), not_device_types=("watch",)),
        rewrite("turn it up", TELEVISION, room="living room"),
        rewrite("turn it down", "turn down the radio", device_type="speaker"),
    ]
)


@pytest.mark.parametrize(
    ("said", "context", "targets"),
    [
        ("turn it up", Context(room="living room", device_type="watch"), [TELEVISION]),
        ("turn it up", Context(room="kitchen"), [RADIO]),
        ("turn it up", None, [RADIO]),
        ("turn it up", Context(room="bedroom"), []),
        ("turn it up", Context(device_type="watch"), []),
        ("turn it down", Context(room="kitchen", device_type="speaker"), ["turn down the radio"]),
        ("turn it down", Context(room="kitchen"), []),
    ],
)
def test_the_place_has_the_first_word(said: str, context: Context | None, targets: list[str]):
    """Its own rewrite, or else the one for any place, but for places where that would be wrong."""
    assert [each.target for each in UP.candidates(asked(said, context=context))] == targets


def test_what_is_said_in_one_room_is_not_rewritten_in_another():
    """One hop, wherever one is."""
    assert UP.offers(asked(TELEVISION, context=Context(room="kitchen")))


def test_whoever_is_of_a_cohort_that_is_spared_is_left_alone():
    """One of several is enough, wherever they are; others, and those of whom nothing is known, have it."""
    table = TableLayer(
        [
            rewrite("turn it up", RADIO, not_rooms=("living room",), not_cohorts=("en-GB", "new")),
            rewrite("turn it up", TELEVISION, room="living room", not_cohorts=("beta",)),
        ]
    )

    def told(room: str, *cohorts: str) -> list[str]:
        return [each.target for each in table.candidates(asked("turn it up", context=Context(room=room), cohorts=cohorts))]

    assert (told("hall"), told("hall", "en-US", "beta")) == ([RADIO], [RADIO])
    assert (told("hall", "en-US", "new"), told("hall", "en-GB")) == ([], [])
    assert (told("living room", "new"), told("living room", "beta")) == ([TELEVISION], []), "and nothing else in its place"


def test_who_is_spared_is_not_rewritten_by_a_layer_behind_the_table_either():
    """It knows less of these words; a customer's own layer, and words of which the table knows nothing, are not touched."""
    table = TableLayer([rewrite("turn it up", RADIO, not_rooms=("hall",), not_cohorts=("en-GB",))])

    class Sure:
        def __init__(self, layer: Layer) -> None:
            self.layer = layer

        def at_once(self, _request: RewriteRequest) -> bool:
            return True

        def offers(self, _request: RewriteRequest) -> bool:
            return False

        def candidates(self, _request: RewriteRequest) -> Sequence[Rewrite]:
            return [rewrite("turn it up", TELEVISION)]

    def told(*layers: Layer, said: str = "turn it up", room: str = "", cohort: str = "en-GB") -> str:
        live = Live(1, (table, *map(Sure, layers)), spares=table.spares)
        request = asked(said, context=Context(room=room), cohorts=(cohort,))
        return Rewriter(lambda: live, hold_out=NO_HOLD_OUT).rewrite(request, now=BASE, budget_s=60).utterance

    assert told(Layer.GLOBAL) == "turn it up"
    assert told(Layer.GLOBAL, room="hall", cohort="en-US") == "turn it up"
    assert told(Layer.GLOBAL, cohort="en-US") == RADIO
    assert told(Layer.GLOBAL, said="turn it down") == TELEVISION
    assert told(Layer.GLOBAL, Layer.PERSONAL) == TELEVISION
