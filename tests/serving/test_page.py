"""The page as HTML: every section is there, or says why not; what customers said is text and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from resay.store.lake import Lake
from resay.store.review import Switch
from resay.store.tables import FRICTION, LINKS, OUTCOMES
from serving.app import create_app
from serving.server import RunningService, bind, start
from serving.service import Service
from tests.builders import BASE
from tests.serving.conftest import KEY, Serve, question, settings_of, wait_until
from tests.serving.dialogues import HOSTILE, OURS, REPORT, fill, interval, publish


class Elements(HTMLParser):
    """Every element of a page with its attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.text += data


def browser_of(running: RunningService) -> httpx.Client:
    """A browser that came in by the link."""
    browser = httpx.Client(base_url=running.url, follow_redirects=True, timeout=300, headers={"Origin": running.url})
    browser.get(running.page_url())
    return browser


def page_of(running: RunningService) -> Elements:
    with closing(browser_of(running)) as browser:
        reply = browser.get("/")
    assert reply.status_code == 200
    return Elements(reply.text)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service over a home with dialogues."""
    running = start(create_app(settings_of(fill(tmp_path_factory.mktemp("home")))), bind("127.0.0.1", 0))
    yield running
    running.stop()


def test_the_page_shows_defects_rules_and_proof(filled: RunningService):
    """The figures of each section are those of lake, generation and report."""
    text = " ".join(page_of(filled).text.replace("\u202f", "").split())

    for shown in (
        "50.0%",  # Two of four turns failed.
        "On the last day of the log, Tuesday, 3 November 2026, 1 of 2 turns failed their customer.",
        "Error response",
        "the customer spoke over the answer",
        "3 rewrites, 2 of them served",
        "turn on the living room lights",
        "a rewrite is known, but the action is risky and wants more evidence",
        "Sorry, I did not understand that.",
        "Its dialogues are not in the lake any more, or were deleted.",
        "32.0% of 4,900 turns failed in control, 25.0% of 4,901 in treatment",
        "−22.8%",
        "95 % interval −19.0% to −26.2%",
        "34.8 wins a loss, at least 21.2 with 97.5 % confidence, from 61 different rewrites: too few to call it met",
        "Between the arms, looked at daily, +1.0% to −41.0% −21.8%",
        "The table that was told the truth: 1,402 wins, 3 losses.",
        "0.18% of the turns that were right were made wrong; 9 refusals became a wrong action",
        "Week 1",
        "Week 2",
        "The truth is known here.",
        "made 5 Nov 2026, 03:00 UTC",
    ):
        assert shown in text


def test_what_customers_say_is_text_and_nothing_else(filled: RunningService):
    """A script in an utterance is shown, and is no element of the page."""
    page = page_of(filled)

    assert HOSTILE in page.text
    assert [attributes.get("src") for tag, attributes in page.elements if tag == "script"] == ["/assets/page.js"]
    assert not [tag for tag, _ in page.elements if tag == "img"]


def test_a_tried_script_is_text_too(filled: RunningService):
    """What is typed into the box comes back as text, in the page and in the fragment."""
    with closing(browser_of(filled)) as browser:
        for path in ("/try", "/try?fragment"):
            page = Elements(browser.post(path, data={"utterance": HOSTILE}).text)

            assert HOSTILE in page.text
            assert not [tag for tag, attributes in page.elements if tag == "img" or (tag == "script" and "src" not in attributes)]


def test_nothing_inline_and_nothing_from_outside(filled: RunningService):
    """The policy forbids it, so the page must not need it."""
    page = page_of(filled)

    assert not [(tag, name) for tag, attributes in page.elements for name in attributes if name == "style" or name.startswith("on")]
    assert "style" not in {tag for tag, _ in page.elements}
    addresses = [attributes.get(name) for _, attributes in page.elements for name in ("src", "href", "action") if name in attributes]
    assert addresses
    assert all(address and address.startswith("/") for address in addresses)


def test_customers_are_masked(filled: RunningService):
    """A mark stands for each: the same for the same customer, and not the id."""
    text = page_of(filled).text

    assert "maria" not in text
    assert "otto" not in text
    assert "Customer " in text


def test_the_box_tells_what_would_be_said_and_why(filled: RunningService):
    """Rewritten, or why not; nothing is held out and nothing is logged."""
    with closing(browser_of(filled)) as browser:
        rewritten = " ".join(Elements(browser.post("/try?fragment", data={"utterance": "Lights on in the den"}).text).text.split())
        unknown = Elements(browser.post("/try?fragment", data={"utterance": "sing", "prompt_kind": "area"}).text).text

    service: Service = filled.app.state.service
    assert "Lights on in the den → turn on the living room lights" in rewritten.replace("→", " → ").replace("  ", " ")
    assert "14 customers" in rewritten
    assert "no rewrite is known for these words" in unknown
    assert service.books.count_decisions() == {}


@pytest.mark.parametrize("field", ["utterance", "prompt_kind"])
def test_the_box_has_a_limit(filled: RunningService, field: str):
    """A text that no customer can say is refused with a sentence."""
    with closing(browser_of(filled)) as browser:
        reply = browser.post("/try", data={field: "x" * 5_000})

    assert reply.status_code == 422
    assert f"{field} must not be longer" in reply.json()["detail"]


def test_before_anything_is_learnt_every_section_says_what_to_do(tmp_path: Path, serve: Serve):
    """An empty home is a page with commands on it, not an error."""
    text = page_of(serve(tmp_path)).text

    assert "No turns have been read yet. `resay demo`" in text
    assert "no rewrites are published yet" in text
    assert "No experiment has been run yet" in text
    assert "No assistant has asked yet" in text


def test_a_broken_lake_leaves_the_rest_of_the_page(home: Path, serve: Serve):
    """Rules are shown without their dialogues, and the lake's own sentence stands where its figures would."""
    (home / "lake").write_text("in the way")

    text = page_of(serve(home)).text

    assert "must be a folder that can be read and written" in text
    assert "play madonna" in text
    assert "Its dialogues are not in the lake any more" in text


