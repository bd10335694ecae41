"""`resay experiment`: put a question to live traffic, look at what is known, stop it, and take the result along as a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from resay.commands.console import HomeOption, JsonOption, console, print_json, remarks
from resay.commands.home_books import ByOption, opened
from resay.commands.pages import check_page, write_page
from resay.commands.settings import Settings, read_settings
from resay.dialogue.errors import ResayError
from resay.experiment.bounds import Interval
from resay.store.experiments import ExperimentBooks, ExperimentRecord
from resay.store.lake import Lake
from serving.dashboard.experiment_page import experiment_page, told
from serving.dashboard.words import count, lift, percent, plural
from serving.experiments.look import Look, look_at
from serving.experiments.question import PAST_DAYS, USUAL_GUARDRAILS, Question, added_cohort, record_of
from serving.experiments.telling import look_csv, look_json, record_json, state_of

BY = "command line"
"""Who did it, where nobody says."""

GUARDS = "a guardrail"
"""Who stops what is harmed."""

DAYS_SHOWN = 14
"""Days printed: two weeks fit a screen; `--json` and reports have all."""

_PANEL = "The live side"


class UnknownExperiment(ResayError):
    """No experiment has this name."""


class UnknownForm(ResayError):
    """A report cannot be written in this form."""


NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the experiment.")]


def register(app: typer.Typer) -> None:
    """Add the group `experiment`."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Put questions to live traffic: does rewriting help?")
    group.command("start")(start_command)
    group.command("list")(list_command)
    group.command("status")(status_command)
    group.command("stop")(stop_command)
    group.command("add-cohort")(add_cohort_command)
    group.command("report")(report_command)
    app.add_typer(group, name="experiment", rich_help_panel=_PANEL)


