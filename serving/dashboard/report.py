"""The result of an experiment as the page shows it: read from the shelf of reports, drawn by nobody here."""

from __future__ import annotations

import msgspec

from resay.dialogue.errors import ResayError
from resay.experiment.result import ExperimentResult
from resay.store.artifact import Shelf

REPORT_FILE = "experiment.json"
"""Name of the report's file in its generation."""


class UnreadableReport(ResayError):
    """The report is not what this version expects."""


def read_report(shelf: Shelf) -> ExperimentResult | None:
    """The report that was published last, or nothing where none was.

    Raises: BrokenArtifact, UnreadableReport.
    """
    generation = shelf.current()
    if generation is None:
        return None
    try:
        return msgspec.json.decode(generation.read(REPORT_FILE), type=ExperimentResult)
    except msgspec.MsgspecError as error:
        message = (
            f"report {generation.path / REPORT_FILE} must have the fields of an experiment's result; {error}; is it of another version?"
        )
        raise UnreadableReport(message) from error
