"""Talk in a home with planted requests: customers say them, are misunderstood, say it otherwise or give up, as the assistant logs it.

No truth passes into a log; what was wanted stands apart from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from resay.dialogue.turn import Context, Turn, Versions
from resay.lab.ambiguous import AmbiguousHome, Planted, Situation, draw_situation, wanted_by
from resay.lab.conversation import GAP_S_MAX
from resay.lab.linked.confusions import Confusions
from resay.lab.logged import House, Occasion, log_turn
from resay.lab.making import RECOGNISER
from resay.lab.world import Sound, World, judge

SESSIONS_A_DAY = 1.5
"""Sessions of one customer. Made up."""

PLANTED_SHARE = 0.7
"""Share of sessions that begin with a planted request; the others are plain ones that are understood. Made up."""

PERSISTS = 0.6
"""Chance of a second try after a failure: as people in DSTC2, within three turns."""

RIGHT_WORDS = 0.75
"""Share of second tries that are understood; the others say the same again. Made up."""

TURNS_MAX = 6

MISHEARD = 0.1
"""Share of requests of which a word is heard as another, by what the recogniser made of the world's recordings. Made up."""

MISHEARD_RATE = 0.2
GAP_S = (4.0, 0.5)
"""Median and spread (log scale) of the silence before a second try, as in the closed loop."""

GOES_ON, OTHER_GAP_S = 0.35, (8.0, 0.7)
"""Chance of another request in the same session, and the silence before it, as in the closed loop."""

COMPLAINS = 0.6
"""Chance that somebody whom the assistant took for another says so, in words that it does not understand either. Made up."""

COMPLAINTS = ("no i meant {}", "no i said {}")

PERSISTS_THEN = 0.85
"""Chance of another try after a complaint: who says so has not given up. Made up."""

BREAKS_IN = 0.5
"""Chance that somebody speaks over the assistant when it does something else than they wanted. Made up."""

BREAK_IN_S = 2.5
"""When they do, after they began to speak themselves: the assistant has just begun to answer."""

CHARS_PER_S = 12.0
PAIRS_MAX = 8_000
"""Recordings that mishearing is learnt from."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One first try with a planted request, and the truth about it."""

    turn: Turn
    planted: Planted
    situation: Situation
    goal: str


def confusions_of(world: World, rng: Random) -> Confusions:
    """What the recogniser hears for which words."""
    pairs = [(world.phrases[each.phrase].text, each.sound.text) for each in world.recordings if each.sound.text and not each.repair]
    return Confusions(rng.sample(pairs, min(PAIRS_MAX, len(pairs))))


