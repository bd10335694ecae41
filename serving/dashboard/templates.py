"""The templates of the pages, and the words that they may use. Everything that is put into one is escaped."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from serving.dashboard import words

FOLDER = Path(__file__).parent

_WORDS = (
    *("sign_name", "sign_meaning", "reason_meaning", "place_words", "spared_words"),
    *("percent", "change", "lift", "points", "count", "plural"),
)

PAGES = (
    ("/", "Overview"),
    ("/rules/changes", "Changes"),
    ("/failure-points", "Failure points"),
    ("/cohorts", "Cohorts"),
    ("/streams", "Streams"),
    ("/service", "Service card"),
)
"""Path and name of each page, in the order of the menu."""


def templates() -> Environment:
    """The templates of this folder."""
    made = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    made.globals.update({name: getattr(words, name) for name in _WORDS})
    made.globals["pages"] = PAGES
    return made
