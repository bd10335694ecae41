"""Context, scored: planted requests that mean something else by room, device, activity, hour or states, with each kind known or not.

Customers are learnt from by the product's own path; others ask, and the same requests are answered with more and less of their context.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from resay.commands.bench.loop_system import ProductSystem
from resay.commands.bench.report import BenchRow, Shown, count, figure
from resay.commands.settings import Settings
from resay.dialogue.cue import CueKind, without
from resay.dialogue.rewrite import Action, BeforeRequest, Heard, Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.text import canonical
from resay.dialogue.tick import Tick, silent
from resay.experiment.bounds import Decided, Interval, bootstrap_ratio, relative_reduction, win_loss
from resay.lab.ambiguous import plant
from resay.lab.ambiguous_talk import Asked, Talk, confusions_of
from resay.lab.assistant import Assistant
from resay.lab.world import World
from resay.store.artifact import Shelf
from rewrite_online.deadline import UNHURRIED_S
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.rewriter import Rewriter
from rewrite_online.watch import Watch

BEGIN = datetime(2026, 9, 7, tzinfo=UTC)
EVERYTHING = tuple(CueKind)

ROWS: dict[str, Collection[CueKind]] = {
    "context": (),
    "no-context": EVERYTHING,
    **{f"without={kind}": (kind,) for kind in CueKind},
}
"""What is not known, by row."""

COLUMNS = (
    Shown("right", "accuracy"),
    Shown("from … to", "accuracy", "range"),
    Shown("defects", "defect_reduction"),
    Shown("wins", "wins"),
    Shown("losses", "losses"),
    Shown("w/l", "win_loss"),
    Shown("bound", "win_loss", "lo"),
    Shown("harm", "harm"),
    Shown("turns", "turns"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a world is."""

    customers: int
    days: int
    scored: int
    """Other customers, who are only scored."""
    requests: int
    """Of each of them."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one request, with so much known of its context."""

    row: str
    world: int
    asked: Asked
    source: str
    target: str | None
    right_as_said: bool
    right: bool
    wrong_action: bool
    """Whether a refusal became a wrong action."""

    @property
    def wording(self) -> str:
        """The planted words, told apart by world."""
        return f"{self.world}/{self.asked.planted.text}"


def score_world(world: World, assistant: Assistant, plan: Plan, *, seed: int, home: Path, tick: Tick = silent) -> list[Answered]:
    """Learn from a world's customers, and ask as others; all requests by each row."""
    rng = Random(f"context/{seed}")
    talk = Talk(plant(world, assistant, rng), confusions_of(world, rng), begin=BEGIN, rng=rng)
    turns = talk.turns(customers=plan.customers, days=plan.days, prefix="learnt")
    asked = list(talk.asked(customers=plan.scored, requests=plan.requests, day=plan.days, prefix="asked"))
    assert not {each.customer_id for each in turns} & {each.turn.customer_id for each in asked}, "who is scored must not be learnt from"
    settings = Settings(home=home, api_key=None, hash_key=None)
    system = ProductSystem(settings)
    now = BEGIN + timedelta(days=plan.days)
    system.land(turns, now)
    system.learn(now)
    system.close()
    return _answers(settings, talk, asked, world=seed, tick=tick)


def rows_of(answered: Sequence[Answered], *, rng: Random) -> Iterator[BenchRow]:
    """Figures of each row: of all planted requests, of those that depend on one kind of circumstance, and of those that depend on none."""
    for row in ROWS:
        yield from _rows(row, [each for each in answered if each.row == row], rng)
    for row in ("context", "no-context"):
        of_row = [each for each in answered if each.row == row]
        for kind in CueKind:
            yield from _rows(f"{row}/{kind}", [each for each in of_row if each.asked.planted.by is kind], rng)
        yield from _rows(f"{row}/control", [each for each in of_row if each.asked.planted.by is None], rng)
        yield from _rows(f"{row}/refused", [each for each in of_row if not each.asked.planted.is_silent and each.asked.planted.by], rng)
        yield from _rows(f"{row}/silent", [each for each in of_row if each.asked.planted.is_silent and each.asked.planted.by], rng)


