"""Pages in one file: templates of this package, rendered with nothing from outside, whatever customers said escaped."""

from __future__ import annotations

import os
from importlib.resources import files as resources
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined

from resay.dialogue.errors import ResayError, told_without_place


class PageNotWritten(ResayError):
    """The HTML file could not be written."""


def render(template: str, **values: object) -> str:
    """A page, from a template by its file's name."""
    pages = Environment(autoescape=True, loader=FunctionLoader(_read), trim_blocks=True, undefined=StrictUndefined)
    page: str = pages.get_template(template).render(**values)
    return page


def check_page(path: Path, *, option: str) -> None:
    """Notice before long work that its page could not be written.

    Raises: PageNotWritten.
    """
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        why = "it is a folder" if path.is_dir() else f"folder {path.parent} is not there, or not yours"
        message = f"page must be writable at {path}; {why}; is there a folder of yours for {option}?"
        raise PageNotWritten(message)


def write_page(path: Path, page: str, *, option: str) -> None:
    """Write a page where an option asked for it.

    Raises: PageNotWritten.
    """
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        message = f"page must be writable at {path}; {told_without_place(error)}; is there a folder of yours for {option}?"
        raise PageNotWritten(message) from error


def _read(name: str) -> str:
    return resources("resay.commands").joinpath(name).read_text("utf-8")
