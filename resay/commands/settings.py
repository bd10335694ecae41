"""Settings: environment variables, read once into a frozen value. Documented in README and checked by `tests/test_docs.py`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from resay.dialogue.errors import ResayError

HOME_VARIABLE = "RESAY_HOME"
API_KEY_VARIABLE = "RESAY_API_KEY"
HASH_KEY_VARIABLE = "RESAY_HASH_KEY"
BOOKS_URL_VARIABLE = "RESAY_BOOKS_URL"


BOOKS_SCHEMES = ("postgresql", "postgres", "sqlite")
"""Databases that books may lie in, as their addresses begin."""


class WrongSetting(ResayError):
    """An environment variable says what cannot be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things lie, and what must not stand on a command line."""

    home: Path
    """RESAY_HOME: folder of lake, books and artifacts; default `.resay` in the working folder."""
    api_key: str | None
    """RESAY_API_KEY: key that callers of the service must show; made and kept in the home where unset."""
    hash_key: str | None
    """RESAY_HASH_KEY: key of the hash that replaces customer ids at ingest; ids are kept where unset."""
    books_url: str | None = None
    """RESAY_BOOKS_URL: where the books lie, such as postgresql://resay:PASSWORD@db/resay; a SQLite file in the home where unset."""

    @property
    def lake(self) -> Path:
        """The lake's root."""
        return self.home / "lake"

    @property
    def books(self) -> str | Path:
        """The books' URL, or their SQLite file."""
        return self.books_url or self.home / "books.sqlite"

    @property
    def has_books(self) -> bool:
        """Whether there are books to open; opening a file that is not there would make it."""
        return not isinstance(self.books, Path) or self.books.exists()

    @property
    def rewrites(self) -> Path:
        """The shelf of rewrite tables."""
        return self.home / "rewrites"

    @property
    def lab(self) -> Path:
        """What the lab need not make twice: language models, and what texts were understood to mean."""
        return self.home / "lab"


def read_settings(environment: Mapping[str, str] = os.environ, *, home: Path | None = None) -> Settings:
    """The settings of this process; `home` from the command line wins over the environment.

    Raises: WrongSetting.
    """
    books_url = environment.get(BOOKS_URL_VARIABLE) or None
    scheme, colon, _ = (books_url or "").partition("://")
    if books_url and not (colon and scheme.partition("+")[0] in BOOKS_SCHEMES):
        # Without what stands in it, as that may be a password.
        came = f"it begins with {scheme[:20]}://" if colon else "it has no ://"
        message = (
            f"{BOOKS_URL_VARIABLE} must be an address such as postgresql://resay:PASSWORD@db/resay; {came}; "
            "may it be left out, for a SQLite file in the home?"
        )
        raise WrongSetting(message)
    return Settings(
        home=home or Path(environment.get(HOME_VARIABLE) or ".resay"),
        api_key=environment.get(API_KEY_VARIABLE) or None,
        hash_key=environment.get(HASH_KEY_VARIABLE) or None,
        books_url=books_url,
    )
