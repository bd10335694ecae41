"""Sessions of a world's simulated homes with their links: voices, goals and recordings of one part alone.

Recordings of the repair forms are few, so further second tries are put into repair forms of words, and the real NLU says what it makes of
them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from rapidfuzz.distance import Levenshtein

from resay.dialogue.errors import ResayError
from resay.dialogue.session import Session
from resay.dialogue.turn import Hypothesis, Turn, Versions
from resay.lab.assistant import Assistant
from resay.lab.channel import Channel, Side, false_wakes_of
from resay.lab.conversation import OTHER_GAP_S, Exchange, Stage, Truth
from resay.lab.customer import Popularity, Try
from resay.lab.habits import LIVELY
from resay.lab.linked.part import Part, dealt
from resay.lab.linked.repair_forms import draw_form
from resay.lab.linked.session import Came, Follow, LinkedSession, TrueLink
from resay.lab.linked.views import with_less
from resay.lab.logged import House
from resay.lab.making import RECOGNISER, START
from resay.lab.traffic import DAYS_IN_WEEK, Span, population, talk
from resay.lab.ways import SWITCHING, ways_of
from resay.lab.world import Goal, World, judge

REPAIR_SHARE = 0.22
"""Share of second tries, beside the recorded ones, that are put into a repair form: then more than a fifth of the links are repairs."""

PART_SHARE = 0.4
"""Of those, the share that says only the last words again. Made up."""

JOINED_MAX = 3
"""Sessions of one customer that are joined into one, at most: busy customers go on with something else at once."""

WHOLE_SHARE = 0.5
"""Share of the training sessions that are logged whole; the others lack some of what a log may hold."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many customers speak, for how long, and by which chance."""

    customers: int
    days: int
    seed: int


class SmallWorld(ResayError):
    """A world has too few voices or goals to be cut into parts."""


