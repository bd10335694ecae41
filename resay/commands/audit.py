"""`resay audit`: what the owner of an assistant runs first. Reads a log, changes nothing, shows what it says.

Everything is made in a temporary home and thrown away; the only thing that stays is the HTML file.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ingest.adapters.adapter import Adapter
from ingest.landing import LandingReport
from rephrase.detect import detect
from resay.commands.adapted import FORMATS, GUESS, adapter_for, land_adapted
from resay.commands.console import HomeOption, JsonOption, console, print_json, progress, remarks
from resay.commands.detectors import detector_of
from resay.commands.encoders import shipped_encoder
from resay.commands.landing import land_files
from resay.commands.learn import KOption, learn
from resay.commands.learning import CUSTOMERS_MIN, LearnRules
from resay.commands.pages import check_page, render, write_page
from resay.commands.settings import Settings, read_settings
from resay.commands.standard_input import kept_input
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Action, BeforeRequest, Heard
from resay.dialogue.tick import Tick, silent
from resay.dialogue.turn import Prompt
from resay.label.findings import Findings, SaidTwice, findings, said_twice
from resay.label.job import label
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from resay.store.tables import TURN_PARTS
from rewrite_online.deadline import UNHURRIED_S
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.rewriter import Rewriter
from rewrite_online.watch import Watch
from serving.dashboard.words import plural

LEARNING_SHARE = 0.7
"""The first part of the log's time is learnt from, the rest is where sparing is counted: never on what was learnt from."""

TOP = 20
"""Things said twice that are shown: two screens."""


class NothingToAudit(ResayError):
    """The log holds no turn that can be read."""


@dataclass(frozen=True, slots=True)
class Spared:
    """What was learnt from the earlier part of a log would have done in the later part."""

    rewrites: int
    """Rewrites of exact wordings learnt from the earlier part."""
    turns: int
    """Turns of the later part."""
    defects: int
    """Of these, defective by the labels."""
    reached: int
    """Defective turns that would have been rewritten."""
    expected: float
    """Of these, how many would have become right, by the chance that each target succeeds."""
    touched: int
    """Turns that succeeded as they were and would have been rewritten all the same: where harm could come from."""

    @property
    def share(self) -> float | None:
        """The share of later defects that could have been spared; nothing where there were none."""
        return self.expected / self.defects if self.defects else None


@dataclass(frozen=True, slots=True)
class Audit:
    """What a log says."""

    log: str
    made_on: str
    read: int
    rejected: int
    first_reason: str
    findings: Findings
    said_twice: tuple[SaidTwice, ...]
    spared: Spared


@dataclass(frozen=True, slots=True)
class LogAsked:
    """The files that an audit reads."""

    paths: list[Path]
    adapter: Adapter | None = None
    """How they are read; none for turns of our own."""


def register(app: typer.Typer) -> None:
    """Add `audit`."""
    app.command("audit", rich_help_panel="Start here")(audit_command)


