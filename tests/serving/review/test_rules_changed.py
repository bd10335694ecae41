"""What people do about rewrites, on the command line and over HTTP: edited, imported, exported, blocked and tried, through the checker."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from resay.dialogue.turn import Turn
from serving.app import app_of, open_service
from serving.server import RunningService, bind, start
from tests.builders import turn
from tests.commands.answers import answer, run
from tests.commands.test_learn import DAY, ingest, talk
from tests.serving.conftest import client_of, question, settings_of, wait_until
from tests.serving.test_page import browser_of

SAID, OTHER = "lamp on now please", "turn on the lamp please"
TARGET = "switch the lamp on please"


def rewordings() -> list[Turn]:
    """Twelve customers who say the lamp's other wording with success, and unlock a door with one after the first had failed."""
    turns = []
    for number in range(12):
        at, who = 12 * DAY + 300 * number, f"c{number}"
        turns.append(turn(TARGET, at=at, customer=who, intent="LampOn"))
        turns.append(turn("door open please", at=at + 60, customer=who, status="unsupported"))
        turns.append(turn("unlock the front door please", at=at + 66, customer=who, intent="UnlockDoor", domain="lock"))
        turns.append(turn("what time is it please", at=at + 150, customer=who, intent="Time"))
    return turns


def more(day: int) -> list[Turn]:
    """Three customers who say what is mined."""
    return [turn(TARGET, at=day * DAY + number, customer=f"c{number}", intent="LampOn") for number in range(3)]


