"""Commands from labels to a live rewrite table and back: `learn`, `rollback`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from markov.mine import Mined
from markov.proof import Proof
from markov.standing import TAKEN_OUT, Ruled, Ruling
from rephrase.detect import DetectReport, detect
from rephrase.detector import Detector
from resay.commands.console import HomeOption, JsonOption, console, print_json, progress, remarks
from resay.commands.detectors import DEFAULT, DetectorOption, ModelOption, asked_detector, detector_of
from resay.commands.engines import AskedEngine, EngineName, EngineOption, JarsOption, MasterOption, SparkOption, engine_over
from resay.commands.home_books import ByOption, WhyOption, opened
from resay.commands.learning import CUSTOMERS_MIN, LearnRules, teach
from resay.commands.needless import Needless
from resay.commands.rules_telling import rewrites_table
from resay.commands.settings import Settings, read_settings
from resay.commands.understand_url import UnderstandOption, UrlUnderstanding
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Rewrite
from resay.label.job import LabelReport, label
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from serving.dashboard.words import plural
from serving.review.drafting import Home, Word
from serving.review.going_back import go_back

SHOWN_MAX = 30
"""Rewrites printed after learning: a screen; `resay rules` prints all."""

_PANEL = "Learn, step by step"

KOption = Annotated[int, typer.Option("--k", min=2, help="Customers that must stand behind every rewrite; never one alone.")]


class NothingToLearnFrom(ResayError):
    """The lake holds no turns."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What one run of learning came to."""

    links: DetectReport
    labels: LabelReport
    mined: Mined
    rewrites: tuple[Rewrite, ...]
    """Those that were proven, by source and prompt kind."""
    proof: Proof
    generation: int | None
    """The generation that is live now; nothing where none was ever published."""
    published: bool
    """Whether this run made it."""
    remark: str
    """Why not, where it did not."""
    rulings: tuple[Ruled, ...]
    """What became of each rewrite that was live, and of each new one."""
    needless: Needless
    """What the assistant says it does not need."""
    seconds: float


def register(app: typer.Typer) -> None:
    """Add `learn` and `rollback`."""
    app.command("learn", rich_help_panel=_PANEL)(learn_command)
    app.command("rollback", rich_help_panel=_PANEL)(rollback_command)


