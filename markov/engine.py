"""The contract of what runs steps: DuckDB here, Spark on a cluster."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa

from markov.steps import Step
from resay.dialogue.errors import ResayError


class StepFailed(ResayError):
    """A step could not be run; the message names it and shows its text."""


class Engine(Protocol):
    """Runs named steps over the lake's tables; all steps of one engine see one snapshot."""

    def run(self, step: Step) -> None:
        """Make the table that a step describes, under the step's name.

        Raises: StepFailed.
        """

    def load(self, name: str, rows: pa.Table) -> None:
        """Put rows under a name for later steps."""

    def rows(self, name: str) -> pa.Table:
        """The rows of a table that a step made."""
