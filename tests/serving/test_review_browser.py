"""Review in a real browser: a rewrite is dismissed and taken back, everything is switched off and on, and nobody else can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from serving.app import create_app
from serving.server import RunningService, bind, start
from tests.serving.conftest import KEY, client_of, question, settings_of, wait_until
from tests.serving.dialogues import HOSTILE, fill
from tests.serving.test_browser import CONTRAST_MIN, opened

pytestmark = pytest.mark.browser

SAID, TARGET = "lights on in the den", "turn on the living room lights"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    """A service over a home with dialogues."""
    service = start(create_app(settings_of(fill(tmp_path))), bind("127.0.0.1", 0))
    yield service
    service.stop()


def reason(running: RunningService) -> str:
    """Why a customer is answered as they are; one who is not held out."""
    with closing(client_of(running)) as client:
        return str(client.post("/v1/rewrite", json=question(SAID)).json()["reason"])


def test_a_rewrite_is_dismissed_and_taken_back(browser: Browser, running: RunningService):
    """With a reason, which is shown as text; both hold for answers within seconds."""
    with opened(browser, running) as page:
        rule = page.locator(".rule", has_text=TARGET)
        rule.locator("summary").click()
        rule.get_by_label("Why it must not be said").fill(HOSTILE)
        rule.get_by_role("button", name="Dismiss").click()

        expect(page.locator("#vetoes li")).to_contain_text(HOSTILE)
        expect(page.locator("#vetoes li")).to_contain_text(TARGET)
        wait_until(lambda: reason(running) == "vetoed")
        assert page.title() == "Resay"
        assert page.evaluate(CONTRAST_MIN) >= 4.5

        page.get_by_role("button", name="Take back").click()

        expect(page.locator("#vetoes")).to_have_count(0)
        wait_until(lambda: reason(running) == "rewritten")


def test_everything_is_switched_off_and_on(browser: Browser, running: RunningService):
    """The page says so at its top, and answers follow."""
    with opened(browser, running) as page:
        page.locator("#switch").get_by_label("Why").fill("complaints")
        page.get_by_role("button", name="Switch rewriting off").click()

        expect(page.get_by_role("status").first).to_contain_text("Switched off: everything")
        wait_until(lambda: reason(running) == "switched_off")

        page.get_by_role("button", name="Switch rewriting on").click()

        expect(page.get_by_role("button", name="Switch rewriting off")).to_be_visible()
        wait_until(lambda: reason(running) == "rewritten")


@pytest.mark.parametrize(
    ("path", "fields"), [("/switch", {"turn": "off"}), ("/rules/dismiss", {"rewrite_id": "x"}), ("/rules/undo", {"veto_id": "x"})]
)
def test_nobody_changes_anything_without_a_session_or_from_another_site(running: RunningService, path: str, fields: dict[str, str]):
    """The key of callers is no session; and a session is of no use to a page of another site."""
    with httpx.Client(base_url=running.url) as client:
        alone = client.post(path, data=fields, headers={"Authorization": f"Bearer {KEY}"})
        client.get(running.page_url())
        elsewhere = client.post(path, data=fields, headers={"Origin": "https://evil.example"})

    assert (alone.status_code, elsewhere.status_code) == (403, 403)
    assert running.app.state.service.review.events() == []
