"""Making a log with its truth from a world: learning weeks, later weeks, and the truth about these. Needs the extra `demo`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from resay.dialogue.tick import Tick
from resay.dialogue.turn import Versions
from resay.lab.assistant import Assistant
from resay.lab.channel import Channel, Side, false_wakes_of
from resay.lab.conversation import Exchange, Stage
from resay.lab.customer import Customer, Popularity
from resay.lab.habits import AS_SHIPPED
from resay.lab.log_files import LATER, LEARNING, TRUTH, prepare, write_truth, write_turns
from resay.lab.logged import House
from resay.lab.traffic import DAYS_IN_WEEK, Span, population, talk
from resay.lab.ways import Ways, ways_of
from resay.lab.world import World

START = datetime(2026, 9, 7, tzinfo=UTC)
"""First day of a log: a Monday far enough back that no clock takes it for the future."""

RECOGNISER = "pocketsphinx 5.1.1"
"""What made the recordings of `voice_home`, as its README says."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a log, and which chance."""

    seed: int
    customers: int
    learning_days: int
    later_days: int
    later_share: float = 1.0
    """Share of the customers whose later turns are kept."""

    @property
    def days(self) -> int:
        """All days."""
        return self.learning_days + self.later_days


@dataclass(frozen=True, slots=True)
class Made:
    """What was made."""

    customers: int
    learning: int
    """Turns of the learning weeks."""
    later: int
    defects: int
    """Later turns that failed their customers."""
    size: int
    """Bytes of all files."""


def make_log(world: World, out: Path, *, plan: Plan, tick: Tick) -> Made:
    """Make all files of a log; the same world and plan give the same bytes.

    Raises: LabMissing, BrokenLog.
    """
    prepare(out)
    ways = ways_of(world, world.habits or AS_SHIPPED, rng=Random(f"{plan.seed}/ways"))
    customers = population(world, seed=plan.seed, customers=plan.customers, days=plan.days, ways=ways)
    lab = _Lab(world, Assistant(world.home), customers, ways, plan)
    learning = _counted(_talk(lab, Side.LEARNING, Span(START, 0, plan.learning_days)), tick, start=0, total=plan.days)
    later = _counted(_talk(lab, Side.SCORING, Span(START, plan.learning_days, plan.days)), tick, start=plan.learning_days, total=plan.days)
    _assert_apart(learning, later)
    write_turns(out / LEARNING, (each.turn for each in learning))
    write_turns(out / LATER, (each.turn for each in later))
    write_truth(out / TRUTH, (each.truth for each in later))
    return Made(
        customers=len({each.turn.customer_id for each in (*learning, *later)}),
        learning=len(learning),
        later=len(later),
        defects=sum(not each.truth.right for each in later),
        size=sum((out / name).stat().st_size for name in (LEARNING, LATER, TRUTH)),
    )


@dataclass(frozen=True, slots=True)
class _Lab:
    """What both sides of a log share."""

    world: World
    assistant: Assistant
    customers: Sequence[Customer]
    ways: Ways
    plan: Plan


def _talk(lab: _Lab, side: Side, span: Span) -> Iterator[list[Exchange]]:
    """The traffic of some days, drawn from the recordings of one side."""
    plan, weeks = lab.plan, lab.plan.days // DAYS_IN_WEEK + 1
    stage = Stage(
        world=lab.world,
        assistant=lab.assistant,
        channel=Channel(lab.world, side, speakers=lab.world.speakers),
        popularity=Popularity(lab.world, Random(f"{plan.seed}/popularity"), weeks=weeks, habits=lab.ways.habits),
        house=House(lab.world.home, Versions(asr=RECOGNISER, nlu=lab.assistant.version)),
        ways=lab.ways,
    )
    kept = lab.customers if side is Side.LEARNING else [each for each in lab.customers if _is_kept(each, plan)]
    return talk(stage, kept, span=span, seed=plan.seed, false_wakes=false_wakes_of(lab.world, side))


def _is_kept(customer: Customer, plan: Plan) -> bool:
    """Whether a customer's later turns are kept: the same in every run."""
    return Random(f"{plan.seed}/later/{customer.customer_id}").random() < plan.later_share


def _counted(days: Iterable[list[Exchange]], tick: Tick, *, start: int, total: int) -> list[Exchange]:
    exchanges: list[Exchange] = []
    for done, day in enumerate(days, start=start + 1):
        exchanges += day
        tick(done, total)
    # Evenings in New York are tomorrow in UTC, so days overlap a little.
    return sorted(exchanges, key=lambda each: (each.turn.at, each.turn.turn_id))


def _assert_apart(learning: Iterable[Exchange], later: Iterable[Exchange]) -> None:
    used = {each.truth.recording for each in learning} - {""}
    again = {each.truth.recording for each in later} & used
    assert not again, "no recording may serve both learning and scoring"
