"""The before/after report as the page shows it: read from the shelf of reports, drawn by nobody here."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from resay.dialogue.errors import ResayError
from resay.store.artifact import Shelf

REPORT_FILE = "before_after.json"
"""Name of the report's file in its generation."""


class UnreadableReport(ResayError):
    """The report is not what this version expects."""


@dataclass(frozen=True, slots=True)
class Week:
    """One week of traffic."""

    week: str | int
    """Its name, or its number from 1."""
    turns: int
    defects_before: int
    defects_after: int


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """What rewriting did to traffic that it was not learnt from."""

    turns: int
    customers: int
    defects_before: int
    defects_after: int
    defect_reduction: float | None
    """Relative: 0.2 is a fifth fewer."""
    defect_reduction_lo: float | None
    defect_reduction_hi: float | None
    wins: int
    losses: int
    neutral: int
    win_loss: float | None
    """Nothing where there was no loss."""
    win_loss_lo: float | None
    """Lower bound of the 95 % interval."""
    harm: float | None
    """Losses of right turns over all right turns."""
    triggers: int
    wrong_actions_caused: int
    weeks: tuple[Week, ...] = ()
    note: str = ""
    """What the figures do not say."""


def read_report(shelf: Shelf) -> BeforeAfter | None:
    """The report that was published last, or nothing where none was.

    Raises: BrokenArtifact, UnreadableReport.
    """
    generation = shelf.current()
    if generation is None:
        return None
    try:
        return msgspec.json.decode(generation.read(REPORT_FILE), type=BeforeAfter)
    except msgspec.MsgspecError as error:
        message = (
            f"report {generation.path / REPORT_FILE} must have the fields of a before/after report; {error}; is it of another version?"
        )
        raise UnreadableReport(message) from error
