"""What somebody asks of live traffic: checked before it starts, and never changed while it runs.

Knows what may be asked and how a record of it becomes an experiment; knows nothing of who asks or of what comes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from resay.dialogue.errors import ResayError
from resay.dialogue.text import has_control_characters
from resay.experiment.assign import CONTROL, NAME_BYTES_MAX, TREATMENT, Draw, Share
from resay.experiment.cohorts import Cohorts
from resay.experiment.compare import Plan
from resay.experiment.guard import Guardrail
from resay.experiment.metric import BARGE_IN, DEFECT_RATE, GOAL_SUCCESS, METRICS
from resay.experiment.report import Experiment
from resay.store.experiments import ExperimentBooks, ExperimentRecord
from serving.experiments.counts import COUNTED

LAYER = "main"
"""All experiments hold stretches of one layer, so that nobody is in two."""

PAST_DAYS = 28
"""As the bench of experiments has it: four weeks hold four of each day of the week."""

PAST_DAYS_MAX = 365
"""Who a customer was a year ago says little of who they are."""

TEXT_CHARS_MAX = 500
"""A reason is a sentence or two."""

COHORTS_MAX = 50
"""Each costs all others some of their level, and this many leave none enough."""

SHARE_MIN = 0.01
"""An arm, or an experiment, below a hundredth of customers finds nothing within a season."""

ROUNDING = 1e-9
"""Stretches that were cut one after the other may overlap by so much and mean to touch."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


USUAL = Plan(DEFECT_RATE)
"""What is not asked for."""

USUAL_GUARDRAILS = {BARGE_IN.name: 0.1, GOAL_SUCCESS.name: 0.05}
"""More of this worsening is more than a fall of defects by as much is worth; of goals half as much, as every tenth one fails at most."""


class BadQuestion(ResayError):
    """What is asked cannot be answered as it is asked."""


@dataclass(frozen=True, slots=True)
class Question:
    """An experiment as somebody asks for it."""

    experiment: str
    why: str = ""
    by: str = ""
    metric: str = DEFECT_RATE.name
    treatment: float = 0.5
    """Share of treatment among its customers."""
    share: float = 1.0
    """Share of all customers that take part."""
    salt: str = ""
    """Empty: its name."""
    past_days: int = PAST_DAYS
    guardrails: Mapping[str, float] = field(default_factory=lambda: dict(USUAL_GUARDRAILS))
    """Relative worsening that would still be borne, by metric."""
    cohorts: tuple[str, ...] = ()


def record_of(question: Question, others: Sequence[ExperimentRecord], *, now: datetime) -> ExperimentRecord:
    """What is written down of it, beside all that were ever asked; its customers are nobody else's.

    Raises: BadQuestion, which names all that is wrong.
    """
    faults = [*_faults(question), *_taken(question, others)]
    start = None if faults else _free_stretch(question.share, [each for each in others if each.stopped_at is None])
    if not faults and start is None:
        faults.append(f"a share of {question.share:.0%} of customers must be free; running experiments hold too many; can one be stopped?")
    if faults or start is None:
        raise BadQuestion("; ".join(faults))
    return ExperimentRecord(
        experiment=question.experiment,
        salt=question.salt or question.experiment,
        metric=question.metric,
        treatment=question.treatment,
        stretch_start=start,
        stretch_end=min(start + question.share, 1.0),
        aimed=USUAL.aimed,
        margin=USUAL.margin,
        level=USUAL.level,
        guardrails=dict(question.guardrails),
        cohorts=tuple(dict.fromkeys(question.cohorts)),
        later_cohorts=(),
        past_days=question.past_days,
        started_at=now,
        started_by=question.by,
        why=question.why,
    )


def draw_of(record: ExperimentRecord) -> Draw:
    """How its customers and their arms are drawn."""
    arms = (Share(CONTROL, 1 - record.treatment), Share(TREATMENT, record.treatment))
    return Draw(record.salt, arms, LAYER, record.stretch_start, record.stretch_end)


def experiment_of(record: ExperimentRecord) -> Experiment:
    """The experiment whose arithmetic is asked for."""
    by_name = {each.name: each for each in METRICS}
    shares = (1 - record.treatment, record.treatment)
    plan = Plan(by_name[record.metric], shares, record.aimed, record.margin, record.level)
    guardrails = tuple(Guardrail(by_name[name], margin) for name, margin in record.guardrails.items())
    return Experiment(draw_of(record), plan, guardrails, Cohorts(record.cohorts, record.later_cohorts))


