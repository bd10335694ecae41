"""The command `import`: other systems' call logs and corpora, from a person's own copy, as turns; logs of assistants are in `import_logs`.

Nothing of them ships and nothing is fetched.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ingest.call_log import CallLog
from ingest.landing import BYTES_A_BATCH, RECORDS_A_BATCH, LandingReport, LandingRules, land
from ingest.privacy import Pseudonymise, keep
from resay.commands import import_logs
from resay.commands.console import HomeOption, JsonOption, console, print_json, progress, remarks
from resay.commands.landing import landed_words
from resay.commands.settings import Settings, read_settings
from resay.commands.whole_file import whole_file
from resay.dialogue.tick import Tick
from resay.label.corpora.dstc2 import SPLITS, WrongCorpus, splits_in
from resay.store.lake import Lake

_PANEL = "Learn, step by step"


def register(app: typer.Typer) -> None:
    """Add `import`."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Bring in the logs of other systems, from your own copy.")
    group.command("dstc2")(import_dstc2)
    import_logs.add_to(group)
    app.add_typer(group, name="import", rich_help_panel=_PANEL)


def import_dstc2(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Your copy of the converted corpus: train.jsonl.gz, dev.jsonl.gz.")],
    split: Annotated[
        list[str] | None, typer.Option("--split", help="train or dev; may be given twice [default: all that are there].")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write resay.turn/1 JSON lines here instead of the lake.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import DSTC2, calls of people with a restaurant information system, as turns.

    Only what the live system saw and did is imported; what people wrote down about it afterwards is not. Run again, it adds nothing twice.
    The corpus is GPL-3.0 and is not part of Resay.

    Examples: `resay import dstc2 dstc2/` · `resay import dstc2 dstc2/ --split train --out turns.jsonl`
    """
    source = CallLog(folder, _wanted(folder, split))
    with progress("Importing", unit="turns", shown=not as_json) as tick:
        if out is not None:
            written = _write(source, out, tick=tick)
            result: dict[str, object] = {"written": written, "out": str(out)}
            sentence = f"wrote {written:,} turns to {out}"
        else:
            settings = read_settings(home=home)
            report = land(source, Lake(settings.lake), rules=_rules(settings), tick=tick)
            result = {"read": report.read, **asdict(report)}
            sentence = landed_words(report)
    if as_json:
        print_json(result)
    else:
        console.print(sentence, markup=False)
    if out is None and report.rejected:
        _remark(report)
        raise typer.Exit(1)


def _wanted(folder: Path, splits: list[str] | None) -> list[str]:
    there = splits_in(folder)
    for split in splits or []:
        if split not in there:
            known = " or ".join(SPLITS) if split not in SPLITS else " and ".join(there)
            message = f"split {split!r} must be {known}; is its file in {folder}?"
            raise WrongCorpus(message)
    return [split for split in there if split in (splits or there)]


def _write(source: CallLog, out: Path, *, tick: Tick) -> int:
    written = 0
    with whole_file(out) as file:
        while (batch := source.next_batch(RECORDS_A_BATCH, BYTES_A_BATCH)) is not None:
            file.writelines(record.raw + b"\n" for record in batch.records)
            written += len(batch.records)
            tick(written)
    return written


def _rules(settings: Settings) -> LandingRules:
    mask = Pseudonymise(settings.hash_key) if settings.hash_key else keep
    return LandingRules(clock=lambda: datetime.now(UTC), mask=mask)


def _remark(report: LandingReport) -> None:
    for fault in report.faults:
        remarks.print(f"rejected {fault}", markup=False, soft_wrap=True)
    remarks.print(f"resay: {report.rejected:,} turns were rejected; they are kept: resay rejects list", markup=False)
