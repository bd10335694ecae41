"""Forgetting a customer: nothing of them is left in any store, whatever is killed when, and nothing brings them back."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from shutil import copytree

import pytest

from ingest.landing import land_records
from resay.dialogue.rewrite import BeforeRequest
from resay.dialogue.teaching import Kind, Taught
from resay.store.artifact import Shelf
from resay.store.books import Books
from resay.store.forgettings import ForgettingBooks
from resay.store.lake import Lake
from resay.store.rewrites import REWRITES_FILE, decode_rewrites, encode_rewrites
from resay.store.teachings import STAMP_FILE, TeachingBooks
from rewrite_online.watch import Watch
from serving.app import histories_in
from serving.customers.export import held
from serving.customers.forget import BARRED, BOOKS, GENERATIONS, NOTED, SEALED, forget, resume
from serving.customers.receipt import is_signed
from serving.customers.stores import OF_CUSTOMERS, Stores
from tests.builders import BASE, asked, record, turn
from tests.child import WAIT_S
from tests.serving.customers_home import (
    CANARY,
    DAY,
    FLOOR,
    NOW,
    WHO,
    canary_talk,
    decision,
    found_in,
    land,
    learn_in,
    learnt,
    stores_of,
    talk,
)

STORES = [*(f"lake/{table.name}" for table in OF_CUSTOMERS), "lake/rejects", "lake/rollup_days", "lake/rollups", GENERATIONS, BOOKS, "lab"]
STEPS = [NOTED, BARRED, "survey", *STORES, SEALED]

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def just_enough(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose rewrite has as many customers behind it as the floor asks for, the one who leaves among them."""
    return learnt(tmp_path_factory.mktemp("home"), others=FLOOR - 1)


