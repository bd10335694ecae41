"""A real browser, for tests of pages; the library is loaded by those tests alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.missing import give_up

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, where it is installed."""
    if CHROMIUM is None:
        give_up("no Chromium is installed; `make setup` installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # No sandbox: containers seldom let one be made, and only our own page is opened.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()
