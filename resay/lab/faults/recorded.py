"""A world's recordings by themselves: each one turn, said once to an assistant that may have a fault, with nothing before or after it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from random import Random

from failure_point.example import Example
from failure_point.measures import plain
from failure_point.point import FailurePoint
from failure_point.wording import NOISE, Spoken
from resay.dialogue.session import Session
from resay.dialogue.turn import Versions, said
from resay.lab.assistant import Assistant
from resay.lab.faults.planted import Stricken, strike, told
from resay.lab.faults.voices import noises_of, with_voices
from resay.lab.linked.part import Part
from resay.lab.logged import HYPOTHESES_LOGGED, House, Occasion, log_turn
from resay.lab.making import RECOGNISER, START
from resay.lab.world import Sound, World, judge

STRUCK_SHARE = 0.12
"""Share of the recordings that are played to a home with faults: then every class has some hundreds."""


def recorded_examples(world: World, assistant: Assistant, families: Collection[str], *, part: Part, seed: int) -> Iterator[Example]:
    """A session of one turn for each recording of some voice families, and for each false wake of the part."""
    mine = with_voices(world, families)
    verbs = frozenset(goal.action.verb for goal in world.goals.values() if not goal.action.targets)
    house = House(world.home, Versions(asr=RECOGNISER))
    homes = [strike(assistant, world.home, verbs, rng=Random(f"{seed}/{part}/{number}")) for number in range(4)]
    well = Stricken(assistant, frozenset(), frozenset(), frozenset())
    for each in mine.recordings:
        rng = Random(f"{seed}/{each.fingerprint}")
        stricken = rng.choice(homes) if rng.random() < STRUCK_SHARE else well
        goal = world.goals[world.phrases[each.phrase].goal]
        occasion = _occasion(each.fingerprint, each.speaker, goal.room, rng=rng)
        meaning = stricken.understand(each.sound.text, goal.room)
        turn = told(log_turn(occasion, each.sound, meaning=meaning, house=house), stricken, part=part, rng=rng)
        point = FailurePoint(each.failure_point)
        if judge(meaning, goal.action) == "correct":
            point = FailurePoint.CORRECT
        elif judge(assistant.understand(each.sound.text, goal.room), goal.action) == "correct":
            point = FailurePoint.RESULT
        elif point is FailurePoint.CORRECT:
            continue
        family = world.speakers[each.speaker].family
        yield Example(
            Session(each.speaker, (turn,)), {turn.turn_id: point}, f"recorded/{each.speaker}", f"voice/{family}", f"recorded/{family}"
        )
    for number, sound in enumerate(noises_of(mine, part)):
        yield _wake(sound, number, well=well, house=house, room=sorted(world.home.rooms)[number % len(world.home.rooms)])


def recorded_wordings(world: World, families: Collection[str], *, part: Part) -> Iterator[Spoken]:
    """What was said in the recordings of some voice families, and the noises of the part: to learn from, never to score by."""
    for each in with_voices(world, families).recordings:
        source = f"voice/{world.speakers[each.speaker].family}"
        yield Spoken(_transcripts(each.sound), world.phrases[each.phrase].text, FailurePoint(each.failure_point), source)
    for sound in noises_of(world, part):
        yield Spoken(_transcripts(sound), NOISE, FailurePoint.FALSE_WAKE, f"noise/{plain(sound.text)}")


def _transcripts(sound: Sound) -> tuple[str, ...]:
    """As the log holds them."""
    heard = (sound.text, *sound.others[: HYPOTHESES_LOGGED - 1])
    return tuple(dict.fromkeys(text for each in heard if (text := plain(each))))


def _wake(sound: Sound, number: int, *, well: Stricken, house: House, room: str) -> Example:
    rng = Random(number)
    occasion = _occasion(f"wake-{number}", f"wake-{number}", room, rng=rng)
    turn = log_turn(occasion, sound, meaning=well.understand(sound.text, room), house=house)
    return Example(
        Session(turn.customer_id, (turn,)),
        {turn.turn_id: FailurePoint.FALSE_WAKE},
        f"recorded/{number}",
        f"noise/{plain(said(turn))}",
        "recorded/noise",
    )


def _occasion(turn_id: str, customer_id: str, room: str, *, rng: Random) -> Occasion:
    at = START + timedelta(seconds=rng.randrange(14 * 86_400))
    return Occasion(turn_id, turn_id, customer_id, at, room, "speaker", "en-US")
