"""Landing whole files for commands that go on from there, `demo` and `audit`; and how all commands say what became of records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ingest.file_log import FileLog
from ingest.landing import LandingReport, LandingRules, land
from resay.commands.console import progress
from resay.store.lake import Lake


def land_files(files: Sequence[Path], lake: Lake, *, title: str, shown: bool) -> LandingReport:
    """Land files to their ends, under a progress bar.

    Raises: what reading them and writing the lake raise.
    """
    source = FileLog(files)
    try:
        with progress(title, unit="bytes", shown=shown) as tick:
            rules = LandingRules(clock=lambda: datetime.now(UTC))
            return land(source, lake, rules=rules, tick=lambda _read: tick(source.bytes_read(), source.bytes_total()))
    finally:
        source.close()


def landed_words(report: LandingReport) -> str:
    """What became of records, in one line; of forgotten customers only where there are any."""
    forgotten = f", of forgotten customers and left out: {report.forgotten:,}" if report.forgotten else ""
    counts = f"new: {report.accepted:,}, there already: {report.duplicates:,}, rejected: {report.rejected:,}"
    return f"records read: {report.read:,}; {counts}{forgotten}"
