"""Figures of labels: how well a labeller's chances agree with what is true of dialogues, with intervals over customers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from rephrase.detector import Detector
from resay.commands.bench.report import BenchRow
from resay.commands.label_goals import judged_by_rules, together
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.label.goal_example import GoalExample
from resay.label.goal_model import ANSWERS, GoalJudgement, GoalModel
from resay.label.goal_scores import auc, average_precision, boundary_f1, calibration_error, coverage, pk, window_diff
from resay.label.job import labels_of

RESAMPLES = 200
"""Draws of a bootstrap: its ends are good to a tenth of their width."""

Numbers = NDArray[np.float64]
Score = Callable[[Numbers, Numbers], float | None]

SCORES: tuple[tuple[str, Score], ...] = (
    ("auc", auc),
    ("auc_pr", average_precision),
    ("ece", calibration_error),
    ("coverage", lambda truth, chances: coverage(truth, chances)),
)


@dataclass(frozen=True, slots=True)
class Told:
    """A dialogue with its truth and what a labeller says."""

    example: GoalExample
    chances: Numbers
    """(turn, answers of `ANSWERS`)."""


def told_by_model(examples: Sequence[GoalExample], model: GoalModel) -> list[Told]:
    """What an exported model says."""
    return [Told(each, np.asarray(model.chances(each.turns), dtype=np.float64)) for each in examples]


def told_by_rules(examples: Sequence[GoalExample], detector: Detector) -> list[Told]:
    """What rules say, with the links that rules find."""
    told = []
    for example in examples:
        chances = _chances(_by_rules(example, detector))
        # A dialogue went as its turns did.
        chances[:, ANSWERS.index("well")] = 1.0 - chances[:, ANSWERS.index("defect")].mean()
        told.append(Told(example, chances))
    return told


def told_by_both(examples: Sequence[GoalExample], model: GoalModel, detector: Detector) -> list[Told]:
    """What `resay label --input` says: the model and the rules, pooled."""
    return [Told(each, _chances(together(_session(each), model.judge(each.turns), rules=_by_rules(each, detector)))) for each in examples]


def _by_rules(example: GoalExample, detector: Detector) -> list[GoalJudgement]:
    session = _session(example)
    links: dict[str, list[RephraseLink]] = {}
    for link in detector.links(session):
        links.setdefault(link.source_turn_id, []).append(link)
    return judged_by_rules(labels_of(session, links))


def _session(example: GoalExample) -> Session:
    return Session(example.turns[0].customer_id, example.turns)


def _chances(judged: Sequence[GoalJudgement]) -> Numbers:
    return np.array([[each.begins, each.success, each.defect, each.well] for each in judged])


def label_rows(name: str, told: Sequence[Told], *, rng: Random) -> Iterator[BenchRow]:
    """Turns that failed, goals that were reached, and calls that failed, where each is known."""
    yield from _scored(name, [(each, _defects(each)) for each in told], rng=rng)
    yield from _scored(f"{name}/reached", [(each, _reached(each)) for each in told], rng=rng)
    yield from _scored(f"{name}/call-failed", [(each, _failed(each)) for each in told], rng=rng)


def segment_rows(name: str, told: Sequence[Told], threshold: float, *, rng: Random) -> Iterator[BenchRow]:
    """How well goals are cut, where of every turn of a dialogue it is known whether one begins."""
    whole = [each for each in told if None not in each.example.begins and len(each.example.turns) > 1]
    truth = [[bool(begin) for begin in each.example.begins] for each in whole]
    found = [[place == 0 or bool(chance >= threshold) for place, chance in enumerate(each.chances[:, 0])] for each in whole]
    by_group = _by_group([each.example.group for each in whole])
    for metric, score in (("pk", pk), ("windowdiff", window_diff), ("boundary_f1", boundary_f1)):
        drawn = [score([truth[place] for place in places], [found[place] for place in places]) for places in _resampled(by_group, rng)]
        value = score(truth, found)
        if value is not None:
            lo, hi = _ends(drawn)
            yield BenchRow(name, metric, value, lo, hi, n=sum(len(each) for each in truth), unit="share")


def threshold_of(told: Sequence[Told]) -> float:
    """The chance of a beginning with the highest F1 on these dialogues, which must not be those that are scored."""
    from resay.label.goal_scores import best_threshold

    pairs = [
        (bool(begin), chance)
        for each in told
        for begin, chance in list(zip(each.example.begins, each.chances[:, 0].tolist(), strict=True))[1:]
        if begin is not None
    ]
    return best_threshold([begin for begin, _ in pairs], [chance for _, chance in pairs]) if pairs else 0.5


_Pairs = list[tuple[bool, float]]


def _defects(told: Told) -> _Pairs:
    return _known(told.example.defects, told.chances[:, ANSWERS.index("defect")])


def _reached(told: Told) -> _Pairs:
    return _known(told.example.reached, told.chances[:, ANSWERS.index("reached")])


def _failed(told: Told) -> _Pairs:
    well = told.example.well
    return [] if well is None else [(not well, 1.0 - float(told.chances[0, ANSWERS.index("well")]))]


def _known(truth: Sequence[bool | None], chances: Numbers) -> _Pairs:
    return [(each, float(chance)) for each, chance in zip(truth, chances, strict=True) if each is not None]


def _scored(name: str, pairs: Sequence[tuple[Told, _Pairs]], *, rng: Random) -> Iterator[BenchRow]:
    known = [(told.example.group, each) for told, each in pairs if each]
    if not known:
        return
    by_group = _by_group([group for group, _ in known])
    arrays = [np.array(each, dtype=np.float64) for _, each in known]
    everything = np.concatenate(arrays)
    draws = [np.concatenate([arrays[place] for place in places]) for places in _resampled(by_group, rng)]
    for metric, score in SCORES:
        value = score(everything[:, 0], everything[:, 1])
        if value is not None:
            lo, hi = _ends([score(draw[:, 0], draw[:, 1]) for draw in draws])
            yield BenchRow(name, metric, value, lo, hi, n=len(everything), unit="share")


def _by_group(groups: Sequence[str]) -> list[list[int]]:
    places: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        places.setdefault(group, []).append(place)
    return list(places.values())


def _resampled(by_group: list[list[int]], rng: Random) -> Iterator[list[int]]:
    for _ in range(RESAMPLES if by_group else 0):
        yield [place for group in rng.choices(by_group, k=len(by_group)) for place in group]


def _ends(drawn: Sequence[float | None]) -> tuple[float | None, float | None]:
    known = [each for each in drawn if each is not None]
    if not known:
        return None, None
    lo, hi = np.percentile(known, [2.5, 97.5])
    return float(lo), float(hi)
