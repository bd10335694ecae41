"""The rows of `resay bench failure-point`: each set's model and its baselines on turns of other people, with and without what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from failure_point.evaluate import calibration_error, coverage_at, f1_by_point, macro_f1, weighed
from failure_point.example import Example
from failure_point.model import FailurePointModel
from failure_point.point import POINTS
from failure_point.reading import Lesson
from failure_point.traffic import Traffic
from failure_point.train import CLASSES, CasesOf, Rows, rows_of
from failure_point.wording import Spoken
from resay.commands.bench.failure_baselines import BASELINES
from resay.commands.bench.report import BenchRow, Shown
from resay.commands.failure_growing import KNOWN_MIN, Beside, Grown, grown, with_following, without_following
from resay.commands.failure_kept import Kept
from resay.commands.failure_views import View, text_alone, words_alone
from resay.dialogue.tick import Tick

COLUMNS = (
    Shown("macro F1", "macro_f1"),
    Shown("95 %", "macro_f1", "range"),
    Shown("accuracy", "accuracy"),
    Shown("ECE", "ece"),
    Shown("sure of", "coverage"),
)

RESAMPLES = 300
"""Of the bootstrap over groups: 7 draws beyond either end."""

SURE = 0.95
"""Coverage is the share of turns, the surest first, of which so many are named right."""

Floats = NDArray[np.float64]


LESS: Mapping[str, View] = {"/unscored": text_alone, "/text-only": words_alone}
"""Logs that hold less: no score and no second transcript; nothing but words."""

NO_MEMORY = "/no-memory"
"""Nothing is remembered of the log, as where rows of the lake are written."""

Piece = Callable[[Tick], Iterable[BenchRow]]
"""Makes the figures of one model on one set."""

Examples = Callable[[], Sequence[Example]]


@dataclass(frozen=True, slots=True)
class Split:
    """The examples of one set, made when they are asked for."""

    learn: Examples
    """Of the training and choosing parts: thresholds are chosen out of fold."""
    test: Examples
    has_following: bool
    """Whether turns follow turns in it."""
    beside: Examples | None = None
    """What is learnt from too, and not chosen on."""
    lessons: Callable[[], Sequence[Lesson]] = tuple
    spoken: Callable[[], Sequence[Spoken]] = tuple
    """Recordings with what was said in them."""


class ScoredSet:
    """One set, with its rows as far as they were made; of what follows, and of what logs hold, one view is held at a time."""

    def __init__(self, name: str, split: Split, *, kept: Kept, seed: int) -> None:
        self._name, self._split, self._kept, self._seed = name, split, kept, seed
        self._view, self._rows = "", dict[str, Rows]()

    def pieces(self, shipped: FailurePointModel | None, *, baselines: bool) -> Iterator[tuple[str, Piece]]:
        """What is to be scored, by the name of its row."""
        for follows in ("", "/alone") if self._split.has_following else ("",):
            yield f"{self._name}{follows}", partial(self._own, "", follows)
            for baseline in BASELINES if baselines else ():
                yield f"{self._name}/{baseline}{follows}", partial(self._baseline, baseline, follows)
            if shipped is not None:
                yield f"{self._name}/ship{follows}", partial(self._ship, shipped, "", follows)
        yield f"{self._name}/unscored", partial(self._own, "/unscored", "")
        if shipped is not None:
            for less in (*LESS, NO_MEMORY):
                yield f"{self._name}/ship{less}", partial(self._ship, shipped, less, "")

    def _own(self, less: str, follows: str, tick: Tick) -> Iterator[BenchRow]:
        """A model of the set's own training part; where its logs hold less, learnt from such logs."""
        model = self._grown(self._of("learn", less, follows), less=less, follows=follows, tick=tick)
        scored = self._of("test", less, follows)
        yield from figures(f"{self._name}{less}{follows}", _truth(scored), model.chances(scored), worth=model.worth, seed=self._seed)

    def _grown(self, rows: Rows, *, less: str, follows: str, tick: Tick) -> Grown:
        beside = self._of("beside", less, follows) if self._split.beside else None
        return grown(rows, Beside(beside, self._split.lessons(), self._split.spoken()), seed=self._seed, tick=tick)

    def _baseline(self, baseline: str, follows: str, tick: Tick) -> Iterator[BenchRow]:
        rows, scored = self._of("learn", "", follows), self._of("test", "", follows)
        chances = BASELINES[baseline](rows, scored, self._seed, tick)
        yield from figures(f"{self._name}/{baseline}{follows}", _truth(scored), chances, worth=np.ones(CLASSES), seed=self._seed)

    def _ship(self, model: FailurePointModel, less: str, follows: str, _tick: Tick) -> Iterator[BenchRow]:
        """What a model that is there says, asked as the product asks it: log by log."""
        examples = _seen(self._split.test(), LESS.get(less))
        truth, chances = asked(model, examples, self._cases(follows), remembered=less != NO_MEMORY)
        worth = np.array(list(model.worth.values()))
        yield from figures(f"{self._name}/ship{less}{follows}", truth, chances, worth=worth, seed=self._seed)

    def _of(self, part: str, less: str, follows: str) -> Rows:
        """The rows of a part in one view."""
        if self._view != less + follows:
            self._view, self._rows = less + follows, {}
        if part not in self._rows:
            examples = {"learn": self._split.learn, "test": self._split.test, "beside": self._split.beside or tuple}[part]
            make = partial(_made, examples, LESS.get(less), self._cases(follows))
            self._rows[part] = self._kept.rows(f"rows {self._name}{less}{follows} {part}", make)
        return self._rows[part]

    def _cases(self, follows: str) -> CasesOf:
        """Where turns stand alone it is not known that nothing follows."""
        return without_following if follows or not self._split.has_following else with_following


