"""The embedded engine: DuckDB, over a connection of the lake."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from markov.absorb import Exits, exits
from markov.chain import Chain
from markov.engine import StepFailed
from markov.group import BLOCKS, Blocks
from markov.steps import Step


class DuckDBEngine:
    """Runs steps in one DuckDB connection; tables live as long as the connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, blocks: Blocks = BLOCKS) -> None:
        self._connection = connection
        self._blocks = blocks

    def run(self, step: Step) -> None:
        """Make the table that a step describes.

        Raises: StepFailed.
        """
        self._create("table", step)

    def name(self, step: Step) -> None:
        """Let a name stand for a select, which is run wherever the name is read.

        Raises: StepFailed.
        """
        self._create("view", step)

    def load(self, name: str, rows: pa.Table) -> None:
        """Put rows under a name for later steps."""
        self._connection.register(name, rows)

    def rows(self, name: str) -> pa.Table:
        """The rows of a table that a step made."""
        rows: pa.Table = self._connection.table(name).to_arrow_table()
        return rows

    def solve(self, chain: Chain, sources: Sequence[int]) -> Exits:
        """Where talk that begins in these rows of a chain succeeds, solved in this process."""
        return exits(chain, sources, blocks=self._blocks)

    def _create(self, what: str, step: Step) -> None:
        try:
            self._connection.execute(f"create or replace temp {what} {step.name} as {in_dialect(step.sql)}")
        except duckdb.Error as error:
            message = f"step {step.name!r} must run on DuckDB; {error}; its text: {step.sql}"
            raise StepFailed(message) from error


def in_dialect(sql: str) -> str:
    """A step's text as DuckDB reads it."""
    return sql.replace("fingerprint(", "hash(")
