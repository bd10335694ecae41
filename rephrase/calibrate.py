"""Calibration: the temperature and the threshold of a model, chosen on examples that it was not trained on, and how good it is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from rephrase.evaluate import average_precision, best_threshold, score_links
from rephrase.example import Example
from rephrase.overlap import link_of
from rephrase.question import Judgement, Kind, Numbers, Question, judge
from resay.dialogue.label import RephraseLink

TEMPERATURES = tuple(round(0.5 * 1.1**step, 4) for step in range(25))
"""0.5 to 4.9, each a tenth above the last: finer makes no difference that can be measured."""

CHANCE_MIN = 1e-6
"""Chances are taken as at least this likely, so that one certain error does not decide."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An example, what was asked of it, and what the model answered."""

    example: Example
    question: Question
    numbers: tuple[Numbers, ...]

    def judged(self, kind: Kind, temperature: float) -> list[Judgement]:
        """The answer, read at a temperature."""
        return judge(self.question, self.numbers, kind=kind, temperature=temperature)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a model's numbers are read, and its figures."""

    temperature: float
    threshold: float
    figures: Mapping[str, Any]


def calibrate(asked: Sequence[Asked], kind: Kind) -> Calibration:
    """The temperature at which the truth is likeliest, then the threshold of the best F1."""
    temperature = min(TEMPERATURES, key=lambda each: surprise(asked, kind, each))
    links, truth = [], set()
    for number, each in enumerate(asked):
        links += _links(each, kind, temperature, number=number)
        if each.example.target is not None:
            truth.add((f"{number}/0", f"{number}/{each.example.target}"))
    threshold = best_threshold(links, truth)
    score = score_links(links, truth, threshold=threshold)
    figures = {
        "examples": len(asked),
        "f1": round(score.f1, 4),
        "precision": round(score.precision, 4),
        "recall": round(score.recall, 4),
        "average_precision": round(average_precision(links, truth), 4),
        "surprise": round(surprise(asked, kind, temperature), 4),
        **_by_kind(asked, kind, (temperature, threshold)),
    }
    return Calibration(temperature, threshold, figures)


def surprise(asked: Sequence[Asked], kind: Kind, temperature: float) -> float:
    """How unlikely the model takes what is true: the mean negative logarithm of its chance."""
    total = 0.0
    for each in asked:
        chances = {judged.target: judged.probability for judged in each.judged(kind, temperature)}
        target = each.example.target
        chance = 1.0 - sum(chances.values()) if target is None else chances.get(target, 0.0)
        total -= log(max(CHANCE_MIN, chance))
    return total / max(1, len(asked))


def _links(each: Asked, kind: Kind, temperature: float, *, number: int) -> list[RephraseLink]:
    links = []
    for judged in each.judged(kind, temperature):
        source, target = each.example.turns[0], each.example.turns[judged.target]
        link = link_of(source, target, probability=judged.probability, span=judged.span, detector="")
        links.append(_renamed(link, f"{number}/0", f"{number}/{judged.target}"))
    return links


def _renamed(link: RephraseLink, source: str, target: str) -> RephraseLink:
    # Turns of two examples may be the same turn.
    return RephraseLink(source, target, link.customer_id, link.at, link.probability, link.start, link.end, link.detector)


def _by_kind(asked: Sequence[Asked], kind: Kind, reading: tuple[float, float]) -> dict[str, Any]:
    """Spans that are exact among the links that were found, and of each kind of example the share that was judged rightly."""
    temperature, threshold = reading
    times: Counter[str] = Counter()
    right: Counter[str] = Counter()
    found = exact = 0
    for each in asked:
        times[each.example.kind] += 1
        above = {judged.target: judged.span for judged in each.judged(kind, temperature) if judged.probability >= threshold}
        if set(above) == ({each.example.target} if each.example.target is not None else set()):
            right[each.example.kind] += 1
            if each.example.target is not None:
                found += 1
                exact += above[each.example.target] == (each.example.start, each.example.end)
    shares = {name: round(right[name] / number, 4) for name, number in sorted(times.items())}
    return {
        "span_exact": round(exact / found, 4) if found else None,
        "right_by_kind": shares,
        "examples_by_kind": dict(sorted(times.items())),
    }