def home_sessions(world: World, assistant: Assistant, part: Part, *, crowd: Crowd) -> Iterator[LinkedSession]:
    """The sessions of one part: nobody in them has a voice of another part, or wants what is wanted there.

    Raises: SmallWorld.
    """
    mine = world_of(world, part)
    rng = Random(f"{crowd.seed}/{part}")
    side = Side.SCORING if part is Part.TEST else Side.LEARNING
    ways = ways_of(mine, world.habits or LIVELY, rng=rng)
    weeks = -(-crowd.days // DAYS_IN_WEEK)
    stage = Stage(
        world=mine,
        assistant=assistant,
        channel=Channel(mine, side, speakers=mine.speakers),
        popularity=Popularity(mine, rng, weeks=weeks, habits=ways.habits),
        house=House(mine.home, Versions(asr=RECOGNISER)),
        ways=ways,
    )
    people = population(mine, seed=crowd.seed, customers=crowd.customers, days=crowd.days, ways=ways)
    days = talk(stage, people, span=Span(START, 0, crowd.days), seed=crowd.seed, false_wakes=false_wakes_of(mine, side))
    families = {person.customer_id: person.speaker.family for person in people}
    for exchanges in _joined(_by_session(days), rng):
        yield _linked(exchanges, stage, part=part, family=families[exchanges[0].turn.customer_id], rng=rng)


def world_of(world: World, part: Part) -> World:
    """The world with the voices and the goals of one part alone.

    Raises: SmallWorld.
    """
    families = dealt(speaker.family for speaker in world.speakers.values())
    speakers = {name: speaker for name, speaker in world.speakers.items() if families[speaker.family] is part}
    themes = dealt(_theme(goal) for goal in world.goals.values())
    goals = {name: goal for name, goal in world.goals.items() if themes[_theme(goal)] is part}
    phrases = {number: phrase for number, phrase in world.phrases.items() if phrase.goal in goals}
    recordings = tuple(each for each in world.recordings if each.phrase in phrases and each.speaker in speakers)
    if not recordings:
        voices, wants = len(families), len(themes)
        message = f"a world must have recordings for part {part}; there are none: {voices} voice families, {wants} things to want; too few?"
        raise SmallWorld(message)
    return replace(world, goals=goals, phrases=phrases, speakers=speakers, recordings=recordings)


def _theme(goal: Goal) -> str:
    """What a goal is about: those on one device are not split, nor those of one verb without a device."""
    return "+".join(sorted(goal.action.targets)) or goal.action.verb


def _by_session(days: Iterable[Sequence[Exchange]]) -> list[tuple[Exchange, ...]]:
    sessions: dict[str, list[Exchange]] = defaultdict(list)
    for day in days:
        for exchange in day:
            sessions[exchange.turn.session_id or ""].append(exchange)
    return [tuple(each) for each in sorted(sessions.values(), key=lambda each: (each[0].turn.customer_id, each[0].turn.at))]


def _joined(sessions: Iterable[tuple[Exchange, ...]], rng: Random) -> Iterator[tuple[Exchange, ...]]:
    """Sessions of one customer, up to so many in one, as of somebody who goes on at once."""
    held: tuple[Exchange, ...] = ()
    left = 0
    for session in sessions:
        if held and (left == 0 or held[0].turn.customer_id != session[0].turn.customer_id):
            yield held
            held = ()
        if not held:
            held, left = session, rng.randrange(JOINED_MAX)
            continue
        held, left = (*held, *_sooner(session, after=held[-1].turn, rng=rng)), left - 1
    if held:
        yield held


def _sooner(session: Sequence[Exchange], *, after: Turn, rng: Random) -> Iterator[Exchange]:
    """A session as if it had begun soon after a turn, under that turn's session id."""
    median, spread = OTHER_GAP_S
    silence = timedelta(milliseconds=round(1000 * min(40.0, median * rng.lognormvariate(0, spread))))
    earlier = session[0].turn.at - (after.ended_at or after.at) - silence
    for exchange in session:
        turn = exchange.turn
        ends = turn.ended_at - earlier if turn.ended_at else None
        yield exchange._replace(turn=replace(turn, at=turn.at - earlier, ended_at=ends, session_id=after.session_id))


def _linked(exchanges: Sequence[Exchange], stage: Stage, *, part: Part, family: str, rng: Random) -> LinkedSession:
    """The links of a session: a failed turn and the next one of the same goal, whatever made the customer say it."""
    turns: list[Turn] = []
    links: list[TrueLink] = []
    follows: dict[int, Follow] = {}
    failed: dict[str, int] = {}
    came: dict[int, Came] = {}
    for place, (turn, truth) in enumerate((each.turn, each.truth) for each in exchanges):
        said, right = _Said(turn, *_whole(turn), repair=False), truth.right
        source = failed.pop(truth.goal, None)
        if source is not None and turn.utterance.strip():
            said, right = _said_again(exchanges[place], turns[source], stage=stage, part=part, rng=rng)
            links.append(TrueLink(source, place, said.start, said.end, said.repair))
        follows[place] = Follow.SAID_AGAIN if source is not None else _follow(truth, exchanges[place - 1].truth if place else None)
        before = exchanges[place - 1].truth.goal if place else None
        came[place] = Came(before != truth.goal or came[place - 1].right, right, right and bool(truth.goal))
        if truth.goal and not right:
            failed[truth.goal] = place
        turns.append(said.turn)
    seen = tuple(turns)
    if part is not Part.TEST and rng.random() >= WHOLE_SHARE:
        seen = with_less(seen, rng)
    customer = hashlib.blake2b(turns[0].customer_id.encode(), digest_size=2).hexdigest()
    return LinkedSession(Session(turns[0].customer_id, seen), tuple(links), follows, f"home/{family}/{customer}", came)


@dataclass(frozen=True, slots=True)
class _Said:
    """A second try as it was logged, and where in it the request is said again."""

    turn: Turn
    start: int
    end: int
    repair: bool


def _said_again(exchange: Exchange, source: Turn, *, stage: Stage, part: Part, rng: Random) -> tuple[_Said, bool]:
    """A second try, perhaps put into a repair form; and whether it came out right."""
    turn, truth = exchange.turn, exchange.truth
    if truth.attempt is Try.REPAIR:
        start, end = _recorded_span(turn.utterance, truth.goal, stage.world)
        return _Said(turn, start, end, repair=True), truth.right
    if rng.random() >= REPAIR_SHARE:
        return _Said(turn, *_whole(turn), repair=False), truth.right
    put = _in_repair_form(turn, source, part=part, rng=rng)
    if truth.right and rng.random() < 0.5:
        # Some assistants understand the forms as well as what stands in them.
        return put, True
    room = turn.context.room if turn.context else ""
    meaning = stage.assistant.understand(put.turn.utterance, room)
    read = stage.house.read(meaning)
    if not truth.right and judge(meaning, truth.wanted) == "correct":
        return put, truth.right
    told = replace(put.turn, interpretations=read.interpretations, entities=read.entities, response=read.response or turn.response)
    return replace(put, turn=told), judge(meaning, truth.wanted) == "correct"


def _in_repair_form(turn: Turn, source: Turn, *, part: Part, rng: Random) -> _Said:
    words = turn.utterance.split()
    again = " ".join(words[-rng.randint(1, min(3, len(words))) :]) if rng.random() < PART_SHARE else turn.utterance
    strange = [word for word in source.utterance.split() if word not in words]
    form = draw_form(part, rng, wrong=bool(strange), pointing=len(again.split()) == 1)
    before, _, after = form.format(again="\0", wrong=" ".join(strange[:3])).partition("\0")
    text = f"{before}{again}{after}"
    others = tuple(Hypothesis(f"{before}{each.text}{after}", each.score) for each in turn.hypotheses[1:]) if again == turn.utterance else ()
    hypotheses = (Hypothesis(text, turn.hypotheses[0].score), *others) if turn.hypotheses else ()
    return _Said(replace(turn, utterance=text, hypotheses=hypotheses), len(before), len(before) + len(again), repair=True)


def _recorded_span(utterance: str, goal: str, world: World) -> tuple[int, int]:
    """Where a recorded repair says the request: after the words that no wording of the goal accounts for."""
    heard = utterance.split()
    skipped = min((_leading(phrase.text.split(), heard) for phrase in world.phrases_of(goal)), default=(0, 0))[1]
    start = len(" ".join(heard[:skipped])) + 1 if skipped else 0
    return start, len(utterance)


def _leading(spoken: Sequence[str], heard: Sequence[str]) -> tuple[int, int]:
    """How far what was heard is from a wording, and how many of its first words are beside it."""
    steps = list(Levenshtein.opcodes(spoken, heard))
    skipped = steps[0].dest_end if steps and steps[0].tag == "insert" else 0
    return Levenshtein.distance(spoken, heard), min(skipped, len(heard) - 1)


def _follow(truth: Truth, before: Truth | None) -> Follow:
    """What a first try is to the turn before it."""
    if before is None or truth.wanted is None or before.wanted is None:
        return Follow.OTHER
    if truth.attempt is Try.AGAIN or truth.goal == before.goal:
        return Follow.REPEATED_SUCCESS
    if truth.wanted.verb == before.wanted.verb:
        return Follow.SAME_INTENT_OTHER_SLOT
    if truth.wanted.targets and truth.wanted.targets == before.wanted.targets:
        switched = {truth.wanted.verb, before.wanted.verb} == set(SWITCHING)
        return Follow.CHANGED_MIND if switched else Follow.REFINEMENT
    return Follow.TOPIC_SWITCH


def _whole(turn: Turn) -> tuple[int, int]:
    start = len(turn.utterance) - len(turn.utterance.lstrip())
    return start, len(turn.utterance.rstrip())