@pytest.fixture(scope="module")
def learnt_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has learnt from it."""
    home = tmp_path_factory.mktemp("learnt") / "home"
    home.mkdir()
    ingest(home, [*talk(12), *rewordings()])
    answer(home, "learn")
    return home


@pytest.fixture
def home(learnt_home: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(learnt_home, tmp_path / "home"))


def table(home: Path) -> dict[str, str]:
    """The live table: target by source."""
    return {each["source"]: each["target"] for each in answer(home, "rules")["rewrites"]}


def id_of(home: Path, source: str = SAID) -> str:
    """The id of a live rewrite."""
    return str(next(each["rewrite_id"] for each in answer(home, "rules")["rewrites"] if each["source"] == source))


def test_an_edited_target_is_live_and_kept_by_the_next_learning(home: Path):
    """Until it is taken back: then what is mined comes again."""
    told = answer(home, "rules", "edit", id_of(home), "--target", OTHER, "--why", "shorter", "--by", "ada")

    assert told["refused"] == []
    assert table(home)[SAID] == OTHER
    ingest(home, more(14))
    answer(home, "learn")
    assert table(home)[SAID] == OTHER
    answer(home, "rules", "unedit", id_of(home))
    ingest(home, more(15))
    answer(home, "learn")
    assert table(home)[SAID] == TARGET


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        ("door open please", "terminates"),
        ("what time is it please", "floor"),
        ("nobody ever said this", "facts"),
        ("/restart{}", "form"),
        (SAID, "form"),
    ],
)
def test_what_the_checker_refuses_changes_nothing_and_says_why(home: Path, target: str, rule: str):
    """A source of another rewrite, something else than customers meant, words that nobody says, commands, and the source itself."""
    if rule == "terminates" and "door open please" not in table(home):
        answer_import(home, [{"source": "door open please", "target": "unlock the front door please"}], "--allow-risky")
    before = table(home)

    refused = run(home, "rules", "edit", id_of(home), "--target", target, "--json")

    assert refused.exit_code == 1
    assert rule in str(refused.exception)
    assert table(home) == before


def test_a_blocked_target_is_refused(home: Path):
    """The blocklist wins, over people, too."""
    assert answer(home, "rules", "block", "--target", OTHER, "--why", "no")["blocked"] == 1
    assert answer(home, "rules", "block", "--target", OTHER)["blocked"] == 0

    refused = run(home, "rules", "edit", id_of(home), "--target", OTHER)

    assert "blocked: " in str(refused.exception)


def answer_import(home: Path, rows: list[dict[str, str]], *words: str) -> dict[str, Any]:
    """What becomes of rules from a file."""
    file = home.parent / "rules.json"
    file.write_text(json.dumps(rows))
    return answer(home, "rules", "import", str(file), *words)


def test_a_risky_rule_needs_a_persons_word(home: Path):
    """Twelve customers are too few for a lock; who allows it is in the history."""
    rows = [{"source": "door open please", "target": "unlock the front door please"}]

    refused = answer_import(home, rows)
    allowed = answer_import(home, rows, "--allow-risky", "--by", "ada")

    assert refused["generation"] is None
    assert refused["rules"][0]["refused"][0].startswith("risk: the action is risky; it needs more customers, or a person who allows it")
    assert allowed["rules"][0]["refused"] == []
    assert table(home)["door open please"] == "unlock the front door please"


def test_drafts_are_tried_on_recorded_traffic_and_nothing_is_written(home: Path):
    """How often the words were said, by how many, what it would have spared; and whether it could go live."""
    before = answer(home, "rules")
    file = home.parent / "drafts.csv"
    file.write_text(f"source,target\n{SAID},{OTHER}\nnobody says this,{OTHER}\n")

    good, unknown = answer(home, "rules", "try", str(file))["rules"]

    assert (good["said"], good["speakers"], good["in_vain"], good["target_speakers"]) == (12, 12, 12, 12)
    assert (good["would_spare"], good["refused"]) == (12.0, [])
    assert (unknown["said"], unknown["would_spare"]) == (0, 0.0)
    assert any(each.startswith("facts: ") for each in unknown["refused"])
    assert answer(home, "rules") == before


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_is_exported_can_be_imported_again(home: Path, form: str):
    """Table and blocklist; nothing changes but that a person stands for it."""
    answer(home, "rules", "block", "--source", "help", "--why", "never")
    out = home.parent / f"rules.{form}"
    run(home, "rules", "export", "--as", form, "--out", str(out))

    told = answer(home, "rules", "import", str(out))

    assert told["blocked"] == 0
    assert all(each["refused"] == [] for each in told["rules"])
    assert table(home)[SAID] == TARGET
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(out.read_text())))
        assert (rows[0]["do"], rows[0]["source"], rows[0]["target"], rows[0]["stage"]) == ("rewrite", SAID, TARGET, "canary")
        assert (rows[-1]["do"], rows[-1]["source"]) == ("block", "help")


@pytest.mark.parametrize("words", [("try", "not-there.csv"), ("import", "not-there.csv"), ("export", "--out", "not-there/rules.csv")])
def test_a_file_that_is_not_there_is_named_once(home: Path, words: tuple[str, ...]):
    """With what the system says of it, which names it too."""
    said = str(run(home, "rules", *words).exception)

    assert said.count(words[-1]) == 1
    assert "No such file or directory; is" in said


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("said,then\na,b\n", "the first line must name the columns source and target"),
        ("source,target\n,b\nc,\n", "row 1: no source or no target; row 2: no source or no target"),
        ('{"rules": 3}', "must be a list of objects"),
        ('{"rules": [', "must be JSON or CSV"),
        ("do,source,target\nperhaps,a,b\n", "row 1: `do` is rewrite or block"),
        ("do,source,target\nblock,,\n", "row 1: a block must name a source or a target"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(home: Path, text: str, fault: str):
    """And nothing of it is taken."""
    file = home.parent / "broken"
    file.write_text(text)

    refused = run(home, "rules", "import", str(file))

    assert refused.exit_code == 1
    assert fault in str(refused.exception)


@pytest.fixture
def running(home: Path) -> Iterator[RunningService]:
    """A service over the home."""
    service = start(app_of(open_service(settings_of(home))), bind("127.0.0.1", 0))
    yield service
    service.stop()


@pytest.fixture
def client(running: RunningService) -> Iterator[httpx.Client]:
    """A client of it."""
    with closing(client_of(running)) as caller:
        yield caller


def said_for(client: httpx.Client) -> str:
    """What is said for a customer."""
    return str(client.post("/v1/rewrite", json=question(SAID)).json()["utterance"])


def test_over_http_an_edit_is_served_within_seconds(client: httpx.Client, home: Path):
    """And refused with the reasons; exports are those of the command line."""
    wait_until(lambda: said_for(client) == TARGET)
    path = f"/v1/rules/{id_of(home)}/edit"

    refused = client.post(path, json={"target": "nobody ever said this"})
    done = client.post(path, json={"target": OTHER, "by": "ada", "why": "shorter"})

    assert refused.status_code == 422
    assert any(each.startswith("facts: ") for each in refused.json()["detail"])
    assert done.status_code == 200, done.text
    wait_until(lambda: said_for(client) == OTHER)
    exported = client.get("/v1/rules/export?as=csv").text
    assert exported == run(home, "rules", "export").stdout
    assert client.get("/v1/rules/export").json()["rules"][0]["target"] == OTHER
    events = client.get("/v1/rules").json()["events"]
    assert [(each["change"], each["by"], each["why"]) for each in events] == [("edited", "ada", "shorter")]
    undone = f"/v1/edits/{done.json()['rewrite']['rewrite_id']}/undo"
    assert [client.post(undone, json={}).status_code for _ in range(2)] == [200, 404]


def test_over_http_rules_are_tried_and_taken_in(client: httpx.Client, home: Path):
    """A dry run writes nothing; a block without words is refused."""
    rules = [{"source": SAID, "target": OTHER}, {"do": "block", "source": "help"}]

    tried = client.post("/v1/rules/import", json={"rules": rules, "dry_run": True}).json()
    before = client.get("/v1/rules").json()["vetoes"]
    taken = client.post("/v1/rules/import", json={"rules": rules}).json()

    assert (tried["generation"], before) == (None, [])
    assert tried["rules"][0]["would_spare"] == 12.0
    assert (taken["generation"], taken["blocked"]) == (2, 1)
    assert table(home)[SAID] == OTHER
    assert client.post("/v1/vetoes", json={"source": "…"}).status_code == 422
    assert client.post("/v1/vetoes", json={"target": "unlock the front door"}).json()["new"]


def test_the_page_edits_blocks_and_shows_what_changed(running: RunningService, home: Path):
    """A refusal is a page with the reasons; the page of changes tells generation, target and history."""
    rewrite_id = id_of(home)
    with closing(browser_of(running)) as browser:
        refused = browser.post("/rules/edit", data={"rewrite_id": rewrite_id, "target": "nobody ever said this"}, headers=own(running))
        first = browser.get("/rules/changes").text
        browser.post("/rules/edit", data={"rewrite_id": rewrite_id, "target": OTHER, "why": "shorter"}, headers=own(running))
        browser.post("/rules/block", data={"source": "", "target": "unlock", "why": "never"}, headers=own(running))
        changes = browser.get("/rules/changes").text
        file = browser.get("/rules/export?as=csv").text

    assert refused.status_code == 422
    assert "facts: the lake holds no turn that says the source" in refused.text
    assert "There is no generation before the live one." in first
    assert "Generation 1 → 2" in changes
    assert f"before: “{TARGET}”" in changes
    assert changes.index("dismissed") < changes.index("edited"), "the newest first"
    assert f",{OTHER}," in file


def own(running: RunningService) -> dict[str, str]:
    """What a browser adds to forms of its own page."""
    return {"Origin": running.url}
