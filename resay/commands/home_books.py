"""What commands share that change the books of a home: the books, open for a while, and who changes them, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from resay.commands.settings import Settings
from resay.store.books import Books

WhyOption = Annotated[str, typer.Option("--why", help="In a sentence; stands in the history.")]
ByOption = Annotated[str, typer.Option("--by", help="Who does it; stands in the history.")]


@contextmanager
def opened(settings: Settings) -> Iterator[Books]:
    """The books of a home, for the length of the block.

    Raises: BooksUnavailable.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    books = Books(settings.books)
    try:
        yield books
    finally:
        books.close()
