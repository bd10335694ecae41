"""Teaching, scored: whether it is understood, holds in the very next turn of every replica, harms nothing, and is gone when told.

Lessons go to one service and the turns after them to another over the same home, by the parts that answer over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Protocol

from resay.commands.bench.report import BenchRow, Shown, count, figure
from resay.commands.bench.service_here import service_here
from resay.commands.bench.teach_lessons import Lesson, Wordings
from resay.dialogue.rewrite import BeforeRequest, Heard, Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.text import canonical
from resay.dialogue.tick import Tick, silent
from resay.experiment.bounds import bootstrap_ratio, clopper_pearson
from resay.teach.teaching import Extractor
from resay.teach.understand import Understanding
from serving import teachings_api as api
from serving.service import Service

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
BUDGET_S = 60.0
"""Lateness has a bench of its own."""

RIGHT_TURNS = 20
"""Turns that worked before, said by each customer after their lesson."""

COLUMNS = (
    Shown("understood", "accuracy"),
    Shown("from … to", "accuracy", "range"),
    Shown("at once", "at_once"),
    Shown("wrongly", "misunderstood"),
    Shown("asked", "asked"),
    Shown("next turn", "next_turn"),
    Shown("harm", "harm"),
    Shown("forgotten", "forgotten"),
    Shown("false alarms", "false_alarm"),
    Shown("a turn", "per_turn"),
)


class Replicas(Protocol):
    """Two services over one home."""

    def teach(self, customer_id: str, text: str, *, before: str = "", yes: bool = False) -> api.LessonTold:
        """Tell one of them what a customer said."""

    def handed(self, customer_id: str, utterance: str) -> str:
        """What the other one hands to the assistant."""

    def forget(self, customer_id: str) -> int:
        """Tell the other one that all is to be forgotten."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of a lesson."""

    lesson: Lesson
    understood: bool
    """Words, meaning and kind were found as they were meant."""
    misunderstood: bool
    """Something else was taught, without a question."""
    asked: bool
    held: bool
    """In the very next turn what was meant was handed over; what is risky, and nobody had agreed to, was not."""
    taught: bool
    """It was understood, and not refused."""
    leaked: bool
    """Another customer's same words were changed."""
    harmed: int
    """Turns that worked before and were changed."""
    unasked_risk: bool
    """Something risky was handed over to which nobody had said yes."""
    gone: bool
    """After it was forgotten the words were left alone."""


@contextmanager
def two_replicas(home: Path, extractor: Extractor | None = None) -> Iterator[Replicas]:
    """Two services, none of them reachable from outside, for the length of the block; they understand by the model that ships."""
    with service_here(home, lambda: NOW) as one, service_here(home, lambda: NOW) as other:
        yield _Replicas(one, other, extractor or Understanding())


class _Replicas:
    def __init__(self, one: Service, other: Service, extractor: Extractor) -> None:
        self._one = api.Lessons(one, extractor)
        self._other = api.Lessons(other, extractor)
        self._rewriter = other.rewriter

    def teach(self, customer_id: str, text: str, *, before: str = "", yes: bool = False) -> api.LessonTold:
        return self._one.teach(api.Lesson(customer_id=customer_id, text=text, before=before, yes=yes))

    def handed(self, customer_id: str, utterance: str) -> str:
        request = BeforeRequest(Heard("t", customer_id, NOW, utterance))
        return self._rewriter.rewrite(request, now=NOW, budget_s=BUDGET_S).utterance

    def forget(self, customer_id: str) -> int:
        return self._other.forget_all(customer_id).forgotten


def learn(replicas: Replicas, number: int, lesson: Lesson, *, right: Sequence[str]) -> Learnt:
    """One customer's lesson, and the turns after it."""
    customer = f"c{number}"
    told = replicas.teach(customer, lesson.text, before=lesson.before)
    found = told.teaching
    understood = found is not None and _is_meant(found, lesson)
    asked = told.outcome == "asked"
    if asked and understood:
        told = replicas.teach(customer, lesson.text, before=lesson.before, yes=True)
    taught = told.outcome == "taught"
    handed = replicas.handed(customer, lesson.asked)
    leaked = canonical(replicas.handed(f"{customer} beside", lesson.asked)) != canonical(lesson.asked)
    harmed = sum(canonical(replicas.handed(customer, each)) != canonical(each) for each in right)
    changed = canonical(handed) != canonical(lesson.asked)
    replicas.forget(customer)
    return Learnt(
        lesson=lesson,
        understood=understood,
        misunderstood=taught and not understood,
        asked=asked,
        held=_is_right(handed, lesson, agreed=asked),
        taught=taught and understood,
        leaked=leaked,
        harmed=harmed,
        unasked_risk=changed and not asked and risk_of("", handed) is Risk.HIGH,
        gone=canonical(replicas.handed(customer, lesson.asked)) == canonical(lesson.asked),
    )


