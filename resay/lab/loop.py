"""The closed loop: customers talk, a system learns from the log alone and answers, and what it answers changes what they say next.

Learning weeks, in which the system learns each night; then scored weeks, in which its rewrites stand still, on other recordings or on
voices of a family that nobody has learnt from. The truth is counted here and goes to nobody: a system is given turns and requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from resay.dialogue.tick import Tick
from resay.dialogue.turn import Turn
from resay.lab.adviser import Mode, Rewriting, adviser
from resay.lab.assistant import Assistant
from resay.lab.cast import Cast, Casting, casts
from resay.lab.checkpoint import Checkpoint, Passed, Stand
from resay.lab.conversation import Advise, Exchange, Stage, pass_through
from resay.lab.customer import Customer
from resay.lab.making import START
from resay.lab.oracle import CUSTOMERS_MIN, OracleTable, Witness
from resay.lab.pace import Learning, Pace
from resay.lab.slices import SlicedTalk
from resay.lab.tally import Arm, Tally
from resay.lab.traffic import DAYS_IN_WEEK, Span, talk
from resay.lab.world import Sound, World

NIGHT = timedelta(days=1, hours=6)
"""From the midnight before a day to the night after it: evenings in New York are over then."""

PASSES = 3
"""The scored weeks are lived through with the system, with the reference, and with nothing; once more where the system rolls back."""


class System(Protocol):
    """What learns in the loop: given turns as the assistant logs them, and requests, and nothing else."""

    def land(self, turns: Sequence[Turn], now: datetime) -> None:
        """Take in what was logged up to now."""

    def learn(self, now: datetime) -> None:
        """Learn from all that was taken in."""

    def rewriting(self) -> Rewriting:
        """What answers now."""

    def defects(self) -> Iterable[tuple[str, str, float]]:
        """Of every turn taken in: its id, its customer, and the chance that it failed them, as the system's own labels see it."""


class RollsBack(Protocol):
    """The system as it is served: what fails by its own labels is left unsaid from the next night on."""

    def rewriting(self) -> Rewriting:
        """What answers now, less what is rolled back."""

    def judge(self, now: datetime) -> None:
        """Judge what was said, by what has landed."""


class Talk(Protocol):
    """Makes the exchanges of each local day, as `traffic.talk` does."""

    def __call__(
        self, stage: Stage, customers: Sequence[Customer], *, span: Span, seed: int, false_wakes: Sequence[Sound]
    ) -> Iterator[list[Exchange]]:
        """The exchanges of each local day."""


@dataclass(frozen=True, slots=True)
class LoopPlan:
    """One loop, and its chance."""

    casting: Casting
    learning_days: int
    mode: Mode = Mode.BEFORE
    learn_every_days: int = 1
    """Every how many nights the system learns; it always does after the last learning day."""
    slice: timedelta | None = None
    """Where it is set, the system takes in and learns after each slice of the day, while people talk."""

    def learns_after(self, day: int) -> bool:
        """Whether the system learns after a day's talk, or after each slice of it."""
        return self.slice is not None or (day + 1) % self.learn_every_days == 0 or day + 1 == self.learning_days

    @property
    def scored(self) -> range:
        """The days that are scored."""
        return range(self.learning_days, self.casting.days)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a loop is run with."""

    system: System
    assistant: Assistant
    """Keeps what it has understood: loops over one world share it."""
    clock: Callable[[], float]
    """Seconds of a core, for speed alone: neighbours must not count."""
    talk: Talk = talk
    customers_min: int = CUSTOMERS_MIN
    """Customers behind every rewrite: of the reference, and of the system as far as its speed of learning goes."""
    checkpoint: Checkpoint | None = None
    """Where it is noted how far the loop is; the system must keep what it learns beside it."""
    roll_back: Callable[[], RollsBack] | None = None
    """Begins roll-back for a pass over the scored weeks, untried; where there is none, what was learnt is said throughout."""


Judge = Callable[[datetime], None]
"""A round of roll-back, at a moment."""


@dataclass(slots=True)
class Measured:
    """Turns of a customer in the scored weeks as the system's own labels see them."""

    turns: int = 0
    defects: float = 0.0