def _answers(settings: Settings, talk: Talk, asked: Sequence[Asked], *, world: int, tick: Tick) -> list[Answered]:
    watch = Watch(Shelf(settings.rewrites), list)
    watch.refresh()
    rewriter = Rewriter(watch.live, clock=lambda: 0.0, hold_out=NO_HOLD_OUT)
    found = []
    for number, each in enumerate(asked):
        found += [_answer(rewriter, talk, each, row=row, world=world) for row in ROWS]
        tick(number + 1, len(asked))
    rewriter.close()
    return found


def _answer(rewriter: Rewriter, talk: Talk, asked: Asked, *, row: str, world: int) -> Answered:
    heard = Heard.of(asked.turn)
    if heard.context is not None:
        heard = replace(heard, context=without(heard.context, ROWS[row]))
    answer = rewriter.rewrite(BeforeRequest(heard), now=heard.at, budget_s=UNHURRIED_S)
    rewritten = answer.action is Action.REWRITE
    right_as_said, right = talk.right(heard.utterance, asked), talk.right(answer.utterance, asked)
    refused = talk.is_refused(heard.utterance, asked)
    caused = refused and not right and not talk.is_refused(answer.utterance, asked)
    source = canonical(heard.utterance)
    return Answered(row, world, asked, source, answer.utterance if rewritten else None, right_as_said, right, caused)


def _rows(row: str, answered: Sequence[Answered], rng: Random) -> Iterator[BenchRow]:
    if not answered:
        return
    n = len(answered)
    yield figure(row, "accuracy", _over_wordings(answered, [each.right for each in answered], rng), n=n, unit="share")
    as_said = _over_wordings(answered, [each.right_as_said for each in answered], rng)
    yield figure(row, "accuracy_as_said", as_said, n=n, unit="share")
    before = _units(answered, [not each.right_as_said for each in answered], [not each.right for each in answered])
    yield figure(row, "defect_reduction", relative_reduction(before, rng), n=n, unit="share")
    decided = [
        Decided(each.asked.turn.customer_id, each.source, each.target or "", win=each.right)
        for each in answered
        if each.right != each.right_as_said or each.wrong_action
    ]
    ratio = win_loss(decided, rng)
    yield count(row, "wins", ratio.wins, n=len(decided))
    yield count(row, "losses", ratio.losses, n=len(decided))
    yield count(row, "turns", n, n=n)
    yield figure(row, "win_loss", ratio.ratio, n=len(decided), unit="ratio")
    good = [each for each in answered if each.right_as_said]
    yield figure(row, "harm", _over_wordings(good, [not each.right for each in good], rng), n=len(good), unit="share")
    wrong = [each for each in answered if each.wrong_action]
    yield count(row, "wrong_actions_caused", len(wrong), n=n)
    yield count(row, "risky_wrong_actions", sum(risk_of("", each.target or "") is Risk.HIGH for each in wrong), n=n)


def _over_wordings(answered: Sequence[Answered], is_so: Sequence[bool], rng: Random) -> Interval:
    """A share with its interval over planted words: all requests with the same words fare alike."""
    return bootstrap_ratio(_units(answered, is_so, [True] * len(answered)), rng)


def _units(answered: Sequence[Answered], some: Sequence[bool], others: Sequence[bool]) -> list[tuple[float, float]]:
    """By planted words, the sums of two things."""
    sums: dict[str, tuple[float, float]] = {}
    for each, one, other in zip(answered, some, others, strict=True):
        ones, of = sums.get(each.wording, (0.0, 0.0))
        sums[each.wording] = (ones + one, of + other)
    return list(sums.values())
