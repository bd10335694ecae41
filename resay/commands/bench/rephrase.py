"""The rows of `resay bench rephrase`: every detector on every set, at a threshold that was chosen on sessions of other people.

Sets are made, or read, by `resay.commands.example_sets`; nothing that is scored was seen by a detector or while choosing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from time import perf_counter

from rephrase.detect import checked
from rephrase.detector import Detector
from rephrase.model_detector import ModelDetector
from resay.commands.bench.rephrase_score import Judged, agreement, average_precision, best_threshold, figures, gain, judge
from resay.commands.bench.report import BenchRow, Shown, figure
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.dialogue.tick import Tick
from resay.lab.linked.session import LinkedSession
from resay.lab.linked.views import View, without_status, without_times, without_words

COLUMNS = (
    Shown("F1", "f1"),
    Shown("95 %", "f1", "range"),
    Shown("prec.", "precision"),
    Shown("recall", "recall"),
    Shown("AUC-PR", "auc_pr"),
    Shown("span", "span_exact"),
    Shown("none", "null_accuracy"),
    Shown("a second", "windows_per_s"),
)
"""What the table for people shows; the JSON has all."""

ABLATED = ("span", "combined")
"""Models whose figures are taken too with less to see."""

ABLATED_ON = "home"
"""The set on which they are: its logs hold all that a log may hold, and each view costs as much as the whole set."""

VIEWS: Mapping[str, View] = {"times": without_times, "responses": without_words, "status": without_status}

COMPARED = ("span", "pairwise")
"""The model that is compared, and the one that it is compared with."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What one model made of one set."""

    judged: tuple[Judged, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Sets:
    """Sessions to choose thresholds on, and those that are scored, by set."""

    choosing: Sequence[LinkedSession]
    scored: Mapping[str, Sequence[LinkedSession]]


def rephrase_rows(models: Mapping[str, Detector], sets: Sets, *, suffix: str, rng: Callable[[], Random], tick: Tick) -> Iterator[BenchRow]:
    """All figures; `suffix` names the training in every row (`@all`), and `rng` gives the same chance to each."""
    results: dict[tuple[str, str], tuple[tuple[Judged, ...], float]] = {}
    steps = len(models) * (len(sets.scored) + 1)
    for number, (name, detector) in enumerate(models.items()):
        tick(number * (len(sets.scored) + 1), steps)
        threshold = best_threshold(scored(detector, sets.choosing).judged)
        for place, (of, sessions) in enumerate(sets.scored.items(), start=1):
            found = scored(detector, sessions)
            results[of, name] = (found.judged, threshold)
            yield from figures(f"{of}/{name}{suffix}", found.judged, threshold, rng())
            yield BenchRow(f"{of}/{name}{suffix}", "windows_per_s", len(found.judged) / found.seconds, n=len(found.judged), unit="1/s")
            if name in ABLATED and of == ABLATED_ON:
                yield from _ablated(f"{of}/{name}{suffix}", detector, sessions, threshold=threshold, rng=rng)
            tick(number * (len(sets.scored) + 1) + place + 1, steps)
    ours, reference = COMPARED
    for of in sets.scored:
        if (of, ours) in results and (of, reference) in results:
            yield from gain(f"{of}/{ours}-over-{reference}{suffix}", results[of, ours], results[of, reference], rng())


def scored(detector: Detector, sessions: Sequence[LinkedSession]) -> Scored:
    """What a detector makes of sessions, and how long it takes over them."""
    started = perf_counter()
    links = list(_links(detector, [each.session for each in sessions]))
    seconds = perf_counter() - started
    judged = (one for each, found in zip(sessions, links, strict=True) for one in judge(each, checked(each.session, found)))
    return Scored(tuple(judged), seconds)


def _links(detector: Detector, sessions: Sequence[Session]) -> Iterable[list[RephraseLink]]:
    """The links of each session; a trained model is asked of many at once, as the product asks it."""
    return detector.links_of_all(sessions) if isinstance(detector, ModelDetector) else map(detector.links, sessions)


def _ablated(
    name: str, detector: Detector, sessions: Sequence[LinkedSession], *, threshold: float, rng: Callable[[], Random]
) -> Iterator[BenchRow]:
    """The same model, when the log lacks something."""
    for less, view in VIEWS.items():
        seen = [replace(each, session=replace(each.session, turns=view(each.session.turns))) for each in sessions]
        judged = scored(detector, seen).judged
        yield from agreement(f"{name}/without={less}", judged, threshold, rng())
        linked = sum(one.target is not None for one in judged)
        yield figure(f"{name}/without={less}", "auc_pr", average_precision(judged, rng()), n=linked, unit="share")