@pytest.fixture
def home(just_enough: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return copytree(just_enough, tmp_path / "home")


@contextmanager
def opened(home: Path) -> Iterator[Stores]:
    stores = stores_of(home)
    try:
        yield stores
    finally:
        stores.books.close()


def gone(home: Path) -> dict[str, object]:
    """Forget them; the receipt."""
    with opened(home) as stores:
        return json.loads(forget(stores, WHO, now=NOW))


def live(home: Path) -> list[str]:
    generation = Shelf(home / "rewrites").current()
    return [each.source for each in decode_rewrites(generation.read(REWRITES_FILE))] if generation else []


def test_a_canary_is_found_nowhere(home: Path):
    """Neither what they said nor who they are stands in any byte of any file."""
    (home / "lab").mkdir()
    (home / "lab" / "understood-1.jsonl").write_text(CANARY)
    assert {"books.sqlite", "lake", "lab"} <= {Path(each).parts[0].split(":")[0] for each in found_in(home, CANARY, WHO)}

    receipt = gone(home)

    assert found_in(home, CANARY, WHO) == []
    assert {line["store"]: line["left"] for line in receipt["stores"]} == dict.fromkeys(STORES, 0)
    found = {line["store"]: line["found"] for line in receipt["stores"]}
    assert (found["lake/turn_parts"], found["lake/rejects"], found["lake/chain_turns"], found["generations"]) == (7, 2, 7, 1)
    assert found["books"] > 4


def test_whoever_stays_keeps_everything(home: Path):
    """The rows of all others are where they were."""
    before = {table.name: rows_of_others(home, table.name) for table in OF_CUSTOMERS}

    gone(home)

    assert {table.name: rows_of_others(home, table.name) for table in OF_CUSTOMERS} == before
    assert before["turn_parts"]


def rows_of_others(home: Path, table: str) -> list[tuple[object, ...]]:
    with Lake(home / "lake").connect() as connection:
        return connection.execute(f"select * from {table} where customer_id <> '{WHO}' order by all").fetchall()


def test_a_rewrite_below_the_floor_is_served_no_more(home: Path):
    """At once, without learning; the generation that held it cannot be loaded any more."""
    assert live(home) == ["lamp on now please"]

    gone(home)

    assert live(home) == []
    assert Shelf(home / "rewrites").numbers() == [2]
    with opened(home) as stores:
        watch = Watch(stores.shelf, stores.books.vetoes)
        assert (watch.refresh().generation, watch.refresh().problem) == (2, None)


def test_a_rewrite_with_enough_others_stays(tmp_path: Path):
    """With one customer fewer behind it, and without turns of theirs."""
    learnt(tmp_path, others=FLOOR)
    (before,) = decode_rewrites(Shelf(tmp_path / "rewrites").current().read(REWRITES_FILE))
    assert any(WHO in each for each in before.evidence)

    gone(tmp_path)

    (after,) = decode_rewrites(Shelf(tmp_path / "rewrites").current().read(REWRITES_FILE))
    assert (after.source, after.support) == (before.source, before.support - 1)
    assert after.evidence
    assert found_in(tmp_path, CANARY, WHO) == []


def test_the_next_learning_equals_one_that_never_knew_them(tmp_path: Path):
    """To the byte: the table that follows is that of a home in which they never spoke."""
    with_them, without = tmp_path / "with", tmp_path / "without"
    learnt(with_them, others=FLOOR)
    land(without, talk([f"c{number}" for number in range(FLOOR)]))
    learn_in(without)

    gone(with_them)
    learn_in(with_them)

    tables = [Shelf(home / "rewrites").current().read(REWRITES_FILE) for home in (with_them, without)]
    assert tables[0] == tables[1] != encode_rewrites([])


def test_forgetting_again_finds_nothing(home: Path):
    """The same stores, nothing left as before, and no rows found."""
    first = gone(home)

    second = gone(home)

    assert [line["store"] for line in second["stores"]] == [line["store"] for line in first["stores"]]
    assert {(line["found"], line["left"]) for line in second["stores"]} == {(0, 0)}
    assert (second["mark"], second["until"]) == (first["mark"], first["until"])
    assert [line["records"] for line in second["outside"]] == [line["records"] for line in first["outside"]] == [7]


def test_a_forgetting_that_is_killed_behind_every_step_goes_on(home: Path):
    """Each next call begins where the one before was killed, and the receipt counts what had been there at first."""
    with opened(home) as stores:
        for step in STEPS:
            with pytest.raises(Killed):
                forget(stores, WHO, now=NOW, observe=partial(kill_behind, step))
        receipt = json.loads(stores_receipt(stores))

    assert found_in(home, CANARY, WHO) == []
    found = {line["store"]: line["found"] for line in receipt["stores"]}
    assert (found["lake/turn_parts"], found["lake/rejects"], found["books"] > 4) == (7, 2, True)


@pytest.mark.parametrize("step", [NOTED, "lake/turn_parts", GENERATIONS])
def test_maintenance_ends_what_was_killed(home: Path, step: str):
    """Nobody need ask again; a second look finds nothing to do."""
    with opened(home) as stores:
        with pytest.raises(Killed):
            forget(stores, WHO, now=NOW, observe=partial(kill_behind, step))

        assert (resume(stores, now=NOW), resume(stores, now=NOW)) == (1, 0)

    assert found_in(home, CANARY, WHO) == []


@pytest.mark.slow
def test_a_process_that_is_killed_is_followed_by_another(home: Path):
    """By the system, at once, with nothing put in order."""
    code = f"""
        import os, signal, sys
        from pathlib import Path
        from serving.customers.forget import forget
        from tests.serving.customers_home import NOW, WHO, stores_of
        kill = lambda step: os.kill(os.getpid(), signal.SIGKILL) if step == "lake/links" else None
        forget(stores_of(Path({str(home)!r})), WHO, now=NOW, observe=kill)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, check=False, timeout=WAIT_S)

    receipt = gone(home)

    assert killed.returncode == -signal.SIGKILL
    assert {line["store"]: line["found"] for line in receipt["stores"]}["lake/turn_parts"] == 7
    assert found_in(home, CANARY, WHO) == []


class Killed(Exception):
    """Where the process was killed."""


def kill_behind(step: str, taken: str) -> None:
    if taken == step:
        raise Killed


def stores_receipt(stores: Stores) -> str:
    forgetting = ForgettingBooks(stores.books).of(WHO)
    assert forgetting is not None
    assert forgetting.receipt is not None
    return forgetting.receipt


def test_old_records_that_come_again_are_not_taken_in(home: Path):
    """From the topic, or by a dead letter; what they say after is, and learning goes on from it."""
    gone(home)

    assert land(home, [*talk([WHO]), *canary_talk()]) == 0
    land_records([record("broken", customer_id=WHO, utterance=CANARY, at="no time")], source="http", lake=Lake(home / "lake"), now=NOW)
    assert found_in(home, CANARY, WHO) == []
    later = NOW + timedelta(hours=1)
    assert land(home, [turn("hello again", at=30 * DAY + 1_800, customer=WHO)], now=later) == 1
    learn_in(home)

    with Lake(home / "lake").connect() as connection:
        assert connection.execute(f"select said from turns where customer_id = '{WHO}'").fetchall() == [("hello again",)]


def test_answers_that_waited_are_not_written_down(home: Path):
    """Those of before; those of after are."""
    gone(home)
    books = Books(home / "books.sqlite")

    books.log_decisions([decision(7), decision(8, at=NOW + timedelta(seconds=1)), decision(9, customer="c1")])

    assert sorted(each.turn_id for each in books.decisions(10)) == ["c1@9", f"{WHO}@8"]
    books.close()


def test_a_running_server_forgets_their_history(home: Path):
    """What it holds in memory goes with its next look, within a second."""
    with opened(home) as stores:
        personal = histories_in(stores.books)
        personal.refresh()
        request = asks()
        assert [each.target for each in personal.candidates(request)] != []
        assert personal.kept[0] == 1

        forget(stores, WHO, now=NOW)
        personal.refresh()

        assert personal.kept[0] == 0
        assert personal.candidates(request) == ()


def asks() -> BeforeRequest:
    return asked(f"{CANARY} on", customer_id=WHO, at=BASE + timedelta(days=12))


def test_a_receipt_is_signed_line_by_line(home: Path):
    """Whoever changes a figure, or shows it in another home, is found out."""
    receipt = gone(home)
    key = (home / "receipt_key").read_text().strip()
    changed = json.loads(json.dumps(receipt))
    changed["stores"][0]["found"] += 1

    assert (is_signed(receipt, key=key), is_signed(changed, key=key), is_signed(receipt, key="another key")) == (True, False, False)
    assert (home / "receipt_key").stat().st_mode & 0o077 == 0


def test_what_is_held_is_shown_before_and_not_after(home: Path):
    """Rows of every store, with the generation that cites them; then only that they were forgotten."""
    with opened(home) as stores:
        before = list(held(stores, WHO))
        forget(stores, WHO, now=NOW)
        after = list(held(stores, WHO))

    stores_named = {row["store"] for row in before}
    assert {"lake/turn_parts", "lake/rejects", "lake/outcomes", "books/decisions", "books/exposures", "books/histories", "generations"} <= (
        stores_named
    )
    assert sum(CANARY in json.dumps(row) for row in before) > 6
    assert [row["store"] for row in after] == ["books/forgettings"]


def test_teachings_are_forgotten_on_every_server(home: Path):
    """The file that servers look at grows."""
    taught = Taught("t1", Kind.REQUEST, f"{CANARY} off", "turn the lamp off", NOW)
    with opened(home) as stores:
        teachings = TeachingBooks(stores.books, stamp=home / STAMP_FILE)
        teachings.change(WHO, lambda _rows: ((taught,), None))
        before = teachings.stamp()

        forget(stores, WHO, now=NOW)

        assert teachings.of(WHO) == ()
        assert teachings.stamp() > before
    assert found_in(home, CANARY, WHO) == []
