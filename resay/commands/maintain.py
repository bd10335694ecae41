"""The command `maintain`: keeps the lake's files few and its disk small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from resay.commands.console import HomeOption, JsonOption, console, print_json, progress, remarks
from resay.commands.settings import read_settings
from resay.store.lake import Lake
from resay.store.maintenance import RETAIN, RETAIN_MAX, TARGET_BYTES, Compacted, compact, survey, vacuum

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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the files, and what would be removed.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compact and vacuum the lake: small files become few, and files that were replaced long ago are removed.

    Safe beside everything else that runs, once a day or as often as you like: no row changes, positions stay, and readers finish on the
    files that they opened. The retention must be longer than your longest run: a run that takes longer may miss its files and must be
    started again. A stream job that stood still for longer judges the whole lake anew. Files of killed writers leave with the same rule.

    Exit status: 0 done, also where other writers were always first at a table; 1 the lake cannot be written.

    Examples: `resay maintain` · `resay maintain --dry-run --json` · `resay maintain --retain-hours 24 --target-mb 256`
    """
    lake = Lake(read_settings(home=home).lake)
    with progress("Maintaining", shown=not as_json):
        compacted = survey(lake) if dry_run else compact(lake, target_bytes=target_mb * MEBIBYTE)
        vacuumed = vacuum(lake, retain=timedelta(hours=retain_hours), dry_run=dry_run)
    removed = {each.table: each.files for each in vacuumed}
    if as_json:
        print_json({"dry_run": dry_run, "tables": [asdict(each) | {"removed": removed[each.table]} for each in compacted]})
        return
    _show(compacted, removed, dry_run=dry_run)


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
