"""The loop as an experiment on a running service: started over its API, drawn by its salted hash, asked about each turn over HTTP.

Learning weeks, in which everybody is served and the service's home learns; then the experiment, whose turns are logged by `/v1/turns` with
what the service did. Who was exposed when is kept here as its answers tell it, and what is true of every turn; the service sees neither.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from resay.commands.bench.children import ChildFailed
from resay.commands.bench.loop_serve import LabClock
from resay.commands.bench.loop_service import LOOK_S, TAKEN_UP_S, AskedService, learn_one_night, run_words, started_service
from resay.commands.bench.loop_system import ProductSystem
from resay.commands.detectors import DetectorAsked, detector_of
from resay.commands.settings import read_settings
from resay.dialogue.codec import encode, whole
from resay.dialogue.rewrite import Action, RewriteAnswer, RewriteRequest
from resay.dialogue.tick import Tick
from resay.dialogue.turn import Turn
from resay.experiment.assign import CONTROL, TREATMENT, Draw, Share
from resay.lab.adviser import request_of
from resay.lab.assistant import Assistant
from resay.lab.cast import Cast, casts
from resay.lab.conversation import AS_HEARD, Advice, Exchange
from resay.lab.loop import NIGHT, LoopPlan
from resay.lab.making import START
from resay.lab.tally import Arm, Tally
from resay.lab.traffic import DAYS_IN_WEEK, Span, talk
from resay.lab.world import World

HTTP = "http"
"""What is given in place of a broker's address."""

EXPERIMENT = "loop"

RECORDS_A_REQUEST = 2_000
"""A fifth of what `/v1/turns` takes at once, some two megabytes."""

FORMS = ("html", "json", "csv")


@dataclass(frozen=True, slots=True)
class HttpParts:
    """What such a loop is run with."""

    home: Path
    """Of the service."""
    assistant: Assistant
    k: int
    """Customers behind every rewrite."""
    links: DetectorAsked = field(default_factory=DetectorAsked)


class ScoredTurn(NamedTuple):
    """A turn of the experiment's days, and the truth about it."""

    turn_id: str
    customer_id: str
    at: datetime
    is_defect: bool


@dataclass(frozen=True, slots=True)
class Tellings:
    """The result of the experiment, from everybody who tells it."""

    files: Mapping[str, str]
    """What `resay experiment report` writes, by form."""
    answered: Mapping[str, Any]
    """`GET /v1/experiments/NAME`."""
    sent: Mapping[str, str]
    """`GET /v1/experiments/NAME/report`, by form."""
    page: str
    """The page of the experiment."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What came of it."""

    exposed: Mapping[str, tuple[datetime, str]]
    """First exposure and arm of each customer, as the service's answers told them."""
    misdrawn: int
    """Answers that named another arm than the salted hash draws."""
    turns: Sequence[ScoredTurn]
    told: Mapping[str, float]
    """By turn: the chance that it failed its customer, as the service's labels have it."""
    tally: Tally
    """What rewrites did, in truth."""
    tellings: Tellings


def run_over_http(world: World, plan: LoopPlan, parts: HttpParts, *, tick: Tick) -> Lived:
    """Learn, then put the question to the rest of the days.

    Raises: NoSuchFamily, ChildFailed.
    """
    parts.home.mkdir(parents=True, exist_ok=True)
    clock = LabClock(parts.home / "clock")
    clock.set(START)
    words = [str(parts.home), str(clock.path)]
    with started_service("resay.commands.bench.loop_serve", words, home=parts.home) as service:
        return _Experiment(world, plan, parts, service=service, clock=clock).run(tick)