def _made(examples: Examples, less: View | None, follows: CasesOf) -> Rows:
    return rows_of(_seen(examples(), less), follows)


@dataclass(frozen=True, slots=True)
class Truth:
    """Where turns failed, as `POINTS` orders it, and whose they are."""

    points: NDArray[np.int64]
    groups: Sequence[str]


def figures(name: str, known: Truth, chances: Floats, *, worth: Floats, seed: int) -> Iterator[BenchRow]:
    """The figures of chances."""
    named, truth, n = weighed(chances, worth), known.points, len(known.points)
    lo, hi = _interval(truth, named, known.groups, seed=seed)
    yield BenchRow(name, "macro_f1", macro_f1(truth, named, CLASSES), lo, hi, n, "share")
    yield BenchRow(name, "accuracy", float((named == truth).mean()), n=n, unit="share")
    yield BenchRow(name, "ece", calibration_error(truth, chances), n=n, unit="share")
    covered, sure = coverage_at(truth, chances, accuracy=SURE)
    yield BenchRow(name, "coverage", covered, n=n, unit="share")
    yield BenchRow(name, "coverage_chance", sure, n=n, unit="share")
    said = chances.max(axis=1) >= KNOWN_MIN
    yield BenchRow(name, "named", float(said.mean()), n=n, unit="share")
    yield BenchRow(name, "named_accuracy", float((named == truth)[said].mean()) if said.any() else None, n=int(said.sum()), unit="share")
    for point, score in zip(POINTS, f1_by_point(truth, named, CLASSES), strict=True):
        if score is not None:
            yield BenchRow(f"{name}/point={point}", "f1", score, n=int((truth == POINTS.index(point)).sum()), unit="share")


def _truth(rows: Rows) -> Truth:
    return Truth(rows.points, rows.groups)


def _seen(examples: Sequence[Example], view: View | None) -> Sequence[Example]:
    return examples if view is None else [replace(each, session=replace(each.session, turns=view(each.session.turns))) for each in examples]


def asked(model: FailurePointModel, examples: Sequence[Example], view: CasesOf, *, remembered: bool = True) -> tuple[Truth, Floats]:
    """Where known turns failed, and a model's chances of it."""
    points: list[int] = []
    groups: list[str] = []
    chances: list[Floats] = []
    for log in dict.fromkeys(each.traffic for each in examples):
        mine = [each for each in examples if each.traffic == log]
        traffic = Traffic(turn for each in mine for turn in each.session.turns if remembered)
        known = [(case, each) for each in mine for case in view(each) if case.turn.turn_id in each.points]
        points += [POINTS.index(each.points[case.turn.turn_id]) for case, each in known]
        groups += [each.group for _, each in known]
        chances.append(model.chances([case for case, _ in known], traffic))
    return Truth(np.array(points, dtype=np.int64), groups), np.concatenate(chances)


def _interval(truth: NDArray[np.int64], named: NDArray[np.int64], groups: Sequence[str], *, seed: int) -> tuple[float | None, float | None]:
    """A bootstrap over groups of the mean F1."""
    names = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    if len(names) < 2:
        return None, None
    table = np.zeros((len(names), CLASSES, CLASSES))
    np.add.at(table, (np.array([names[group] for group in groups]), truth, named), 1)
    rng = np.random.default_rng(seed)
    drawn = [_mean_f1(table[rng.integers(len(table), size=len(table))].sum(axis=0)) for _ in range(RESAMPLES)]
    return float(np.percentile(drawn, 2.5)), float(np.percentile(drawn, 97.5))


def _mean_f1(table: Floats) -> float:
    there, said = table.sum(axis=1), table.sum(axis=0)
    scores = 2 * np.diag(table)[there > 0] / (there + said)[there > 0]
    return float(scores.mean())
