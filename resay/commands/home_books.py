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


class NoSuchHome(ResayError):
    """There is no home where one is looked for."""


def make_home(settings: Settings) -> None:
    """Make the folder of a home where it is not there.

    Raises: HomeUnavailable.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"home {settings.home} must be a folder, or one that can be made; {told_without_place(error)}; is --home right?"
        raise HomeUnavailable(message) from error


def check_home(settings: Settings) -> None:
    """Make sure that a home is there, for commands that have nothing to do in a new one: its name may be mistyped.

    Raises: NoSuchHome.
    """
    if not (settings.has_books or settings.lake.exists() or settings.rewrites.exists()):
        message = f"home {settings.home} must be a folder with a lake, rewrites or books in it; it is none; is --home right?"
        raise NoSuchHome(message)


@contextmanager
def opened(settings: Settings, *, new: bool = True) -> Iterator[Books]:
    """The books of a home, for the length of the block; where there is no home it is made, unless it must not be `new`.

    Raises: NoSuchHome, HomeUnavailable, BooksUnavailable.
    """
    if not new:
        check_home(settings)
    make_home(settings)
    books = Books(settings.books)
    try:
        yield books
    finally:
        books.close()