class Talk:
    """Customers of one home."""

    def __init__(self, home: AmbiguousHome, confusions: Confusions, *, begin: datetime, rng: Random) -> None:
        self._home, self._confusions, self._begin, self._rng = home, confusions, begin, rng
        self._house = House(home.world.home, Versions(asr=RECOGNISER, nlu=home.assistant.version))
        self._plain = sorted(home.wordings)

    def turns(self, *, customers: int, days: int, prefix: str) -> list[Turn]:
        """What the assistant logs of so many customers in so many days, by time."""
        rng, turns = self._rng, list[Turn]()
        for number in range(customers):
            for day in range(days):
                for session in range(2):
                    if rng.random() < SESSIONS_A_DAY / 2:
                        turns += self._session(f"{prefix}{number}", f"{prefix}{number}.{day}.{session}", day)
        return sorted(turns, key=lambda each: (each.at, each.turn_id))

    def asked(self, *, customers: int, requests: int, day: int, prefix: str) -> Iterator[Asked]:
        """First tries of other customers, with what they want."""
        for number in range(customers):
            for request in range(requests):
                planted, situation = self._rng.choice(self._home.planted), draw_situation(self._home, self._rng)
                goal, text = wanted_by(planted, situation, self._rng), self._heard(planted.text)
                turn = self._turn(
                    f"{prefix}{number}", f"{prefix}{number}.{request}.0", text=text, situation=situation, at=self._at(situation, day)
                )
                yield Asked(turn, planted, situation, goal)

    def right(self, text: str, asked: Asked) -> bool:
        """Whether the assistant would do what was wanted, given a text."""
        return self._is_right(text, asked.situation, asked.goal)

    def is_refused(self, text: str, asked: Asked) -> bool:
        """Whether it would do nothing at all."""
        return self._home.assistant.understand(text, asked.situation.room).done is None

    def _session(self, customer: str, session: str, day: int) -> Iterator[Turn]:
        rng, situation = self._rng, draw_situation(self._home, self._rng)
        planted = rng.choice(self._home.planted) if rng.random() < PLANTED_SHARE else None
        goal = wanted_by(planted, situation, rng) if planted else rng.choice(self._plain)
        said, at, breaks_in = planted.text if planted else self._home.wordings[goal], self._at(situation, day), False
        for number in range(TURNS_MAX):
            text = self._heard(said)
            turn = self._turn(customer, f"{session}.{number}", text=text, situation=situation, at=at)
            yield replace(turn, barge_in=True) if breaks_in else turn
            right = self._is_right(text, situation, goal)
            complained = number > 0 and said.startswith(_COMPLAINING)
            if not right and rng.random() < (PERSISTS_THEN if complained else PERSISTS):
                acted = self._home.assistant.understand(text, situation.room).done is not None
                said = self._otherwise(goal, said, acted=acted)
                breaks_in = acted and rng.random() < BREAKS_IN
                at = turn.at + timedelta(seconds=BREAK_IN_S) if breaks_in else self._after(turn, GAP_S)
            elif rng.random() < GOES_ON:
                goal, breaks_in = rng.choice(self._plain), False
                said, at = self._home.wordings[goal], self._after(turn, OTHER_GAP_S)
            else:
                return

    def _otherwise(self, goal: str, said: str, *, acted: bool) -> str:
        """What is said after a failure: a complaint where something else was done, better words, or the same again."""
        better = self._home.wordings[goal]
        if acted and self._rng.random() < COMPLAINS:
            return self._rng.choice(COMPLAINTS).format(better)
        return better if self._rng.random() < RIGHT_WORDS or said.startswith(_COMPLAINING) else said

    def _after(self, turn: Turn, gap_s: tuple[float, float]) -> datetime:
        median, spread = gap_s
        silence = min(median * self._rng.lognormvariate(0, spread), GAP_S_MAX)
        return (turn.ended_at or turn.at) + timedelta(milliseconds=round(1000 * silence))

    def _is_right(self, text: str, situation: Situation, goal: str) -> bool:
        return judge(self._home.assistant.understand(text, situation.room), self._home.action(goal)) == "correct"

    def _heard(self, text: str) -> str:
        return self._confusions.mishear(text, self._rng, rate=MISHEARD_RATE) if self._rng.random() < MISHEARD else text

    def _at(self, situation: Situation, day: int) -> datetime:
        # Their clocks are on UTC.
        return self._begin + timedelta(days=day, hours=situation.hour, minutes=self._rng.randrange(60), seconds=self._rng.randrange(60))

    def _turn(self, customer: str, turn_id: str, *, text: str, situation: Situation, at: datetime) -> Turn:
        meaning = self._home.assistant.understand(text, situation.room)
        occasion = Occasion(
            turn_id=turn_id,
            session_id=turn_id.rpartition(".")[0],
            customer_id=customer,
            at=at,
            room=situation.room,
            device_type=situation.device_type,
            locale="",
            device_states=situation.states,
        )
        sound = Sound(text=text, others=(), score=0.9, duration_s=round(len(text) / CHARS_PER_S, 1))
        turn = log_turn(occasion, sound, meaning=meaning, house=self._house)
        return _doing(turn, situation)


_COMPLAINING = tuple(each.partition("{")[0] for each in COMPLAINTS)


def _doing(turn: Turn, situation: Situation) -> Turn:
    """The same with what the customer is doing, which no other talk of the lab tells."""
    context = turn.context or Context()
    return replace(turn, context=replace(context, activity=situation.activity, locale="en-GB"), cohorts=())
