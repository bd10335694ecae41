"""The planted cases of `resay bench loop --scenario`: each played by the product in a home of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from rephrase.detector import Detector
from resay.commands.bench.loop_system import ProductSystem
from resay.commands.bench.report import BenchRow
from resay.commands.console import console, progress, remarks
from resay.commands.detectors import DetectorAsked, detector_of
from resay.commands.settings import read_settings
from resay.lab.assistant import Assistant
from resay.lab.scenarios import assistant_learns, cohort_harm, conspirators, even_arms, forgotten
from resay.lab.scenarios.venue import Learner, Venue
from resay.lab.scenarios.verdict import Part, Ruling, Verdict
from resay.lab.understanding import LabUnderstanding
from resay.lab.world import World

BUILT: frozenset[Part] = frozenset({Part.RETIREMENT, Part.MONITORS, Part.FORGETTING})
"""Parts of the product that planted cases test, as far as they are built; whoever builds one adds it here."""


class Scenario(StrEnum):
    """The planted cases."""

    ASSISTANT_LEARNS = assistant_learns.NAME
    ASSISTANT_TELLS = assistant_learns.NAME_TOLD
    CONSPIRATORS = conspirators.NAME
    AA = even_arms.NAME
    COHORT_HARM = cohort_harm.NAME
    FORGOTTEN = forgotten.NAME
    ALL = "all"


_PLAYS: dict[Scenario, Callable[[Venue], Verdict]] = {
    Scenario.ASSISTANT_LEARNS: assistant_learns.play,
    Scenario.ASSISTANT_TELLS: assistant_learns.play_told,
    Scenario.CONSPIRATORS: conspirators.play,
    Scenario.AA: even_arms.play,
    Scenario.COHORT_HARM: cohort_harm.play,
    Scenario.FORGOTTEN: forgotten.play,
}


@dataclass(frozen=True, slots=True)
class Planted:
    """How the cases are played."""

    world: World
    customers: int
    k: int
    seed: int
    shelf: Path | None = None
    """Where what the assistant has understood is kept for other runs."""
    place: Path | None = None
    """The folder of a run, claimed for this world and version, where each verdict is kept as it is known; None: nowhere."""
    links: DetectorAsked = field(default_factory=DetectorAsked)
    """What links second tries."""


def play_scenarios(asked: Sequence[Scenario], planted: Planted, *, shown: bool) -> list[Verdict]:
    """The verdicts, in the order of the names; those that are kept are not played again."""
    wanted = [each for each in _PLAYS if each in asked or Scenario.ALL in asked]
    verdicts = {each: kept for each in wanted if (kept := _kept(planted.place, each))}
    missing = [each for each in wanted if each not in verdicts]
    assistant = Assistant(planted.world.home, shelf=planted.shelf) if missing else None
    for number, each in enumerate(missing, start=1):
        assert assistant is not None, "who plays has an assistant"
        with progress(f"{each} ({number} of {len(missing)})", unit="steps", shown=shown) as tick, TemporaryDirectory() as homes:
            understanding = LabUnderstanding(assistant, planted.world.home) if each is Scenario.ASSISTANT_TELLS else None
            opener = _opener(Path(homes), planted.k, detector_of(planted.links), understanding)
            venue = Venue(planted.world, assistant, opener, planted.customers, planted.k, planted.seed, tick, BUILT, forget=_forget)
            verdicts[each] = _PLAYS[each](replace(venue, replay=_replayer(understanding)) if understanding else venue)
        if planted.place:
            _keep(planted.place, each, verdicts[each])
    return [verdicts[each] for each in wanted]


def scenario_rows(verdicts: Sequence[Verdict]) -> Iterator[BenchRow]:
    """Each verdict as two rows: 1 held, 0 not held, nothing where a part is not built, which the other says; then its numbers."""
    for verdict in verdicts:
        held = None if verdict.ruling is Ruling.NOT_BUILT else float(verdict.ruling is Ruling.HELD)
        yield BenchRow(f"scenario={verdict.scenario}", "held", held, unit="count")
        yield BenchRow(f"scenario={verdict.scenario}", "not_built", float(held is None), unit="count")
        for each in verdict.figures:
            yield BenchRow(each.row, each.metric, each.value, each.lo, each.hi, each.n, each.unit)


def tell_verdicts(verdicts: Sequence[Verdict], *, aside: bool) -> None:
    """The verdicts in sentences; aside, on standard error, where the output is for machines."""
    for verdict in verdicts:
        missing = f": {verdict.missing}" if verdict.missing else ""
        happened = verdict.happened[:1].upper() + verdict.happened[1:]
        (remarks if aside else console).print(f"{verdict.scenario}: {verdict.ruling}{missing}. {happened}.", markup=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A verdict, and the parts of the product that were built when it was made."""

    verdict: Verdict
    built: tuple[Part, ...]


def _file(place: Path, scenario: Scenario) -> Path:
    return place / f"scenario-{scenario}.json"


def _kept(place: Path | None, scenario: Scenario) -> Verdict | None:
    """What is kept of a case; nothing where that is of a product with other parts, or cannot be read."""
    if place is None or not _file(place, scenario).exists():
        return None
    with suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        kept = msgspec.json.decode(_file(place, scenario).read_bytes(), type=_Kept)
        return kept.verdict if kept.built == tuple(sorted(BUILT)) else None
    return None


def _keep(place: Path, scenario: Scenario, verdict: Verdict) -> None:
    draft = _file(place, scenario).with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(_Kept(verdict, tuple(sorted(BUILT)))))
    draft.replace(_file(place, scenario))


def _forget(system: Learner, customer: str) -> None:
    """Delete one customer."""
    assert isinstance(system, ProductSystem), "the product is what is played with"
    system.forget(customer)


def _replayer(understanding: LabUnderstanding) -> Callable[[Learner, Assistant], None]:
    """Tells a product that another assistant takes over, and that it may ask it."""

    def replay(system: Learner, assistant: Assistant) -> None:
        assert isinstance(system, ProductSystem), "the product is what is played with"
        understanding.assistant = assistant
        system.replay()

    return replay


def _opener(
    homes: Path, k: int, detector: Detector, understanding: LabUnderstanding | None
) -> Callable[[], AbstractContextManager[Learner]]:
    """Opens a product in a new home each time."""

    def open_system() -> AbstractContextManager[Learner]:
        home = homes / str(len(list(homes.iterdir())))
        home.mkdir()
        return closing(ProductSystem(read_settings({}, home=home), k=k, detector=detector, understanding=understanding))

    return open_system
