"""Fellow members: further processes that read the same topic in the same group, for as long as there is more than one core's work.

Each is a `resay ingest` of its own. Nothing is passed between them: the brokers share out the partitions, the lake says what is landed,
and if one dies, the others take over what it had.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from ingest.landing import FAULTS_SHOWN_MAX, LandingReport
from resay.commands.program import program

RECORDS_A_PROCESS = 200_000
"""Records for which another process is worth while: some six seconds of a core, of which it takes two to start and to join."""

END_S = 30.0
"""How long fellows may take to leave once all is landed, or they are told to stop: a commit, and a goodbye to the brokers."""


def processes_for(backlog: int, partitions: int) -> int:
    """How many processes are worth while: at most one a core and one a partition."""
    return max(1, min(1 + backlog // RECORDS_A_PROCESS, len(os.sched_getaffinity(0)), partitions))


@dataclass(slots=True)
class Fellows:
    """Further processes that read along."""

    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, arguments: Sequence[str], *, number: int) -> None:
        """Start so many `resay ingest` with these arguments."""
        command = program(["ingest", *arguments, "--processes", "1", "--tolerant", "--json"])
        # In a group of their own: what the terminal sends to all is for us to pass on.
        self.processes += [
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0)
            for _ in range(number)
        ]

    def gather(self) -> tuple[LandingReport, list[str]]:
        """What they have landed, once they have ended, and what each of those said that broke: others have done its work."""
        report, remarks = LandingReport(), []
        for process in self.processes:
            try:
                said, complaint = process.communicate(timeout=END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                said, complaint = process.communicate()
            try:
                report += _report(json.loads(said))
            except ValueError:
                last = (complaint.strip().splitlines() or ["it was killed"])[-1]
                remarks.append(f"one of the processes broke, and others did its work; {last}")
        return report, remarks

    def stop(self) -> None:
        """Tell them to end."""
        for process in self.processes:
            process.terminate()


@contextmanager
def fellows() -> Iterator[Fellows]:
    """A block that no fellow outlives."""
    together = Fellows()
    try:
        yield together
    finally:
        for process in together.processes:
            process.kill()
            process.communicate()


def _report(written: dict[str, object]) -> LandingReport:
    """The report that `resay ingest --json` has printed."""
    counts = [written[name] for name in ("accepted", "rejected", "duplicates", "forgotten")]
    faults, newest = written["faults"], written["newest"]
    if not (all(isinstance(count, int) for count in counts) and isinstance(faults, list)):
        message = "a report must have counts and faults"
        raise ValueError(message)
    accepted, rejected, duplicates, forgotten = (int(str(count)) for count in counts)
    return LandingReport(
        accepted,
        rejected,
        duplicates,
        tuple(map(str, faults))[:FAULTS_SHOWN_MAX],
        datetime.fromisoformat(str(newest)) if newest else None,
        forgotten,
    )
