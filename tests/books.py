"""Empty books, on each database that they may lie on: whoever asks for `books` makes a contract of their test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from resay.store.books import Books


@pytest.fixture(params=["sqlite", "postgresql"])
def books_place(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """Where books may be made."""
    return tmp_path / "books.sqlite" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def books(books_place: str | Path) -> Iterator[Books]:
    """Empty books."""
    opened = Books(books_place)
    yield opened
    opened.close()