def start_command(  # noqa: PLR0917 - an option is a parameter
    name: NameArgument,
    why: Annotated[str, typer.Option("--why", help="What is expected, and why it is asked; a sentence.")] = "",
    metric: Annotated[str, typer.Option("--metric", help="What decides; only what was shown to measure what is true.")] = "defect_rate",
    treatment: Annotated[float, typer.Option("--treatment", help="Share of treatment among its customers.")] = 0.5,
    share: Annotated[float, typer.Option("--share", help="Share of all customers that take part.")] = 1.0,
    salt: Annotated[str, typer.Option("--salt", help="Salt by which arms are drawn.", show_default="its name")] = "",
    past_days: Annotated[int, typer.Option("--past-days", help="Days before the start that are taken out of the difference.")] = PAST_DAYS,
    guardrail: Annotated[
        list[str] | None,
        typer.Option("--guardrail", metavar="METRIC=MARGIN", help="What must not get worse, by how much; repeat. `none` for none."),
    ] = None,
    cohort: Annotated[list[str] | None, typer.Option("--cohort", help="Cohort to be looked at apart, as turns name it; repeat.")] = None,
    by: ByOption = BY,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start an experiment: customers are drawn into treatment, served as ever, and control, for whom nothing is rewritten.

    A running `resay serve` takes it up within seconds. Customers are told apart by a salted hash, and count from the first moment at
    which a rewrite was ready for them. What is asked here is fixed: it cannot be changed once it was looked at.

    Examples: `resay experiment start rewriting --why "fewer defects"` ·
    `resay experiment start careful --treatment 0.3 --share 0.2 --guardrail barge_in=0.1 --cohort en-GB`
    """
    question = Question(
        experiment=name,
        why=why,
        by=by,
        metric=metric,
        treatment=treatment,
        share=share,
        salt=salt,
        past_days=past_days,
        guardrails=_guardrails(guardrail),
        cohorts=tuple(cohort or ()),
    )
    settings, now = read_settings(home=home), datetime.now(UTC)
    with _experiments(settings, new=True) as experiments:
        record = experiments.start(lambda others: record_of(question, others, now=now))
    if as_json:
        print_json(record_json(record))
        return
    console.print(f"{record.experiment} runs: {percent(record.treatment, 0)} of its customers are treated.", markup=False)
    remarks.print(f"Look at it: resay experiment status {record.experiment}", markup=False)


def status_command(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Name of the experiment; all of them where it is left out.")] = "",
    stop_if_harmed: Annotated[
        bool, typer.Option("--stop-if-harmed", help="Stop it where a guardrail or a cohort is harmed, or arms are broken; for schedules.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is known today: the difference with an interval that may be looked at daily, sizes of arms, guardrails, cohorts.

    Where nothing can be said, it says why. Intervals hold at all looks together, so that looking every morning misleads nobody.

    Examples: `resay experiment status` · `resay experiment status rewriting --json` · `resay experiment status rewriting --stop-if-harmed`
    """
    settings = read_settings(home=home)
    with _experiments(settings) as experiments:
        if not name:
            _list(experiments.all(), as_json=as_json)
            return
        look = _look(settings, experiments, name)
        if stop_if_harmed and look.report.stop and look.record.stopped_at is None:
            experiments.stop(name, at=datetime.now(UTC), by=GUARDS, why="; ".join(told(look).stop)[:500])
            look = _look(settings, experiments, name)
    if as_json:
        print_json(look_json(look))
    else:
        _tell(look)


def list_command(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List all experiments: what runs, what has ended, and why they were asked; `resay experiment status` without a name says the same.

    Examples: `resay experiment list` · `resay experiment list --json`
    """
    with _experiments(read_settings(home=home)) as experiments:
        _list(experiments.all(), as_json=as_json)


def stop_command(
    name: NameArgument,
    why: Annotated[str, typer.Option("--why", help="In a sentence.")] = "",
    by: ByOption = BY,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """End an experiment: from then on everybody is served as ever, and what was known stays.

    Example: `resay experiment stop rewriting --why "it helps"`
    """
    with _experiments(read_settings(home=home)) as experiments:
        _record(experiments, name)
        stopped = experiments.stop(name, at=datetime.now(UTC), by=by, why=why)
        record = _record(experiments, name)
    if as_json:
        print_json(record_json(record))
        return
    moment = f"{record.stopped_at:%Y-%m-%d %H:%M} UTC"
    console.print(f"{name} is stopped." if stopped else f"{name} had ended already, {moment}.", markup=False)


def add_cohort_command(
    name: NameArgument,
    cohort: Annotated[str, typer.Argument(metavar="COHORT", help="As turns name it.")],
    by: ByOption = BY,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at one more cohort from now on, for good: it takes nothing from those that are looked at already.

    Example: `resay experiment add-cohort rewriting scots`
    """
    with _experiments(read_settings(home=home)) as experiments:
        record = added_cohort(experiments, _record(experiments, name), cohort, at=datetime.now(UTC), by=by)
    if as_json:
        print_json(record_json(record))
        return
    console.print(f"{name} looks at: {', '.join((*record.cohorts, *record.later_cohorts))}", markup=False)


def report_command(
    name: NameArgument,
    out: Annotated[list[Path], typer.Option("--out", metavar="FILE", help="Where to; .html, .json or .csv says how; repeat.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the result as a file: a page that asks for nothing from outside, JSON, or CSV with a line a day.

    Examples: `resay experiment report rewriting --out result.html` · `resay experiment report rewriting --out r.json --out r.csv`
    """
    settings = read_settings(home=home)
    for path in out:
        _check_form(path)
    with _experiments(settings) as experiments:
        look = _look(settings, experiments, name)
    for path in out:
        write_page(path, _exported(look, path.suffix), option="--out")
    if as_json:
        print_json({"experiment": name, "written": [str(path) for path in out]})
    else:
        console.print(f"written: {', '.join(map(str, out))}", markup=False, soft_wrap=True)


@contextmanager
def _experiments(settings: Settings, *, new: bool = False) -> Iterator[ExperimentBooks]:
    """The books of a home; they are made where something is started, and nowhere else.

    Raises: UnknownExperiment, HomeUnavailable, BooksUnavailable.
    """
    if not new and not settings.has_books:
        message = f"an experiment must have been started in home {settings.home}; it has no books; is it the home of the service?"
        raise UnknownExperiment(message)
    with opened(settings) as books:
        yield ExperimentBooks(books)


def _record(experiments: ExperimentBooks, name: str) -> ExperimentRecord:
    """Raises: UnknownExperiment."""
    known = experiments.all()
    for each in known:
        if each.experiment == name:
            return each
    names = ", ".join(each.experiment for each in known) or "none"
    message = f"experiment must be one that was started ({names}); got {name[:60]!r}; is it spelt right?"
    raise UnknownExperiment(message)


def _look(settings: Settings, experiments: ExperimentBooks, name: str) -> Look:
    return look_at(_record(experiments, name), experiments, Lake(settings.lake), now=datetime.now(UTC))


def _guardrails(asked: Sequence[str] | None) -> dict[str, float]:
    if not asked:
        return dict(USUAL_GUARDRAILS)
    guardrails = {}
    for each in asked if list(asked) != ["none"] else ():
        metric, _, margin = each.partition("=")
        try:
            guardrails[metric] = float(margin)
        except ValueError as error:
            message = f"--guardrail must be METRIC=MARGIN; got {each[:60]!r}; is it barge_in=0.1, for a tenth worse?"
            raise typer.BadParameter(message) from error
    return guardrails


def _check_form(path: Path) -> None:
    """Raises: UnknownForm, PageNotWritten."""
    if path.suffix not in {".html", ".json", ".csv"}:
        message = f"--out must end in .html, .json or .csv; got {str(path)[-60:]!r}; which form is meant?"
        raise UnknownForm(message)
    check_page(path, option="--out")


def _exported(look: Look, suffix: str) -> str:
    if suffix == ".html":
        return experiment_page(look, exported=True)
    return look_csv(look) if suffix == ".csv" else _json_text(look)


def _json_text(look: Look) -> str:
    return json.dumps(look_json(look), ensure_ascii=False, indent=1) + "\n"


def _list(records: Sequence[ExperimentRecord], *, as_json: bool) -> None:
    if as_json:
        print_json({"experiments": [record_json(each) for each in records]})
        return
    table = Table("experiment", "state", "since", "treatment", "of customers", "why", title="Experiments", title_justify="left")
    for each in records:
        share = percent(each.stretch_end - each.stretch_start, 0)
        table.add_row(
            each.experiment, state_of(each), f"{each.started_at:%Y-%m-%d %H:%M}", percent(each.treatment, 0), share, escape(each.why)
        )
    console.print(table if records else "no experiment was started yet")


def _tell(look: Look) -> None:
    found = told(look)
    console.print(f"{look.record.experiment}, {found.state}. {found.says}", markup=False, soft_wrap=True)
    for why in found.stop:
        remarks.print(f"It must be stopped: {why}.", markup=False, style="red", soft_wrap=True)
    arms = Table("arm", "exposed", "counted", "turns", found.metric, "interval", title_justify="left")
    for arm in look.arms:
        arms.add_row(arm.arm, count(arm.exposed), count(arm.customers), count(arm.base), percent(arm.rate.value), _span(arm.rate, percent))
    console.print(arms)
    sizes = "not those that were drawn" if look.ratio.mismatch else "as drawn"
    crossed = plural(look.report.crossed, "customer")
    console.print(f"sizes of arms: {sizes} (p {look.ratio.p_value:.3g}, at every look); {crossed} met both", markup=False)
    for name, said in found.guardrails:
        console.print(f"guardrail {name}: {said}", markup=False, soft_wrap=True)
    for name, _, said in found.cohorts:
        console.print(f"cohort {name}: {said}", markup=False, soft_wrap=True)
    if look.days:
        console.print(_days(look))


def _days(look: Look) -> Table:
    table = Table("up to", "control", "treatment", "difference", "interval", title_justify="left")
    for day in look.days[-DAYS_SHOWN:]:
        control, treatment = day.arms
        figures = percent(control.value), percent(treatment.value), lift(day.lift.value)
        table.add_row(day.day.isoformat(), *figures, _span(day.lift, lift))
    return table


def _span(found: Interval, figure: Callable[[float | None], str]) -> str:
    return "–" if found.lo is None or found.hi is None else f"{figure(found.lo)} to {figure(found.hi)}"
