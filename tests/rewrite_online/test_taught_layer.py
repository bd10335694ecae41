"""The taught layer: what a customer told us comes first, is theirs alone, and never passes what is risky without a yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from resay.dialogue.rewrite import Layer, Reason, RewriteAnswer
from resay.dialogue.teaching import Kind, Taught
from rewrite_online.gate import Vetoes
from rewrite_online.rewriter import Live, Rewriter
from rewrite_online.table_layer import TableLayer
from rewrite_online.taught_layer import TaughtLayer
from tests.builders import BASE, asked, rewrite

TABLE = TableLayer([rewrite("play madona", "play madonna")])


def row(words: str, meaning: str, kind: Kind = Kind.REQUEST, *, confirmed: bool = False) -> Taught:
    """A teaching that stands."""
    return Taught(f"id of {words}", kind, words, meaning, BASE, confirmed_at=BASE if confirmed else None)


class Told:
    """Teachings that somebody may change, with the stamp that tells so."""

    def __init__(self, rows: Mapping[str, Sequence[Taught]]) -> None:
        self.rows = dict(rows)
        self.stamp = 0
        self.reads = 0

    def read(self, customer_id: str) -> Sequence[Taught]:
        """What one customer taught."""
        self.reads += 1
        return self.rows.get(customer_id, ())

    def tell(self, customer_id: str, *rows: Taught) -> None:
        """Change it, and say so."""
        self.rows[customer_id] = rows
        self.stamp += 1


def layer_of(told: Told) -> TaughtLayer:
    """The layer over them."""
    layer = TaughtLayer(told.read, lambda: told.stamp, lambda: 1)
    layer.refresh()
    return layer


def answer(told: Told, utterance: str, *layers: Any, live: Mapping[str, Any] | None = None, **others: Any) -> RewriteAnswer:
    """What a rewriter with these teachings, and the usual hold-out, answers."""
    taught = layer_of(told)
    drawn_on = Live(generation=7, layers=(taught, *layers), taught_otherwise=taught.taught_otherwise)
    asking = Rewriter(lambda: replace(drawn_on, **(live or {})), clock=lambda: 0.0)
    said = asking.rewrite(asked(utterance, **others), now=BASE, budget_s=60)
    asking.close()
    return said


MOVIES = Told({"c1": [row("movie night", "Dim the lights"), row("den", "the guest room", Kind.NAME)]})


def test_what_was_taught_is_said_and_to_nobody_else():
    """Looked up by the customer's id."""
    theirs, others = answer(MOVIES, "Movie night!"), answer(MOVIES, "Movie night!", customer_id="c2")

    assert (theirs.reason, theirs.layer, theirs.utterance) == (Reason.REWRITTEN, Layer.TAUGHT, "Dim the lights")
    assert (theirs.rewrite_id, theirs.propensity) == ("id of movie night", 1.0)
    assert (others.reason, others.utterance) == (Reason.NO_CANDIDATE, "Movie night!")


def test_a_name_is_understood_inside_a_request():
    """In every request that holds it, whole words only; what it stands for is left alone."""
    assert answer(MOVIES, "turn on the lamp in the den").utterance == "turn on the lamp in the guest room"
    assert answer(MOVIES, "play the dense album").utterance == "play the dense album"
    assert answer(MOVIES, "turn on the lamp in the guest room").reason is Reason.TARGET_OFFERED


def test_what_was_taught_is_never_held_out():
    """It is promised: on none of two hundred days are the words left as they are."""
    days = [answer(MOVIES, "movie night", customer_id="c1", at=BASE.replace(year=2000 + year)) for year in range(200)]

    assert {each.reason for each in days} == {Reason.REWRITTEN}


def test_what_was_taught_comes_before_the_table():
    """Even of words that the table would say; and what the table would say is not said where it means something else here."""
    told = Told({"c1": [row("play madonna", "play cher")]})

    assert answer(told, "play madonna", TABLE).utterance == "play cher"
    assert answer(told, "play madona", TABLE).reason is Reason.TAUGHT_OTHERWISE
    assert answer(told, "play cher", TABLE).reason is Reason.TARGET_OFFERED
    assert answer(told, "play madona", TABLE, customer_id="c2").utterance == "play madonna"