def audit_command(  # noqa: PLR0917 - an option is a parameter
    log: Annotated[
        list[Path],
        typer.Argument(metavar="LOG…", help="Dialogue logs, plain or gzip, - for standard input: resay.turn/1, or another system's."),
    ],
    wanted: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}; {GUESS}: the first record tells.")] = GUESS,
    html: Annotated[Path, typer.Option("--html", help="Where the page is written.")] = Path("resay-audit.html"),
    top: Annotated[int, typer.Option("--top", min=1, max=1_000, help="How many of the things said twice are shown.")] = TOP,
    k: KOption = CUSTOMERS_MIN,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what your own log says: defects, what people had to say twice, and what could have been spared. Changes nothing.

    Learns from the first 70 % of the log's time and counts on the rest. The page holds what customers said: keep it like the log.

    Examples: `resay audit turns.jsonl` · `resay audit week1.jsonl.gz week2.jsonl.gz --html report.html` ·
    `resay audit rasa-events.jsonl` · `resay audit assist-runs/ --format home-assistant --json`
    """
    settings = read_settings(home=home)
    check_page(html, option="--html")
    with kept_input(log) as files:
        audit = audit_log(LogAsked(files, adapter_for(files, wanted)), settings=settings, top=top, k=k, shown=not as_json)
    write_page(html, audit_html(audit), option="--html")
    if as_json:
        print_json(_as_json(audit) | {"html": str(html)})
        return
    _print(audit, html)


def audit_log(asked: LogAsked, *, settings: Settings, top: int, k: int, shown: bool) -> Audit:
    """What a log says, worked out in a temporary home.

    Raises: NothingToAudit, and what reading the log raises.
    """
    with TemporaryDirectory(prefix="resay-audit-") as folder:
        lake = Lake(Path(folder) / "whole" / "lake")
        report = _landed(asked, lake, settings, shown=shown)
        if not report.accepted:
            reason = report.faults[0] if report.faults else "it is empty"
            message = f"log must hold turns of resay.turn/1; none could be read; {reason}; does `resay schema` describe your records?"
            raise NothingToAudit(message)
        with progress("Linking rephrases", unit="turns", shown=shown) as tick:
            detect(lake, detector_of(), lambda done, total=None: tick(done, total or report.accepted))
        with progress("Labelling turns", unit="turns", shown=shown) as tick:
            label(lake, lambda done, total=None: tick(done, total or report.accepted))
        early = Settings(home=Path(folder) / "early", api_key=None, hash_key=settings.hash_key)
        return Audit(
            log=", ".join(path.name for path in asked.paths),
            made_on=f"{datetime.now(UTC):%d %B %Y}",
            read=report.read,
            rejected=report.rejected,
            first_reason=report.faults[0] if report.faults else "",
            findings=findings(lake),
            said_twice=tuple(said_twice(lake, most=top)),
            spared=_spared(lake, early, k=k, shown=shown),
        )


def _landed(asked: LogAsked, lake: Lake, settings: Settings, *, shown: bool) -> LandingReport:
    if asked.adapter is None:
        return land_files(asked.paths, lake, title="Reading the log", shown=shown)
    return land_adapted(asked.adapter, asked.paths, lake, settings=settings, shown=shown).landed


def audit_html(audit: Audit) -> str:
    """The audit as one self-contained page."""
    tallest = max((day.turns for day in audit.findings.days), default=1)
    return render(
        "audit.html",
        audit=audit,
        found=audit.findings,
        spared=audit.spared,
        said_twice=audit.said_twice,
        spared_sentence=sentence(audit.spared),
        percent=_percent,
        failed=_failed(audit.findings),
        plural=plural,
        tallest=tallest,
    )


def _spared(lake: Lake, early: Settings, *, k: int, shown: bool) -> Spared:
    with lake.connect() as connection:
        since, until = connection.execute("select min(event_time), max(event_time) from turns").fetchall()[0]
        cut = since + (until - since) * LEARNING_SHARE
        told = connection.execute(_TOLD_LATER, [cut]).fetchall()
        earlier = connection.sql("select * from turn_parts where event_time < ?", params=[cut]).to_arrow_table()
    schema = TURN_PARTS.schema()
    if not told or not earlier.num_rows:
        return Spared(0, len(told), sum(row[-1] == "failure" for row in told), 0, 0.0, 0)
    Lake(early.lake).append(TURN_PARTS, earlier.select(schema.names).cast(schema))
    learn(early, LearnRules(k=k, shown=shown))
    with progress("Replaying the rest", unit="turns", shown=shown) as tick:
        return replayed(told, Shelf(early.rewrites), tick)


_TOLD_LATER = """
    select turns.turn_id, turns.customer_id, turns.event_time, turns.said, coalesce(turns.prompt_kind, ''), coalesce(outcomes.outcome, '')
    from turns
    left join outcomes using (turn_id)
    where turns.event_time >= ?
    order by turns.event_time, turns.turn_id
