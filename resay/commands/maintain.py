"""The command `maintain`: keeps the lake's files few and its disk small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from resay.commands.console import HomeOption, JsonOption, console, print_json, progress, remarks
from resay.commands.customers import stores_in
from resay.commands.settings import Settings, read_settings
from resay.store.lake import Lake
from resay.store.maintenance import RETAIN, RETAIN_MAX, TARGET_BYTES, Compacted, compact, survey, vacuum
from resay.store.retention import AGING, retain
from serving.customers.forget import resume

MEBIBYTE = 1_048_576

HOURS_MAX = int(RETAIN_MAX.total_seconds()) // 3_600

TARGET_MB_MAX = 1_024
"""A file is written in one piece; a gibibyte of it is what a small machine can still hold."""

_PANEL = "Learn, step by step"


def register(app: typer.Typer) -> None:
    """Add `maintain`."""
    app.command(rich_help_panel=_PANEL)(maintain)


def maintain(
    retain_hours: Annotated[
        int, typer.Option("--retain-hours", min=1, max=HOURS_MAX, help="Keep files so long after they were replaced.")
    ] = int(RETAIN.total_seconds()) // 3_600,
    target_mb: Annotated[int, typer.Option("--target-mb", min=1, max=TARGET_MB_MAX, help="Size to which files are put together, MiB.")] = (
        TARGET_BYTES // MEBIBYTE
    ),
    keep_days: Annotated[
        list[str] | None,
        typer.Option("--keep-days", metavar="TABLE=DAYS", help="Erase rows of a table that are older; again for more tables."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the files, and what would be removed.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compact and vacuum the lake: small files become few, and files that were replaced long ago are removed.

    Safe beside everything else that runs, once a day or as often as you like: no row changes, positions stay, and readers finish on the
    files that they opened. The retention must be longer than your longest run: a run that takes longer may miss its files and must be
    started again. A stream job that stood still for longer judges the whole lake anew. Files of killed writers leave with the same rule.
    A forgetting that was cut short (`resay forget`) is brought to its end. With `--keep-days`, rows that are older leave at once, from
    files that were replaced too; each table is kept by its own days. Sums of them leave as well: pages of a large lake are blank until a
    running service, `resay stream` or `resay rollup` has summed up what is left.

    Exit status: 0 done, also where other writers were always first at a table; 1 the lake cannot be written.

    Examples: `resay maintain` · `resay maintain --dry-run --json` · `resay maintain --retain-hours 24 --target-mb 256` ·
    `resay maintain --keep-days turn_parts=400 --keep-days decisions=90`
    """
    settings = read_settings(home=home)
    days, lake = _days(keep_days or []), Lake(settings.lake)
    with progress("Maintaining", shown=not as_json):
        erased, ended = ({}, 0) if dry_run else _erase(settings, days)
        compacted = survey(lake) if dry_run else compact(lake, target_bytes=target_mb * MEBIBYTE)
        vacuumed = vacuum(lake, retain=timedelta(hours=retain_hours), dry_run=dry_run)
    removed = {each.table: each.files for each in vacuumed}
    if as_json:
        tables = [asdict(each) | {"removed": removed[each.table]} for each in compacted]
        print_json({"dry_run": dry_run, "tables": tables, "erased": erased, "forgettings_ended": ended})
        return
    for name, rows in erased.items():
        console.print(f"{name}: {rows:,} rows older than {days[name]:,} days erased", markup=False)
    _show(compacted, removed, dry_run=dry_run)


def _days(asked: Sequence[str]) -> dict[str, int]:
    """Days by table."""
    days: dict[str, int] = {}
    for each in asked:
        name, _, kept = each.partition("=")
        if name not in AGING or not kept.isdigit() or not int(kept):
            message = f"--keep-days must be TABLE=DAYS, with a table of {', '.join(sorted(AGING))}; got {each!r}"
            raise typer.BadParameter(message)
        days[name] = int(kept)
    return days


def _erase(settings: Settings, days: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Rows that were erased for their age, by table, and forgettings that were brought to their end."""
    if not days and not settings.has_books:
        return {}, 0
    with stores_in(settings) as stores:
        now = datetime.now(UTC)
        return retain(stores.lake, stores.books, days, now=now), resume(stores, now=now)


def _show(compacted: Sequence[Compacted], removed: Mapping[str, int], *, dry_run: bool) -> None:
    if not compacted:
        console.print("the lake is empty: there is nothing to maintain")
    for table in compacted:
        gone = removed[table.table]
        if dry_run:
            line = f"{table.table}: {table.files_before:,} files, {table.bytes_before / 1e6:.1f} MB; would remove {gone:,} old files"
        else:
            line = f"{table.table}: {table.files_before:,} files, now {table.files_after:,}; {gone:,} old files removed"
        console.print(line, markup=False)
        if table.beaten:
            remarks.print(f"resay: others wrote {table.table} all the time; it was not compacted; run it again later?", markup=False)