def test_a_veto_wins():
    """Over a customer's own word too."""
    vetoes = Vetoes.of([("", "dim the lights")])

    assert answer(MOVIES, "movie night", live={"vetoes": vetoes}).reason is Reason.VETOED


@pytest.mark.parametrize("confirmed", [False, True])
def test_what_is_risky_wants_a_yes(confirmed: bool):
    """Also where only the whole request is risky, and not the name in it."""
    told = Told(
        {"c1": [row("as always", "unlock the front door", confirmed=confirmed), row("main", "lobby", Kind.NAME, confirmed=confirmed)]}
    )

    reasons = {answer(told, "as always").reason, answer(told, "unlock main").reason}

    assert reasons == ({Reason.REWRITTEN} if confirmed else {Reason.HIGH_RISK})


def test_an_answer_to_a_question_is_left_alone():
    """Where the assistant asked, the words answer it."""
    assert answer(MOVIES, "movie night", prompt_kind="area").reason is Reason.NO_CANDIDATE


@pytest.mark.parametrize("meaning", ["/restart", "dim\x1b the lights"])
def test_what_must_not_be_handed_over_is_not(meaning: str):
    """Whoever wrote it into the books."""
    assert answer(Told({"c1": [row("movie night", meaning)]}), "movie night").reason is Reason.NO_CANDIDATE


def test_a_change_is_seen_by_the_very_next_question():
    """And while nothing changes the books are not asked again."""
    told = Told({})
    layer = layer_of(told)
    question = asked("movie night")

    assert [layer.at_once(question), layer.candidates(question), layer.at_once(question)] == [False, (), True]
    told.tell("c1", row("movie night", "dim the lights"))

    assert not layer.at_once(question)
    assert [each.target for each in layer.candidates(question)] == ["dim the lights"]
    assert layer.at_once(question)
    told.tell("c1")
    assert not layer.at_once(question)
    assert layer.candidates(question) == ()
    assert told.reads == 3


def test_memory_is_bounded():
    """Whoever has not asked for longest goes."""
    told = Told({f"c{number}": [row("movie night", "dim the lights")] for number in range(9)})
    layer = TaughtLayer(told.read, lambda: 0, lambda: 1, rows_max=6)

    for number in range(9):
        layer.candidates(asked("movie night", customer_id=f"c{number}"))

    assert [layer.at_once(asked("movie night", customer_id=f"c{number}")) for number in range(9)] == [False] * 6 + [True] * 3


def test_without_a_generation_what_was_taught_is_served():
    """A customer need not wait for a log to be learnt from; all else is not ready."""
    live = {"generation": None}

    assert answer(MOVIES, "movie night", live=live).utterance == "Dim the lights"
    assert answer(MOVIES, "play madonna", live=live).reason is Reason.NOT_READY


def test_who_taught_nothing_waits_for_nobody():
    """Nor are their teachings read; who taught something must have them read once."""
    told = Told({"customer-1": [row("movie night", "dim the lights")]})
    layer = TaughtLayer(told.read, lambda: told.stamp, lambda: 1, teachers=lambda: frozenset(told.rows))
    layer.refresh()

    assert layer.at_once(asked("movie night", customer_id="customer-2"))
    assert layer.candidates(asked("movie night", customer_id="customer-2")) == ()
    assert told.reads == 0
    assert not layer.at_once(asked("movie night", customer_id="customer-1"))


def test_who_has_just_begun_to_teach_is_read():
    """In the very next turn, before anything was looked at again; and others wait for nobody as soon as it was."""
    told = Told({})
    layer = TaughtLayer(told.read, lambda: told.stamp, lambda: 1, teachers=lambda: frozenset(told.rows))
    layer.refresh()
    told.tell("customer-1", row("movie night", "dim the lights"))

    found = layer.candidates(asked("movie night", customer_id="customer-1"))
    waits = [layer.at_once(asked("movie night", customer_id="customer-2"))]
    layer.refresh()
    waits.append(layer.at_once(asked("movie night", customer_id="customer-2")))

    assert [each.target for each in found] == ["dim the lights"]
    assert waits == [False, True]


def test_where_too_many_teach_each_is_read():
    """Nobody is told to have taught nothing by a list that is not whole."""
    told = Told({})
    layer = TaughtLayer(told.read, lambda: told.stamp, lambda: 1, teachers=lambda: None)
    layer.refresh()

    assert not layer.at_once(asked("movie night", customer_id="customer-2"))
