"""What commands share that change the books of a home: its folder, the books, open for a while, and who changes them, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from resay.commands.settings import Settings
from resay.dialogue.errors import ResayError, told_without_place
from resay.store.books import Books

WhyOption = Annotated[str, typer.Option("--why", help="In a sentence; stands in the history.")]
ByOption = Annotated[str, typer.Option("--by", help="Who does it; stands in the history.")]


class HomeUnavailable(ResayError):
    """The folder of a home cannot be made."""


def make_home(settings: Settings) -> None:
    """Make the folder of a home where it is not there.

    Raises: HomeUnavailable.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"home {settings.home} must be a folder, or one that can be made; {told_without_place(error)}; is --home right?"
        raise HomeUnavailable(message) from error


@contextmanager
def opened(settings: Settings) -> Iterator[Books]:
    """The books of a home, for the length of the block.

    Raises: HomeUnavailable, BooksUnavailable.
    """
    make_home(settings)
    books = Books(settings.books)
    try:
        yield books
    finally:
        books.close()
