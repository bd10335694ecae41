"""Experiments in a real browser: the overview and the page of one, which tell what the command line tells, and ask nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from typer.testing import CliRunner

from resay.commands.main import command_line
from resay.store.books import Books
from resay.store.experiments import ExperimentBooks
from serving.app import create_app
from serving.dashboard.words import count, lift, percent
from serving.server import RunningService, bind, start
from tests.builders import BASE
from tests.serving.conftest import settings_of
from tests.serving.dialogues import HOSTILE, fill
from tests.serving.experiments.traffic import DAY, Talk, asked, lived
from tests.serving.experiments.traffic import start as start_experiment
from tests.serving.test_browser import CONTRAST_MIN, opened

pytestmark = pytest.mark.browser

RUNNING, BROKEN = "rewriting", "lossy"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which two experiments ran: one that is better, though spoken over; one that lost customers, and was stopped."""
    made: Path = tmp_path_factory.mktemp("home")
    fill(made)
    one = start_experiment(made, asked(share=0.5, cohorts=("en-GB",), why=HOSTILE))
    other = start_experiment(made, asked(experiment=BROKEN, share=0.5))
    # Each customer is in one of the two; all of their turns lie in one lake.
    traffic = lived(one, Talk(customers=600, turns=5, barge_in=(0.1, 0.3), cohorts=("en-GB", HOSTILE[:60])))
    traffic.join(lived(other, Talk(customers=600, turns=2, lost=0.6), seed=8))
    traffic.write(made)
    with closing(Books(made / "books.sqlite")) as books:
        experiments = ExperimentBooks(books)
        experiments.add_cohort(RUNNING, HOSTILE[:60], at=BASE + DAY, by=HOSTILE)
        experiments.stop(BROKEN, at=BASE + 10 * DAY, by="bob", why=HOSTILE)
    return made


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[RunningService]:
    """A service over it."""
    service = start(create_app(settings_of(home)), bind("127.0.0.1", 0))
    yield service
    service.stop()


def status(home: Path, name: str) -> dict[str, Any]:
    """What the command line says."""
    result = CliRunner().invoke(command_line("experiment"), ["experiment", "status", name, "--json", "--home", str(home)])
    assert result.exit_code == 0, (result.output, result.exception)
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def span(found: dict[str, Any], figure: Any) -> str:
    """An interval in the words of the page."""
    return f"{figure(found['lo'])} to {figure(found['hi'])}"


def test_the_overview_leads_to_an_experiment(browser: Browser, running: RunningService, home: Path):
    """What runs stands first, with what is known; its link opens its page, by keyboard too."""
    with opened(browser, running) as page:
        shown = page.locator("#experiments .experiment")
        assert shown.count() == 2
        expect(shown.first).to_contain_text(status(home, RUNNING)["says"])
        expect(shown.nth(1)).to_contain_text("It must be stopped: the arms are not of the sizes that were drawn")

        shown.first.get_by_role("link", name=RUNNING).focus()
        page.keyboard.press("Enter")

        expect(page.get_by_role("heading", name=f"Experiment {RUNNING}")).to_be_visible()
        assert page.url == f"{running.url}/experiments/{RUNNING}"


