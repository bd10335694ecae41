"""A world: a folder of data with a home, goals, phrasings, speakers, and recordings of what a real recogniser made of them.

Nothing here is of one home: any folder with the files of `voice_home` is a world. What the assistant may know of a recording (`Sound`)
and what only the world knows (`Recording`) are two types, so that the truth cannot slip into a log.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from resay.lab.action import Action, Reach, action_from_json
from resay.lab.habits import Habits, read_habits
from resay.lab.home import FAULTS_SHOWN, BrokenWorld, Home, broken, read_home, read_json
from resay.lab.understood import Meaning

VOICE_HOME = Path(__file__).parent / "voice_home"
"""The world that ships; its README says what is in it."""

QUIET = "quiet"
HOME_NOISE = "home"

LOCALE = "en-US"
"""Of speakers of whom the world does not say."""

LOCALE_BY_COHORT = dict.fromkeys(("gb", "scotland", "lancaster", "west_midlands", "caribbean"), "en-GB")
"""Of the cohorts of `voice_home`, whose files say nothing of it; a `locale` that is stated beside a speaker comes first."""

FINGERPRINT_BYTES = 6
"""Of a recording's fingerprint: with 40,000 recordings two are alike once in 300,000 worlds."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that a customer can want."""

    name: str
    room: str
    """Where one wants it."""
    action: Action
    """What the assistant must do."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One wording of a goal."""

    number: int
    goal: str
    text: str
    tag: str
    """T in a template, H hard to hear, C colloquial, S unknown synonym, I implicit wish."""
    supported: bool
    """Whether the assistant does the right thing when it is typed."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """One voice."""

    name: str
    cohort: str
    family: str
    main: bool
    """Whether the recogniser serves it well."""
    locale: str = LOCALE
    """As the assistant logs it of whoever has this voice."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What the recogniser made of a recording: all that an assistant could know."""

    text: str
    """The first hypothesis; may be empty."""
    others: tuple[str, ...]
    """Further hypotheses, best first; the recogniser's scores for them say nothing."""
    score: float
    """Mean posterior of the words."""
    duration_s: float


@dataclass(frozen=True, slots=True)
class Recording:
    """One utterance that was really spoken to the recogniser, with the truth about it."""

    fingerprint: str
    phrase: int
    speaker: str
    condition: str
    repair: str
    """The form in which the phrase was said again (`no i said …`); empty for the phrase itself."""
    sound: Sound
    outcome: str
    """As recorded, in the room of the goal."""
    failure_point: str


