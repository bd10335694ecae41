"""`resay serve`, `resay try` and `resay openapi`, as people run them."""

from __future__ import annotations

import gc
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import typer
from typer.testing import CliRunner

from resay.commands import serve as commands
from resay.commands.settings import Settings
from resay.dialogue.history import Tried, Way
from resay.store.books import Books, Told, Veto
from rewrite_online.explore import TooMuchExploring
from serving.server import bind
from tests.builders import BASE
from tests.serving.dialogues import fill

app = typer.Typer()
commands.register(app)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with dialogues and rewrites."""
    return fill(tmp_path_factory.mktemp("home"))


def test_try_shows_the_rewrite_and_its_evidence(home: Path):
    """Original, rewrite, layer, evidence with the dialogues, time."""
    shown = run("try", "Lights on in the den!", "--home", str(home))

    assert "said       “Lights on in the den!”" in shown
    assert "rewrite    “turn on the living room lights”" in shown
    assert "layer      table, generation 1, rewrite 1080d1980c595cf9" in shown
    assert "evidence   14 customers, 20 times" in shown
    assert "“lights on in the den” (unsupported)" in shown
    assert "then “turn on the living room lights” (done)" in shown
    assert "table 0." in shown
    assert "otto" not in shown, "customers are masked"


@pytest.mark.parametrize(
    ("utterance", "why"),
    [
        ("sing", "none: no rewrite is known for these words (no_candidate)"),
        ("turn on the lights", "none: this already is what Resay would say (target_offered)"),
        ("open the dor", "none: a rewrite is known, but the action is risky and wants more evidence (high_risk)"),
        ("?!", "none: there are no words to rewrite (empty_utterance)"),
    ],
)
def test_try_says_why_not(home: Path, utterance: str, why: str):
    """In words, with the reason as programs know it."""
    assert f"rewrite    {why}" in run("try", utterance, "--home", str(home))


def test_try_as_json(home: Path):
    """One object with everything, in either mode."""
    tried = json.loads(run("try", "lights on in the den", "--home", str(home), "--mode", "retry", "--json"))

    assert (tried["original"], tried["rewrite"], tried["mode"]) == ("lights on in the den", "turn on the living room lights", "retry")
    assert (tried["layer"], tried["rewrite_id"], tried["generation"]) == ("table", "1080d1980c595cf9", 1)
    assert tried["candidates"][0]["support"] == 14
    assert tried["latency_ms"] > 0


def test_try_knows_the_question(home: Path):
    """After a question of the assistant the same words may mean something else."""
    tried = json.loads(run("try", "lights on in the den", "--home", str(home), "--prompt-kind", "area", "--json"))

    assert tried["reason"] == "no_candidate"


def test_try_obeys_vetoes(tmp_path: Path):
    """What is vetoed is not shown as served."""
    fill(tmp_path)
    books = Books(tmp_path / "books.sqlite")
    books.veto(Veto("lights on in the den", "", "maria", "wrong room", BASE))
    books.close()

    assert json.loads(run("try", "lights on in the den", "--home", str(tmp_path), "--json"))["reason"] == "vetoed"


def test_try_asks_for_a_customer_by_name(tmp_path: Path):
    """What a customer found out themselves is shown for them, and for nobody else."""
    fill(tmp_path)
    day = datetime.now(UTC).date()
    tried = Tried("the usual", "", "", Way.REPHRASED, "turn on the lamp", "turn on the lamp", "light|on|", 2, 2, day, "t9")
    with closing(Books(tmp_path / "books.sqlite")) as books:
        books.tell_histories(Told([("otto", day)], [("otto", tried)], {}))

    ottos, others = (
        json.loads(run("try", "the usual", "--home", str(tmp_path), "--customer", name, "--json")) for name in ("otto", "maria")
    )

    assert (ottos["layer"], ottos["rewrite"]) == ("personal", "turn on the lamp")
    assert (others["layer"], others["rewrite"], others["reason"]) == (None, None, "no_candidate")


def test_try_before_anything_is_learnt_says_what_to_do(tmp_path: Path):
    """One sentence with the command that helps; nothing is created."""
    with pytest.raises(commands.NothingLearnt, match="`resay demo`"):
        run("try", "hello", "--home", str(tmp_path / "home"))

    assert not (tmp_path / "home").exists()


def test_a_service_in_the_background_answers_until_it_is_stopped(home: Path):
    """What `resay demo` uses. What lives by then the collector leaves alone, as it would hold up customers by tenths of a second."""
    gc.unfreeze()
    running = commands.serve_in_background(Settings(home=home, api_key=None, hash_key=None), port=0)
    try:
        page = httpx.get(running.page_url(), follow_redirects=True, timeout=300)
        left_alone = gc.get_freeze_count()
    finally:
        running.stop()
        gc.unfreeze()

    assert page.status_code == 200
    assert not running.answers()
    assert left_alone > 100_000
    assert (home / "api_key").stat().st_mode & 0o777 == 0o600


def test_a_service_tries_no_more_near_misses_than_may_be_asked_for(home: Path):
    """A share meant in percent is told before anything is served."""
    with pytest.raises(TooMuchExploring, match="is it meant in percent"):
        run("serve", "--home", str(home), "--explore", "1")


@contextmanager
def served(home: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], dict[str, object]]]:
    """`resay serve --json` in a process of its own, and what it printed."""
    program = "from resay.commands.main import main; main()"
    command = [sys.executable, "-c", program, "serve", "--home", str(home), "--port", str(port), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        line = process.stdout.readline()
        yield process, json.loads(line or "{}")
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_serve_takes_the_next_port_and_ends_cleanly(home: Path, ending: signal.Signals):
    """A port in use is said; Ctrl-C and SIGTERM end with status 0 and the last decisions written."""
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        with served(home, port) as (process, printed):
            key = Path(str(printed["api_key_file"])).read_text().strip()
            question = {"mode": "before", "turn_id": ending.name, "customer_id": "c1", "at": "2026-11-02T09:00:00Z", "utterance": "sing"}
            reply = httpx.post(f"{printed['url']}/v1/rewrite", json=question, headers={"Authorization": f"Bearer {key}"}, timeout=300)
            process.send_signal(ending)
            _, remarks = process.communicate(timeout=300)

    assert reply.status_code == 200
    assert process.returncode == 0
    assert f"Port {port} is in use; took {printed['port']}." in remarks
    assert "Traceback" not in remarks
    assert ending.name in {decision.turn_id for decision in Books(home / "books.sqlite").decisions(10)}
