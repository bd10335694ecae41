"""The assistant learns a phrase on day 10: the rewrite of it is no longer needed, and is retired within one cycle. Case (i)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from resay.lab.assistant import Assistant
from resay.lab.scenarios.crowd import Crowd, cases, crowd, everyone
from resay.lab.scenarios.venue import Guests, Night, Venue, nights
from resay.lab.scenarios.verdict import Figure, Part, Verdict, rule
from resay.lab.tally import effect_of

NAME = "assistant-learns"

LEARNS_ON = 10
"""Day on which the assistant learns the phrase (EVALUATION 2, i)."""

NIGHTS_WATCHED = 7
"""Nights after it in which is looked whether the rewrite is still live."""

CROWD_OF_K = 6
"""So many times the floor say the phrase: half are of control, and not all say it in vain before day 10."""


def play(venue: Venue) -> Verdict:
    """Learn the rewrite, let the assistant learn the phrase, and count the nights until the rewrite is gone."""
    case = next(cases(venue.world, venue.assistant, seed=venue.seed))
    days = LEARNS_ON + NIGHTS_WATCHED
    people = crowd(venue, Crowd(0, case.goal, (case.source, case.target), CROWD_OF_K * venue.k), days=days)
    wiser = {LEARNS_ON: Assistant(venue.world.home, also={case.source: case.target})}
    guests = [Guests(everyone(venue, days), assistants=wiser), Guests(people, assistants=wiser)]
    with venue.open_system() as system:
        seen = list(nights(system, venue, guests, days=range(LEARNS_ON - 1, days)))
    return _judged(venue, case.source, seen)


def _judged(venue: Venue, source: str, seen: Sequence[Night]) -> Verdict:
    live = [night.day for night in seen if source in night.targets]
    learnt = LEARNS_ON - 1 in live
    after = [each for night in seen if night.day >= LEARNS_ON for each in night.exchanges if each.turn.rewrite]
    needless = [effect_of(each.truth) for each in after if each.turn.rewrite and each.turn.rewrite.original == source]
    nights_live = sum(day >= LEARNS_ON for day in live)
    harmed = sum(each.harmed for each in needless)
    if not learnt:
        happened = f"no rewrite of {source!r} was learnt by day {LEARNS_ON}, so that there was nothing to retire"
        return rule(NAME, kept=False, happened=happened)
    gone = "was gone after the first night" if not nights_live else f"was live after {nights_live} of {NIGHTS_WATCHED} nights that followed"
    happened = f"the rewrite of {source!r}, which the assistant understood from day {LEARNS_ON} on, {gone}"
    happened += f"; {len(needless)} turns were rewritten without need, {harmed} of them to harm"
    figures = (
        Figure(NAME, "nights_live_after", nights_live, NIGHTS_WATCHED),
        Figure(NAME, "needless_rewrites", len(needless), len(after)),
        Figure(NAME, "harmed", harmed, len(needless)),
    )
    return replace(rule(NAME, kept=not nights_live, happened=happened, needs=Part.RETIREMENT, built=venue.built), figures=figures)