def learn_all(replicas: Replicas, lessons: Sequence[Lesson], phrases: Sequence[str], *, rng: Random, tick: Tick = silent) -> list[Learnt]:
    """All of them, each by a customer of its own."""
    learnt = []
    for number, lesson in enumerate(lessons):
        # Who teaches "lights out" anew wants it to be another thing than it was.
        right = [phrase for phrase in phrases if canonical(phrase) != canonical(lesson.words)]
        learnt.append(learn(replicas, number, lesson, right=rng.sample(right, min(RIGHT_TURNS, len(right)))))
        tick(number + 1, len(lessons))
    return learnt


def lesson_rows(learnt: Sequence[Learnt], *, rng: Random) -> Iterator[BenchRow]:
    """Figures by the wordings that they are of, and of the unseen ones by kind; the first row is of what was not seen."""
    for of in (Wordings.UNSEEN, Wordings.SEEN, Wordings.SECOND):
        yield from _rows(of.value, [each for each in learnt if each.lesson.of is of], rng)
    fresh = [each for each in learnt if each.lesson.of is Wordings.UNSEEN]
    for kind in ("request", "name", "correction"):
        yield from _rows(f"unseen/{kind}", [each for each in fresh if each.lesson.kind == kind], rng)


def talk_rows(row: str, texts: Sequence[str], replicas: Replicas) -> Iterator[BenchRow]:
    """Of talk that teaches nothing, what was taken for a teaching: taught, and asked about. What was said before does not matter here."""
    outcomes = [replicas.teach(f"{row} {number}", text).outcome for number, text in enumerate(texts)]
    for metric, counted in (("false_alarm", outcomes.count("taught")), ("asked", outcomes.count("asked"))):
        yield figure(row, metric, clopper_pearson(counted, len(outcomes)), n=len(outcomes), unit="share")


def bare(text: str) -> str:
    """Canonical, without an article in front: "the den" and "den" are one name."""
    tokens = canonical(text).split()
    while len(tokens) > 1 and tokens[0] in _ARTICLES:
        tokens = tokens[1:]
    return " ".join(tokens)


def _is_right(handed: str, lesson: Lesson, *, agreed: bool) -> bool:
    """Whether what is handed over is what is wanted; what is risky, and was not agreed to, must be left alone."""
    if risk_of("", lesson.wanted) is Risk.HIGH and not agreed:
        return canonical(handed) == canonical(lesson.asked)
    return _plain(handed) == _plain(lesson.wanted)


def _plain(text: str) -> list[str]:
    """Without articles: "my kettle", as it was taught, is "the kettle"."""
    return [word for word in canonical(text).split() if word not in _ARTICLES]


_ARTICLES = frozenset({"the", "my", "our", "a", "an"})


def _is_meant(found: api.TeachingTold, lesson: Lesson) -> bool:
    """Whether words, meaning and kind are those of a lesson; a name may have an article or none."""
    if lesson.kind == "name":
        return found.kind == "name" and (bare(found.words), bare(found.meaning)) == (bare(lesson.words), bare(lesson.meaning))
    return found.kind == "request" and (found.words, canonical(found.meaning)) == (canonical(lesson.words), canonical(lesson.meaning))


def _rows(row: str, learnt: Sequence[Learnt], rng: Random) -> Iterator[BenchRow]:
    if not learnt:
        return
    yield _share(row, "accuracy", learnt, lambda each: each.understood, rng)
    yield _share(row, "at_once", learnt, lambda each: each.understood and not each.asked, rng)
    yield _share(row, "misunderstood", learnt, lambda each: each.misunderstood, rng)
    yield _share(row, "asked", learnt, lambda each: each.asked, rng)
    taught = [each for each in learnt if each.taught]
    for metric, counted in (("next_turn", sum(each.held for each in taught)), ("forgotten", sum(each.gone for each in taught))):
        yield figure(row, metric, clopper_pearson(counted, len(taught)), n=len(taught), unit="share")
    turns = RIGHT_TURNS * len(learnt)
    yield figure(row, "harm", clopper_pearson(sum(each.harmed for each in learnt), turns), n=turns, unit="share")
    yield count(row, "leaked", sum(each.leaked for each in learnt), n=len(learnt))
    yield count(row, "wrong_actions_caused", sum(each.unasked_risk for each in learnt), n=len(learnt))


def _share(row: str, metric: str, learnt: Sequence[Learnt], is_so: Callable[[Learnt], bool], rng: Random) -> BenchRow:
    """A share with its interval over wordings: lessons in one wording fare alike."""
    by_wording: dict[str, list[bool]] = {}
    for each in learnt:
        by_wording.setdefault(each.lesson.wording, []).append(is_so(each))
    units = [(float(sum(each)), float(len(each))) for each in by_wording.values()]
    return figure(row, metric, bootstrap_ratio(units, rng), n=len(learnt), unit="share")