def test_a_lake_without_labels_says_so(home: Path, serve: Serve):
    """Turns were read, and nothing was learnt from them yet."""
    fill(home)
    lake = Lake(home / "lake")
    for table in (OUTCOMES, FRICTION, LINKS):
        lake.replace(table, table.schema().empty_table())

    text = page_of(serve(home)).text

    assert "4 turns have been read, and none is labelled yet. `resay learn` labels them" in text


def _report(**ours: object) -> bytes:
    """A report of other effects."""
    return json.dumps(REPORT | {"ours": OURS | ours}).encode()


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (b"not json", "must have the fields of an experiment's result"),
        (b"{}", "must have the fields of an experiment's result"),
        (_report(win_loss=interval(None, 30.1), losses=0), "No loss; in the long run at least 30.1 wins a loss"),
        (_report(reduction=interval(0.2276)), "−22.8\u202f%"),
        (_report(reduction=interval(-0.1, -0.3, 0.1)), "+10.0\u202f%"),
        (_report(triggers=0, wins=0, losses=0, harm=None, reduction=interval(None, reason="too_few_units")), "0 rewritten turns"),
        (json.dumps(REPORT | {"weeks": [], "sequential": interval(None, reason="too_few_units")}).encode(), "too little to tell"),
        (json.dumps(REPORT | {"of_a_later_version": 1}).encode(), "−22.8\u202f%"),
    ],
)
def test_reports_of_all_kinds_are_shown(home: Path, serve: Serve, report: bytes, sentence: str):
    """Broken, without losses, without intervals, worse than before, empty: the page holds."""
    publish(home / "reports", {"experiment.json": report})

    assert sentence in page_of(serve(home)).text


def test_answers_given_are_counted_by_reason(home: Path, serve: Serve):
    """What the assistant asked shows on the page."""
    running = serve(home)
    with httpx.Client(base_url=running.url, headers={"Authorization": f"Bearer {KEY}"}) as assistant:
        assistant.post("/v1/rewrite", json=question("play prince"))
    service: Service = running.app.state.service
    wait_until(lambda: service.books.count_decisions() != {})

    text = page_of(running).text

    assert "no rewrite is known for these words" in text
    assert "median of the newest" in text


def test_what_is_switched_off_is_said_at_the_top(tmp_path: Path, serve: Serve):
    """With by whom and why, as text."""
    running = serve(fill(tmp_path))
    running.app.state.service.review.switch_off(Switch("all", BASE, "ada", HOSTILE))
    with closing(httpx.Client(follow_redirects=True, timeout=300)) as client:
        page = Elements(client.get(running.page_url()).text)

    assert "Switched off: everything, since 2 November 2026, 09:00 UTC, by ada: " + HOSTILE in page.text
