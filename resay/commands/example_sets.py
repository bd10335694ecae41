"""Sets of sessions whose links are known: homes, texts, asking assistants, a person's own copy of the calls; by what they may serve for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from resay.lab.assistant import Assistant
from resay.lab.linked.asking import asked_sessions
from resay.lab.linked.calls import call_sessions, part_of_caller
from resay.lab.linked.home import Crowd, home_sessions
from resay.lab.linked.part import Part
from resay.lab.linked.session import LinkedSession
from resay.lab.linked.stock import stock_of
from resay.lab.linked.talk import made_sessions
from resay.lab.world import VOICE_HOME, read_world
from resay.label.corpora.dstc2 import read_calls, splits_in
from resay.label.corpora.slurp import read_slurp

DAYS = 14
"""Of a simulated home: enough that a customer says some twenty things."""

SEED = 7

_CORPORA = Path("../shared/data")
"""Where a person's own copies of corpora that do not ship are looked for, from the working folder."""

TEXTS, CALLS = _CORPORA / "slurp_asr", _CORPORA / "dstc2"

LOOKED_FOR = "{0}, from the working folder"
"""How help says so."""

TextsOption = Annotated[
    Path,
    typer.Option("--texts", metavar="DIR", help="Your own copy of the converted SLURP; none ships.", show_default=LOOKED_FOR.format(TEXTS)),
]
CallsOption = Annotated[
    Path,
    typer.Option("--calls", metavar="DIR", help="Your own copy of the converted DSTC2; none ships.", show_default=LOOKED_FOR.format(CALLS)),
]


class Training(StrEnum):
    """What a detector is trained on."""

    SHIP = "ship"
    """Only what may ship: simulated homes, and talk made of texts."""
    ALL = "all"
    """The calls of DSTC2's train split too."""


class Corpus(StrEnum):
    """Where sessions come from."""

    HOME = "home"
    TEXTS = "texts"
    ASKED = "asked"
    DSTC2 = "dstc2"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the worlds and corpora lie."""

    world: Path = VOICE_HOME
    texts: Path = TEXTS
    calls: Path = CALLS


@dataclass(frozen=True, slots=True)
class Size:
    """How much of each is made."""

    customers: int
    """Of simulated homes."""
    sessions: int
    """Made of texts, in which the customer commands."""
    asked: int
    """Made of their values, in which the assistant asks."""


SIZES = {Part.TRAIN: Size(570, 2_200, 1_400), Part.CHOOSE: Size(90, 300, 250), Part.TEST: Size(150, 500, 400)}
"""Some 30,000 examples to train on, 4,500 to choose on, 2,500 of each corpus to score."""


def corpora_of(training: Training) -> tuple[Corpus, ...]:
    """What a training may see."""
    return tuple(Corpus) if training is Training.ALL else (Corpus.HOME, Corpus.TEXTS, Corpus.ASKED)


def sessions_of(corpus: Corpus, part: Part, places: Places, *, size: Size, seed: int = SEED) -> Iterator[LinkedSession]:
    """The sessions of a corpus that serve for one part; the same seed gives the same.

    Raises: BrokenWorld, SmallWorld, WrongSlurp, WrongCorpus, LabMissing.
    """
    if corpus is Corpus.HOME:
        return _homes(part, places, size=size, seed=seed)
    if corpus is Corpus.TEXTS:
        return made_sessions(stock_of(read_slurp(places.texts), part, seed=seed), number=size.sessions, seed=seed)
    if corpus is Corpus.ASKED:
        return asked_sessions(stock_of(read_slurp(places.texts), part, seed=seed), number=size.asked, seed=seed)
    return _calls(part, places)


def _homes(part: Part, places: Places, *, size: Size, seed: int) -> Iterator[LinkedSession]:
    world = read_world(places.world)
    return home_sessions(world, Assistant(world.home), part, crowd=Crowd(size.customers, DAYS, seed))


def _calls(part: Part, places: Places) -> Iterator[LinkedSession]:
    """Dev calls score, and nothing else; train calls go to training and choosing by caller."""
    splits_in(places.calls)
    if part is Part.TEST:
        return call_sessions(read_calls(places.calls, "dev"))
    return call_sessions(call for call in read_calls(places.calls, "train") if part_of_caller(call.live.caller) is part)
