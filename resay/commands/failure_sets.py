"""Sets of sessions whose failure points are known: homes with planted faults, bare recordings, a person's own copies of SLURP and DSTC2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from failure_point.example import Example
from resay.commands.example_sets import CALLS, TEXTS
from resay.lab.assistant import Assistant
from resay.lab.faults.calls import call_examples
from resay.lab.faults.commands import command_examples
from resay.lab.faults.homes import Size, home_examples
from resay.lab.faults.recorded import recorded_examples
from resay.lab.faults.voices import families_of
from resay.lab.linked.calls import part_of_caller
from resay.lab.linked.part import Part
from resay.lab.world import VOICE_HOME, read_world
from resay.label.corpora.dstc2 import read_calls
from resay.label.corpora.slurp import RECORDED

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
    SLURP = "slurp"
    DSTC2 = "dstc2"


SHIPS = (FailureSet.HOME, FailureSet.RECORDED, FailureSet.SLURP)
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
    wanted = {FailureSet.SLURP: places.texts / RECORDED, FailureSet.DSTC2: places.calls / "train.jsonl.gz"}.get(which, places.world)
    return "" if wanted.exists() else f"{wanted} is not there"


def examples_of(which: FailureSet, part: Part, places: Places, *, seed: int = SEED) -> Iterator[Example]:
    """The examples of a set that serve for one part; the same seed gives the same.

    Raises: BrokenWorld, WrongSlurp, WrongCorpus, LabMissing.
    """
    if which is FailureSet.SLURP:
        return command_examples(places.texts, part)
    if which is FailureSet.DSTC2:
        return _calls(part, places)
    world = read_world(places.world)
    assistant = Assistant(world.home, shelf=places.shelf)
    if which is FailureSet.RECORDED:
        return recorded_examples(world, assistant, families_of(world, part), part=part, seed=seed)
    size = Size(HOMES[part], max(2, round(CUSTOMERS * places.size)), DAYS, seed)
    return home_examples(world, assistant, part, size=size)


def _calls(part: Part, places: Places) -> Iterator[Example]:
    """Dev calls score, and nothing else; train calls go to training and choosing by caller."""
    if part is Part.TEST:
        return call_examples(read_calls(places.calls, "dev"))
    return call_examples(call for call in read_calls(places.calls, "train") if part_of_caller(call.live.caller) is part)
