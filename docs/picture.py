"""README's picture: the page of `make demo`, taken in Chromium. `make picture` makes it again."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from resay.commands.serve import serve_in_background
from resay.commands.settings import read_settings

PICTURE = Path(__file__).parent / "page.png"


def main(home: Path) -> None:
    """Serve a demo's home, try the first example on its page, and keep what is seen."""
    running = serve_in_background(read_settings(home=home), port=0)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1100, "height": 1300})
            page.goto(running.page_url())
            page.locator(".chips button").first.click()
            page.wait_for_selector("#tried .answer")
            page.screenshot(path=PICTURE)
            browser.close()
    finally:
        running.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
