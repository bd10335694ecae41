"""Review in a real browser: a rewrite is dismissed and taken back, everything is switched off and on, and nobody else can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from resay.dialogue.rewrite import Decision
from resay.store.books import Books
from resay.store.events import Event
from resay.store.trials import StageRow
from resay.store.triggers import TriggerBooks
from serving.app import create_app
from serving.dashboard.words import count
from serving.server import RunningService, bind, start
from tests.builders import BASE
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


def test_a_layer_is_switched_off_and_on(browser: Browser, running: RunningService):
    """One alone: its rewrites pass through within seconds, and the top of the page says which."""
    with opened(browser, running) as page:
        page.locator("#switch").get_by_label("What").select_option("table")
        page.get_by_role("button", name="Switch rewriting off").click()

        expect(page.get_by_role("status").first).to_contain_text("Switched off: layer table")
        wait_until(lambda: reason(running) != "rewritten")

        page.get_by_role("button", name="Switch the table layer on").click()

        expect(page.get_by_role("button", name="Switch the table layer on")).to_have_count(0)
        wait_until(lambda: reason(running) == "rewritten")


def test_words_are_blocked(browser: Browser, running: RunningService):
    """A block stands among what was dismissed, as text."""
    with opened(browser, running) as page:
        page.locator("#block").get_by_label("Never say this").fill(HOSTILE)
        page.get_by_role("button", name="Block").click()
        expect(page.locator("#vetoes li")).to_contain_text("alert")
        assert page.locator("img").count() == 0


def test_what_was_rolled_back_is_tried_again(browser: Browser, running: RunningService):
    """A rewrite of the table that left by itself says so, and comes back on a person's word."""
    service = running.app.state.service
    (rewrite_id,) = [each.rewrite_id for each in service.watch.live().rewrites if each.target == TARGET]
    at = service.clock()
    stage = StageRow(rewrite_id, "taken_back", at, None, "broken promise: 0 right, 5 wrong")
    assert service.trials.move(stage, before="canary", event=Event(at, rewrite_id, "rolled_back", "resay", "broken promise"))
    with opened(browser, running) as page:
        rule = page.locator(".rule", has_text=TARGET)
        expect(rule).to_contain_text("rolled back")
        rule.locator("summary").click()

        rule.get_by_label("Why it may be tried again").fill("mended")
        rule.get_by_role("button", name="Try again").click()

        expect(page.locator(".rule", has_text=TARGET)).not_to_contain_text("rolled back")
        turned_to = page.get_by_role("link", name="Changes", exact=True)
        turned_to.click()
        expect(page.locator("#history")).to_contain_text("mended")


def test_the_table_is_taken_along(browser: Browser, running: RunningService, tmp_path: Path):
    """As CSV and as JSON, with what HTTP gives."""
    with opened(browser, running) as page:
        for form in ("CSV", "JSON"):
            with page.expect_download() as download:
                page.locator(".exports").get_by_role("link", name=form, exact=True).click()
            download.value.save_as(tmp_path / f"rules.{form.lower()}")

    with closing(client_of(running)) as client:
        for form in ("csv", "json"):
            assert (tmp_path / f"rules.{form}").read_text() == client.get("/v1/rules/export", params={"as": form}).text


def test_every_layer_is_told_with_its_wins_and_losses(browser: Browser, running: RunningService):
    """As HTTP tells them: taught words unjudged, the global layer's rewrites one by one, one of them left unsaid and tried again."""
    service = running.app.state.service
    beside(service.books, service.unsaying.triggers, right=2, wrong=1)
    with closing(client_of(running)) as client:
        layers = client.get("/v1/rules").json()
    with opened(browser, running) as page:
        rows = page.locator("#layers tbody tr").evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.textContent))")
        told = [[each["layer"], *map(count, (each[name] for name in COUNTS))] for each in layers["layers"]]
        assert [row[:6] for row in rows] == told
        assert dict(zip(("layer", *COUNTS), told[3], strict=True)) == {
            **{"layer": "global", "answers": "4", "right": "2", "wrong": "1", "waiting": "1", "left_unsaid": "0"}
        }
        assert told[0][2:5] == ["–", "–", "–"], "what customers taught is nobody's to judge"

        page.get_by_text("What the global layer says, rewrite by rewrite").click()
        (said,) = page.locator("#global li").all()
        expect(said).to_contain_text(HOSTILE)
        expect(said).to_contain_text("2 wins, 1 loss, 1 not told yet; 4 customers")
        assert page.locator("img").count() == 0

        said.get_by_label("Why it must not be said").fill("odd")
        said.get_by_role("button", name="Dismiss").click()

        expect(page.locator("#vetoes li")).to_contain_text("odd")


COUNTS = ("answers", "right", "wrong", "waiting", "left_unsaid")


def beside(books: Books, triggers: TriggerBooks, *, right: int, wrong: int) -> None:
    """Four customers to whom the global layer said the same; of one of them labels do not tell yet."""
    answers = [
        Decision(
            **{"decision_id": f"g{number}", "turn_id": f"g{number}", "customer_id": f"g{number}", "at": BASE, "mode": "before"},
            **{"source": HOSTILE, "target": "turn on the lights", "layer": "global", "generation": 1, "rewrite_id": "global-1"},
            **{"experiment": None, "arm": None, "propensity": 1.0, "reason": "rewritten", "latency_ms": 1.0},
        )
        for number in range(right + wrong + 1)
    ]
    books.log_decisions(answers)
    rows = sorted(triggers.asked_for(), key=lambda each: each.turn_id)
    told = ["right"] * right + ["wrong"] * wrong
    triggers.settle(dict(zip(rows, told, strict=False)))


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
