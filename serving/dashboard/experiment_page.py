"""The page of one experiment, in the service or as a file of its own; and what the overview shows of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment
from markupsafe import Markup

from resay.experiment.compare import Ruling
from serving.dashboard.chart import Lines, lines
from serving.dashboard.templates import FOLDER, templates
from serving.experiments.look import Look
from serving.experiments.telling import guard_says, metric_name, reason_words, says, state_of

STANDING = {Ruling.BETTER: "good", Ruling.WORSE: "bad"}


@dataclass(frozen=True, slots=True)
class Told:
    """An experiment as pages show it."""

    look: Look
    metric: str
    state: str
    says: str
    standing: str
    """How its sentence is coloured: good, bad, or neither."""
    rates: Lines
    """Of both arms, day by day."""
    lifts: Lines
    guardrails: tuple[tuple[str, str], ...]
    """Name, and what is known of it."""
    cohorts: tuple[tuple[str, str, str], ...]
    """Name, colour, and what is known of it."""
    stop: tuple[str, ...]


def told(look: Look) -> Told:
    """An experiment in words and lines."""
    report, days = look.report, look.days
    names = [f"{each.day:%-d %b}" for each in days]
    rates = [[(arm.value, arm.lo, arm.hi) for arm in (each.arms[place] for each in days)] for place in (0, 1)]
    return Told(
        look=look,
        metric=metric_name(look.record.metric),
        state=state_of(look.record),
        says=says(report.decision),
        standing=STANDING.get(report.decision.ruling, ""),
        rates=lines({"before": rates[0], "after": rates[1]}, names),
        lifts=lines({"lift": [(each.lift.value, each.lift.lo, each.lift.hi) for each in days]}, names, holds=0.0),
        guardrails=tuple((metric_name(each.guardrail.metric.name), guard_says(each)) for each in report.guardrails),
        cohorts=tuple((name, STANDING.get(each.ruling, ""), says(each)) for name, each in report.cohorts.items()),
        stop=tuple(_why_stop(each) for each in report.stop),
    )


def experiment_page(look: Look, *, exported: bool = False) -> str:
    """The page; exported it is one file that asks for nothing else."""
    style = Markup((FOLDER / "page.css").read_text("utf-8")) if exported else ""
    page: str = _templates().get_template("experiment.html").render(told=told(look), style=style, exported=exported)
    return page


@lru_cache(1)
def _templates() -> Environment:
    return templates()


def _why_stop(stop: str) -> str:
    kind, _, name = stop.partition("=")
    if not name:
        return reason_words(kind)
    return f"{metric_name(name)} got worse" if kind == "guardrail" else f"cohort {name} is harmed"
