"""Lessons: what is refused with its reason, what needs a yes, and offers that never come twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.dialogue.teaching import Kind, Lexicon, Origin, State, Taught
from resay.dialogue.text import canonical
from resay.teach.ask import OFFER_GAP
from resay.teach.lessons import Outcome, answer_offer, change, forget, must_ask, new_row, offer, teach
from resay.teach.rules import Objection
from resay.teach.teaching import Frame, Teaching
from tests.builders import BASE


def row(words: str, meaning: str, kind: Kind = Kind.REQUEST, **others: object) -> Taught:
    """A teaching, named by its words."""
    made = new_row(Teaching(kind, words, meaning), teaching_id=words, now=BASE)
    return replace(made, **others)  # type: ignore[arg-type]


def taught(*rows: Taught) -> list[Taught]:
    """What stands after all of these were taught, yes said to each."""
    stand: list[Taught] = []
    for each in rows:
        after, answer = teach(stand, each, must_ask=True, yes=True)
        assert answer.outcome is Outcome.TAUGHT, answer
        stand = list(after)
    return stand


def test_what_is_taught_is_said_back_in_one_sentence():
    """So that what was misunderstood is heard at once."""
    _, answer = teach([], row("movie night", "dim the lights"), must_ask=False, yes=False)

    assert answer.outcome is Outcome.TAUGHT
    assert answer.say == "All right: when you say “movie night”, I take it as “dim the lights”."


@pytest.mark.parametrize(
    ("known", "new", "objection"),
    [
        (row("movie night", "dim the lights"), row("movie night", "play jazz", teaching_id="other"), Objection.CONFLICT),
        (row("movie night", "dim the lights"), row("cinema", "movie night"), Objection.CHAIN),
        (row("cinema", "movie night"), row("movie night", "dim the lights"), Objection.CHAIN),
        (row("den", "the guest room", Kind.NAME), row("cosy", "light the den"), Objection.CHAIN),
        (row("cosy", "light the den"), row("den", "the guest room", Kind.NAME), Objection.CHAIN),
        (row("cinema", "movie night"), row("movie night", "cinema"), Objection.CYCLE),
        (None, row("movie night", "Movie night!"), Objection.SAME),
        (None, row("stop", "play jazz"), Objection.RESERVED),
        (None, row("the", "the guest room", Kind.NAME), Objection.RESERVED),
        (None, row("movie night", "/restart{}"), Objection.FORM),
        (None, row("movie night", "dim\x1b the lights"), Objection.FORM),
        (None, row("movie night", "?!"), Objection.FORM),
        (None, row("movie night", "dim " * 60), Objection.FORM),
    ],
)
def test_what_contradicts_is_refused_with_the_reason(known: Taught | None, new: Taught, objection: Objection):
    """Nothing changes, and the customer is told why."""
    before = [known] if known else []

    after, answer = teach(before, new, must_ask=False, yes=True)

    assert (after, answer.outcome) == (before, Outcome.REFUSED)
    assert answer.refused is not None
    assert answer.refused.objection is objection
    assert answer.say


@pytest.mark.parametrize("meaning", ["unlock the front door", "turn everything off", "buy milk"])
def test_what_is_risky_waits_for_a_yes(meaning: str):
    """Asked first, and taught once the customer agrees."""
    new = row("as always", meaning)

    nothing, asked = teach([], new, must_ask=must_ask(Teaching(Kind.REQUEST, new.words, meaning)), yes=False)
    stand, agreed = teach([], new, must_ask=True, yes=True)

    assert (list(nothing), asked.outcome, asked.say) == (
        [],
        Outcome.ASKED,
        f"Next time you say “as always”, shall I take it as “{meaning}”?",
    )
    assert agreed.outcome is Outcome.TAUGHT
    assert stand[0].confirmed_at == BASE


def test_a_correction_waits_for_a_yes():
    """What was meant once need not hold for good."""
    assert must_ask(Teaching(Kind.REQUEST, "play the beetles", "play the beatles", Frame.CORRECTED))
    assert not must_ask(Teaching(Kind.REQUEST, "movie night", "dim the lights"))


def test_a_dismissed_offer_never_comes_back():
    """Nor does one that nobody answered, nor one that was taken back later."""
    later = BASE + 400 * OFFER_GAP
    new = row("movie night", "dim the lights", origin=Origin.AGENT)

    offered, asked = offer([], new)
    dismissed, _ = answer_offer(offered, new.teaching_id, yes=False, now=BASE)
    agreed, _ = answer_offer(offered, new.teaching_id, yes=True, now=BASE)
    taken_back, _ = forget(agreed, new.teaching_id)

    assert asked.outcome is Outcome.OFFERED
    assert [each.state for each in agreed] == [State.TAUGHT]
    for stand in (offered, dismissed, agreed, taken_back):
        assert offer(stand, replace(new, teaching_id="again", at=later))[1].outcome is Outcome.NOT_OFFERED


def test_offers_come_at_a_limited_rate():
    """One a day, whatever they are for."""
    stand, _ = offer([], row("movie night", "dim the lights", origin=Origin.AGENT))
    other = row("bedtime", "turn off the lights upstairs", origin=Origin.AGENT)

    assert offer(stand, replace(other, at=BASE + OFFER_GAP - timedelta(seconds=1)))[1].outcome is Outcome.NOT_OFFERED
    assert offer(stand, replace(other, at=BASE + OFFER_GAP))[1].outcome is Outcome.OFFERED


def test_what_was_taught_may_be_changed_and_forgotten():
    """What is risky needs a yes again."""
    stand = taught(row("movie night", "dim the lights"))

    same, asked = change(stand, "movie night", meaning="unlock the door", now=BASE, yes=False)
    other, _ = change(stand, "movie night", meaning="play jazz", now=BASE, yes=False)
    gone, _ = forget(other, "movie night")

    assert (same, asked.outcome) == (stand, Outcome.ASKED)
    assert [each.meaning for each in other] == ["play jazz"]
    assert list(gone) == []
    assert forget(gone, "movie night")[1].outcome is Outcome.UNKNOWN


WORDS = st.lists(st.sampled_from(["den", "lamp", "big", "blue", "room", "the", "my"]), min_size=1, max_size=3).map(" ".join)


@given(st.lists(st.tuples(WORDS, WORDS, st.sampled_from(Kind)), max_size=6), st.lists(WORDS, min_size=1, max_size=3).map(" ".join))
def test_what_was_taught_is_said_in_one_hop(lessons: list[tuple[str, str, Kind]], said: str):
    """Whatever is taught, and whatever is said: what it becomes is left alone."""
    stand: list[Taught] = []
    for words, meaning, kind in lessons:
        stand = list(teach(stand, row(words, meaning, kind), must_ask=False, yes=False)[0])
    lexicon = Lexicon(stand)

    meant = lexicon.meant(said)

    if meant is not None:
        again = lexicon.meant(meant.text)
        assert again is None or canonical(again.text) == canonical(meant.text)


@pytest.mark.parametrize(
    ("name", "said", "meant"),
    [
        ("my snug", "what is in my snug", "what is in the guest room"),
        ("my snug", "what is in the snug", "what is in the guest room"),
        ("the snug", "light our snug", "light the guest room"),
        ("snug", "light my snug", "light the guest room"),
        ("my snug", "buy a snug jacket", None),
        ("my snug", "how snug is it", None),
        ("my", "the lamp", None),
    ],
)
def test_a_name_is_known_by_any_article(name: str, said: str, meant: str | None):
    """Who calls a room "my snug" says "the snug" as well; other words that are like it are left alone."""
    found = Lexicon([row(name, "the guest room", Kind.NAME)]).meant(said)

    assert (found and found.text) == meant
