"""The boards in a real browser: every one by the menu, every action on it, its figures those of the command line, and no harm by words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from typer.testing import CliRunner

from resay.commands.main import command_line
from serving.app import create_app
from serving.dashboard.templates import PAGES
from serving.dashboard.words import count, percent
from serving.server import RunningService, bind, start
from tests.serving.conftest import settings_of
from tests.serving.dialogues import HOSTILE
from tests.serving.test_boards import told
from tests.serving.test_browser import CONTRAST_MIN, opened

pytestmark = pytest.mark.browser

CELLS = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two cohorts, failure points, a record that could not be read, and hostile words."""
    return told(tmp_path)


@pytest.fixture
def running(home: Path) -> Iterator[RunningService]:
    """A service over it."""
    service = start(create_app(settings_of(home)), bind("127.0.0.1", 0))
    yield service
    service.stop()


def summed(home: Path) -> dict[str, Any]:
    """What the command line says."""
    result = CliRunner().invoke(command_line("rollup"), ["rollup", "--json", "--home", str(home)])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def turned_to(page: Page, name: str) -> None:
    """Open a page by its name in the menu, with the keyboard."""
    page.get_by_role("navigation").get_by_role("link", name=name, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation").get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")


def test_the_menu_leads_everywhere_by_keyboard(browser: Browser, running: RunningService):
    """Each page says where one is."""
    with opened(browser, running) as page:
        for path, name in PAGES:
            turned_to(page, name)
            assert page.url == running.url + path


def test_failure_points_are_told_apart_and_lead_to_dialogues(browser: Browser, running: RunningService, home: Path):
    """By cohort, device, room and intent; each figure is that of the command line, and opens to what was said."""
    failed = summed(home)["failed"]
    with opened(browser, running) as page:
        turned_to(page, "Failure points")
        for kind in ("device_type", "room", "intent", "cohort"):
            page.locator(".tabs").get_by_role("link", name=kind.replace("_", " ")).click()
            names = sorted({each["name"] for each in failed if each["kind"] == kind})
            assert sorted(row[0] for row in page.locator("#points tbody tr").evaluate_all(CELLS) if len(row) > 1) == names
        asr = next(each["turns"] for each in failed if (each["kind"], each["name"], each["point"]) == ("cohort", "scots", "asr"))

        page.get_by_role("row", name="scots").get_by_role("link", name=count(asr), exact=True).first.click()

        expect(page.locator(".dialogue")).to_have_count(8)
        expect(page.locator(".dialogue q").first).to_have_text("play madona")
        assert page.title().endswith("Resay")
        assert page.locator("img, main script").count() == 0


def test_anyone_saves_a_slice_for_good(browser: Browser, running: RunningService, home: Path):
    """It is shown at once, with the figures of the command line."""
    with opened(browser, running) as page:
        turned_to(page, "Cohorts")
        expect(page.locator("#worst")).to_contain_text("scots")
        page.get_by_role("textbox", name="Name").fill(HOSTILE[:80])
        page.get_by_role("textbox", name="Cohort").fill("scots")
        page.get_by_role("button", name="Save").click()
        (row,) = page.locator("#slices tbody tr").evaluate_all(CELLS)

        (found,) = [each for each in summed(home)["fared"] if each["kind"] == "slice"]

        rate = found["failures"] / (found["turns"] - found["censored"])
        assert row[:4] == [HOSTILE[:80], count(found["customers"]), count(found["turns"]), percent(rate)]
        assert page.locator("img").count() == 0


def test_rejects_are_read_again(browser: Browser, running: RunningService):
    """What still cannot be read stays, with its reason and how it begins, as text."""
    with opened(browser, running) as page:
        turned_to(page, "Streams")
        expect(page.locator("#rejects")).to_contain_text("1 record could not be read")
        expect(page.locator("#letters code")).to_have_text("{broken <b>")

        page.get_by_role("button", name="Read them again").click()

        expect(page).to_have_url(f"{running.url}/streams")
        expect(page.locator("#rejects")).to_contain_text("1 record could not be read")


def test_the_card_tells_the_figures_of_the_command_line(browser: Browser, running: RunningService, home: Path):
    """Turns, and how many of them were defective."""
    found = summed(home)["found"]
    with opened(browser, running) as page:
        turned_to(page, "Service card")

        expect(page.locator("#turns")).to_have_text(count(found["turns"]))
        expect(page.locator("#defect-rate")).to_have_text(percent(found["defects"] / (found["turns"] - found["censored"])))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_boards_can_be_read_everywhere(browser: Browser, running: RunningService, scheme: Any, width: int):
    """Nothing runs out of the side of a telephone, and text stands out from its ground by at least 4.5 to 1 (WCAG AA)."""
    with opened(browser, running, viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
        for path in (*(path for path, _ in PAGES), "/failure-points/dialogues?point=asr&by=cohort&name=scots"):
            page.goto(running.url + path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert page.evaluate(CONTRAST_MIN) >= 4.5, path
