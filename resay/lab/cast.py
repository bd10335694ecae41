"""Who talks in a stretch of a loop, with which recordings, and in which arm. Decides what learning and scoring may not share."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from resay.dialogue.errors import ResayError
from resay.dialogue.turn import Versions
from resay.lab.assistant import Assistant
from resay.lab.channel import Channel, Side, false_wakes_of
from resay.lab.conversation import Stage
from resay.lab.customer import Customer, Popularity
from resay.lab.habits import LIVELY, Habits
from resay.lab.logged import House
from resay.lab.making import RECOGNISER
from resay.lab.tally import Arm, Member
from resay.lab.traffic import DAYS_IN_WEEK, population
from resay.lab.ways import Ways, ways_of
from resay.lab.world import Sound, Speaker, World

SCORED_SEED_APART = 1_000_003
"""Between the seeds of the customers who are learnt from and of new ones who are only scored."""


class NoSuchCohort(ResayError):
    """No speaker of the world is of this cohort, or of those that are asked for none is well served."""


class NoSuchFamily(ResayError):
    """No well-served speaker of the world is of this voice family, or all are."""


@dataclass(frozen=True, slots=True)
class Casting:
    """How customers are drawn."""

    seed: int
    customers: int
    days: int
    leave_out: str = ""
    """Voice family that only the scored weeks have; empty: the same voices and customers go on."""
    treatment_share: float = 0.5
    habits: Habits | None = None
    """Of the customers; None: those that the world states, or else lively ones."""

    def habits_in(self, world: World) -> Habits:
        """Those that come to pass."""
        return self.habits or world.habits or LIVELY


@dataclass(frozen=True, slots=True)
class Cast:
    """Those who talk in one stretch."""

    stage: Stage
    customers: Sequence[Customer]
    members: Mapping[str, Member]
    """By customer."""
    false_wakes: Sequence[Sound]

    @property
    def arms(self) -> dict[str, Arm]:
        """By customer."""
        return {customer: member.arm for customer, member in self.members.items()}

    def in_arm(self, arm: Arm) -> list[Customer]:
        """The customers of one arm."""
        return [each for each in self.customers if self.members[each.customer_id].arm is arm]


def casts(world: World, assistant: Assistant, casting: Casting) -> tuple[Cast, Cast]:
    """Who is learnt from, and who is scored; they share no recording, and no voice of a family that is left out.

    Raises: NoSuchFamily.
    """
    family = casting.leave_out
    stage = _stage(world, assistant, casting)
    if not family:
        people = _people(world, casting, stage.ways)
        taught, scored = (_cast(stage, side, casting, people=people, speakers=world.speakers) for side in Side)
    else:
        kept, new = _apart(world, family)
        learnt_from = _people(replace(world, speakers=kept), casting, stage.ways)
        unheard = _people(replace(world, speakers=new), replace(casting, seed=casting.seed + SCORED_SEED_APART), stage.ways)
        taught = _cast(stage, Side.LEARNING, casting, people=learnt_from, speakers=kept)
        scored = _cast(stage, Side.SCORING, casting, people=unheard, speakers=new)
        assert family not in {each.speaker.family for each in taught.customers}, "nobody may learn from the family that is left out"
    assert not taught.stage.channel.fingerprints & scored.stage.channel.fingerprints, "no recording may serve both learning and scoring"
    return taught, scored


def of_cohorts(world: World, cohorts: Collection[str]) -> World:
    """The world with speakers of these cohorts alone, and what they said.

    Raises: NoSuchCohort.
    """
    known = sorted({each.cohort for each in world.speakers.values()})
    unknown = sorted(set(cohorts) - set(known))
    speakers = {name: each for name, each in world.speakers.items() if each.cohort in cohorts}
    if unknown or not any(each.main for each in speakers.values()):
        fault = f"got {', '.join(unknown)}" if unknown else f"of {', '.join(sorted(cohorts))} nobody is well served"
        message = (
            f"--cohorts must name cohorts of the world, with a well-served voice among them; {fault}; are some of {', '.join(known)} meant?"
        )
        raise NoSuchCohort(message)
    return replace(world, speakers=speakers, recordings=tuple(each for each in world.recordings if each.speaker in speakers))


def families(world: World) -> list[str]:
    """The voice families that the recogniser serves well: each can be left out."""
    return sorted({each.family for each in world.speakers.values() if each.main})


def arm_of(customer_id: str, *, share: float, seed: int) -> Arm:
    """The arm of a customer: always the same, drawn by nothing that they do."""
    drawn = hashlib.blake2b(customer_id.encode(), key=f"resay/loop/{seed}".encode(), digest_size=8).digest()
    return Arm.TREATMENT if int.from_bytes(drawn) < share * 2**64 else Arm.CONTROL


def _people(world: World, casting: Casting, ways: Ways) -> list[Customer]:
    return population(world, seed=casting.seed, customers=casting.customers, days=casting.days, ways=ways)


def _apart(world: World, family: str) -> tuple[dict[str, Speaker], dict[str, Speaker]]:
    """The speakers of all other families, and the well-served ones of this."""
    kept = {name: each for name, each in world.speakers.items() if each.family != family}
    new = {name: each for name, each in world.speakers.items() if each.family == family and each.main}
    if not new or not any(each.main for each in kept.values()):
        message = f"--leave-out must name one of several families of well-served voices; got {family!r}; is one of {families(world)} meant?"
        raise NoSuchFamily(message)
    return kept, new


def _stage(world: World, assistant: Assistant, casting: Casting) -> Stage:
    """What both stretches share; the channel is set for each."""
    habits = casting.habits_in(world)
    return Stage(
        world=world,
        assistant=assistant,
        channel=Channel(world, Side.LEARNING, speakers=()),
        popularity=Popularity(world, Random(f"{casting.seed}/popularity"), weeks=casting.days // DAYS_IN_WEEK + 1, habits=habits),
        house=House(world.home, Versions(asr=RECOGNISER, nlu=assistant.version)),
        ways=ways_of(world, habits, rng=Random(f"{casting.seed}/ways")),
        quick_days=True,
    )


def _cast(stage: Stage, side: Side, casting: Casting, *, people: Sequence[Customer], speakers: Collection[str]) -> Cast:
    def member(customer: Customer) -> Member:
        arm = arm_of(customer.customer_id, share=casting.treatment_share, seed=casting.seed)
        return Member(arm, customer.speaker.cohort, customer.speaker.main)

    return Cast(
        stage=replace(stage, channel=Channel(stage.world, side, speakers=speakers)),
        customers=people,
        members={each.customer_id: member(each) for each in people},
        false_wakes=false_wakes_of(stage.world, side),
    )
