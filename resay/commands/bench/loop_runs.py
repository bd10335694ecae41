"""The loops of `resay bench loop`: one with the same voices, and one for each voice family that is left out; each kept when it is done.

A run's folder holds, of each loop under way, a home of the product and how far it is; of each loop that is done, its sums. Whoever runs
the same again goes on from there.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec

from resay.commands.bench.loop_http import HTTP, HttpParts, Lived, run_over_http
from resay.commands.bench.loop_system import ProductSystem
from resay.commands.bench.loop_wire import wire_system
from resay.commands.collector import kept_from_the_collector
from resay.commands.detectors import DetectorAsked, detector_of, name_of
from resay.commands.settings import read_settings
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.tick import Tick
from resay.lab.adviser import Mode
from resay.lab.assistant import Assistant, versions
from resay.lab.cast import Casting
from resay.lab.checkpoint import Checkpoint
from resay.lab.loop import LoopOutcome, LoopPlan, Parts, run_loop
from resay.lab.speed import Speed, speed_of
from resay.lab.world import World
from rewrite_online.explore import Exploration

SAME_VOICE = "same-voice"

PLAN_FILE = "plan.json"
STAND_FILE = "stand.msgpack"

HELD_SHOWN = 600
"""Characters of what a folder holds that are shown: as many as a plan has."""

SUPPORT_ASKED = 10
"""Customers behind a rewrite of whom EVALUATION, section 2, asks the share."""


class AnotherRun(ResayError):
    """The folder holds a run of another plan, or what is no run at all."""


@dataclass(frozen=True, slots=True)
class LoopBench:
    """What is run."""

    seed: int
    customers: int
    learning_days: int
    scored_days: int
    treatment_share: float
    learn_every_days: int
    k: int
    """Customers behind every rewrite, ours and the reference's."""
    modes: tuple[Mode, ...]
    families: tuple[str, ...]
    """Voice families that are left out, one loop each."""
    same_voice: bool = True
    slice_minutes: int | None = None
    """Where it is set, the system learns so often while people talk."""
    wire: str = ""
    """`kafka://HOST:PORT` of a broker: the product runs as commands in processes of their own; `http`: as an experiment on a running
    service; empty: in this process."""
    cohorts: tuple[str, ...] = ()
    """Cohorts whose voices alone the world was given; empty: all."""
    links: DetectorAsked = field(default_factory=DetectorAsked)
    """What links second tries."""
    explore: float = 0.0
    """Share of near misses that are tried."""
    roll_back: bool = True
    """Whether what fails in the scored weeks, as labels see it, is left unsaid, as `resay serve` does; never over a wire."""

    @property
    def names(self) -> list[str]:
        """The loops of each mode: same-voice first, so that much is understood already when the others come."""
        return [SAME_VOICE] * self.same_voice + list(self.families)

    @property
    def over_http(self) -> bool:
        """Whether it is an experiment on a running service."""
        return self.wire == HTTP


@dataclass(frozen=True, slots=True)
class Run:
    """One loop that is done."""

    outcome: LoopOutcome
    rewrites: int
    """In the live table."""
    supported: int
    """Those behind which ten customers stand, whatever floor the loop was run with."""
    log_digest: str
    """Of every record that was landed; equal for equal logs, and empty where the loop was interrupted or went over the wire."""
    seconds: float


