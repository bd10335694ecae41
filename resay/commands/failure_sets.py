"""Sets of sessions whose failure points are known: homes with faults, recordings, asking assistants, own copies of SLURP and DSTC2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from failure_point.example import Example
from failure_point.reading import Lesson
from failure_point.wording import Spoken
from resay.commands.example_sets import CALLS, SIZES, TEXTS
from resay.lab.assistant import Assistant
from resay.lab.faults.asked import asked_examples
from resay.lab.faults.calls import call_examples, call_wordings
from resay.lab.faults.commands import command_examples, command_lessons
from resay.lab.faults.homes import Size, home_examples
from resay.lab.faults.recorded import recorded_examples, recorded_wordings
from resay.lab.faults.voices import families_of
from resay.lab.linked.asking import asked_sessions
from resay.lab.linked.calls import part_of_caller
from resay.lab.linked.part import Part
from resay.lab.linked.stock import stock_of
from resay.lab.world import VOICE_HOME, read_world
from resay.label.corpora.dstc2 import read_calls
from resay.label.corpora.slurp import RECORDED, read_slurp

SEED = 7

HOMES = {Part.TRAIN: 9, Part.CHOOSE: 4, Part.TEST: 6}
CUSTOMERS, DAYS = 30, 21
"""Of each home: 1,200 turns, so that 11,000 are trained on and 6,000 scored."""


class FailureSet(StrEnum):
    """Sets that can be trained on and scored."""

    HOME = "home"
    """Talk of simulated homes, with planted faults; voices of their own for scoring."""
    RECORDED = "recorded"
    """The recordings behind it, each by itself: what EVALUATION's references were measured on."""
    ASKED = "asked"
    """Made talk of assistants that ask for one thing after another, in values of SLURP."""
    SLURP = "slurp"
    DSTC2 = "dstc2"


SHIPS = (FailureSet.HOME, FailureSet.RECORDED, FailureSet.ASKED, FailureSet.SLURP)
"""Sets from which what ships may learn."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where sets are made from."""

    world: Path = VOICE_HOME
    texts: Path = TEXTS
    calls: Path = CALLS
    shelf: Path | None = None
    """Where the lab keeps what texts were understood to mean, from one run to the next."""
    size: float = 1.0
    """Share of the homes' customers: for a quick look."""


def lacking(which: FailureSet, places: Places) -> str:
    """Why a set cannot be made; empty where it can."""
    texts = places.texts / RECORDED
    own = {FailureSet.SLURP: texts, FailureSet.ASKED: texts, FailureSet.DSTC2: places.calls / "train.jsonl.gz"}
    wanted = own.get(which, places.world)
    return "" if wanted.exists() else f"{wanted} is not there"


def examples_of(which: FailureSet, part: Part, places: Places, *, seed: int = SEED) -> Iterator[Example]:
    """The examples of a set that serve for one part; the same seed gives the same.

    Raises: BrokenWorld, SmallWorld, WrongSlurp, WrongCorpus, LabMissing.
    """
    if which is FailureSet.SLURP:
        return command_examples(places.texts, part)
    if which is FailureSet.DSTC2:
        return _calls(part, places)
    if which is FailureSet.ASKED:
        number = max(2, round(SIZES[part].asked * places.size))
        return asked_examples(asked_sessions(stock_of(read_slurp(places.texts), part, seed=seed), number=number, seed=seed))
    world = read_world(places.world)
    assistant = Assistant(world.home, shelf=places.shelf)
    if which is FailureSet.RECORDED:
        return recorded_examples(world, assistant, families_of(world, part), part=part, seed=seed)
    size = Size(HOMES[part], max(2, round(CUSTOMERS * places.size)), DAYS, seed)
    return home_examples(world, assistant, part, size=size)


def lessons_of(which: FailureSet, places: Places) -> Sequence[Lesson]:
    """Texts of the training and choosing parts with what people say that they mean; none where a set has no such thing.

    Raises: WrongSlurp.
    """
    return list(command_lessons(places.texts, (Part.TRAIN, Part.CHOOSE))) if which is FailureSet.SLURP else ()


def spoken_of(which: FailureSet, places: Places) -> Sequence[Spoken]:
    """Recordings of the training and choosing parts with what was said in them; none where a set has no such thing.

    Raises: BrokenWorld, SmallWorld, WrongCorpus.
    """
    if which is FailureSet.DSTC2:
        return list(call_wordings(read_calls(places.calls, "train")))
    if which is not FailureSet.RECORDED:
        return ()
    world = read_world(places.world)
    return [each for part in (Part.TRAIN, Part.CHOOSE) for each in recorded_wordings(world, families_of(world, part), part=part)]


def _calls(part: Part, places: Places) -> Iterator[Example]:
    """Dev calls score, and nothing else; train calls go to training and choosing by caller."""
    if part is Part.TEST:
        return call_examples(read_calls(places.calls, "dev"))
    return call_examples(call for call in read_calls(places.calls, "train") if part_of_caller(call.live.caller) is part)
