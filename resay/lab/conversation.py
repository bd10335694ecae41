"""One session of a simulated customer with the assistant: what they want, say, hear, and do next.

Puts customer, recorded channel and NLU together. Every exchange is a turn as the assistant logs it, and apart from it the truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple, Protocol

from resay.dialogue.turn import AppliedRewrite, Explicit, Feedback, Turn
from resay.lab.action import Action
from resay.lab.assistant import Assistant
from resay.lab.channel import Channel, Said
from resay.lab.circumstance import Circumstance
from resay.lab.customer import Customer, Popularity, Try, Wording, first_wording, next_wording, turns_until_rephrase
from resay.lab.logged import USUAL, House, Manner, Occasion, log_turn, utc_offset
from resay.lab.ways import WAYS_AS_SHIPPED, Ways
from resay.lab.world import HOME_NOISE, QUIET, Phrase, Recording, Sound, Speaker, World, judge

TURNS_MAX = 12
"""A session ends here at the latest. Made up; few come near it."""

REPHRASE_GAP_S = (3.0, 0.5)
"""Median and spread (log scale) of the silence before a second try. Made up."""

OTHER_GAP_S = (8.0, 0.7)
"""The same before another request. Made up."""

WISHES_MAX = 6
"""So many things come to mind before the last of them is wanted whatever speaks against it."""

GAP_S_MAX = 40.0
"""Within a session no silence is longer; the session's own gap is 45 s."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What stands between a customer and the NLU for one turn."""

    arm: str = ""
    """Of the customer, in the experiment that is under way."""
    target: str | None = None
    """What the NLU is given in place of what was heard; None where that passes through."""
    rewrite: AppliedRewrite | None = None
    """What the assistant logs of it; there where a target is."""


AS_HEARD = Advice()
"""Nothing stands between them."""


class Advise(Protocol):
    """Decides what the NLU is given; in the loop this is a rewriter, elsewhere nothing."""

    def __call__(self, turn: Turn, /) -> Advice:
        """Advice on a turn that is shown as it would be logged if it passed through; it holds nothing that only the world knows."""


def pass_through(_turn: Turn, /) -> Advice:
    """The advice of having no rewriter."""
    return AS_HEARD


@dataclass(frozen=True, slots=True)
class Stage:
    """All that conversations share."""

    world: World
    assistant: Assistant
    channel: Channel
    popularity: Popularity
    house: House
    ways: Ways = WAYS_AS_SHIPPED
    quick_days: bool = False
    """Whether a hash tells on which days nothing is said: twice as quick, and other chance than that of `resay lab log`."""
    advise: Advise = pass_through


@dataclass(frozen=True, slots=True)
class Truth:
    """What only the world knows of a turn."""

    turn_id: str
    goal: str
    """Empty for a false wake."""
    wanted: Action | None
    outcome: str
    failure_point: str
    attempt: Try
    recording: str
    """Fingerprint of the recording."""
    cohort: str
    main: bool
    """Whether the voice is of the well-served ones."""
    arm: str = ""
    layer: str = ""
    """Which layer rewrote it; empty where none did."""
    target: str | None = None
    """What the NLU was given in place of what was heard."""
    outcome_as_said: str = ""
    """What would have come of it as heard; empty where it passed through, and `outcome` is that."""

    @property
    def right(self) -> bool:
        """Whether the assistant did what was wanted."""
        return self.outcome == "correct"

    @property
    def right_as_said(self) -> bool:
        """Whether the assistant would have done what was wanted, had nothing been rewritten."""
        return (self.outcome_as_said or self.outcome) == "correct"


class Exchange(NamedTuple):
    """A turn and the truth about it."""

    turn: Turn
    truth: Truth


class Opening(NamedTuple):
    """How a session begins."""

    session_id: str
    at: datetime


class _Wish(NamedTuple):
    """A goal that a customer pursues, and how often they have tried."""

    goal: str
    said: tuple[int, ...] = ()
    used: tuple[str, ...] = ()
    """Recordings that were played already: nobody says it exactly so again."""
    worked: bool = False


def converse(stage: Stage, customer: Customer, *, opening: Opening, week: int, rng: Random) -> list[Exchange]:
    """One session, from the first request to the last."""
    return _Conversation(stage, customer, opening=opening, week=week, rng=rng).run()


def false_wake(stage: Stage, customer: Customer, *, sound: Sound, opening: Opening, rng: Random) -> Exchange:
    """The device takes noise, or talk among people, for a request."""
    room = rng.choice(customer.rooms)
    states = _circumstance(stage, customer, opening, rng=rng).states(room)
    occasion = _occasion(customer, f"{opening.session_id}.0", at=opening.at, room=room, states=states)
    spoken = _heard(stage, occasion, sound=sound, wanted=None)
    point = "correct" if spoken.right else "false_wake"
    return Exchange(spoken.turn, _truth(spoken, _NO_ONE_MEANT, point=point, speaker=customer.speaker))


