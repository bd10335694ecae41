# ruff: noqa: T201 - it is run by hand, and printing is what it is for.
"""What knowing why wordings fail spares, where devices, titles and services come and go.

A third of the devices, titles and services is down on most days. Customers talk to the assistant as it is; a home learns from their log
once, with verdicts of where turns failed and without. Then the same wishes of other days are lived through with each way of answering.
A rewrite is needless where the assistant had understood the words, and could not do it that day with the rewrite either.

Run: `python -m benchmarks.shaky_devices 600 10 4 1 .resay/lab` (customers, days learnt from, days scored, seed, and the folder
that keeps what texts were understood to mean).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import cast

from failure_point.job import classify_lake
from failure_point.model_folder import read_model
from resay.commands.bench.loop_system import ProductSystem
from resay.commands.detectors import FAILURE_POINT
from resay.commands.settings import Settings, read_settings
from resay.dialogue.tick import silent
from resay.dialogue.turn import said
from resay.dialogue.wording import Wording
from resay.lab.adviser import Mode, Rewriting, adviser
from resay.lab.assistant import Assistant
from resay.lab.cast import Cast, Casting, casts
from resay.lab.conversation import Exchange, pass_through
from resay.lab.faults.planted import Stricken, strike
from resay.lab.loop import NIGHT
from resay.lab.making import START
from resay.lab.tally import effect_of
from resay.lab.traffic import Span, talk
from resay.lab.understood import Meaning
from resay.lab.world import VOICE_HOME, World, judge, read_world
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from resay.store.wordings import WORDINGS_FILE, decode_wordings
from rewrite_online.deadline import UNHURRIED_S
from rewrite_online.not_the_words import NOTHING_TOLD, fails_otherwise
from rewrite_online.rewriter import Rewriter

LASTING = 0.7
"""Share of the days on which what is shaky is down."""


class Shaky:
    """The assistant of a home in which some things are down on some days; the day is told to it."""

    def __init__(self, sound: Assistant, struck: Stricken, *, seed: int) -> None:
        self._sound, self._struck, self._seed = sound, struck, seed
        self.version = sound.version
        self.set_day(0)

    def set_day(self, day: int) -> None:
        """What is down is drawn anew each day."""

        def down(names: frozenset[str]) -> frozenset[str]:
            return frozenset(each for each in names if Random(f"{self._seed}/{day}/{each}").random() < LASTING)

        struck = self._struck
        self._today = Stricken(self._sound, down(struck.offline), down(struck.missing), down(struck.down))

    def understand(self, text: str, room: str) -> Meaning:
        """What a text means today."""
        return self._today.understand(text, room)


@dataclass(frozen=True, slots=True)
class Scene:
    """Who talks, to whom, and with what chance."""

    taught: Cast
    scored: Cast
    shaky: Shaky
    sound: Assistant
    seed: int

    def days(self, cast_: Cast, days: range, rewriting: Rewriting | None) -> Iterator[list[Exchange]]:
        """What is said on each of some days."""
        advise = adviser(rewriting, arms=cast_.arms, mode=Mode.BEFORE) if rewriting else pass_through
        for day in days:
            self.shaky.set_day(day)
            stage, span = replace(cast_.stage, advise=advise), Span(START, day, day + 1)
            yield from talk(stage, cast_.customers, span=span, seed=self.seed, false_wakes=cast_.false_wakes)

    def is_needless(self, exchange: Exchange) -> bool:
        """Whether words were understood, and the result failed, with the rewrite as without it."""
        turn, truth = exchange
        room = turn.context.room if turn.context else ""
        understood = judge(self.sound.understand(said(turn), room), truth.wanted) == "correct"
        return understood and not truth.right_as_said and not truth.right


def scene_of(world: World, *, customers: int, days: int, seed: int, shelf: Path) -> Scene:
    """All of it, from one seed; every customer is served."""
    sound = Assistant(world.home, shelf=shelf)
    verbs = frozenset(goal.action.verb for goal in world.goals.values() if not goal.action.targets)
    shaky = Shaky(sound, strike(sound, world.home, verbs, rng=Random(seed)), seed=seed)
    taught, scored = casts(world, cast("Assistant", shaky), Casting(seed, customers, days, treatment_share=1.0))
    return Scene(taught, scored, shaky, sound, seed)


def score(scene: Scene, days: range, rewriting: Rewriting | None) -> Counter[str]:
    """What came of the scored days."""
    sums = Counter[str]()
    for exchange in (each for day in scene.days(scene.scored, days, rewriting) for each in day):
        sums["turns"] += 1
        sums["defects"] += not exchange.truth.right
        if exchange.truth.target is not None:
            effect = effect_of(exchange.truth)
            counted = {each: getattr(effect, each) for each in ("triggers", "wins", "losses", "harmed", "wrong_actions")}
            sums.update(counted | {"needless": scene.is_needless(exchange)})
    return sums


def learn(scene: Scene, folder: Path, days: int, *, classified: bool) -> ProductSystem:
    """A home that has learnt from the days before, with verdicts or without."""
    settings = read_settings({}, home=folder)
    system = ProductSystem(settings)
    for day, exchanges in enumerate(scene.days(scene.taught, range(days), None)):
        system.land([each.turn for each in exchanges], START + timedelta(days=day) + NIGHT)
    if classified:
        print("verdicts:", dict(classify_lake(read_model(FAILURE_POINT), Lake(settings.lake), silent).points))
    system.learn(START + timedelta(days=days))
    known = [each.failing for each in _wordings(settings) if each.failing is not None]
    print(f"{len(known)} wordings are known to fail for a reason, {sum(map(fails_otherwise, known))} of them not for their words")
    return system


def _wordings(settings: Settings) -> list[Wording]:
    live = Shelf(settings.rewrites).current()
    return decode_wordings(live.read(WORDINGS_FILE)) if live else []


def without_prior(system: ProductSystem) -> Rewriting:
    """The same home, answering as if it did not know why wordings fail."""
    rewriter = Rewriter(lambda: replace(system.live(), not_the_words=NOTHING_TOLD), clock=lambda: 0.0)
    return lambda request, now: rewriter.rewrite(request, now=now, budget_s=UNHURRIED_S)


def main() -> None:
    """Live, learn, live again, and print."""
    customers, learnt, scored, seed = (int(each) for each in sys.argv[1:5])
    scene = scene_of(read_world(VOICE_HOME), customers=customers, days=learnt + scored, seed=seed, shelf=Path(sys.argv[5]))
    days = range(learnt, learnt + scored)
    with TemporaryDirectory() as folder, ExitStack() as open_:
        homes = [learn(scene, Path(folder) / str(each), learnt, classified=each) for each in (False, True)]
        for each in homes:
            open_.enter_context(closing(each))
        ways: dict[str, Rewriting | None] = {
            "nothing rewritten": None,
            "no verdicts": homes[0].rewriting(),
            "verdicts, the miner alone": without_prior(homes[1]),
            "verdicts, the gate too": homes[1].rewriting(),
        }
        for name, rewriting in ways.items():
            print(name, dict(score(scene, days, rewriting)), flush=True)


if __name__ == "__main__":
    main()
