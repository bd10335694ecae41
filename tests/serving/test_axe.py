"""Every page before axe-core, light and dark: nothing that keeps anybody from reading or using it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from serving.app import create_app
from serving.dashboard.templates import PAGES
from serving.server import RunningService, bind, start
from tests.serving.conftest import settings_of
from tests.serving.test_boards import told
from tests.serving.test_browser import opened

AXE = Path(__file__).parent.parent / "axe/node_modules/axe-core/axe.min.js"

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed; `make setup` fetches it")]

PATHS = (*(path for path, _ in PAGES), "/failure-points/dialogues?point=asr&by=cohort&name=scots")

SERIOUS = """
async () => {
  document.querySelectorAll("details").forEach((each) => { each.open = true; });
  const found = await axe.run({ resultTypes: ["violations"] });
  return found.violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => each.id + ": " + each.nodes.map((node) => node.html.slice(0, 120)).join(" | "));
}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service over a home with something on every page, hostile words among it."""
    service = start(create_app(settings_of(told(tmp_path_factory.mktemp("home")))), bind("127.0.0.1", 0))
    yield service
    service.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_serious_findings(browser: Browser, running: RunningService, scheme: Literal["light", "dark"]):
    """Contrast, names of fields, order of headings, roles: all pages, everything unfolded."""
    with opened(browser, running, color_scheme=scheme) as page:
        found = {}
        for path in PATHS:
            page.goto(running.url + path)
            page.evaluate(AXE.read_text())
            found[path] = page.evaluate(SERIOUS)
            assert page.evaluate("document.querySelectorAll('script:not([src])').length") == 0, "what customers said is no script"

    assert {path: each for path, each in found.items() if each} == {}


def test_a_planted_fault_is_found(browser: Browser, running: RunningService):
    """A field without a name, and words as pale as their ground."""
    with opened(browser, running, color_scheme="light") as page:
        page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input><p class=\"pale\">pale</p>')")
        page.evaluate("document.querySelector('.pale').style.color = '#c8c8c8'")
        page.evaluate(AXE.read_text())

        found = page.evaluate(SERIOUS)

    assert {each.split(":")[0] for each in found} >= {"label", "color-contrast"}
