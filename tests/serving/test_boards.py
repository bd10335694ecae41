"""The boards: failure points, cohorts, streams and the service card show what the lake says, and the same as the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from ingest.landing import land_records
from resay.commands.main import command_line
from resay.dialogue.codec import encode, whole
from resay.label.findings import findings
from resay.label.rollup import keep_rollup, kept_rollup, make_rollup
from resay.store.lake import Lake
from resay.store.tables import FAILURE_POINTS, OUTCOMES, ROLLUPS
from serving.app import create_app
from serving.dashboard.rolled import rolled, sum_up_where_due
from serving.server import RunningService, bind, start
from tests.builders import BASE, turn
from tests.serving.conftest import settings_of
from tests.serving.dialogues import HOSTILE, fill, replace
from tests.serving.test_page import Elements, browser_of


def told(home: Path) -> Path:
    """A home in which two cohorts fare unlike, some turns have failure points, and a record could not be read."""
    fill(home)
    lake = Lake(home / "lake")
    turns = [
        turn(
            HOSTILE if number == 0 else "play madona",
            at=1_000 + number,
            customer=f"c{number}",
            cohorts=("scots",) if number < 40 else ("english",),
            intent="Play",
            domain="music",
        )
        for number in range(80)
    ]
    land_records([*(encode(whole(each)) for each in turns), b"{broken <b>"], source="more", lake=lake, now=BASE + timedelta(days=9))
    failed = {number for number in range(80) if number % 4 == 0 or number < 20}
    judged = [(each.turn_id, each.customer_id, each.at) for each in turns]
    replace(
        lake,
        OUTCOMES,
        [(*each, "failure" if number in failed else "success", 0.5, "rules/1") for number, each in enumerate(judged)],
    )
    chances = (0.0, 0.9, 0.1, 0.0, 0.0, 0.0)
    rows: list[tuple[object, ...]] = [(*judged[number], "asr" if number < 10 else "nlu", *chances, "m/1") for number in sorted(failed)]
    replace(lake, FAILURE_POINTS, rows)
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That home."""
    return told(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[RunningService]:
    """A service over it."""
    service = start(create_app(settings_of(home)), bind("127.0.0.1", 0))
    yield service
    service.stop()


@pytest.fixture
def browser(running: RunningService) -> Iterator[httpx.Client]:
    """A browser that came in."""
    with closing(browser_of(running)) as client:
        yield client


def text_of(browser: httpx.Client, path: str) -> str:
    """What a page says."""
    reply = browser.get(path)
    assert reply.status_code == 200, reply.text
    # Cells of a table stand apart.
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", reply.text)).replace("\u202f", "").split())


def summed(home: Path) -> dict[str, Any]:
    """What the command line says."""
    result = CliRunner().invoke(command_line("rollup"), ["rollup", "--json", "--home", str(home)])
    assert result.exit_code == 0, (result.output, result.exception)
    sums: dict[str, Any] = json.loads(result.stdout)
    return sums


def test_cohorts_show_the_widest_gap_and_the_figures_of_the_command_line(browser: httpx.Client, home: Path):
    """Twenty-five of forty turns of one failed, ten of forty of the other."""
    page, sums = text_of(browser, "/cohorts"), summed(home)

    assert "Widest gap: scots , 62.5% of its turns that can be judged are defective, +18.8points beside 43.8% of the whole." in page
    of_cohorts = {each["name"]: each for each in sums["fared"] if each["kind"] == "cohort"}
    assert {name: (each["turns"], each["failures"]) for name, each in of_cohorts.items()} == {"scots": (40, 25), "english": (40, 10)}
    for name, each in of_cohorts.items():
        assert f"{name} {each['customers']} {each['turns']} {100 * each['failures'] / each['turns']:.1f}%" in page


def test_a_slice_that_somebody_saves_is_looked_at_from_then_on(browser: httpx.Client, running: RunningService):
    """Under a name that is used once; one that says nothing of whom it is is refused."""
    own = {"Origin": running.url}

    saved = browser.post("/cohorts/save", data={"slice": "scots <b>play</b>", "cohort": "scots", "intent": "music|Play"}, headers=own)
    again = browser.post("/cohorts/save", data={"slice": "scots <b>play</b>", "cohort": "english"}, headers=own)
    empty = browser.post("/cohorts/save", data={"slice": "all"}, headers=own)

    assert (saved.status_code, again.status_code, empty.status_code) == (200, 422, 422)
    assert "scots <b>play</b> 40 40 62.5%" in text_of(browser, "/cohorts")


def test_failure_points_lead_to_masked_dialogues(browser: httpx.Client, home: Path):
    """By cohort, intent, device; figures are those of the command line, and what was said is text."""
    by_cohort, by_intent = text_of(browser, "/failure-points"), text_of(browser, "/failure-points?by=intent")
    reply = browser.get("/failure-points/dialogues?point=asr&by=cohort&name=scots")

    failed = {(each["kind"], each["name"], each["point"]): each["turns"] for each in summed(home)["failed"]}
    assert failed["cohort", "scots", "asr"] == 10
    assert failed["cohort", "scots", "nlu"] == 15
    assert "scots 25 10 15" in by_cohort
    assert "english 10 – 10" in by_cohort
    assert "music|Play 35 10 25" in by_intent
    page = Elements(reply.text)
    assert "asr, cohort scots: 10 turns" in page.text
    assert "script" not in [tag for tag, _ in page.elements]
    assert "c1 " not in page.text, "customers are masked"
    assert "There are no such turns" in text_of(browser, "/failure-points/dialogues?point=asr&by=cohort&name=welsh")


def test_streams_show_freshness_lag_and_rejects_with_their_beginnings(browser: httpx.Client, running: RunningService):
    """A reject that still cannot be read stays after it was read again."""
    page = text_of(browser, "/streams")
    reply = browser.post("/streams/replay", headers={"Origin": running.url})

    assert "Newest record landed 11 Nov 2026, 09:00:00 UTC" in page
    assert "Records in the lake 84" in page
    assert "1 record could not be read; all are kept" in page
    assert "{broken <b>" in page
    assert reply.status_code == 200
    assert "1 record could not be read" in text_of(browser, "/streams")


def test_the_service_card_tells_data_figures_and_limits(browser: httpx.Client, home: Path):
    """Those of lake, generation and report."""
    page, found = text_of(browser, "/service"), findings(Lake(home / "lake"))

    assert f"Turns read {found.turns:,}" in page
    assert f"Defective turns {100 * (found.defect_rate or 0):.1f}%" in page
    assert "Wins and losses 731 and 21" in page
    assert "customers min 10" in page
    assert "before it is rolled back 5" in page


@pytest.mark.parametrize("path", ["/cohorts", "/failure-points", "/failure-points/dialogues?point=asr", "/streams", "/service"])
def test_boards_are_shut_to_who_was_not_let_in(running: RunningService, path: str):
    """As every page."""
    assert httpx.get(running.url + path).status_code == 403


@pytest.mark.parametrize("path", ["/cohorts", "/failure-points", "/failure-points/dialogues?point=asr", "/streams", "/service"])
def test_boards_of_an_empty_home_say_why(tmp_path: Path, path: str):
    """And are pages."""
    service = start(create_app(settings_of(tmp_path)), bind("127.0.0.1", 0))
    try:
        with closing(browser_of(service)) as client:
            assert client.get(path).status_code == 200
    finally:
        service.stop()


def test_a_large_lake_is_not_summed_by_who_looks(home: Path, tmp_path: Path):
    """It shows what was summed last, and says of when; whoever keeps the sums makes them anew where they are due, once."""
    lake = Lake(told(tmp_path) / "lake")
    assert rolled(lake, [], now=BASE, rows_max=10, first_max=10) is None

    assert sum_up_where_due(lake, [], now=BASE, rows_max=10)
    assert not sum_up_where_due(lake, [], now=BASE, rows_max=10)
    current = rolled(lake, [], now=BASE, rows_max=10, first_max=10)
    land_records([encode(whole(turn("hello", at=5_000)))], source="late", lake=lake, now=BASE)
    stale = rolled(lake, [], now=BASE, rows_max=10, first_max=10)

    assert current is not None
    assert (current.is_current, current.made_at) == (True, BASE)
    assert stale is not None
    assert (stale.is_current, stale.rollup) == (False, current.rollup)
    assert current.rollup == make_rollup(Lake(home / "lake"), [])


def test_the_first_who_looks_at_a_new_home_waits_for_its_sums(tmp_path: Path):
    """And nobody after: they are kept."""
    lake = Lake(told(tmp_path) / "lake")

    first = rolled(lake, [], now=BASE, rows_max=10)

    assert first is not None
    assert (first.is_current, first.made_at) == (True, BASE)
    kept = kept_rollup(lake, [])
    assert kept is not None
    assert kept.rollup == first.rollup


def test_what_is_summed_goes_with_a_customer_who_is_taken_out(tmp_path: Path):
    """Sums name turns and quote wordings."""
    lake = Lake(told(tmp_path) / "lake")
    keep_rollup(lake, [], now=BASE)

    lake.take_out("c3")

    assert kept_rollup(lake, []) is None
    assert lake.count(ROLLUPS) == 0