class _Experiment:
    """One such loop under way."""

    def __init__(self, world: World, plan: LoopPlan, parts: HttpParts, *, service: AskedService, clock: LabClock) -> None:
        self._plan, self._parts, self._service, self._clock = plan, parts, service, clock
        share = plan.casting.treatment_share
        self._draw = Draw(EXPERIMENT, (Share(CONTROL, 1 - share), Share(TREATMENT, share)))
        self._taught, self._asked = (self._drawn(cast) for cast in casts(world, parts.assistant, plan.casting))
        self._started = False
        self._misdrawn = 0
        self._exposed: dict[str, tuple[datetime, str]] = {}
        self._turns: list[ScoredTurn] = []
        self._tally = Tally(self._asked.members)

    def run(self, tick: Tick) -> Lived:
        plan, first = self._plan, START + timedelta(days=self._plan.learning_days)
        for day in range(plan.learning_days):
            self._live(self._taught, day)
            if plan.learns_after(day):
                learn_one_night(self._service, self._parts.home, self._clock.now(), k=self._parts.k, links=self._parts.links)
            tick(day + 1, plan.casting.days)
        # Evenings in the west are a few hours behind: the first of the days that count begins at midnight all the same.
        self._clock.set(first)
        self._start()
        for day in plan.scored:
            exchanges = self._live(self._asked, day)
            self._tally.add(exchanges, week=day // DAYS_IN_WEEK)
            self._turns += [ScoredTurn(each.turn.turn_id, each.turn.customer_id, each.turn.at, not each.truth.right) for each in exchanges]
            tick(day + 1, plan.casting.days)
        told = self._labelled()
        self._stop()
        return Lived(self._exposed, self._misdrawn, self._turns, told, self._tally, self._tellings())

    def _drawn(self, cast: Cast) -> Cast:
        """The same people, in the arms that the service draws."""
        arms = {customer: Arm(self._draw.arm_of(customer) or CONTROL) for customer in cast.members}
        return replace(cast, members={customer: member._replace(arm=arms[customer]) for customer, member in cast.members.items()})

    def _live(self, cast: Cast, day: int) -> list[Exchange]:
        """One day's talk, each turn asked about, and logged."""
        self._clock.set(START + timedelta(days=day) + NIGHT)
        stage, span = replace(cast.stage, advise=self._advise), Span(START, day, day + 1)
        seed = self._plan.casting.seed
        exchanges = next(talk(stage, cast.customers, span=span, seed=seed, false_wakes=cast.false_wakes))
        records = [encode(whole(each.turn)) for each in exchanges]
        for place in range(0, len(records), RECORDS_A_REQUEST):
            sent = records[place : place + RECORDS_A_REQUEST]
            landed = json.loads(self._service.call("POST", "/v1/turns", b"\n".join(sent)))
            if landed["accepted"] != len(sent):
                message = f"service must take in all {len(sent)} turns; it answers {landed}"
                raise ChildFailed(message)
        return exchanges

    def _advise(self, turn: Turn, /) -> Advice:
        request = request_of(turn, self._plan.mode)
        if request is None:
            return AS_HEARD
        answer = self._answer(request, turn.at)
        if answer.arm is not None:
            self._misdrawn += answer.arm != self._draw.arm_of(turn.customer_id)
            known = self._exposed.get(turn.customer_id, (turn.at, answer.arm))
            self._exposed[turn.customer_id] = min(known, (turn.at, answer.arm))
        applied = answer.applied()
        return Advice(answer.arm or "", answer.utterance if applied else None, applied)

    def _answer(self, request: RewriteRequest, now: datetime) -> RewriteAnswer:
        """The service's answer; asked again while it has not taken up the experiment, of which everybody is a part."""
        deadline = time.monotonic() + TAKEN_UP_S
        while True:
            answer = self._service.rewrite(request, now)
            if not self._started or answer.experiment or answer.action is not Action.REWRITE:
                return answer
            if time.monotonic() > deadline:
                message = f"service must take up an experiment within {TAKEN_UP_S:g} s; it did not; is the machine too busy?"
                raise ChildFailed(message)
            time.sleep(LOOK_S)

    def _start(self) -> None:
        asked = {"experiment": EXPERIMENT, "treatment": self._plan.casting.treatment_share, "why": "does rewriting help?", "by": "lab"}
        self._service.call("POST", "/v1/experiments", json.dumps(asked).encode())
        self._started = True

    def _stop(self) -> None:
        """End it once all that was answered is written down: answers do not wait for that."""
        deadline = time.monotonic() + TAKEN_UP_S
        while sum(each["exposed"] for each in self._look()["arms"]) < len(self._exposed) and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        self._service.call("POST", f"/v1/experiments/{EXPERIMENT}/stop", b'{"why": "the days are over", "by": "lab"}')

    def _look(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._service.call("GET", f"/v1/experiments/{EXPERIMENT}"))
        return found

    def _labelled(self) -> dict[str, float]:
        """What the service's labels say of every turn, made by the jobs of its home."""
        settings, parts = read_settings({}, home=self._parts.home), self._parts
        with closing(ProductSystem(settings, k=parts.k, detector=detector_of(parts.links))) as product:
            told: Iterable[tuple[str, str, float]] = product.defects()
            return {turn_id: defect for turn_id, _, defect in told}

    def _tellings(self) -> Tellings:
        home, service, name = self._parts.home, self._service, EXPERIMENT
        paths = {form: home / f"result.{form}" for form in FORMS}
        run_words(home, "experiment", "report", name, *(word for path in paths.values() for word in ("--out", str(path))))
        return Tellings(
            files={form: path.read_text() for form, path in paths.items()},
            answered=self._look(),
            sent={form: service.call("GET", f"/v1/experiments/{name}/report?as={form}").decode() for form in FORMS},
            page=service.page(f"/experiments/{name}"),
        )
