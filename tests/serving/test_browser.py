"""The page in a real browser: the link, the box with and without scripts, dark and narrow, and no harm from hostile words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from serving.app import create_app
from serving.server import RunningService, bind, start
from tests.serving.conftest import settings_of
from tests.serving.dialogues import HOSTILE, fill

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service over a home with dialogues."""
    service = start(create_app(settings_of(fill(tmp_path_factory.mktemp("home")))), bind("127.0.0.1", 0))
    yield service
    service.stop()


@contextmanager
def opened(browser: Browser, running: RunningService, **others: Any) -> Iterator[Page]:
    """The page, come in by the link; fails where the browser complains, or where anything but this service is asked for anything."""
    context = browser.new_context(**others)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: request.url.startswith(running.url) or complaints.append(f"asked {request.url}"))
    page.goto(running.page_url())
    yield page
    context.close()
    assert complaints == []


def test_the_link_leads_to_the_page_and_leaves_no_token(browser: Browser, running: RunningService):
    """The address bar and the history hold no secret; loading again still works."""
    with opened(browser, running) as page:
        assert page.url == f"{running.url}/"
        expect(page.get_by_role("heading", name="Defects today, and why")).to_be_visible()

        page.reload()

        expect(page.get_by_role("heading", name="Does it help?")).to_be_visible()
        assert page.evaluate("document.cookie") == "", "scripts cannot read the session"


@pytest.mark.parametrize("scripts", [True, False])
def test_the_box_answers_with_and_without_scripts(browser: Browser, running: RunningService, scripts: bool):
    """Typed and sent, or an example clicked: the rewrite and why."""
    with opened(browser, running, java_script_enabled=scripts) as page:
        page.get_by_label("What a customer says").fill("open the dor")
        page.get_by_role("button", name="Try", exact=True).click()
        expect(page.locator("#tried")).to_contain_text("the action is risky and wants more evidence")

        page.get_by_role("button", name="lights on in the den").click()
        expect(page.locator("#tried .now")).to_have_text("turn on the living room lights")
        expect(page.get_by_label("What a customer says")).to_have_value("lights on in the den")


def test_hostile_words_do_nothing(browser: Browser, running: RunningService):
    """A script in a dialogue, and one in the box, are shown as they were said."""
    with opened(browser, running) as page:
        page.get_by_label("What a customer says").fill(HOSTILE)
        page.get_by_role("button", name="Try", exact=True).click()

        expect(page.locator("#tried")).to_contain_text(HOSTILE)
        assert page.title() == "Resay"
        assert page.locator("img").count() == 0


def test_a_rule_opens_to_its_dialogues(browser: Browser, running: RunningService):
    """With the keyboard too."""
    with opened(browser, running) as page:
        rule = page.locator(".rule", has_text="turn on the living room lights")
        assert not rule.locator(".dialogue").is_visible()

        rule.locator("summary").focus()
        page.keyboard.press("Enter")

        expect(rule.locator(".dialogue .first")).to_contain_text("lights on in the den")


def test_the_share_of_defective_turns_is_drawn_by_day(browser: Browser, running: RunningService):
    """A picture with a name, and the same figures as a table: half of both days' turns failed."""
    with opened(browser, running) as page:
        shown = page.locator("#rates")

        expect(shown.get_by_role("img", name="Defective turns by day")).to_be_visible()
        assert shown.locator("polyline").get_attribute("points") == "0.0,0.0 100.0,0.0"
        assert [each.replace("\u202f", "") for each in shown.locator(".scale").all_text_contents()] == ["50.0%", "0.0%"]
        shown.get_by_text("As a table").click()
        assert shown.locator("tbody tr").all_inner_texts() == ["2 Nov\t50.0\u202f%", "3 Nov\t50.0\u202f%"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_it_can_be_read_everywhere(browser: Browser, running: RunningService, scheme: Any, width: int):
    """Nothing runs out of the side of a telephone, and text stands out from its ground by at least 4.5 to 1 (WCAG AA)."""
    with opened(browser, running, viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(CONTRAST_MIN) >= 4.5


CONTRAST_MIN = """() => {
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const colour = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, alpha = 1] = colour(getComputedStyle(each).backgroundColor);
      if (alpha > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter((element) =>
    element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return Math.min(...texts.map((element) => {
    const [one, other] = [luminance(colour(getComputedStyle(element).color)), luminance(ground(element))];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  }));
}"""


def test_a_used_link_shows_the_door_and_the_key_opens_it(browser: Browser, running: RunningService, tmp_path: Path):
    """A second browser is told why, and comes in with the key."""
    link = running.page_url()
    browser.new_page().goto(link)
    second = browser.new_context().new_page()

    second.goto(link)
    expect(second.get_by_role("heading", name="This link has been used")).to_be_visible()
    second.get_by_label("API key").fill(running.app.state.service.settings.api_key)
    second.get_by_role("button", name="Open").click()

    expect(second.get_by_role("heading", name="Try it")).to_be_visible()