def test_the_numbers_of_the_page_are_those_of_the_command_line(browser: Browser, running: RunningService, home: Path):
    """Difference, interval, arms, sizes, guardrails, cohorts and every day."""
    told = status(home, RUNNING)
    with opened(browser, running) as page:
        page.goto(f"{running.url}/experiments/{RUNNING}")

        expect(page.locator("#says")).to_have_text(told["says"])
        expect(page.locator("#lift")).to_have_text(lift(told["lift"]["value"]))
        expect(page.locator("#interval")).to_have_text(span(told["lift"], lift))
        expect(page.locator("#evidence")).to_have_text(f"{told['evidence']:.3g}")
        expect(page.locator("#variance")).to_have_text(percent(told["variance_kept"], 0))
        rows = [
            [
                each["arm"],
                *map(count, (each["exposed"], each["customers"], each["base"])),
                percent(each["rate"]["value"]),
                span(each["rate"], percent),
            ]
            for each in told["arms"]
        ]
        assert page.locator("#arms tbody tr").evaluate_all(CELLS) == rows
        expect(page.locator("#ratio")).to_contain_text(f"p {told['sample_ratio']['p_value']:.3g}")
        assert page.locator("#guardrails li").count() == 2
        for each in told["guardrail_looks"]:
            expect(page.locator("#guardrails")).to_contain_text(each["says"])
        for each in told["cohort_looks"]:
            expect(page.locator("#cohorts")).to_contain_text(each["says"])
        days = [
            [each["day"], *(percent(each[arm]["value"]) for arm in ("control", "treatment")), lift(each["lift"]["value"])]
            for each in told["days"]
        ]
        assert [row[:4] for row in page.locator("#days tbody tr").evaluate_all(CELLS)] == days
        assert len(days) == 3


CELLS = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"


def test_a_broken_experiment_shows_no_figure(browser: Browser, running: RunningService):
    """But why it is void, and what was done about it."""
    with opened(browser, running) as page:
        page.goto(f"{running.url}/experiments/{BROKEN}")

        expect(page.locator("#says")).to_contain_text("Undecidable, because the arms are not of the sizes that were drawn")
        expect(page.locator("#lift")).to_have_text("–")
        assert [row[4:] for row in page.locator("#arms tbody tr").evaluate_all(CELLS)] == [["–", "–"], ["–", "–"]]
        expect(page.get_by_role("status")).to_contain_text("It must be stopped")


def test_hostile_words_do_nothing(browser: Browser, running: RunningService):
    """In an utterance, a cohort, a reason and a name of who did it: shown as they are, on both pages."""
    with opened(browser, running) as page:
        assert page.title() == "Resay"
        assert page.locator("img").count() == 0

        page.goto(f"{running.url}/experiments/{RUNNING}")

        expect(page.locator("main")).to_contain_text(HOSTILE)
        expect(page.locator("#cohorts")).to_contain_text(HOSTILE[:60])
        assert page.title() == f"{RUNNING} · Resay"
        assert page.locator("img, script").count() == 0


def test_the_result_can_be_taken_along(browser: Browser, running: RunningService, home: Path, tmp_path: Path):
    """Each link gives a file; the page among them opens by itself, and says the same."""
    told = status(home, RUNNING)
    with opened(browser, running) as page:
        page.goto(f"{running.url}/experiments/{RUNNING}")
        for form in ("HTML", "JSON", "CSV"):
            with page.expect_download() as download:
                page.get_by_role("link", name=form, exact=True).click()
            download.value.save_as(tmp_path / download.value.suggested_filename)

    assert {**json.loads((tmp_path / f"{RUNNING}.json").read_text()), "at": ""} == {**told, "at": ""}
    assert (tmp_path / f"{RUNNING}.csv").read_text().count("\n") == 4
    context = browser.new_context(offline=True)
    alone = context.new_page()
    asked_for: list[str] = []
    alone.on("request", lambda request: asked_for.append(request.url))
    alone.goto((tmp_path / f"{RUNNING}.html").as_uri())
    expect(alone.locator("#says")).to_have_text(told["says"])
    assert [url for url in asked_for if not url.startswith("file:")] == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", [RUNNING, BROKEN])
def test_it_can_be_read_everywhere(browser: Browser, running: RunningService, scheme: Any, width: int, name: str):
    """Nothing runs out of the side of a telephone, and text stands out from its ground by at least 4.5 to 1 (WCAG AA)."""
    with opened(browser, running, viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
        page.goto(f"{running.url}/experiments/{name}")

        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(CONTRAST_MIN) >= 4.5


def test_nobody_sees_it_without_a_session(browser: Browser, running: RunningService):
    """The door, and no figure."""
    page = browser.new_context().new_page()

    page.goto(f"{running.url}/experiments/{RUNNING}")

    expect(page.get_by_label("API key")).to_be_visible()
    assert page.locator("#says").count() == 0
