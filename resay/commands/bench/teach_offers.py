"""Offers, scored: the lab's customers talk for some days, and answer what they are offered by what they know they wanted.

Nothing else is learnt or rewritten meanwhile. What is looked at each morning is what a nightly run would have left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from ingest.landing import land_records
from rephrase.combined import CombinedDetector
from rephrase.detect import detect
from resay.commands.bench.report import BenchRow, count, figure
from resay.commands.bench.service_here import service_here
from resay.commands.bench.teach import BUDGET_S
from resay.dialogue.codec import encode, whole
from resay.dialogue.rewrite import Action, BeforeRequest, Decision, Heard, RewriteAnswer, RewriteRequest
from resay.dialogue.text import canonical
from resay.dialogue.tick import Tick, silent
from resay.dialogue.turn import Turn
from resay.experiment.bounds import clopper_pearson
from resay.lab.conversation import Truth
from resay.lab.log_files import LATER, read_truth, read_turns
from resay.lab.making import Plan, make_log
from resay.lab.world import World
from resay.label.explore import SHARE_MAX
from resay.label.job import label
from resay.store.asked import AskedBooks
from resay.store.lake import Lake
from resay.teach.understand import Understanding
from resay.teach.worked import Worked, read_worked
from rewrite_online.draw import no_experiment
from serving import teachings_api as api
from serving.decision_log import decision_of
from serving.offering import Offering
from serving.service import Service

SINCE = timedelta(hours=6)
"""How long before the first turn of a day the log was last looked at: a nightly run."""


@dataclass(slots=True)
class Came:
    """What came of offers so far."""

    turns: int = 0
    right: int = 0
    """Turns that were right as they were said."""
    offers: int = 0
    accepted: int = 0
    held: int = 0
    """Accepted, and what worked was handed over in the next turn."""
    rewritten: int = 0
    """Later turns of theirs that it changed."""
    wins: int = 0
    losses: int = 0
    wanted: dict[tuple[str, str], str] = field(default_factory=dict)
    """What a customer's words stand for since they said yes: the goal."""


def offer_rows(world: World, folder: Path, *, plan: Plan, now: datetime, tick: Tick = silent) -> Iterator[BenchRow]:
    """Offers made, accepted, and what they did to later turns; of the plan's later days."""
    make_log(world, folder / "log", plan=plan, tick=tick)
    truths = read_truth(folder / "log")
    turns = sorted(read_turns(folder / "log" / LATER, now=now), key=lambda each: (each.at, each.turn_id))
    came = walk(folder / "home", turns, truths)
    yield figure("offers", "accuracy", clopper_pearson(came.accepted, came.offers), n=came.offers, unit="share")
    yield figure("offers", "next_turn", clopper_pearson(came.held, came.accepted), n=came.accepted, unit="share")
    yield figure("offers", "per_turn", clopper_pearson(came.offers, came.turns), n=came.turns, unit="share")
    yield figure("offers", "harm", clopper_pearson(came.losses, came.right), n=came.right, unit="share")
    for metric, value in (("wins", came.wins), ("losses", came.losses)):
        yield count("offers", metric, value, n=came.rewritten)


def walk(home: Path, turns: Sequence[Turn], truths: Mapping[str, Truth]) -> Came:
    """All turns in their order, offers answered as they come."""
    lake = Lake(home / "lake")
    land_records([encode(whole(each)) for each in turns], source="bench", lake=lake, now=turns[-1].at)
    detect(lake, CombinedDetector(), silent)
    label(lake, silent)
    came, clock = Came(), _Clock(turns[0].at)
    with service_here(home, clock) as service:
        for _, of_day in groupby(turns, key=lambda each: each.at.date()):
            day = list(of_day)
            clock.now = day[0].at - SINCE
            worked = read_worked(lake, now=clock.now)
            offering = Offering(service.books, service.teachings, lambda: lake, share=SHARE_MAX, draw=no_experiment)
            offering.look(clock.now)
            # Counted at once: the share of a day is the same, and its first hours are not without.
            AskedBooks(service.books).count([_decision(service, each) for each in day], now=day[0].at)
            for turn in day:
                clock.now = turn.at
                _say(_Home(service, offering, worked, truths), turn, came)
            offering.close()
    return came


class _Clock:
    """The time of the turn that is said."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class _Home:
    service: Service
    offering: Offering
    worked: Mapping[str, Worked]
    truths: Mapping[str, Truth]


def _say(home: _Home, turn: Turn, came: Came) -> None:
    """One turn: what it becomes by what its customer agreed to, and what is offered after it."""
    truth, request = home.truths[turn.turn_id], BeforeRequest(Heard.of(turn))
    came.turns += 1
    came.right += truth.right
    answer = _answer(home.service, request)
    if answer.action is Action.REWRITE:
        goal = came.wanted[turn.customer_id, canonical(answer.original)]
        came.rewritten += 1
        came.wins += truth.goal == goal and not truth.right
        came.losses += truth.goal != goal and truth.right
        return
    offered = asyncio.run(home.offering.offered(request, answer, now=turn.at, left_s=BUDGET_S))
    if offered is None:
        return
    tries = home.worked[turn.customer_id]
    first, then = home.truths[tries.first_turn_id], home.truths[tries.turn_id]
    agrees = bool(first.goal) and first.goal == then.goal and then.right
    told = api.Lessons(home.service, Understanding()).answer(offered.teaching_id, api.Answered(customer_id=turn.customer_id, yes=agrees))
    came.offers += 1
    if told.outcome == "taught":
        came.accepted += 1
        came.wanted[turn.customer_id, offered.words] = first.goal
        again = _answer(home.service, BeforeRequest(Heard("again", turn.customer_id, turn.at, offered.words)))
        came.held += again.utterance == offered.meaning


def _answer(service: Service, request: RewriteRequest) -> RewriteAnswer:
    return service.rewriter.rewrite(request, now=request.heard.at, budget_s=BUDGET_S)


def _decision(service: Service, turn: Turn) -> Decision:
    request = BeforeRequest(Heard.of(turn))
    return decision_of(request, service.rewriter.give_up(request, now=turn.at))
