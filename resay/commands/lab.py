"""Commands of the lab: a closed world in which the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from resay.commands import lab_say, lab_stream
from resay.commands.console import JsonOption, console, print_json, progress
from resay.commands.settings import read_settings
from resay.commands.worlds import WorldOption
from resay.lab.assistant import Assistant
from resay.lab.cast import Casting
from resay.lab.making import Plan, make_log
from resay.lab.rehearsal import Rate, rehearse
from resay.lab.survey import Survey, survey
from resay.lab.world import VOICE_HOME, read_world

SEED = 7
CUSTOMERS = 1_100
LEARNING_DAYS = 28
LATER_DAYS = 14
LATER_SHARE = 0.3
REHEARSED_DAYS = 7

_PANEL = "Measure"


def register(app: typer.Typer) -> None:
    """Add `lab`."""
    lab = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="A closed world in which the truth is known.")
    lab.callback()(_group)
    lab.command("world")(world_command)
    lab.command("log")(log)
    lab.command("stream")(lab_stream.stream)
    lab.command("say")(lab_say.say)
    app.add_typer(lab, name="lab", rich_help_panel=_PANEL)


def log(  # noqa: PLR0917 - the command line names its options
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")],
    world: WorldOption = VOICE_HOME,
    seed: Annotated[int, typer.Option("--seed", help="The chance: the same seed gives the same log, byte for byte.")] = SEED,
    customers: Annotated[int, typer.Option("--customers", min=1, help="Customers on the first day.")] = CUSTOMERS,
    days: Annotated[int, typer.Option("--days", min=1, help="Days to learn from.")] = LEARNING_DAYS,
    later_days: Annotated[int, typer.Option("--later-days", min=1, help="Days to score, after those.")] = LATER_DAYS,
    later_share: Annotated[
        float, typer.Option("--later-share", min=0, max=1, help="Share of customers whose later turns are kept.")
    ] = LATER_SHARE,
    as_json: JsonOption = False,
) -> None:
    """Make a dialogue log with its truth from a world. Needs the extra `demo`.

    Writes learning.jsonl.gz and later.jsonl.gz (records of resay.turn/1, as an assistant would log them), and apart from them
    truth.jsonl.gz: what was wanted in each later turn and what came of it. Learning and later turns share no recording.

    Examples: `resay lab log --out /tmp/log` · `resay lab log --world ~/my-world --out /tmp/log --seed 8 --customers 100 --days 7 --json`
    """
    plan = Plan(seed=seed, customers=customers, learning_days=days, later_days=later_days, later_share=later_share)
    with progress("Making a log", shown=not as_json) as tick:
        made = make_log(read_world(world), out, plan=plan, tick=tick)
    if as_json:
        print_json(asdict(made))
        return
    console.print(f"{made.learning:,} turns to learn from and {made.later:,} later ones of {made.customers:,} customers in {out}")
    console.print(f"{made.defects / max(made.later, 1):.0%} of the later turns failed their customers; {made.size / 1e6:.1f} MB")


def world_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a world.", show_default="the one that ships")] = VOICE_HOME,
    talk: Annotated[int, typer.Option("--talk", metavar="CUSTOMERS", min=0, help="Let so many talk for a week too.")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="The chance in their talk.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Say what is in a world, and check that it will do: references, recordings for both sides, the assistant's outcomes.

    With --talk its customers talk to the assistant, and it is said how often they fail and try again, beside how often people do.
    Needs the extra `demo`. Exit status: 0 it will do; 1 it cannot be read, or a check fails.

    Examples: `resay lab world` · `resay lab world my_world --json` · `resay lab world --talk 500`
    """
    world = read_world(folder)
    assistant = Assistant(world.home, shelf=read_settings().lab) if talk else Assistant(world.home)
    found, rates = survey(world, assistant), []
    if talk:
        with progress("Talking", unit="days", shown=not as_json) as tick:
            rates = list(rehearse(world, assistant, Casting(seed, talk, REHEARSED_DAYS), tick=tick).rates())
    if as_json:
        print_json(asdict(found) | {"good": found.good, "rates": [asdict(each) for each in rates]})
    else:
        _print_survey(found)
        _print_rates(rates)
    if not found.good:
        raise typer.Exit(1)


def _print_rates(rates: Sequence[Rate]) -> None:
    for each in rates:
        share = "    –" if each.share is None else f"{each.share:5.1%}"
        asked = "" if each.asked is None else f"; asked {each.asked:.1%} ({each.source})"
        console.print(f"{share} {each.name}, of {each.of:,}{asked}", markup=False, soft_wrap=True)


def _print_survey(found: Survey) -> None:
    for name, number in found.counts.items():
        console.print(f"{name.replace('_', ' '):<16}{number:>8,}", markup=False)
    for name, parts in (
        ("phrases", found.phrases),
        ("speakers", found.speakers),
        ("recordings", found.recordings),
        ("outcomes", found.outcomes),
    ):
        console.print(f"{name:<16}{', '.join(f'{part} {number:,}' for part, number in parts.items())}", markup=False, soft_wrap=True)
    for check in found.checks:
        console.print(f"{'ok  ' if check.good else 'BAD '} {check.name}: {check.found}", markup=False, soft_wrap=True)


def _group() -> None:
    """A closed world in which the truth is known."""
