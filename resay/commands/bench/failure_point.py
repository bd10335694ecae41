"""The rows of `resay bench failure-point`: each set's model and its baselines on turns of other people, with and without what follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from failure_point.evaluate import calibration_error, coverage_at, f1_by_point, macro_f1, weighed
from failure_point.example import Example
from failure_point.features import NAMES
from failure_point.fit_linear import fit_weights
from failure_point.linear import log_chances
from failure_point.model import FailurePointModel
from failure_point.point import POINTS
from failure_point.reading import Lesson, Logged
from failure_point.traffic import Traffic
from failure_point.train import CLASSES, CasesOf, Rows, rows_of
from resay.commands.bench.report import BenchRow, Shown
from resay.commands.failure_growing import Beside, grown, with_following, without_following
from resay.commands.failure_views import View, text_alone
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

ACCOUNTS = ("score", "score_gap", "score_mean", "score_rank", "confidence", "confidence_gap", "confidence_rest", "confidence_rank")
"""Confidences: all that a threshold could be put on."""

METADATA_LESS = (
    *("traffic_", "before_", "after_", "answer_", "says_", "hypotheses_alike", "slot_words", "said_in", "letters", "words", "short_words"),
)
"""Beginnings of the names of features that look at texts: the rest is metadata."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Split:
    """The examples of one set."""

    learn: Sequence[Example]
    """Of the training and choosing parts: thresholds are chosen out of fold."""
    test: Sequence[Example]
    has_following: bool
    """Whether turns follow turns in it."""
    beside: Sequence[Example] = ()
    """What is learnt from too, and not chosen on."""
    lessons: Sequence[Lesson] = ()


def failure_rows(
    name: str, split: Split, *, shipped: FailurePointModel | None, seed: int, baselines: bool, tick: Tick
) -> Iterator[BenchRow]:
    """All figures of one set."""
    views: dict[str, CasesOf] = {"": with_following, "/alone": without_following} if split.has_following else {"": without_following}
    for number, (suffix, view) in enumerate(views.items()):
        rows, scored = rows_of(split.learn, view), rows_of(split.test, view)
        model = grown(rows, _beside(split, split.beside, view), seed=seed, tick=tick)
        yield from figures(f"{name}{suffix}", scored, model.chances(scored), worth=model.worth, seed=seed)
        if baselines:
            for baseline, chances in _baselines(rows, scored, seed=seed):
                yield from figures(f"{name}/{baseline}{suffix}", scored, chances, worth=np.ones(CLASSES), seed=seed)
        if not number:
            yield from _unscored(name, split, view, seed=seed, tick=tick)
        if shipped is not None:
            worth = np.array(list(shipped.worth.values()))
            yield from figures(f"{name}/ship{suffix}", scored, _asked(shipped, split.test, view), worth=worth, seed=seed)


def figures(name: str, rows: Rows, chances: Floats, *, worth: Floats, seed: int) -> Iterator[BenchRow]:
    """The figures of chances on rows."""
    named, truth, n = weighed(chances, worth), rows.points, len(rows.points)
    lo, hi = _interval(truth, named, rows.groups, seed=seed)
    yield BenchRow(name, "macro_f1", macro_f1(truth, named, CLASSES), lo, hi, n, "share")
    yield BenchRow(name, "accuracy", float((named == truth).mean()), n=n, unit="share")
    yield BenchRow(name, "ece", calibration_error(truth, chances), n=n, unit="share")
    covered, sure = coverage_at(truth, chances, accuracy=SURE)
    yield BenchRow(name, "coverage", covered, n=n, unit="share")
    yield BenchRow(name, "coverage_chance", sure, n=n, unit="share")
    for point, score in zip(POINTS, f1_by_point(truth, named, CLASSES), strict=True):
        if score is not None:
            yield BenchRow(f"{name}/point={point}", "f1", score, n=int((truth == POINTS.index(point)).sum()), unit="share")


def _unscored(name: str, split: Split, view: CasesOf, *, seed: int, tick: Tick) -> Iterator[BenchRow]:
    """The same where a log has no scores at all: learnt from such logs, as an assistant for typed talk would have."""
    learn, test, beside = (_seen(part, text_alone) for part in (split.learn, split.test, split.beside))
    model = grown(rows_of(learn, view), _beside(split, beside, view), seed=seed, tick=tick)
    scored = rows_of(test, view)
    yield from figures(f"{name}/unscored", scored, model.chances(scored), worth=model.worth, seed=seed)


def _beside(split: Split, examples: Sequence[Example], view: CasesOf) -> Beside:
    return Beside(rows_of(examples, view) if examples else None, split.lessons)


def _seen(examples: Iterable[Example], view: View) -> list[Example]:
    return [replace(each, session=replace(each.session, turns=view(each.session.turns))) for each in examples]


def _asked(model: FailurePointModel, examples: Sequence[Example], view: CasesOf) -> Floats:
    """What a model that is there says, asked as the product asks it: log by log."""
    chances: list[Floats] = []
    for log in dict.fromkeys(each.traffic for each in examples):
        mine = [each for each in examples if each.traffic == log]
        traffic = Traffic(turn for each in mine for turn in each.session.turns)
        cases = [case for each in mine for case in view(each) if case.turn.turn_id in each.points]
        chances.append(model.chances(cases, traffic))
    return np.concatenate(chances)


def _baselines(rows: Rows, scored: Rows, *, seed: int) -> Iterator[tuple[str, Floats]]:
    shares = np.bincount(rows.points, minlength=CLASSES) / len(rows.points)
    yield "majority", np.tile(shares, (len(scored.points), 1))
    for name, columns in (("confidence", _columns(ACCOUNTS)), ("metadata", _columns(_metadata()))):
        model = grown(_only(rows, columns), seed=seed, tick=lambda _done, _total=None: None)
        yield name, model.chances(_only(scored, columns))
    grams = ("heard", "answered", "followed")
    weights = fit_weights(_together(rows, grams), rows.points, classes=CLASSES)
    yield "words", np.exp(log_chances(weights, _together(scored, grams)))


def _metadata() -> tuple[str, ...]:
    return tuple(name for name in NAMES if not name.startswith(METADATA_LESS))


def _columns(names: Iterable[str]) -> NDArray[np.int64]:
    return np.array([NAMES.index(name) for name in names])


def _only(rows: Rows, columns: NDArray[np.int64]) -> Rows:
    """Rows of which only some features are seen, and no text."""
    features = np.full_like(rows.features, np.nan)
    features[:, columns] = rows.features[:, columns]
    nothing = np.zeros(0, dtype=np.int32)
    no_text = {view: [nothing] * len(grams) for view, grams in rows.grams.items()}
    return replace(rows, features=features, grams=no_text, keys=[("", 0)] * len(rows.keys), logged=[Logged("", "", ())] * len(rows.keys))


def _together(rows: Rows, views: Sequence[str]) -> list[NDArray[np.int32]]:
    """The grams of several views as those of one."""
    return [np.unique(np.concatenate(each)) for each in zip(*(rows.grams[view] for view in views), strict=True)]


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
