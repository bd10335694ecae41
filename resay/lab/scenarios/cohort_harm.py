"""A rewrite that helps most and hurts one cohort only is caught. Case (iv).

Most say a wording in vain, and mean one thing. From day 10 on there is a cohort whose assistant understands that very wording, as another
thing, which is what they mean: whoever of them is rewritten is harmed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from resay.lab.assistant import Assistant
from resay.lab.cast import Cast
from resay.lab.scenarios.crowd import Crowd, NoSuchCase, cases, crowd, everyone
from resay.lab.scenarios.venue import Guests, Night, Venue, nights
from resay.lab.scenarios.verdict import Figure, Part, Verdict, rule
from resay.lab.tally import Sums, effect_of

NAME = "cohort-harm"

COMES_ON = 10
"""Day on which the cohort begins to talk: the rewrite is live by then."""

CAUGHT_WITHIN = 3
"""Nights after which the cohort must no longer be served it. Ours: EVALUATION says no number."""

NIGHTS_WATCHED = 7

CROWD_OF_K, COHORT_OF_K = 6, 3
"""People in floors: a crowd, and half as many who are hurt."""


def play(venue: Venue) -> Verdict:
    """Learn the rewrite, let the cohort come, and count whom it harms and for how long."""
    many, few = _cohorts(venue)
    case = next(cases(venue.world, venue.assistant, seed=venue.seed))
    days = COMES_ON + NIGHTS_WATCHED
    right, wrong = (case.source, case.target), (case.source, case.wrong_target)
    most = crowd(venue, Crowd(0, case.goal, right, CROWD_OF_K * venue.k, many), days=days)
    hurt = crowd(venue, Crowd(1, case.wrong_goal, wrong, COHORT_OF_K * venue.k, few), days=days)
    theirs = Assistant(venue.world.home, also={case.source: case.wrong_target})
    guests = [Guests(everyone(venue, days)), Guests(most), Guests(hurt, since=COMES_ON, assistants={0: theirs})]
    with venue.open_system() as system:
        seen = list(nights(system, venue, guests, days=range(COMES_ON - 1, days)))
    return _judged(venue, case.source, seen, most=most, hurt=hurt)


def _judged(venue: Venue, source: str, seen: Sequence[Night], *, most: Cast, hurt: Cast) -> Verdict:
    if source not in seen[0].targets:
        return rule(NAME, kept=False, happened=f"no rewrite of {source!r} was learnt by day {COMES_ON}, so that there was nothing to catch")
    watched = [night for night in seen if night.day >= COMES_ON]
    harmed_daily = [_sums(night, hurt).harmed for night in watched]
    helped = sum(_sums(night, most).wins for night in watched)
    # The day on which the rewrite has been live for so many nights, and those that follow.
    late = harmed_daily[CAUGHT_WITHIN:]
    live = sum(source in night.targets for night in watched)
    happened = (
        f"the rewrite of {source!r} harmed {sum(harmed_daily)} right turns of the cohort, {sum(late)} of them later than"
        f" {CAUGHT_WITHIN} nights after its first day, and won {helped} of the others; it was live after {live} of {len(watched)} nights"
    )
    figures = (
        Figure(NAME, "harmed", sum(harmed_daily), len(hurt.members)),
        Figure(NAME, "harmed_late", sum(late), len(late)),
        Figure(NAME, "wins", helped, len(most.members)),
        Figure(NAME, "nights_live_after", live, len(watched)),
    )
    return replace(rule(NAME, kept=not sum(late), happened=happened, needs=Part.MONITORS, built=venue.built), figures=figures)


def _sums(night: Night, cast: Cast) -> Sums:
    total = Sums()
    for each in night.exchanges:
        if each.turn.customer_id in cast.members and each.truth.target is not None:
            total.add(effect_of(each.truth))
    return total


def _cohorts(venue: Venue) -> tuple[str, str]:
    """The cohort with the most well-served voices, and the next one.

    Raises: NoSuchCase.
    """
    voices = Counter(each.cohort for each in venue.world.speakers.values() if each.main)
    voices.update(dict.fromkeys({each.cohort for each in venue.world.speakers.values()}, 0))
    ordered = sorted(voices, key=lambda each: (-voices[each], each))
    if len(ordered) < 2:
        message = f"a world must have two cohorts for {NAME}; it has {', '.join(ordered)}"
        raise NoSuchCase(message)
    return ordered[0], ordered[1]