def learn_command(  # noqa: PLR0917 - an option is a parameter
    k: KOption = CUSTOMERS_MIN,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be published; publish nothing.")] = False,
    detector: DetectorOption = DEFAULT,
    model: ModelOption = None,
    understand_url: UnderstandOption = None,
    engine: EngineOption = EngineName.DUCKDB,
    master: MasterOption = None,
    spark_jars: JarsOption = None,
    spark: SparkOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn rewrites from all turns in the lake: link rephrases, label, mine, verify, publish.

    Run it after `resay ingest`, each night for instance; what it publishes is live at once (`resay rollback` undoes it).
    Every rewrite is checked by a second program before it is published; what cannot be proven is left out, and said.
    Rewrites that are live are judged by how customers fared with them and without: what lost, or is no longer needed, is taken out.
    With `--understand-url` the assistant itself is asked, as in `resay replay`, what it has come to understand without us.
    With `--engine spark` the miner's steps run on Spark, here or on a cluster; links, labels and proofs are made here as ever.

    Examples: `resay learn` · `resay learn --dry-run --k 5` · `resay learn --engine spark --master 'local[4]' --spark-jars DIR`
    """
    understanding = UrlUnderstanding(understand_url) if understand_url else None
    miner = engine_over(AskedEngine(engine, master, spark_jars, spark or ()))
    rules = LearnRules(k=k, dry_run=dry_run, shown=not as_json, understanding=understanding, engine=miner, kept=engine is EngineName.DUCKDB)
    settings = read_settings(home=home)
    learnt = learn(settings, rules, detector=detector_of(asked_detector(detector, model), Lake(settings.lake)))
    if as_json:
        print_json(learnt_json(learnt))
        return
    print_learnt(learnt)


def rollback_command(
    number: Annotated[int | None, typer.Argument(metavar="[N]", help="Generation to go back to [default: the one before].")] = None,
    why: WhyOption = "",
    by: ByOption = "command line",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an older rewrite table live again, at once.

    It is checked again first: what was vetoed since, or has lost customers below the floor that it was published with, does not come
    back; the rest then becomes a new generation.

    Examples: `resay rollback` · `resay rollback 3 --why "complaints"` · `resay rollback --json`
    """
    settings = read_settings(home=home)
    with opened(settings) as books:
        back = go_back(Home(Shelf(settings.rewrites), Lake(settings.lake), books), Word(by, why, datetime.now(UTC)), number)
    if as_json:
        print_json({"generation": back.generation, "rewrites": back.rewrites, "left_out": list(back.left_out)})
        return
    console.print(f"generation {back.generation} is live: {back.rewrites:,} rewrites", markup=False)
    for reason in back.left_out:
        console.print(f"  left out · {reason}", markup=False)


def learn(settings: Settings, rules: LearnRules | None = None, *, detector: Detector | None = None) -> Learnt:
    """Everything from turns to a live table, by the links of this detector, or of the usual one; progress is shown on standard error.

    Raises: NothingToLearnFrom, and what the lake, the books and the shelf raise.
    """
    began = time.monotonic()
    if settings.has_books:
        # They are asked behind the longest steps: whoever must mend them should not wait for those.
        with opened(settings):
            pass
    rules, lake = rules or LearnRules(), Lake(settings.lake)
    turns = _count_turns(lake)
    if not turns:
        message = f"lake {lake.root} must hold turns to learn from; it holds none; was a log read with `resay ingest`?"
        raise NothingToLearnFrom(message)
    with progress("Linking rephrases", unit="turns", shown=rules.shown) as tick:
        links = detect(lake, detector or detector_of(), lambda done, total=None: tick(done, total or turns))
    with progress("Labelling turns", unit="turns", shown=rules.shown) as tick:
        labels = label(lake, lambda done, total=None: tick(done, total or turns))
    totals = {"turns": labels.turns, "failed": labels.outcomes.get("failure", 0), "links": links.links}
    taught = teach(settings, totals, rules)
    return Learnt(links, labels, *taught, seconds=time.monotonic() - began)


def learnt_json(learnt: Learnt) -> dict[str, object]:
    """One run of learning as `--json` prints it."""
    return {
        "generation": learnt.generation,
        "published": learnt.published,
        "remark": learnt.remark,
        "next_step": next_step(learnt),
        "turns": learnt.labels.turns,
        "links": learnt.links.links,
        "outcomes": dict(learnt.labels.outcomes),
        "defects": learnt.labels.defects,
        "sources": learnt.mined.sources,
        "states": learnt.mined.states,
        "states_cut": learnt.mined.states_cut,
        "unknown_max": learnt.mined.unknown_max,
        "declined": {reason.value: times for reason, times in learnt.mined.declined.items()},
        "left_out": _left_out(learnt.proof),
        "rulings": {ruling.value: sum(each.ruling is ruling for each in learnt.rulings) for ruling in Ruling},
        "taken_out": [asdict(each) for each in learnt.rulings if each.ruling in TAKEN_OUT],
        "needless": dict(learnt.needless.reasons),
        "not_told": learnt.needless.not_told,
        "versions": dict(learnt.needless.versions),
        "rewrites": [asdict(each) for each in learnt.rewrites],
        "seconds": round(learnt.seconds, 2),
    }


def print_learnt(learnt: Learnt) -> None:
    """One run of learning, for people."""
    print_rewrites(f"{plural(len(learnt.rewrites), 'rewrite')} proven", learnt.rewrites, most=SHOWN_MAX)
    refused = learnt.labels.outcomes.get("failure", 0)
    console.print(
        f"{learnt.labels.turns:,} turns, {refused:,} failed, {learnt.links.weight:,.0f} said again; "
        f"{learnt.mined.sources:,} wordings that enough customers had to say otherwise",
        markup=False,
    )
    if learnt.mined.states_cut:
        cut = f"{learnt.mined.states_cut:,} of {learnt.mined.states:,} states were too many to solve exactly"
        console.print(f"  {cut}; up to {learnt.mined.unknown_max:.1%} of what follows a wording is unknown", markup=False)
    for reason, times in (*learnt.mined.declined.items(), *_left_out(learnt.proof).items()):
        console.print(f"  no rewrite for {times:,} · {reason.replace('_', ' ')}", markup=False)
    for each in learnt.rulings:
        if each.ruling in TAKEN_OUT:
            console.print(f"  {each.ruling}: rewrite {each.rewrite_id} · {each.reason}", markup=False, soft_wrap=True)
    for reason, times in Counter(learnt.needless.reasons.values()).items():
        console.print(f"  no rewrite for {times:,} · {reason}", markup=False, soft_wrap=True)
    if learnt.needless.not_told:
        remarks.print(f"resay: {learnt.needless.not_told:,} rewrites stay, unasked: {learnt.needless.remark}", markup=False, soft_wrap=True)
    live = f"generation {learnt.generation} is live" if learnt.generation else "no generation is live"
    console.print(f"{live}{f' ({learnt.remark})' if learnt.remark else ''}; {learnt.seconds:.1f} s", markup=False)
    if hint := next_step(learnt):
        remarks.print(f"resay: {hint}", markup=False, soft_wrap=True)


def next_step(learnt: Learnt) -> str:
    """What to do where nothing was proven, by how far it came; nothing where something was."""
    if learnt.rewrites:
        return ""
    if not learnt.links.links:
        return (
            "nobody was seen to say a request again; have turns of one person the same customer_id, and the times at which they were said? "
            "`resay audit FILE` shows what a log holds"
        )
    if not learnt.mined.sources:
        least = learnt.proof.parameters["customers_min"]
        return (
            f"no wording was said again, with success, by {least:g} customers or more; a longer log teaches more, and so may a lower floor "
            "(`resay learn --dry-run --k 5`); `resay audit FILE` shows what was said twice"
        )
    return 'wordings were said again, and none of them may be rewritten; `resay why "WORDING"` says which rule keeps one back'


def print_rewrites(title: str, rewrites: Sequence[Rewrite], *, most: int, all_by: str = "resay rules") -> None:
    """Rewrites with their evidence as a table, the most used first, and the command that shows all; nothing where there are none."""
    top = sorted(rewrites, key=lambda each: (-each.times, each.source))[:most]
    if top:
        console.print(rewrites_table(title, top))
    if len(rewrites) > len(top):
        console.print(f"… and {len(rewrites) - len(top):,} more: {all_by}", markup=False, soft_wrap=True)


def _count_turns(lake: Lake) -> int:
    with lake.connect() as connection:
        return int(connection.execute("select count(distinct turn_id) from turn_parts").fetchall()[0][0])


def _left_out(proof: Proof) -> dict[str, int]:
    """Rules of the checker by how many rewrites broke them."""
    return dict(Counter(reason.split(":")[0] for fault in proof.left_out for reason in fault.reasons))