"""


def replayed(told: Sequence[tuple[str, str, datetime, str, str, str]], shelf: Shelf, tick: Tick = silent) -> Spared:
    """What a generation would have said to turns: their ids, customers, times, words, what they were asked, and what came of them."""
    watch = Watch(shelf, list, encoder=shipped_encoder)
    live = watch.refresh()
    defects = reached = touched = 0
    expected = 0.0
    with closing(Rewriter(watch.live, hold_out=NO_HOLD_OUT)) as rewriter:
        for number, (turn_id, customer_id, at, said, kind, outcome) in enumerate(told, start=1):
            tick(number, len(told))
            heard = Heard(turn_id=turn_id, customer_id=customer_id, at=at, utterance=said, prompt=Prompt(kind=kind) if kind else None)
            told_why = rewriter.explain(BeforeRequest(heard), now=at, budget_s=UNHURRIED_S)
            is_said = told_why.answer.action is Action.REWRITE
            defects += outcome == "failure"
            touched += is_said and outcome == "success"
            if is_said and outcome == "failure":
                reached += 1
                # Of the table or of the layer behind it, which knows words that nobody has said before.
                expected += told_why.weighed[-1].rewrite.success_as_rewritten
    return Spared(len(live.rewrites), len(told), defects, reached, expected, touched)


def sentence(spared: Spared) -> str:
    """What would have been spared, for people."""
    if not spared.rewrites and not spared.reached:
        return (
            "Nothing can be said yet: the earlier part of this log holds no wording that enough customers had to say again with success. "
            "A longer log, or a lower floor (--k), may show more."
        )
    return (
        f"The first {LEARNING_SHARE:.0%} of the log teach {plural(spared.rewrites, 'rewrite')} of exact wordings, "
        f"and what helps words that are like many others. In the rest that would have reached {spared.reached:,} of "
        f"{spared.defects:,} defective turns, of which about {spared.expected:,.0f} would have become right, judging by how often the "
        f"new wording succeeds; and of the turns that were fine as they were it would have touched {spared.touched:,}. "
        "An estimate by our own labels, not a proof. Only an experiment proves."
    )


def _print(audit: Audit, html: Path) -> None:
    found = audit.findings
    turns, customers, days = plural(found.turns, "turn"), plural(found.customers, "customer"), plural(len(found.days), "day")
    console.print(f"[bold]{turns}[/bold] of {customers}, {days}", highlight=False)
    console.print(f"[bold]{_percent(found.defect_rate)}[/bold] defective: {_failed(found)}")
    console.print(f"[bold]{plural(found.rephrased, 'request')}[/bold] had to be said again")
    table = Table(title="What people had to say twice", title_justify="left")
    for name, justify in (("said", "left"), ("customers", "right"), ("times", "right"), ("what worked", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type] # rich's literals
    for twice in audit.said_twice:
        worked = ", ".join(f"{wording} ({times})" for wording, times in twice.said_then) or "nothing yet"
        table.add_row(escape(twice.said), f"{twice.customers:,}", f"{twice.times:,}", escape(worked))
    console.print(table)
    console.print(sentence(audit.spared), markup=False)
    console.print(f"\nThe page, with dialogues: {html}", markup=False, soft_wrap=True)
    if audit.rejected:
        remarks.print(f"resay: {audit.rejected:,} of {audit.read:,} records could not be read: {audit.first_reason}", markup=False)


def _failed(found: Findings) -> str:
    """How many turns failed, and how many are in no share as nothing tells."""
    untold = f"; of {plural(found.censored, 'turn')} it cannot be told" if found.censored else ""
    return f"{plural(found.defects, 'turn')} failed their customer{untold}"


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.1%}"


def _as_json(audit: Audit) -> dict[str, object]:
    return asdict(audit) | {
        "defect_rate": audit.findings.defect_rate,
        "spared_share": audit.spared.share,
    }
