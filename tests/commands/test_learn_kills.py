"""`resay learn`, killed behind every step that it takes: the run after says what one undisturbed run would have said."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.landing import land_records
from markov.publish import PublishStep, live_rewrites
from resay.commands.learn import learn
from resay.commands.learning import LearnRules, LearnStep, basis_of
from resay.commands.settings import Settings
from resay.dialogue.codec import encode, whole
from resay.dialogue.rewrite import Rewrite
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from tests.builders import BASE
from tests.child import WAIT_S
from tests.commands.stream_member import LOADED_LATE
from tests.commands.test_learn import talk

pytestmark = pytest.mark.slow

K = 3
STEPS = (LearnStep.MINED, LearnStep.VERIFIED, PublishStep.WRITTEN, PublishStep.POINTED, LearnStep.NOTED)
"""All of them, in their order."""

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.commands.test_learn_kills", *LOADED_LATE])


@dataclass(frozen=True, slots=True)
class Blow:
    """When a learning dies."""

    home: Path
    step: str
    """The step behind which it kills itself."""


def settings(home: Path) -> Settings:
    """A home without keys."""
    return Settings(home, api_key=None, hash_key=None)


def hear(home: Path, source: str) -> None:
    """Land what four customers say in these words, and what they say then."""
    turns = [replace(each, customer_id=f"{source}{each.customer_id}", turn_id=f"{source}{each.turn_id}") for each in talk(4, source=source)]
    land_records([encode(whole(each)) for each in turns], source="test", lake=Lake(home / "lake"), now=BASE + timedelta(days=30))


def learn_and_die(blow: Blow) -> None:
    """What runs in the process that is killed."""

    def observe(taken: LearnStep | PublishStep) -> None:
        if taken == blow.step:
            os.kill(os.getpid(), signal.SIGKILL)

    learn(settings(blow.home), LearnRules(k=K, observe=observe))


def killed(home: Path, step: str) -> bool:
    """Whether a learning that was to die behind a step did."""
    process = _FORKS.Process(target=learn_and_die, args=(Blow(home, step),))
    process.start()
    process.join(WAIT_S)
    return process.exitcode == -signal.SIGKILL


Everything = tuple[Mapping[str, Sequence[Any]], list[Rewrite], bool]


def everything(home: Path) -> Everything:
    """What the tables say, the live rewrites, and whether all that is there was learnt from."""
    with Lake(home / "lake").connect() as connection:
        tables = {
            name: connection.execute(f"select * from {name} order by all").fetchall()
            for name in ("links", "segments", "outcomes", "friction")
        }
    return tables, live_rewrites(Shelf(home / "rewrites"))[1], basis_of(settings(home)).is_learnt


FIRST, SECOND = "lamp on now please", "light it up now please"


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What learning comes to where nothing is ever killed."""

    home: Path
    """As it was after the first; for copies."""
    first: Everything
    both: Everything


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Learnt once for all tests."""
    home, kept = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("kept") / "home"
    found = []
    for source in (FIRST, SECOND):
        hear(home, source)
        learn(settings(home), LearnRules(k=K))
        found.append(everything(home))
        if source is FIRST:
            shutil.copytree(home, kept)
    return Undisturbed(kept, *found)


@pytest.mark.parametrize("step", (LearnStep.VERIFIED, PublishStep.POINTED, LearnStep.NOTED))
def test_a_later_learning_that_was_killed_leaves_a_whole_table(tmp_path: Path, undisturbed: Undisturbed, step: str):
    """The older one or the newer one, never a part; the run after brings the newer one."""
    shutil.copytree(undisturbed.home, tmp_path, dirs_exist_ok=True)
    hear(tmp_path, SECOND)

    assert killed(tmp_path, step)
    live = {each.source for each in live_rewrites(Shelf(tmp_path / "rewrites"))[1]}
    learn(settings(tmp_path), LearnRules(k=K))

    assert live == ({FIRST, SECOND} if step in (LearnStep.NOTED, PublishStep.POINTED) else {FIRST})
    assert everything(tmp_path) == undisturbed.both


def test_one_that_is_killed_again_and_again_gets_there(tmp_path: Path, undisturbed: Undisturbed):
    """A first learning, behind each step once, over what each run before left: nothing is live, or the whole table."""
    hear(tmp_path, FIRST)
    live = []
    for step in STEPS:
        assert killed(tmp_path, step)
        live.append(len(live_rewrites(Shelf(tmp_path / "rewrites"))[1]))

    learn(settings(tmp_path), LearnRules(k=K))

    assert live == [0, 0, 0, 1, 1]
    assert everything(tmp_path) == undisturbed.first
