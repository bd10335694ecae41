"""`resay rollup`: sum up the lake for the pages, and print the sums."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import typer

from resay.commands.console import HomeOption, JsonOption, console, print_json
from resay.commands.home_books import opened
from resay.commands.settings import read_settings
from resay.label.rollup import encode, keep_rollup
from resay.store.lake import Lake
from resay.store.slices import SliceBooks
from serving.dashboard.words import count, percent, plural


def register(app: typer.Typer) -> None:
    """Add `rollup`."""
    app.command("rollup", rich_help_panel="Run it")(rollup_command)


def rollup_command(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Sum up the whole lake for the pages, and keep the sums in it: defects by cohort, device, room and intent, failure points, slices.

    A running `resay serve` does this by itself within a minute; a million turns take seconds, and pages then show them in milliseconds.

    Examples: `resay rollup` · `resay rollup --json`
    """
    settings = read_settings(home=home)
    with opened(settings, new=False) as books:
        slices = SliceBooks(books).all()
    rollup = keep_rollup(Lake(settings.lake), slices, now=datetime.now(UTC))
    if as_json:
        print_json(json.loads(encode(rollup)))
        return
    found = rollup.found
    console.print(
        f"{plural(found.turns, 'turn')} of {plural(found.customers, 'customer')}; {percent(found.defect_rate)} defective", markup=False
    )
    for each in rollup.fared:
        if each.kind in {"cohort", "device_type", "slice"}:
            told = f"{percent(each.defect_rate)} of {count(each.turns)} turns, {plural(each.customers, 'customer')}"
            console.print(f"  {each.kind.replace('_', ' ')} {each.name}: {told}", markup=False)
    for failed in rollup.failed:
        if failed.kind == "all":
            console.print(f"  failed first at {failed.point}: {plural(failed.turns, 'turn')}", markup=False)