class Runs:
    """All loops of a bench, in a folder."""

    def __init__(self, bench: LoopBench, world: World, folder: Path, *, world_name: str, shelf: Path | None = None) -> None:
        """Open the folder of this bench, or begin it; what is understood is kept on the shelf for other benches.

        Raises: AnotherRun, LabMissing.
        """
        self._bench, self._world, self._folder = bench, world, folder
        self._assistant = Assistant(world.home, shelf=shelf)
        self._detector = detector_of(bench.links)
        claim_run(folder, bench, world, world_name=world_name)

    def run(self, name: str, mode: Mode, *, tick: Tick) -> Run:
        """One loop, or what is kept of it."""
        place = self._folder / f"{name}-{mode}"
        kept = place.with_suffix(".msgpack")
        if kept.exists():
            return _read(kept)
        if not (place / STAND_FILE).exists():
            # What died before it had noted anything begins anew: its home may have seen a part of the talk. So does what learns while
            # people talk, as it answered from what it knew in the middle of a day, and what goes over the wire, whose topic is gone.
            shutil.rmtree(place, ignore_errors=True)
        with kept_from_the_collector():
            run = self._run(place, self._plan(name, mode), tick)
        draft = place.with_suffix(".draft")
        draft.write_bytes(msgspec.msgpack.encode(run))
        draft.replace(kept)
        shutil.rmtree(place)
        return run

    def run_over_http(self, mode: Mode, *, tick: Tick) -> Lived:
        """Known voices, as an experiment on a running service; nothing of it is kept."""
        home, plan = self._folder / f"{HTTP}-{mode}", self._plan(SAME_VOICE, mode)
        shutil.rmtree(home, ignore_errors=True)
        with kept_from_the_collector():
            lived = run_over_http(self._world, plan, HttpParts(home, self._assistant, self._bench.k, self._bench.links), tick=tick)
        shutil.rmtree(home)
        return lived

    def speed(self) -> Speed:
        """How quickly the world makes turns, on one core."""
        with kept_from_the_collector():
            return speed_of(self._world, self._assistant, seed=self._bench.seed, clock=time.process_time)

    def _plan(self, name: str, mode: Mode) -> LoopPlan:
        bench = self._bench
        casting = Casting(bench.seed, bench.customers, bench.learning_days + bench.scored_days, treatment_share=bench.treatment_share)
        leaving_out = replace(casting, leave_out="" if name == SAME_VOICE else name)
        length = timedelta(minutes=bench.slice_minutes) if bench.slice_minutes else None
        return LoopPlan(leaving_out, bench.learning_days, mode, bench.learn_every_days, length)

    def _run(self, home: Path, plan: LoopPlan, tick: Tick) -> Run:
        began = time.monotonic()
        parts = partial(Parts, assistant=self._assistant, clock=time.process_time, customers_min=self._bench.k)
        if self._bench.wire:
            with wire_system(self._bench.wire, home, k=self._bench.k, links=self._bench.links) as wired:
                outcome = run_loop(self._world, plan, parts(wired), tick=tick)
                return _done(outcome, wired.rewrites(), log_digest="", seconds=time.monotonic() - began)
        with closing(
            ProductSystem(
                read_settings({}, home=home), k=self._bench.k, detector=self._detector, exploration=Exploration(low=self._bench.explore)
            )
        ) as system:
            roll_back = system.roll_back if self._bench.roll_back else None
            checkpoint = Checkpoint(home / STAND_FILE)
            outcome = run_loop(self._world, plan, parts(system, checkpoint=checkpoint, roll_back=roll_back), tick=tick)
            return _done(outcome, system.rewrites(), log_digest=system.log_digest, seconds=time.monotonic() - began)


def claim_run(folder: Path, bench: LoopBench, world: World, *, world_name: str) -> None:
    """Make a folder that of this run, or find that it is; a run of other versions is another, as they may talk and understand otherwise.

    Raises: AnotherRun, LabMissing.
    """
    # Without a file of its own a world has the habits of the lab, and these change with its code.
    habits = Casting(bench.seed, bench.customers, 0).habits_in(world)
    written = hashlib.blake2b(msgspec.json.encode(habits), digest_size=8).hexdigest()
    _claim(folder, msgspec.json.encode({"versions": versions(), "world": world_name, "habits": written} | _plan_of(bench)))


def _done(outcome: LoopOutcome, rewrites: Sequence[Rewrite], *, log_digest: str, seconds: float) -> Run:
    return Run(outcome, len(rewrites), sum(each.support >= SUPPORT_ASKED for each in rewrites), log_digest, seconds)


def _read(kept: Path) -> Run:
    try:
        return msgspec.msgpack.decode(kept.read_bytes(), type=Run)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        message = f"file {kept} must be a loop that is done, written by this version; {error}; does it go on once the file is removed?"
        raise AnotherRun(message) from error


def _plan_of(bench: LoopBench) -> dict[str, object]:
    """What a loop depends on; which loops are run does not change any of them."""
    kept = {name: value for name, value in asdict(bench).items() if name not in {"modes", "families", "same_voice"}}
    # By its version, not by its folder: other weights are another run wherever they lie.
    return kept | {"links": name_of(detector_of(bench.links))}


def _claim(folder: Path, plan: bytes) -> None:
    written = folder / PLAN_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not written.exists() and not any(folder.iterdir()):
            written.write_bytes(plan)
        found = written.read_bytes() if written.exists() else b"no plan"
    except OSError as error:
        message = f"folder {folder} must be writable; {error}; is --run right, and is it yours?"
        raise AnotherRun(message) from error
    if found != plan:
        held = found.decode(errors="replace")[:HELD_SHOWN]
        message = f"folder {folder} must be empty or hold this very run, {plan.decode()}; it holds {held}; is --run right?"
        raise AnotherRun(message)