class _Conversation:
    """The state of one session."""

    def __init__(self, stage: Stage, customer: Customer, *, opening: Opening, week: int, rng: Random) -> None:
        self._stage, self._customer, self._week, self._rng = stage, customer, week, rng
        self._opening, self._room = opening, ""
        self._habits = stage.ways.habits
        self._condition = HOME_NOISE if rng.random() < self._habits.noisy else QUIET
        self._here = _circumstance(stage, customer, opening, rng=rng)
        self._queue: list[_Wish] = []
        self._past: list[Exchange] = []

    def run(self) -> list[Exchange]:
        self._queue.append(self._wish())
        while self._rng.random() < self._habits.goes_on:
            self._queue.append(self._wish())
        while self._queue and len(self._past) < TURNS_MAX:
            wish = self._queue.pop(0)
            tried = self._speak(wish)
            if tried is not None:
                self._decide(tried, worked=self._past[-1].truth.right)
        return self._past

    def _wish(self, room: str | None = None) -> _Wish:
        stay = room or (self._room if self._room and self._rng.random() < self._habits.same_room else None)
        for _ in range(WISHES_MAX):
            goal = self._stage.popularity.goal(self._customer, week=self._week, room=stay, rng=self._rng)
            self._room = self._stage.world.goals[goal].room
            if self._here.invites(goal, self._room):
                break
        return _Wish(goal)

    def _decide(self, wish: _Wish, *, worked: bool) -> None:
        """What the customer does after a turn."""
        if worked:
            self._after_success(wish)
        elif len(wish.said) < self._customer.patience and (turns := self._turns_until_rephrase(wish.goal)) is not None:
            while len(self._queue) < turns - 1:
                self._queue.append(self._wish())
            self._queue.insert(turns - 1, wish)
        else:
            self._give_up()

    def _turns_until_rephrase(self, goal: str) -> int | None:
        persistence = self._customer.persistence
        if self._stage.ways.experience.despairs(self._customer.speaker, goal):
            persistence *= self._habits.hopeless
        return turns_until_rephrase(self._rng, habits=self._habits, persistence=persistence) if persistence else None

    def _after_success(self, wish: _Wish) -> None:
        draw, habits = self._rng.random(), self._habits
        if draw < habits.again:
            self._queue.insert(0, _Wish(wish.goal, wish.said, wish.used, worked=True))
        elif draw < habits.again + habits.changed_mind:
            self._queue.insert(0, self._wish(self._stage.world.goals[wish.goal].room))

    def _give_up(self) -> None:
        draw, habits = self._rng.random(), self._habits
        if draw < habits.leaves:
            self._queue.clear()
        elif draw < habits.leaves + (1 - habits.leaves) * habits.never_mind:
            dropped = [goal.name for goal in self._stage.world.goals.values() if goal.action.verb == "HassNevermind"]
            self._queue[:0] = [_Wish(goal) for goal in dropped if goal in self._customer.favourites][:1]

    def _speak(self, wish: _Wish) -> _Wish | None:
        """Say it, log the turn; the wish with this try added, or nothing where no recording says it."""
        wording = self._wording(wish, self._customer.wordings(wish.goal, self._stage.world))
        recording = self._recording(wording, wish)
        if recording is None:
            return None
        self._past.append(self._exchange(wish, wording, recording=recording))
        return _Wish(wish.goal, (*wish.said, wording.phrase), (*wish.used, recording.fingerprint))

    def _wording(self, wish: _Wish, phrases: Sequence[Phrase]) -> Wording:
        if not wish.said:
            return first_wording(self._customer, phrases, self._rng, habits=self._habits)
        if wish.worked:
            return Wording(wish.said[-1], Try.AGAIN)
        works = self._stage.ways.experience.of(self._customer.speaker)
        return next_wording(phrases, wish.said, self._rng, habits=self._habits, works=works)

    def _recording(self, wording: Wording, wish: _Wish) -> Recording | None:
        """A recording of the wording; without the repair form, or in quiet, where there is none as it should be."""
        plain = [Said(wording.phrase, self._condition)]
        if self._condition != QUIET:
            plain.append(Said(wording.phrase, QUIET))
        if wording.attempt is Try.REPAIR and self._stage.world.repairs:
            plain.insert(0, Said(wording.phrase, QUIET, self._rng.choice(self._stage.world.repairs)))
        for said in plain:
            recording = self._stage.channel.draw(said, self._customer.speaker, rng=self._rng, but=wish.used)
            if recording is not None:
                return recording
        return None

    def _exchange(self, wish: _Wish, wording: Wording, *, recording: Recording) -> Exchange:
        stage, goal = self._stage, self._stage.world.goals[wish.goal]
        again = bool(wish.said) and not wish.worked
        at, barge_in = self._moment(again=again)
        turn_id = f"{self._opening.session_id}.{len(self._past)}"
        occasion = _occasion(self._customer, turn_id, at=at, room=goal.room, states=self._here.states(goal.room))
        spoken = _heard(stage, occasion, sound=recording.sound, wanted=goal.action, barge_in=barge_in)
        feedback = self._feedback(right=spoken.right)
        if feedback is not None:
            spoken = spoken._replace(turn=replace(spoken.turn, feedback=feedback))
        self._here.change(spoken.done, goal.room)
        attempt = wording.attempt if recording.repair or wording.attempt is not Try.REPAIR else Try.SAME_WORDS
        point = _failure_point(spoken, recording, goal=wish.goal, world=stage.world)
        meant = _Meant(wish.goal, goal.action, attempt, recording.fingerprint)
        return Exchange(spoken.turn, _truth(spoken, meant, point=point, speaker=stage.world.speakers[recording.speaker]))

    def _moment(self, *, again: bool) -> tuple[datetime, bool]:
        """When the customer speaks, and whether over the assistant's last words."""
        if not self._past:
            return self._opening.at, False
        last = self._past[-1]
        ended = last.turn.ended_at or last.turn.at
        if again and not last.truth.right:
            heard = _heard_at(last.turn)
            if ended > heard and self._rng.random() < self._habits.barges_in:
                return heard + (ended - heard) * self._rng.uniform(0.3, 0.9), True
        median, spread = REPHRASE_GAP_S if again else OTHER_GAP_S
        silence = min(median * self._rng.lognormvariate(0, spread), GAP_S_MAX)
        return ended + timedelta(milliseconds=round(1000 * silence)), False

    def _feedback(self, *, right: bool) -> Feedback | None:
        if self._rng.random() >= self._habits.rates:
            return None
        judged = right if self._rng.random() >= self._habits.misjudges else not right
        return Feedback(explicit=Explicit.YES if judged else Explicit.NO)


