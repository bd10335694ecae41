"""The assistant learns a phrase on day 10: the rewrite of it is no longer needed, and is retired within one cycle. Case (i).

Two forms: by data alone, where only customers' success tells; and with the hook, where the assistant can be asked before day 10 begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from resay.lab.assistant import Assistant
from resay.lab.scenarios.crowd import Crowd, cases, crowd, everyone
from resay.lab.scenarios.venue import Guests, Night, Venue, nights
from resay.lab.scenarios.verdict import Figure, Part, Verdict, rule
from resay.lab.tally import effect_of

NAME = "assistant-learns"

NAME_TOLD = "assistant-learns-told"
"""The form with the hook."""

LEARNS_ON = 10
"""Day on which the assistant learns the phrase (EVALUATION 2, i)."""

NIGHTS_WATCHED = 7
"""Nights after it in which is looked whether the rewrite is still live."""

LATE_MAX = 5
"""Turns that may still be rewritten without need behind that night, by whatever layer: one in a hundred of what is said."""

CROWD_OF_K = 6
"""So many times the floor say the phrase: half are of control, and not all say it in vain before day 10."""


def play(venue: Venue) -> Verdict:
    """By data: learn the rewrite, let the assistant learn the phrase, and count the nights until the rewrite is gone."""
    return _play(replace(venue, replay=None), NAME)


def play_told(venue: Venue) -> Verdict:
    """With the hook: as the new assistant takes over, it is asked what it needs no rewrite for any more."""
    return _play(venue, NAME_TOLD)


def _play(venue: Venue, name: str) -> Verdict:
    case = next(cases(venue.world, venue.assistant, seed=venue.seed))
    days = LEARNS_ON + NIGHTS_WATCHED
    people = crowd(venue, Crowd(0, case.goal, (case.source, case.target), CROWD_OF_K * venue.k), days=days)
    wiser = Assistant(venue.world.home, also={case.source: case.target})
    guests = [Guests(each, assistants={LEARNS_ON: wiser}) for each in (everyone(venue, days), people)]
    seen = []
    with venue.open_system() as system:
        for night in nights(system, venue, guests, days=range(LEARNS_ON - 1, days)):
            seen.append(night)
            if venue.replay and night.day == LEARNS_ON - 1:
                venue.replay(system, wiser)
    return _judged(venue, name, source=case.source, seen=seen)


def _judged(venue: Venue, name: str, *, source: str, seen: Sequence[Night]) -> Verdict:
    live = [night.day for night in seen if source in night.targets]
    learnt = LEARNS_ON - 1 in live
    after = [each for night in seen if night.day >= LEARNS_ON for each in night.exchanges if each.turn.rewrite]
    needless = [effect_of(each.truth) for each in after if each.turn.rewrite and each.turn.rewrite.original == source]
    # One cycle: the day on which the assistant is another is over before anybody learns of it.
    late = sum(
        each.turn.rewrite is not None and each.turn.rewrite.original == source
        for night in seen
        if night.day > LEARNS_ON
        for each in night.exchanges
    )
    nights_live = sum(day >= LEARNS_ON for day in live)
    harmed = sum(each.harmed for each in needless)
    if not learnt:
        happened = f"no rewrite of {source!r} was learnt by day {LEARNS_ON}, so that there was nothing to retire"
        return rule(name, kept=False, happened=happened)
    gone = "was gone after the first night" if not nights_live else f"was live after {nights_live} of {NIGHTS_WATCHED} nights that followed"
    happened = f"the rewrite of {source!r}, which the assistant understood from day {LEARNS_ON} on, {gone}"
    happened += f"; {len(needless)} turns were rewritten without need by any layer, {late} of them later than that, {harmed} to harm"
    figures = (
        Figure(name, "nights_live_after", nights_live, NIGHTS_WATCHED),
        Figure(name, "needless_rewrites", len(needless), len(after)),
        Figure(name, "needless_late", late, len(needless)),
        Figure(name, "harmed", harmed, len(needless)),
    )
    is_kept = not nights_live and late <= LATE_MAX
    return replace(rule(name, kept=is_kept, happened=happened, needs=Part.RETIREMENT, built=venue.built), figures=figures)
