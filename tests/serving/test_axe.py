"""Every page before axe-core, light and dark: nothing that keeps anybody from reading or using it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from serving.app import create_app
from serving.dashboard.templates import PAGES
from serving.server import RunningService, bind, start
from tests.missing import needs
from tests.serving.conftest import settings_of
from tests.serving.dialogues import HOSTILE
from tests.serving.experiments.traffic import Talk, asked, lived
from tests.serving.experiments.traffic import start as start_experiment
from tests.serving.test_boards import told
from tests.serving.test_browser import opened

AXE = Path(__file__).parent.parent / "axe/node_modules/axe-core/axe.min.js"

pytestmark = [pytest.mark.browser, needs(AXE, "axe-core is not installed; `make setup` fetches it")]

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


def findings_at(page: Page, address: str) -> list[str]:
    """What axe-core finds serious at an address."""
    page.goto(address)
    return findings_of(page)


def findings_of(page: Page) -> list[str]:
    """The same of what a page shows now."""
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(SERIOUS)
    return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service over a home with something on every page, hostile words among it."""
    service = start(create_app(settings_of(told(tmp_path_factory.mktemp("home")))), bind("127.0.0.1", 0))
    yield service
    service.stop()


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service over a home in which an experiment runs, with a guardrail, a cohort and an event."""
    home = tmp_path_factory.mktemp("asking")
    record = start_experiment(home, asked(cohorts=("en-GB",), why=HOSTILE))
    lived(record, Talk(customers=90, turns=4, barge_in=(0.1, 0.3), cohorts=("en-GB",))).write(home)
    service = start(create_app(settings_of(home)), bind("127.0.0.1", 0))
    yield service
    service.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_neither_an_experiment_nor_the_door_has_serious_findings(
    browser: Browser, asking: RunningService, tmp_path: Path, scheme: Literal["light", "dark"]
):
    """The page of one experiment, the file that is taken from it, and what is shown to whoever was not let in."""
    file = tmp_path / "experiment.html"
    with opened(browser, asking, color_scheme=scheme) as page:
        found = {"page": findings_at(page, f"{asking.url}/experiments/rewriting")}
        assert "is better" in page.inner_text("#says") or "Open" in page.inner_text("#says")
        file.write_text(page.context.request.get(f"{asking.url}/experiments/rewriting/report?as=html").text())
    context = browser.new_context(color_scheme=scheme)
    outside = context.new_page()
    found["file"] = findings_at(outside, file.as_uri())
    found |= {path: findings_at(outside, asking.url + path) for path in ("/", "/?token=used", "/experiments/rewriting")}
    assert outside.inner_text("h1") == "This page shows what customers said"
    context.close()

    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_serious_findings(browser: Browser, running: RunningService, scheme: Literal["light", "dark"]):
    """Contrast, names of fields, order of headings, roles: all pages, everything unfolded."""
    with opened(browser, running, color_scheme=scheme) as page:
        found = {}
        for path in PATHS:
            found[path] = findings_at(page, running.url + path)
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
