"""A lake that tells of the moment between a look and the commit that rests on it, where the worst kills and overtakings fall.

For benches and tests that strike there. Knows nothing of who is told, nor of what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from resay.store.commit import Progress
from resay.store.lake import Lake, Screen
from resay.store.reading import Connection
from resay.store.tables import REJECTS, Table

LETTERS_LOOKED = "letters_looked"
"""The step between a look at `rejects` and the commit that rests on it; taken where a batch holds dead letters."""

PARTS_LOOKED = "parts_looked"
"""The same of `turn_parts`; both are named as in docs/protocols/ingest-commit.md, and `LandingStep` has the others."""


class ToldLake(Lake):
    """A lake that tells when a writer has looked at a table and has not yet committed."""

    def __init__(self, root: str | Path, tell: Callable[[str], None]) -> None:
        super().__init__(root)
        self._tell = tell

    def append(self, table: Table, rows: pa.Table, progress: Sequence[Progress] = (), *, screen: Screen | None = None) -> int:
        """As ever, and told of in between."""

        def told(connection: Connection, arrived: pa.Table) -> pa.Table:
            kept = arrived if screen is None else screen(connection, arrived)
            self._tell(LETTERS_LOOKED if table is REJECTS else PARTS_LOOKED)
            return kept

        return super().append(table, rows, progress, screen=told)
