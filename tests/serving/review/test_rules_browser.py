"""What people do about rewrites on the page, in a real browser and without scripts: edited, tried, made live, refused, gone back on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from serving.app import app_of, open_service
from serving.server import RunningService, bind, start
from tests.commands.answers import answer
from tests.missing import needs
from tests.serving.conftest import KEY, client_of, settings_of, wait_until
from tests.serving.dialogues import HOSTILE
from tests.serving.review.test_rules_changed import OTHER, SAID, TARGET, answer_import, home, id_of, learnt_home, said_for, table
from tests.serving.test_axe import AXE, findings_at, findings_of
from tests.serving.test_browser import CONTRAST_MIN, opened

pytestmark = pytest.mark.browser

__all__ = ["home", "learnt_home"]

RISKY, LOCK = "door open please", "unlock the front door please"


@pytest.fixture
def running(home: Path) -> Iterator[RunningService]:
    """A service over a home that has learnt."""
    service = start(app_of(open_service(settings_of(home))), bind("127.0.0.1", 0))
    yield service
    service.stop()


def served(running: RunningService) -> str:
    """What is said for a customer."""
    with closing(client_of(running)) as client:
        return said_for(client)


def fill_edit(page: Page, target: str) -> Page:
    """Write another target into the form of the lamp's rewrite."""
    page.locator(".rule", has_text=SAID).locator("summary").click()
    page.locator(".rule", has_text=SAID).get_by_label("What shall be said instead").fill(target)
    return page


@pytest.mark.parametrize("scripts", [True, False])
def test_a_rewrite_is_edited(browser: Browser, running: RunningService, home: Path, scripts: bool):
    """The page shows what is said now, answers follow, and the history tells why, as text."""
    with opened(browser, running, java_script_enabled=scripts) as page:
        rule = fill_edit(page, OTHER).locator(".rule", has_text=SAID)
        rule.get_by_label("Why", exact=True).fill(HOSTILE)
        rule.get_by_role("button", name="Change").click()

        expect(page.locator(".rule", has_text=SAID).locator(".now").first).to_have_text(OTHER)
        wait_until(lambda: served(running) == OTHER)
        page.goto(f"{running.url}/rules/changes")
        expect(page.locator("#history")).to_contain_text(HOSTILE)
        assert page.locator("img").count() == 0

    assert table(home)[SAID] == OTHER


