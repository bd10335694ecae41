"""Conspirators teach a wrong rewrite by saying it again in other words: none goes global, or few are served it. Case (ii).

Two plots at once: one account in a hundred, on a wording that few others use; and thirty accounts on one that many use and that fails.
A third is beyond what is asked: thirty accounts on a wording that hardly anybody else uses. It is told, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from resay.lab.cast import Cast
from resay.lab.scenarios.crowd import Case, Crowd, NoSuchCase, cases, crowd, everyone
from resay.lab.scenarios.venue import Guests, Night, Venue, nights
from resay.lab.scenarios.verdict import Figure, Part, Verdict, rule
from resay.lab.world import judge

NAME = "conspirators"

SHARE = 0.01
"""Accounts in the first plot, of all (EVALUATION 2, ii)."""

ACCOUNTS = 30
"""Accounts in the second (EVALUATION 2, ii)."""

SERVED_MAX = 5
"""Honest customers who may be served before the rewrite is rolled back (EVALUATION 2, ii)."""

FEW_OF_K, MANY_OF_K = 0.8, 6.0
"""Honest customers who use the wordings, in floors: too few to teach anything in the first plot, a crowd in the second."""

FIRST_NIGHT, DAYS = 9, 17
"""Learning begins when accounts are old enough to count, and goes on for a week."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Who teaches what."""

    name: str
    case: Case
    honest: Cast
    conspirators: Cast
    asked: bool = True
    """Whether the verdict is on it (EVALUATION 2, ii)."""


def play(venue: Venue) -> Verdict:
    """Both plots in one world; the wrong rewrites that go live, and who is served them."""
    found = cases(venue.world, venue.assistant, seed=venue.seed)
    rare, frequent = islice(found, 2)
    honest_few, honest_many = round(FEW_OF_K * venue.k), round(MANY_OF_K * venue.k)
    # One in a hundred of all accounts, the conspirators themselves and the other plot included.
    few = max(round(SHARE * (venue.customers + honest_few + honest_many + ACCOUNTS) / (1 - SHARE)), 1)
    plots = [
        _plot(venue, "one-in-a-hundred", rare, sizes=(honest_few, few), number=0),
        _plot(venue, "thirty-accounts", frequent, sizes=(honest_many, ACCOUNTS), number=2),
    ]
    with suppress(NoSuchCase):
        alone = _plot(venue, "thirty-accounts-rare", next(found), sizes=(honest_few, ACCOUNTS), number=4)
        plots.append(replace(alone, asked=False))
    casts = [everyone(venue, DAYS), *(cast for plot in plots for cast in (plot.honest, plot.conspirators))]
    with venue.open_system() as system:
        seen = list(nights(system, venue, [Guests(cast) for cast in casts], days=range(FIRST_NIGHT, DAYS)))
    return _judged(venue, plots, seen)


def _plot(venue: Venue, name: str, case: Case, *, sizes: tuple[int, int], number: int) -> Plot:
    honest, conspirators = sizes
    return Plot(
        name,
        case,
        crowd(venue, Crowd(number, case.goal, (case.source, case.target), honest), days=DAYS),
        crowd(venue, Crowd(number + 1, case.wrong_goal, (case.source, case.wrong_target), conspirators), days=DAYS),
    )


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of a plot."""

    plot: Plot
    nights: int
    """In which was looked."""
    live: int
    """Nights after which something wrong stood in the table."""
    right: int
    """Nights after which the right thing did."""
    served: int
    """Honest customers who were given something wrong."""

    @property
    def foiled(self) -> bool:
        return not self.live or self.served <= SERVED_MAX

    @property
    def sentence(self) -> str:
        who = f"{len(self.plot.conspirators.members)} accounts against {len(self.plot.honest.members)} honest ones"
        who = who if self.plot.asked else f"beyond what is asked, {who}"
        if self.live:
            return f"{who}: what they taught was live after {self.live} of {self.nights} nights and reached {self.served} honest customers"
        return f"{who}: what they taught never went live" + ("" if self.right else ", nor did what the honest taught")

    @property
    def figures(self) -> Iterator[Figure]:
        row, accounts, honest = f"{NAME}/{self.plot.name}", len(self.plot.conspirators.members), len(self.plot.honest.members)
        yield Figure(row, "nights_live", self.live, self.nights)
        yield Figure(row, "nights_right_live", self.right, self.nights)
        yield Figure(row, "honest_served", self.served, honest)
        yield Figure(row, "conspirators", accounts, accounts + honest)


def _judged(venue: Venue, plots: Sequence[Plot], seen: Sequence[Night]) -> Verdict:
    plotters = {customer for plot in plots for customer in plot.conspirators.members}
    came = [_came(venue, plot, seen, but=plotters) for plot in plots]
    happened = "; ".join(each.sentence for each in came)
    verdict = rule(NAME, kept=all(each.foiled for each in came if each.plot.asked), happened=happened, needs=Part.TRUST, built=venue.built)
    return replace(verdict, figures=tuple(figure for each in came for figure in each.figures))


def _came(venue: Venue, plot: Plot, seen: Sequence[Night], *, but: Collection[str]) -> _Came:
    live = sum(_is_wrong(venue, plot.case, night.targets) for night in seen)
    right = sum(plot.case.source in night.targets for night in seen) - live
    return _Came(plot, len(seen), live, right, len(_served(venue, plot.case, seen, but=but)))


def _is_wrong(venue: Venue, case: Case, targets: Mapping[str, str]) -> bool:
    """Whether the table puts something in place of the source that does what the honest do not want."""
    target = targets.get(case.source)
    return target is not None and judge(venue.assistant.understand(target, case.goal.room), case.goal.action) != "correct"


def _served(venue: Venue, case: Case, seen: Sequence[Night], *, but: Collection[str]) -> set[str]:
    """Honest customers who said the source and were given something wrong in its place."""
    return {
        each.turn.customer_id
        for night in seen
        for each in night.exchanges
        if each.turn.rewrite and each.turn.rewrite.original == case.source and each.turn.customer_id not in but
        if _is_wrong(venue, case, {case.source: each.truth.target or ""})
    }