def _heard_at(turn: Turn) -> datetime:
    """When the customer's last word had been heard."""
    return turn.at + timedelta(seconds=turn.audio.duration_s or 0.0) if turn.audio else turn.at


class _Meant(NamedTuple):
    """What a customer meant, and how they put it."""

    goal: str
    wanted: Action | None
    attempt: Try
    recording: str


_NO_ONE_MEANT = _Meant("", None, Try.FALSE_WAKE, "")


class _Spoken(NamedTuple):
    """What came of a sound."""

    turn: Turn
    done: Action | None
    outcome: str
    advice: Advice = AS_HEARD
    outcome_as_said: str = ""
    """Empty where nothing was rewritten."""

    @property
    def right(self) -> bool:
        return self.outcome == "correct"


def _heard(stage: Stage, occasion: Occasion, *, sound: Sound, wanted: Action | None, barge_in: bool = False) -> _Spoken:
    """What the assistant does with a sound, after the advice on it."""
    manner = Manner(barge_in) if barge_in else USUAL
    meaning = stage.assistant.understand(sound.text, occasion.room)
    turn = log_turn(occasion, sound, meaning=meaning, house=stage.house, manner=manner)
    outcome = judge(meaning, wanted)
    advice = stage.advise(turn)
    if advice.target is None:
        return _Spoken(turn, meaning.done, outcome, advice)
    meant = stage.assistant.understand(advice.target, occasion.room)
    said = log_turn(occasion, sound, meaning=meant, house=stage.house, manner=manner)
    rewritten = replace(said, utterance=advice.target, rewrite=advice.rewrite)
    return _Spoken(rewritten, meant.done, judge(meant, wanted), advice, outcome)


def _failure_point(spoken: _Spoken, recording: Recording, *, goal: str, world: World) -> str:
    """Where it went wrong; words that mean something else to this customer than to the world fail at the thing that they name."""
    if spoken.right:
        return "correct"
    point = recording.failure_point
    shared = world.phrases[recording.phrase].goal != goal
    return "er" if shared and point in _NOT_THE_WORDS else point


_NOT_THE_WORDS = frozenset({"correct", "asr", "result"})
"""Failure points that a recording has because its words, spoken well, are understood; as those of another goal they are not."""


def _truth(spoken: _Spoken, meant: _Meant, *, point: str, speaker: Speaker) -> Truth:
    advice = spoken.advice
    return Truth(
        turn_id=spoken.turn.turn_id,
        goal=meant.goal,
        wanted=meant.wanted,
        outcome=spoken.outcome,
        failure_point=point,
        attempt=meant.attempt,
        recording=meant.recording,
        cohort=speaker.cohort,
        main=speaker.main,
        arm=advice.arm,
        layer=(advice.rewrite.layer or "") if advice.rewrite else "",
        target=advice.target,
        outcome_as_said=spoken.outcome_as_said,
    )


def _circumstance(stage: Stage, customer: Customer, opening: Opening, *, rng: Random) -> Circumstance:
    return Circumstance(stage.ways, hour=(opening.at + utc_offset(customer.locale)).hour, rng=rng)


def _occasion(customer: Customer, turn_id: str, *, at: datetime, room: str, states: Mapping[str, str]) -> Occasion:
    return Occasion(
        turn_id=turn_id,
        session_id=turn_id.rpartition(".")[0],
        customer_id=customer.customer_id,
        at=at.replace(microsecond=at.microsecond // 1000 * 1000) if at.microsecond % 1000 else at,
        room=room,
        device_type=customer.device_type,
        locale=customer.locale,
        device_states=states,
    )
