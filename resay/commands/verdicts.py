"""The command `verdicts`: what is held against turns goes to where an assistant is watched, as OpenTelemetry's evaluation events."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from resay.commands.console import HomeOption, JsonOption, console, print_json, progress
from resay.commands.settings import read_settings
from resay.commands.whole_file import whole_file
from resay.dialogue.errors import ResayError
from resay.dialogue.moment import utc
from resay.label.verdicts import Verdict, verdicts
from resay.label.verdicts_otlp import request_of
from resay.store.lake import Lake
from serving.forward import Forward, NotReached, NoUrl, can_be_asked

VERDICTS_A_REQUEST = 500
"""As exporters of OpenTelemetry send them."""

TRIES_MAX = 6
"""Of one request, where the receiver says that it may be sent again."""

PAUSE_S = 1.0
"""Before the second try; doubled before each one after that."""

PAUSE_MAX_S = 60.0
"""Longest pause."""

WAIT_S = 30.0
"""For one answer."""


class _PartialSuccess(msgspec.Struct, rename="camel"):
    rejected_log_records: int | str = 0
    """Protobuf's JSON writes long numbers as text."""
    error_message: str = ""


class _Answer(msgspec.Struct, rename="camel"):
    partial_success: _PartialSuccess | None = None


_TAKEN = msgspec.json.Decoder(_Answer)
_PACKED = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
_AGAIN = frozenset({429, 502, 503, 504})
"""Statuses after which OTLP has a request sent again."""


class NotTaken(ResayError):
    """A receiver does not take what it is sent."""


def register(app: typer.Typer) -> None:
    """Add `verdicts`."""
    app.command("verdicts", rich_help_panel="Learn, step by step")(verdicts_command)


def verdicts_command(  # noqa: PLR0917 - an option is a parameter
    otlp: Annotated[str, typer.Option("--otlp", metavar="URL", help="Collector that takes OTLP over HTTP; `/v1/logs` is added.")] = "",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write OTLP as JSON lines here instead.")] = None,
    headers: Annotated[
        Path | None, typer.Option("--headers", metavar="FILE", help="Lines `Name: value` that go with each request.")
    ] = None,
    since: Annotated[datetime | None, typer.Option("--from", help="Only of turns of this time or later, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option("--until", help="Only of turns before this time, UTC.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send what is held against turns to an OpenTelemetry collector: defects, rephrases and failure points, as `gen_ai.evaluation.result`.

    Each goes with trace and span of the turn where its log told them, so that it stands beside the call that failed. Sent again, equal
    verdicts are equal events. They are made by `resay detect`, `resay label` and `resay classify`, or `resay stream`.

    Exit status: 0 all was taken; 1 the receiver does not answer, or refuses.

    Examples: `resay verdicts --otlp http://localhost:4318` · `resay verdicts --out verdicts.jsonl --from 2026-11-01`
    """
    if bool(otlp) == (out is not None):
        message = "--otlp or --out must be given, and not both; is one of them missing?"
        raise typer.BadParameter(message)
    lake = Lake(read_settings(home=home).lake)
    begin, end = utc(since or datetime(1970, 1, 1, tzinfo=UTC)), utc(until or datetime(9999, 1, 1, tzinfo=UTC))
    told = verdicts(lake, since=begin, until=end)
    with progress("Sending verdicts" if otlp else "Writing verdicts", unit="verdicts", shown=not as_json) as tick:
        if out is not None:
            sent, place = _written(told, out, tick=tick), str(out)
        else:
            collector = Forward(_logs_url(otlp), wait_s=WAIT_S)
            sent, place = send(told, collector, _headers(headers), tick=tick), collector.url
    if as_json:
        print_json({"verdicts": sent, "to": place})
    else:
        console.print(f"{sent:,} verdicts to {place}", markup=False)


def _logs_url(url: str) -> str:
    if not can_be_asked(url):
        message = f"--otlp must be an http or https address; got {url!r}; is it http://localhost:4318?"
        raise NoUrl(message)
    return url if url.endswith("/v1/logs") else url.rstrip("/") + "/v1/logs"


def _headers(path: Path | None) -> Mapping[str, str]:
    """What goes with each request; from a file, as keys must not stand on a command line.

    Raises: NotTaken.
    """
    told: dict[str, str] = {}
    try:
        lines = path.read_text().splitlines() if path else []
    except (OSError, UnicodeDecodeError) as error:
        message = f"--headers must be a file of lines `Name: value`; {error}; is the path right?"
        raise NotTaken(message) from error
    for line in filter(None, map(str.strip, lines)):
        name, colon, value = line.partition(":")
        if not colon:
            message = f"--headers {path} must hold lines `Name: value`; one has no colon; is it a bare key?"
            raise NotTaken(message)
        told[name.strip()] = value.strip()
    return told


def _requests(told: Iterator[Verdict]) -> Iterator[tuple[bytes, int]]:
    while some := list(islice(told, VERDICTS_A_REQUEST)):
        yield request_of(some, version=version("resay")), len(some)


def send(
    told: Iterator[Verdict],
    collector: Forward,
    headers: Mapping[str, str],
    *,
    tick: Callable[[int], None] = lambda _sent: None,
    pause_s: float = PAUSE_S,
) -> int:
    """Send verdicts, each request until it is taken; how many there were.

    Raises: NotTaken.
    """
    sent = 0
    for body, number in _requests(told):
        _post(collector, gzip.compress(body, 6), {**_PACKED, **headers}, pause_s=pause_s)
        sent += number
        tick(sent)
    return sent


def _post(collector: Forward, body: bytes, headers: Mapping[str, str], *, pause_s: float) -> None:
    reason = ""
    for ordinal in range(TRIES_MAX):
        if ordinal:
            time.sleep(min(PAUSE_MAX_S, pause_s * 2 ** (ordinal - 1)))
        try:
            answer = collector.post(body, headers)
        except NotReached as error:
            reason = str(error)
            continue
        if 200 <= answer.status < 300:
            if not (reason := _left_out(answer.body)):
                return
            break
        reason = f"it answers {answer.status}"
        if answer.status not in _AGAIN:
            break
    message = f"collector {collector.url} must take what it is sent; {reason}; does it take OTLP over HTTP, and is --headers right?"
    raise NotTaken(message)


def _left_out(body: bytes) -> str:
    """What a collector says that it did not take of a request that it took; empty where it took all, or does not say."""
    try:
        told = _TAKEN.decode(body).partial_success
        number = int(told.rejected_log_records) if told else 0
    except (msgspec.MsgspecError, ValueError):
        return ""
    return f"it left out {number} of them: {told.error_message}" if told and number else ""


def _written(told: Iterator[Verdict], out: Path, *, tick: Callable[[int], None]) -> int:
    written = 0
    with whole_file(out) as file:
        for body, number in _requests(told):
            file.write(body + b"\n")
            written += number
            tick(written)
    return written
