"""Landing files of other systems for the commands that take them: `import` and `audit`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ingest.adapted_log import AdaptedLog, Given, Settle, as_told, read_documents, read_files
from ingest.adapters.adapter import Adapter, Document, Event
from ingest.adapters.files import first_record
from ingest.adapters.home_assistant import HOME_ASSISTANT
from ingest.adapters.our_words import HOP_PREFIX, Decided, days_of, told_apart
from ingest.adapters.registry import ADAPTERS, UnknownFormat, adapter_named, adapter_of
from ingest.landing import LandingReport, LandingRules, land
from ingest.privacy import Pseudonymise, keep, pseudonym
from resay.commands.console import progress
from resay.commands.home_books import opened
from resay.commands.settings import Settings
from resay.dialogue.codec import SCHEMA
from resay.dialogue.turn import Reject
from resay.store.decided import decisions_of
from resay.store.lake import Lake

TURNS = "turns"
"""The name of our own format on the command line."""

GUESS = "auto"
"""On the command line: the first record tells."""

_OURS = frozenset({"schema", "turn_id", "customer_id", "utterance"})
"""Fields that no other system has: with one of them a record is a turn of ours, well or badly made."""

FORMATS = (GUESS, TURNS, *ADAPTERS)


@dataclass(frozen=True, slots=True)
class Adapted:
    """What became of records of another system."""

    given: Given
    landed: LandingReport


def adapter_for(paths: Sequence[Path], wanted: str) -> Adapter | None:
    """The adapter for files; none where they hold turns of our own, or lines that may be meant so.

    Raises: UnknownFormat, SourceUnavailable.
    """
    if wanted not in FORMATS:
        message = f"--format must be one of {', '.join(FORMATS)}; got {wanted!r}; is it spelled otherwise?"
        raise UnknownFormat(message)
    if wanted == TURNS:
        return None
    if wanted != GUESS:
        return adapter_named(wanted)
    first = first_record(paths)
    # What is damaged or empty is for the reader of turns to speak about.
    if not isinstance(first, dict) or first.keys() & _OURS:
        return None
    adapter = adapter_of(first)
    if adapter is None:
        fields = ", ".join(list(first)[:5])
        message = (
            f"the first record must look like {SCHEMA} or one of {', '.join(ADAPTERS)}; it has the fields {fields or '(none)'}; "
            "is --format missing, or `resay schema` what you want to see?"
        )
        raise UnknownFormat(message)
    return adapter


def check_format(paths: Sequence[Path], adapter: Adapter) -> None:
    """Speak up where the first record is plainly another system's.

    Raises: UnknownFormat, SourceUnavailable.
    """
    first = first_record(paths)
    other = adapter_of(first)
    if other is not None and not adapter.recognises(first):
        message = f"files must hold {adapter.title}; the first record is of {other.title}; is `resay import {other.name}` what you mean?"
        raise UnknownFormat(message)


def land_adapted(adapter: Adapter, paths: Sequence[Path], lake: Lake, *, settings: Settings, shown: bool) -> Adapted:
    """Land the turns in files of another system, under progress bars.

    Raises: what reading them and writing the lake raise.
    """
    with progress(f"Reading {adapter.title}", unit="files", shown=shown) as tick:
        now = datetime.now(UTC)
        given = read_files(adapter, paths, now=now, tick=tick, settle=_settling(adapter, settings, now=now))
    return _landed(adapter, given, lake, settings=settings, shown=shown)


def land_documents(adapter: Adapter, documents: Sequence[Document], lake: Lake, *, settings: Settings) -> Adapted:
    """Land the turns in records that lie in no file.

    Raises: what writing the lake raises.
    """
    now = datetime.now(UTC)
    given = read_documents(adapter, documents, now=now, settle=_settling(adapter, settings, now=now))
    return _landed(adapter, given, lake, settings=settings, shown=False, fetched_again=True)


def _landed(adapter: Adapter, given: Given, lake: Lake, *, settings: Settings, shown: bool, fetched_again: bool = False) -> Adapted:
    source = AdaptedLog(adapter, given, keep_raw=settings.hash_key is None)
    with progress("Landing turns", unit="turn parts", shown=shown) as tick:
        rules = replace(_rules(settings), fetched_again=fetched_again)
        landed = land(source, lake, rules=rules, tick=lambda read: tick(read, len(given.turns) + len(given.rejects)))
    return Adapted(given, landed)


def _settling(adapter: Adapter, settings: Settings, *, now: datetime) -> Settle:
    """What this home knows of events beside what their files say."""
    if adapter is not HOME_ASSISTANT or not settings.has_books:
        return as_told
    return partial(_by_our_words, settings, now)


def _by_our_words(settings: Settings, now: datetime, events: Sequence[Event]) -> tuple[Sequence[Event], Sequence[Reject]]:
    """Runs, each with what the hop before the speech service had put into its words.

    Raises: BooksUnavailable.
    """
    days = days_of(events)
    if days is None:
        return events, ()
    with opened(settings) as books:
        decisions = decisions_of(books, HOP_PREFIX, days[0], until=days[1])
    named = partial(pseudonym, key=settings.hash_key) if settings.hash_key else str
    return told_apart(events, Decided(decisions, named), now=now)


def _rules(settings: Settings) -> LandingRules:
    mask = Pseudonymise(settings.hash_key) if settings.hash_key else keep
    return LandingRules(clock=lambda: datetime.now(UTC), mask=mask)