@pytest.mark.parametrize(("target", "said"), [("nobody ever said this", "facts:"), ("   ", "The target must have words.")])
def test_an_edit_that_cannot_be_proven_is_refused_with_reasons(
    browser: Browser,
    running: RunningService,
    home: Path,
    target: str,
    said: str,
):
    """And nothing is changed. Not by `opened`: Chromium complains of every page with a status of 4xx."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(running.page_url())

    fill_edit(page, target).locator(".rule", has_text=SAID).get_by_role("button", name="Change").click()

    expect(page.locator("#reasons")).to_contain_text(said)
    context.close()
    assert table(home)[SAID] == TARGET


@pytest.mark.parametrize("scripts", [True, False])
def test_a_draft_is_tried_and_made_live(browser: Browser, running: RunningService, home: Path, scripts: bool):
    """Its figures are those of `resay rules try`; nothing is changed before somebody says so; then it is an event."""
    file = home.parent / "draft.csv"
    file.write_text(f"source,target\n{SAID},{OTHER}\n")
    (told,) = answer(home, "rules", "try", str(file))["rules"]
    with opened(browser, running, java_script_enabled=scripts) as page:
        page.locator("#draft").get_by_label("When customers say").fill(SAID)
        page.locator("#draft").get_by_label("Say instead").fill(OTHER)
        page.locator("#draft").get_by_role("button", name="Try on recorded traffic").click()

        expect(page.locator("#said")).to_contain_text(f"{told['said']} times")
        expect(page.locator("#said")).to_contain_text(f"by {told['speakers']} customers, {told['in_vain']} in vain")
        expect(page.locator("#target-speakers")).to_have_text(str(told["target_speakers"]))
        expect(page.locator("#spared")).to_have_text(f"about {told['would_spare']:.0f}")
        expect(page.locator("#provable")).to_be_visible()
        assert table(home)[SAID] == TARGET

        page.locator("#take").get_by_label("Why").fill("shorter")
        page.locator("#take").get_by_role("button", name="Make it live").click()

        expect(page.locator(".rule", has_text=SAID).locator(".now").first).to_have_text(OTHER)
        page.goto(f"{running.url}/rules/changes")
        expect(page.locator("#history tbody tr").first).to_contain_text("shorter")

    assert table(home)[SAID] == OTHER


def test_a_draft_that_cannot_go_live_says_why(browser: Browser, running: RunningService):
    """Words that nobody said, hostile ones; and a risky action, until a person allows it."""
    with opened(browser, running, color_scheme="dark", viewport={"width": 360, "height": 800}) as page:
        fill_edit(page, HOSTILE).locator(".rule", has_text=SAID).get_by_role("button", name="Try on recorded traffic").click()
        expect(page.locator("#reasons")).to_contain_text("facts:")
        expect(page.locator("#draft-title")).to_contain_text(HOSTILE)
        assert page.locator("#take, img").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(CONTRAST_MIN) >= 4.5

        page.locator("#draft").get_by_label("When customers say").fill(RISKY)
        page.locator("#draft").get_by_label("Say instead").fill(LOCK)
        page.locator("#draft").get_by_role("button", name="Try again").click()
        expect(page.locator("#reasons")).to_contain_text("risk: the action is risky")

        page.get_by_label("Allow it though it is risky").check()
        page.locator("#draft").get_by_role("button", name="Try again").click()
        page.locator("#take").get_by_role("button", name="Make it live").click()

        expect(page.locator(".rule", has_text=RISKY)).to_have_count(1)


def test_words_are_blocked_and_a_block_without_words_is_refused(browser: Browser, running: RunningService):
    """Both fields of the form; what has no words would forbid everything."""
    with opened(browser, running) as page:
        page.locator("#block").get_by_label("Never for these words").fill(SAID)
        page.locator("#block").get_by_label("Why").fill("complaints")
        page.locator("#block").get_by_role("button", name="Block").click()

        expect(page.locator("#vetoes li")).to_contain_text(SAID)
        expect(page.locator("#vetoes li")).to_contain_text("complaints")
        wait_until(lambda: served(running) == SAID)
        refused = page.context.request.post(f"{running.url}/rules/block", form={"source": " "}, headers={"Origin": running.url})
        assert (refused.status, "a block must name a source or a target" in refused.text()) == (422, True)


@pytest.mark.parametrize("scripts", [True, False])
def test_an_older_generation_is_made_live(browser: Browser, running: RunningService, home: Path, scripts: bool):
    """The page lists which there are; the older one is served within seconds, and the history tells who wanted it, and why."""
    answer(home, "rules", "edit", id_of(home), "--target", OTHER)
    wait_until(lambda: served(running) == OTHER)
    with opened(browser, running, java_script_enabled=scripts) as page:
        page.goto(f"{running.url}/rules/changes")
        live, older = page.locator("#generations li").all()
        expect(live).to_contain_text("Generation 2")
        expect(live).to_contain_text("live")
        older.get_by_label("Why generation 1 shall be live").fill("complaints")
        older.get_by_role("button", name="Make it live").click()

        expect(page).to_have_url(f"{running.url}/rules/changes")
        expect(page.locator("#generations li", has_text="Generation 1")).to_contain_text("live")
        expect(page.locator("#history tbody tr").first).to_contain_text("generation restored")
        expect(page.locator("#history tbody tr").first).to_contain_text("complaints")
        expect(page.locator("#history tbody tr").first).to_contain_text("page")

    wait_until(lambda: served(running) == TARGET)
    assert table(home)[SAID] == TARGET


def test_what_was_dismissed_since_does_not_come_back_over_http(running: RunningService, home: Path):
    """The rest is a new generation that says which one it brings back, with what a person allowed; one that is not there is said."""
    answer_import(home, [{"source": RISKY, "target": LOCK}], "--allow-risky")
    answer(home, "rules", "edit", id_of(home), "--target", OTHER)
    answer(home, "rules", "block", "--source", SAID)
    with closing(client_of(running)) as client:
        back = client.post("/v1/generations/2/restore", json={"by": "ada", "why": "complaints"}).json()
        kept = client.get("/v1/generations").json()["generations"]
        missing = client.post("/v1/generations/99/restore", json={})
        event = client.get("/v1/rules").json()["events"][-1]

    assert (back["restored"], back["generation"], back["rewrites"]) == (2, 4, 1)
    assert list(table(home)) == [RISKY]
    assert back["left_out"] == ["blocked: the blocklist or a veto names it"]
    assert [(each["number"], each["restores"], each["is_live"]) for each in kept][:2] == [(4, 2, True), (3, None, False)]
    assert missing.status_code == 404
    assert "generation 99 must be on the shelf; there are 1 to 4" in missing.json()["detail"]
    assert (event["change"], event["name"], event["by"], event["why"]) == ("generation_restored", "generation 4", "ada", "complaints")


@needs(AXE, "axe-core is not installed; `make setup` fetches it")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_neither_the_draft_nor_the_generations_have_serious_findings(
    browser: Browser,
    running: RunningService,
    home: Path,
    scheme: Literal["light", "dark"],
):
    """With every form that there may be on them."""
    answer(home, "rules", "edit", id_of(home), "--target", OTHER)
    found = {}
    with opened(browser, running, color_scheme=scheme) as page:
        found["changes"] = findings_at(page, f"{running.url}/rules/changes")
        page.goto(running.url)
        for name, (source, target) in {"draft": (SAID, TARGET), "refused": (RISKY, LOCK)}.items():
            page.goto(running.url)
            page.locator("#draft").get_by_label("When customers say").fill(source)
            page.locator("#draft").get_by_label("Say instead").fill(target)
            page.locator("#draft").get_by_role("button", name="Try on recorded traffic").click()
            expect(page.locator("#draft-title")).to_contain_text(target)
            found[name] = findings_of(page)

    assert found == {"changes": [], "draft": [], "refused": []}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/rules/draft", {"source": SAID, "target": OTHER}),
        ("/rules/take", {"source": SAID, "target": OTHER}),
        ("/rules/edit", {"rewrite_id": "x", "target": OTHER}),
        ("/rules/block", {"source": "x"}),
        ("/generations/restore", {"number": "1"}),
    ],
)
def test_nobody_does_so_without_a_session_or_from_another_site(running: RunningService, home: Path, path: str, fields: dict[str, str]):
    """The key of callers is no session; and a session is of no use to a page of another site."""
    with httpx.Client(base_url=running.url) as client:
        alone = client.post(path, data=fields, headers={"Authorization": f"Bearer {KEY}"})
        client.get(running.page_url())
        elsewhere = client.post(path, data=fields, headers={"Origin": "https://evil.example"})

    assert (alone.status_code, elsewhere.status_code) == (403, 403)
    assert running.app.state.service.review.events() == []
    assert table(home)[SAID] == TARGET
