"""One customer is deleted: the next generation equals the one that is learnt without them. Case (v)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from resay.dialogue.rewrite import Rewrite
from resay.dialogue.turn import Turn
from resay.lab.conversation import pass_through
from resay.lab.making import START
from resay.lab.scenarios.crowd import Crowd, cases, crowd, everyone
from resay.lab.scenarios.venue import NIGHT, Guests, Learner, Venue
from resay.lab.scenarios.verdict import Figure, Part, Verdict, rule
from resay.store.rewrites import encode_rewrites

NAME = "forgotten"

DAYS = 10
"""Days of talk: accounts are old enough to count by then."""

CROWD_OF_K = 3
"""People who say the phrase, in floors: each of them shows in the figures of its rewrite."""


def play(venue: Venue) -> Verdict:
    """Learn with everyone, delete one who stands behind a rewrite, learn again; and learn the same talk without them."""
    case = next(cases(venue.world, venue.assistant, seed=venue.seed))
    people = crowd(venue, Crowd(0, case.goal, (case.source, case.target), CROWD_OF_K * venue.k), days=DAYS)
    turns = _talk(venue, [Guests(everyone(venue, DAYS)), Guests(people)])
    with venue.open_system() as system:
        whole = _learnt(system, turns)
        customer = _behind(whole, turns)
        if customer is None:
            return rule(NAME, kept=False, happened="no rewrite was learnt, so that nobody stood behind one")
        if venue.forget is not None:
            venue.forget(system, customer)
            system.learn(START + timedelta(days=DAYS) + NIGHT)
        after = tuple(system.rewrites())
    venue.tick(DAYS + 1, DAYS + 1)
    with venue.open_system() as system:
        without = _learnt(system, [each for each in turns if each.customer_id != customer])
    return _judged(venue, after, without)


def _judged(venue: Venue, after: Sequence[Rewrite], without: Sequence[Rewrite]) -> Verdict:
    same = encode_rewrites(after) == encode_rewrites(without)
    differ = len(set(encode_rewrites(after).splitlines()) ^ set(encode_rewrites(without).splitlines()))
    deleted = "after a customer was deleted" if venue.forget else "though a customer ought to be deleted, which cannot be asked for yet"
    equals = "equals" if same else "does not equal"
    happened = f"{deleted}, the table of {len(after)} rewrites {equals} the {len(without)} learnt without them; {differ} rows differ"
    figures = (Figure(NAME, "rewrites", len(after)), Figure(NAME, "rewrites_without", len(without)), Figure(NAME, "rows_differing", differ))
    return replace(rule(NAME, kept=same, happened=happened, needs=Part.FORGETTING, built=venue.built), figures=figures)


def _talk(venue: Venue, guests: Sequence[Guests]) -> list[Turn]:
    turns: list[Turn] = []
    for day in range(DAYS):
        turns += [each.turn for group in guests for each in group.day(day, pass_through, seed=venue.seed)]
        venue.tick(day + 1, DAYS + 1)
    return turns


def _learnt(system: Learner, turns: Sequence[Turn]) -> tuple[Rewrite, ...]:
    system.land(turns, START + timedelta(days=DAYS) + NIGHT)
    system.learn(START + timedelta(days=DAYS) + NIGHT)
    return tuple(system.rewrites())


def _behind(rewrites: Sequence[Rewrite], turns: Sequence[Turn]) -> str | None:
    """A customer whose turns are cited as evidence."""
    cited = {turn_id for each in rewrites for turn_id in each.evidence}
    return next((each.customer_id for each in turns if each.turn_id in cited), None)