@dataclass(frozen=True, slots=True)
class World:
    """All that a simulation draws from."""

    home: Home
    goals: Mapping[str, Goal]
    phrases: Mapping[int, Phrase]
    speakers: Mapping[str, Speaker]
    recordings: tuple[Recording, ...]
    repairs: tuple[str, ...]
    """Names of the forms in which phrases were said again."""
    false_wakes: tuple[Sound, ...]
    """What was heard when nobody spoke to the device."""
    habits: Habits | None = None
    """As the world states them; None where it does not."""
    _wordings: Mapping[str, tuple[Phrase, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        wordings: dict[str, list[Phrase]] = {goal: [] for goal in self.goals}
        for phrase in self.phrases.values():
            wordings.setdefault(phrase.goal, []).append(phrase)
        object.__setattr__(self, "_wordings", {goal: tuple(phrases) for goal, phrases in wordings.items()})

    def phrases_of(self, goal: str) -> tuple[Phrase, ...]:
        """The wordings of a goal, in the order of their numbers."""
        return self._wordings[goal]


def read_world(folder: Path) -> World:
    """The world in a folder.

    Raises: BrokenWorld.
    """
    if not folder.is_dir():
        message = f"a world must be a folder; {str(folder)!r} is {'a file' if folder.exists() else 'not there'}; is its name right?"
        raise BrokenWorld(message)
    home = read_home(folder)
    goals = {goal.name: goal for goal in _each(folder / "goals.json", _goal)}
    phrases = {phrase.number: phrase for phrase in _each(folder / "phrases.json", _phrase)}
    speakers, repairs = _voices(folder / "speakers.json")
    recordings = tuple(_recording(each) for each in _records(folder / "recordings.jsonl.gz", _RecordedLine))
    wakes = folder / "false_wakes.jsonl.gz"
    false_wakes = tuple(_sound(each) for each in _records(wakes, _HeardLine)) if wakes.exists() else ()
    world = World(home, goals, phrases, speakers, recordings, repairs, false_wakes, read_habits(folder))
    faults = list(_faults(world))
    if faults:
        raise broken(folder, ValueError("; ".join(faults[:FAULTS_SHOWN])))
    return world


def _faults(world: World) -> Iterator[str]:
    """Where the files of a world do not fit together."""
    if not (world.goals and world.phrases and world.speakers and world.recordings):
        yield "there must be goals, phrases, speakers and recordings"
    yield from (f"goal {goal.name!r} is in no room of the home" for goal in world.goals.values() if goal.room not in world.home.rooms)
    yield from (f"phrase {each.number} has no goal {each.goal!r}" for each in world.phrases.values() if each.goal not in world.goals)
    yield from _aimless(world)
    worded = {phrase.goal for phrase in world.phrases.values()}
    yield from (f"goal {goal!r} has no phrase" for goal in world.goals if goal not in worded)
    for recording in world.recordings:
        if recording.phrase not in world.phrases or recording.speaker not in world.speakers:
            yield f"a recording names phrase {recording.phrase} and speaker {recording.speaker!r}, and one of them is not there"


def _aimless(world: World) -> Iterator[str]:
    """Goals whose action is on something that the home does not have."""
    there = {*world.home.devices, *(f"area.{place}" for place in (*world.home.rooms, *world.home.floors))}
    for goal in world.goals.values():
        yield from (f"goal {goal.name!r} acts on {target!r}, which the home does not have" for target in set(goal.action.targets) - there)


def judge(meaning: Meaning, wanted: Action | None) -> str:
    """What came of an utterance, in the words of the recordings' field `o`; with nothing wanted, only doing nothing is correct."""
    if wanted is None:
        return "correct" if meaning.done is None else "wrong_action"
    if meaning.reach in _REFUSED:
        return _REFUSED[meaning.reach]
    done = meaning.action
    assert done is not None, "whoever is not refused has an action"
    if done.verb != wanted.verb:
        return "wrong_action"
    if meaning.reach is Reach.UNAVAILABLE:
        return "result_fail" if done.targets == wanted.targets else "wrong_entity"
    if done == wanted:
        return "correct"
    return "wrong_entity" if done.targets != wanted.targets else "wrong_value"


_REFUSED = {
    Reach.EMPTY: "no_match",
    Reach.NO_MATCH: "no_match",
    Reach.UNRESOLVED: "unresolved",
    Reach.NO_TARGET: "unresolved",
    Reach.NOT_FOUND: "not_found",
}


class _HeardLine(msgspec.Struct):
    """What a line of recordings and one of false wakes have in common; other fields are passed over."""

    h: str
    wc: list[float]
    dur: float
    nb: list[list[Any]]


class _RecordedLine(_HeardLine):
    """A line of `recordings.jsonl.gz`."""

    p: int
    s: str
    c: str
    k: int
    take: str
    o: str
    fp: str
    r: str = ""


_Line = TypeVar("_Line", bound=_HeardLine)
_Part = TypeVar("_Part")


def _recording(line: _RecordedLine) -> Recording:
    name = f"{line.p}/{line.s}/{line.c}/{line.k}/{line.take}/{line.r}"
    return Recording(
        fingerprint=hashlib.blake2b(name.encode(), digest_size=FINGERPRINT_BYTES).hexdigest(),
        phrase=line.p,
        speaker=line.s,
        condition=line.c,
        repair=line.r,
        sound=_sound(line),
        outcome=line.o,
        failure_point=line.fp,
    )


def _sound(line: _HeardLine) -> Sound:
    score = sum(line.wc) / len(line.wc) if line.wc else 0.0
    # What the assistant would have made of the further hypotheses stands beside them; it is truth, and stays behind.
    return Sound(text=line.h, others=tuple(str(each[0]) for each in line.nb), score=round(score, 3), duration_s=line.dur)


def _goal(written: dict[str, Any]) -> Goal:
    return Goal(name=written["goal"], room=written["area"], action=action_from_json(written["gold"]))


def _phrase(written: dict[str, Any]) -> Phrase:
    return Phrase(
        number=written["p"],
        goal=written["goal"],
        text=written["text"],
        tag=written["tag"],
        supported=written["gold_outcome"] == "correct",
    )


def _speaker(name: str, written: Mapping[str, object]) -> Speaker:
    cohort = str(written["cohort"])
    locale = str(written.get("locale") or LOCALE_BY_COHORT.get(cohort, LOCALE))
    return Speaker(name=name, cohort=cohort, family=str(written["family"]), main=bool(written["main"]), locale=locale)


def _voices(path: Path) -> tuple[dict[str, Speaker], tuple[str, ...]]:
    """The speakers, and the names of the repair forms."""
    written = read_json(path)
    try:
        speakers = {name: _speaker(name, each) for name, each in written["speakers"].items()}
        return speakers, tuple(written.get("repair_forms", ()))
    except (KeyError, TypeError, AttributeError) as error:
        raise broken(path, error) from error


def _each(path: Path, read: Callable[[dict[str, Any]], _Part]) -> Iterator[_Part]:
    """What the entries of a file say."""
    written: object = read_json(path)
    if not isinstance(written, list):
        raise broken(path, TypeError("a list was expected"))
    for place, entry in enumerate(written, start=1):
        try:
            yield read(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise broken(path, ValueError(f"entry {place}: {type(error).__name__}: {error}")) from error


def _records(path: Path, line: type[_Line]) -> Iterator[_Line]:
    decode = msgspec.json.Decoder(line).decode
    number = 0
    try:
        with gzip.open(path, "rb") as lines:
            for number, each in enumerate(lines, start=1):  # noqa: B007 - said where it stops
                yield decode(each)
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError) as error:
        raise broken(path, ValueError(f"line {number}: {type(error).__name__}: {error}")) from error
