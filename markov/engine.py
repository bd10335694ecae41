"""The contract of what runs steps and solves parts of the chain: DuckDB and this process, or Spark on a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import pyarrow as pa

from markov.absorb import Exits
from markov.chain import Chain
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

    def name(self, step: Step) -> None:
        """Let a name stand for a select, which is run wherever the name is read: for tables that are too large to be made twice.

        Raises: StepFailed.
        """

    def load(self, name: str, rows: pa.Table) -> None:
        """Put rows under a name for later steps."""

    def rows(self, name: str) -> pa.Table:
        """The rows of a table that a step made."""

    def solve(self, chain: Chain, sources: Sequence[int]) -> Exits:
        """Where talk that begins in these rows of a chain succeeds (`absorb.exits`), solved where it is best solved.

        Raises: StepFailed.
        """


def tuples(rows: pa.Table, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Some columns of rows, row by row: with a million rows several times as quick as a mapping for each."""
    return zip(*(rows.column(name).to_pylist() for name in columns), strict=True)