@dataclass(frozen=True, slots=True)
class LoopOutcome:
    """What one loop came to."""

    learning: Tally
    """The learning weeks, both arms."""
    ours: Tally
    """The scored weeks of the customers of the treatment arm, with the system."""
    oracle: Tally
    """The same wishes of the same customers, with the table that knows the truth."""
    untouched: Tally
    """The same wishes of all customers, with nothing rewritten."""
    measured: Mapping[str, Measured]
    """By customer: control from `untouched`, treatment from `ours`."""
    lessons: Sequence[Learning]
    """What the learning weeks' log has shown of enough customers."""
    oracle_rewrites: int
    talk_s: float
    """Seconds in which the turns of `oracle` were made: no model runs in them."""
    kept_on: Tally | None = None
    """The same wishes with all that was learnt, whatever came of it; nothing where `ours` is without roll-back too."""


def run_loop(world: World, plan: LoopPlan, parts: Parts, *, tick: Tick) -> LoopOutcome:
    """Learn, then score; the same world and plan give the same turns, byte for byte.

    Raises: NoSuchFamily, and what the system raises.
    """
    loop = _Loop(world, plan, parts, tick=tick)
    return loop.score(loop.learn())


class _Loop:
    """One loop under way."""

    def __init__(self, world: World, plan: LoopPlan, parts: Parts, *, tick: Tick) -> None:
        self._world, self._plan, self._parts, self._tick = world, plan, parts, tick
        self._taught, self._scored = casts(world, parts.assistant, plan.casting)
        self._stand = (parts.checkpoint.load() if parts.checkpoint else None) or Stand(Tally(self._taught.members))
        self._rewriting = parts.system.rewriting()
        self._done = self._stand.days + len(self._stand.passes) * len(plan.scored)

    def learn(self) -> OracleTable:
        """The learning weeks, which teach the system, and the reference."""
        plan, cast, stand = self._plan, self._taught, self._stand
        witness, pace = Witness(stand.meant, self._parts.customers_min), Pace(stand.lessons, self._parts.customers_min)
        advise = adviser(lambda request, now: self._rewriting(request, now), arms=cast.arms, mode=plan.mode)
        if stand.days:
            # Whoever died behind a day may have died before its night; to learn the same again changes nothing.
            self._learn_after(stand.days - 1)
        for day in range(stand.days, plan.learning_days):
            for exchanges in self._talk(cast, cast.customers, advise=advise, days=range(day, day + 1), slice_=plan.slice):
                stand.learning.add(exchanges, week=day // DAYS_IN_WEEK)
                witness.see(exchanges)
                turns = [each.turn for each in exchanges]
                pace.see(turns)
                self._parts.system.land(turns, _night(day))
                if plan.slice:
                    self._learn_after(day)
            stand.days = day + 1
            self._note()
            if not plan.slice:
                self._learn_after(day)
            self._tell()
        return OracleTable(witness.table(self._world, self._parts.assistant))

    def score(self, oracle: OracleTable) -> LoopOutcome:
        """The scored weeks: with the system, with the reference, with nothing."""
        plan, cast = self._plan, self._scored
        treated, control = cast.in_arm(Arm.TREATMENT), cast.in_arm(Arm.CONTROL)
        kept_on = self._kept_on(treated) if self._parts.roll_back else None
        ours = self._ours(treated)
        reference = self._pass("oracle", treated, self._advised(oracle), landed=())
        untouched = self._pass("untouched", cast.customers, pass_through, landed=control)
        return LoopOutcome(
            learning=self._stand.learning,
            ours=ours.tally,
            kept_on=kept_on.tally if kept_on else None,
            oracle=reference.tally,
            untouched=untouched.tally,
            measured=_measured(self._parts.system.defects(), scored=plan.scored),
            lessons=[each for each in self._stand.lessons.values() if each.evident],
            oracle_rewrites=len(oracle.targets),
            talk_s=reference.talk_s,
        )

    def _kept_on(self, treated: Sequence[Customer]) -> Passed:
        """The scored weeks with what was learnt; nobody hears of them."""
        return self._pass("kept on", treated, self._advised(self._parts.system.rewriting()), landed=())

    def _ours(self, treated: Sequence[Customer]) -> Passed:
        """The scored weeks with the system as it is served."""
        if self._parts.roll_back is None:
            return self._pass("ours", treated, self._advised(self._parts.system.rewriting()), landed=treated)
        begun = self._parts.roll_back()
        return self._pass("ours", treated, self._advised(begun.rewriting()), landed=treated, judge=begun.judge)

    def _advised(self, rewriting: Rewriting) -> Advise:
        return adviser(rewriting, arms=self._scored.arms, mode=self._plan.mode)

    def _pass(
        self, name: str, customers: Sequence[Customer], advise: Advise, *, landed: Sequence[Customer], judge: Judge | None = None
    ) -> Passed:
        """The scored weeks once, or what is kept of them; the turns of some customers go to the system's log, and are judged each night."""
        if name in self._stand.passes:
            return self._stand.passes[name]
        passed, kept = Passed(Tally(self._scored.members)), {each.customer_id for each in landed}
        days = self._talk(self._scored, customers, advise=advise, days=self._plan.scored)
        for day in self._plan.scored:
            began = self._parts.clock()
            exchanges = next(days)
            passed.talk_s += self._parts.clock() - began
            passed.tally.add(exchanges, week=day // DAYS_IN_WEEK)
            passed.recordings |= {each.truth.recording for each in exchanges if each.truth.recording}
            if kept:
                self._parts.system.land([each.turn for each in exchanges if each.turn.customer_id in kept], _night(day))
            if judge:
                judge(_night(day))
            self._tell()
        assert not passed.recordings & self._taught.stage.channel.fingerprints, "no recording may serve both learning and scoring"
        self._stand.passes[name] = passed
        self._note()
        return passed

    def _talk(
        self, cast: Cast, customers: Sequence[Customer], *, advise: Advise, days: range, slice_: timedelta | None = None
    ) -> Iterator[list[Exchange]]:
        stage, span = replace(cast.stage, advise=advise), Span(START, days.start, days.stop)
        how = SlicedTalk(slice_) if slice_ else self._parts.talk
        return how(stage, customers, span=span, seed=self._plan.casting.seed, false_wakes=cast.false_wakes)

    def _learn_after(self, day: int) -> None:
        if self._plan.learns_after(day):
            self._parts.system.learn(_night(day))
        self._rewriting = self._parts.system.rewriting()

    def _tell(self) -> None:
        """One more day is done."""
        self._done += 1
        passes = PASSES + (self._parts.roll_back is not None)
        self._tick(self._done, self._plan.learning_days + passes * len(self._plan.scored))

    def _note(self) -> None:
        # A day in slices has learnt from some of them and cannot be lived through again: such a loop begins anew.
        if self._parts.checkpoint and self._plan.slice is None:
            self._parts.checkpoint.save(self._stand)


def _night(day: int) -> datetime:
    return START + timedelta(days=day) + NIGHT


def _measured(defects: Iterable[tuple[str, str, float]], *, scored: range) -> dict[str, Measured]:
    """The scored turns' defects by customer; turn ids tell their local day, which their time does not."""
    measured: dict[str, Measured] = {}
    for turn_id, customer_id, defect in defects:
        if int(turn_id.removeprefix(f"{customer_id}-").split(".")[0]) in scored:
            sums = measured.setdefault(customer_id, Measured())
            sums.turns += 1
            sums.defects += defect
    return measured
