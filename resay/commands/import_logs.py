"""The commands `import rasa` and its like: logs of other assistants, as they lie there, as turns."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ingest.adapters.registry import adapter_named
from resay.commands.adapted import Adapted, check_format, land_adapted
from resay.commands.console import HomeOption, JsonOption, console, print_json, remarks
from resay.commands.home_assistant_runs import fetched, read_token
from resay.commands.settings import Settings, read_settings
from resay.commands.stopping import stoppable
from resay.store.lake import Lake

LOGS = typer.Argument(metavar="FILE|DIR…", help="JSON or JSON lines, plain or gzip; of a folder all such files below it.")

LogArgument = Annotated[list[Path], LOGS]
TolerantOption = Annotated[bool, typer.Option("--tolerant", help="End with 0 though some records were rejected.")]


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group `import`."""
    group.command("rasa")(import_rasa)
    group.command("home-assistant")(import_home_assistant)
    group.command("otel")(import_otel)
    group.command("vcon")(import_vcon)


def import_rasa(logs: LogArgument, tolerant: TolerantOption = False, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Import Rasa's events, flat or nested, saved as its event broker writes them, or trackers as its HTTP API gives them.

    Events may stand in any order, twice, or be missing. Texts that an anonymiser has masked (`###`) are counted and not kept as words;
    what Rasa itself did not trust (`nlu_fallback`) counts as refused. Run again, it adds nothing twice.

    Examples: `resay import rasa events.jsonl` · `resay import rasa trackers/ --json`
    """
    _import("rasa", logs, tolerant=tolerant, home=home, as_json=as_json)


def import_home_assistant(  # noqa: PLR0917 - an option is a parameter
    logs: Annotated[list[Path] | None, LOGS] = None,
    url: Annotated[str, typer.Option("--from", metavar="URL", help="Ask a running Home Assistant for its runs, in place of files.")] = "",
    token_file: Annotated[
        Path | None, typer.Option("--token-file", metavar="FILE", help="Holds a long-lived access token of it, made in your profile.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Ask it again every twenty seconds, until stopped.")] = False,
    tolerant: TolerantOption = False,
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text; with --follow one a line.")] = False,
) -> None:
    """Import Home Assistant's pipeline runs: what its pipeline debugger shows of a run; from Home Assistant itself, or from files.

    Each run in which somebody spoke is a turn; the satellite is the customer, or the conversation where none is named.
    Home Assistant keeps the last ten runs of an assistant only: `--follow` fetches them as they come, and prints a line each time.
    Run again, it adds nothing twice.

    Examples: `resay import home-assistant --from http://homeassistant.local:8123 --token-file token --follow` ·
    `resay import home-assistant runs/` · `resay import home-assistant run.json --json`
    """
    if bool(logs) == bool(url) or bool(url) != bool(token_file) or (follow and not url):
        message = "files, or --from with --token-file, must be given, and not both; --follow goes with --from; is one of them missing?"
        raise typer.BadParameter(message)
    if not url or token_file is None:
        _import("home-assistant", logs or [], tolerant=tolerant, home=home, as_json=as_json)
        return
    settings, token = read_settings(home=home), read_token(token_file)
    with stoppable() as stop:
        for adapted in fetched(url, token, settings, follow=follow, stop=stop):
            _tell(adapted, settings, as_json=as_json)
            _end(adapted, tolerant=tolerant or follow, follows=follow)


def import_otel(logs: LogArgument, tolerant: TolerantOption = False, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Import traces of language-model applications: GenAI or OpenInference spans, OTLP as JSON, as a collector's file exporter writes it.

    A turn is the outermost span of a trace that holds a customer's words; calls that an agent makes for itself are none.
    What customers and models said must have been recorded, which most instrumentations do only when told to.
    Run again, it adds nothing twice.

    Examples: `resay import otel traces.jsonl` · `resay import otel traces/ --json`
    """
    _import("otel", logs, tolerant=tolerant, home=home, as_json=as_json)


def import_vcon(logs: LogArgument, tolerant: TolerantOption = False, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Import vCon containers, unsigned: their dialogs of type text.

    Parties are told apart by their roles; where none has one, the first is the customer. Recordings hold no words and are passed over.
    Customers are named by number or address: set RESAY_HASH_KEY, and only hashes of these are stored. Run again, it adds nothing twice.

    Examples: `resay import vcon conversations/` · `resay import vcon conversation.vcon --json`
    """
    _import("vcon", logs, tolerant=tolerant, home=home, as_json=as_json)


def _import(name: str, logs: list[Path], *, tolerant: bool, home: Path | None, as_json: bool) -> None:
    adapter, settings = adapter_named(name), read_settings(home=home)
    check_format(logs, adapter)
    adapted = land_adapted(adapter, logs, Lake(settings.lake), settings=settings, shown=not as_json)
    _tell(adapted, settings, as_json=as_json)
    _end(adapted, tolerant=tolerant)
    if not adapted.given.records:
        remarks.print("resay: files must hold records; there is none in them; are they the right files?", soft_wrap=True)
        raise typer.Exit(1)


def _tell(adapted: Adapted, settings: Settings, *, as_json: bool) -> None:
    given, landed = adapted.given, adapted.landed
    if as_json:
        print_json({"records": given.records, "silent": given.silent, "read": landed.read, **asdict(landed), "lake": str(settings.lake)})
    else:
        console.print(_summary(adapted), markup=False)


def _end(adapted: Adapted, *, tolerant: bool, follows: bool = False) -> None:
    given, landed = adapted.given, adapted.landed
    for fault in landed.faults:
        remarks.print(f"rejected {fault}", markup=False, soft_wrap=True)
    if landed.rejected:
        remarks.print(f"resay: records rejected: {landed.rejected:,}; all are kept, with reasons: resay rejects list", soft_wrap=True)
        if not tolerant or not (given.turns or follows):
            raise typer.Exit(1)


def _summary(adapted: Adapted) -> str:
    given, landed = adapted.given, adapted.landed
    # Parts that our own codec refuses, as too long, are among the rejected.
    there = len(given.turns) - landed.accepted - landed.forgotten - max(0, landed.rejected - len(given.rejects))
    forgotten = f", of forgotten customers and left out {landed.forgotten:,}" if landed.forgotten else ""
    return (
        f"records: {given.records:,}, of which {given.silent:,} tell nothing of talk; "
        f"parts of turns: new {landed.accepted:,}, there already {there:,}{forgotten}; rejected {landed.rejected:,}"
    )