def added_cohort(experiments: ExperimentBooks, record: ExperimentRecord, cohort: str, *, at: datetime, by: str) -> ExperimentRecord:
    """The experiment with one more cohort that is looked at, for good; the same where it is there already.

    Raises: BadQuestion, BooksUnavailable.
    """
    faults = list(_faults_of_cohort(cohort))
    if len(record.cohorts) + len(record.later_cohorts) >= COHORTS_MAX:
        faults.append(f"cohorts must be at most {COHORTS_MAX}, as none is ever taken away; there are as many")
    if faults:
        raise BadQuestion("; ".join(faults))
    experiments.add_cohort(record.experiment, cohort, at=at, by=by)
    return next(each for each in experiments.all() if each.experiment == record.experiment)


def _faults_of_cohort(cohort: str) -> Iterator[str]:
    """What is wrong with a cohort's name."""
    if not cohort or len(cohort) > TEXT_CHARS_MAX or has_control_characters(cohort):
        yield f"cohort must be a name as turns have it; got {cohort[:40]!r}"


def _faults(question: Question) -> Iterator[str]:
    for what, name in (("experiment", question.experiment), ("salt", question.salt or question.experiment)):
        if not _NAME.fullmatch(name) or len(name.encode()) > NAME_BYTES_MAX:
            yield f"{what} must be at most {NAME_BYTES_MAX} of a-z, 0-9, '.', '_', '-'; got {name[:60]!r}"
    deciding = [each.name for each in METRICS if each.decides and each.name in COUNTED]
    if question.metric not in deciding:
        yield f"metric must be one that was shown to measure what is true ({', '.join(deciding)}); got {question.metric[:40]!r}"
    if not SHARE_MIN <= question.treatment <= 1 - SHARE_MIN:
        yield f"treatment must lie between {SHARE_MIN} and {1 - SHARE_MIN}; got {question.treatment}; is it a share, 0.5 for half?"
    if not SHARE_MIN <= question.share <= 1:
        yield f"share must lie between {SHARE_MIN} and 1; got {question.share}; is it a share, 0.5 for half of all customers?"
    if not 0 <= question.past_days <= PAST_DAYS_MAX:
        yield f"past_days must lie between 0 and {PAST_DAYS_MAX}; got {question.past_days}"
    yield from _faults_of_guards(question)
    for what, text in (("why", question.why), ("by", question.by)):
        if len(text) > TEXT_CHARS_MAX or has_control_characters(text):
            yield f"{what} must be a line of at most {TEXT_CHARS_MAX} characters; got {text[:40]!r}"


def _faults_of_guards(question: Question) -> Iterator[str]:
    for name, margin in question.guardrails.items():
        if name not in COUNTED or name == question.metric:
            known = ", ".join(each for each in COUNTED if each != question.metric)
            yield f"guardrail must be another metric that is counted ({known}); got {name[:40]!r}"
        if not 0 < margin < 1:
            yield f"margin of guardrail {name[:40]!r} must lie between 0 and 1; got {margin}; is it a share, 0.1 for a tenth worse?"
    if len(question.cohorts) > COHORTS_MAX:
        yield f"cohorts must be at most {COHORTS_MAX}; got {len(question.cohorts)}"
    for cohort in question.cohorts:
        yield from _faults_of_cohort(cohort)


def _taken(question: Question, others: Sequence[ExperimentRecord]) -> Iterator[str]:
    for other in others:
        if other.experiment == question.experiment:
            state = "runs" if other.stopped_at is None else "has ended"
            yield f"experiment {other.experiment!r} must have a name of its own; one of that name {state}; what about {other.experiment}-2?"


def _free_stretch(share: float, running: Sequence[ExperimentRecord]) -> float | None:
    """Where the first stretch begins that nobody holds and that is long enough."""
    start = 0.0
    for each in sorted(running, key=lambda one: one.stretch_start):
        if start + share <= each.stretch_start + ROUNDING:
            return start
        start = max(start, each.stretch_end)
    return start if start + share <= 1 + ROUNDING else None
