"""A home in which a customer has left words everywhere, and a look into every byte of it: for the tests that forget them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from ingest.landing import land_records
from rephrase.combined import CombinedDetector
from resay.commands.learn import learn
from resay.commands.learning import LearnRules
from resay.commands.settings import Settings
from resay.dialogue.codec import encode, whole
from resay.dialogue.rewrite import Decision
from resay.dialogue.turn import Turn
from resay.store.artifact import Shelf
from resay.store.asked import AskedBooks, AskedTurn
from resay.store.books import Books
from resay.store.lake import Lake
from serving.customers.stores import Stores
from tests.builders import BASE, record, turn

DAY = 86_400.0
NOW = BASE + timedelta(days=30)

WHO = "customer-zoe-8271"
CANARY = "xylophone quagga"
"""Words of theirs that nobody else says."""

FLOOR = 4


def talk(customers: Sequence[str], *, source: str = "lamp on now please") -> list[Turn]:
    """Each was refused, said it otherwise at once, and was served; eight days before each had said hello."""
    turns = []
    for number, who in enumerate(customers):
        begin = 9 * DAY + 300 * number
        turns += [
            turn("hello there", at=300 * number, customer=who, intent="Hello"),
            turn(source, at=begin, customer=who, status="unsupported"),
            turn("turn on the lamp please", at=begin + 6, customer=who, intent="LampOn"),
        ]
    return turns


def canary_talk() -> list[Turn]:
    """What only this customer says: refused, said otherwise, served, twice."""
    turns = []
    for number in range(2):
        begin = 10 * DAY + 4_000 * number
        turns += [
            turn(f"{CANARY} on", at=begin, customer=WHO, status="unsupported"),
            turn(f"start the {CANARY} now", at=begin + 5, customer=WHO, intent="Start", slots={"name": CANARY}),
        ]
    return turns


def settings_of(home: Path) -> Settings:
    return Settings(home=home, api_key=None, hash_key=None)


def stores_of(home: Path) -> Stores:
    return Stores(home, Lake(home / "lake"), Books(home / "books.sqlite"), Shelf(home / "rewrites"))


def land(home: Path, turns: Sequence[Turn], now: datetime = NOW) -> int:
    """Land turns; how many were new."""
    return land_records([encode(whole(each)) for each in turns], source="http", lake=Lake(home / "lake"), now=now).accepted


def learnt(home: Path, *, others: int) -> Path:
    """A home in which so many others and the customer taught a rewrite, and the customer left more in dead letters and decisions."""
    land(home, [*talk([f"c{number}" for number in range(others)]), *talk([WHO]), *canary_talk()])
    letters = [
        record("broken", customer_id=WHO, utterance=CANARY, at="no time"),
        b'{"customer_id": "' + WHO.encode() + b'", ' + CANARY.encode(),
    ]
    land_records(letters, source="http", lake=Lake(home / "lake"), now=NOW)
    learn_in(home)
    books = Books(home / "books.sqlite")
    decisions = [decision(number) for number in range(3)]
    books.log_decisions(decisions)
    asked = AskedBooks(books)
    asked.count(decisions, now=BASE)
    asked.ask(AskedTurn(WHO, f"{WHO}@0", BASE, BASE, None, CANARY), share=1.0)
    books.close()
    return home


def learn_in(home: Path) -> None:
    learn(settings_of(home), LearnRules(k=FLOOR), detector=CombinedDetector())


def decision(number: int, *, at: datetime = BASE + timedelta(days=11), customer: str = WHO) -> Decision:
    """An answer to them, in an experiment."""
    told = {"mode": "before", "source": f"{CANARY} on", "target": f"start the {CANARY} now", "layer": "personal", "generation": 1}
    rest = {"rewrite_id": None, "experiment": "helps", "arm": "treatment", "propensity": 1.0, "reason": "rewritten", "latency_ms": 1.0}
    return Decision(
        decision_id=f"d{number}-{customer}-{at:%d}", turn_id=f"{customer}@{number}", customer_id=customer, at=at, **told, **rest
    )


def found_in(home: Path, *words: str) -> list[str]:
    """Files in which any of the words stands, as bytes or as a value of Parquet, or of SQLite."""
    found = []
    for path in sorted(each for each in home.rglob("*") if each.is_file()):
        texts = [path.read_bytes().decode("latin-1")]
        if ".parquet" in path.name:
            texts.append(str(pq.read_table(path).to_pylist()))
        if path.name == "books.sqlite":
            with sqlite3.connect(path) as connection:
                texts += list(connection.iterdump())
            connection.close()
        found += [f"{path.relative_to(home)}: {word}" for word in words if any(word in text for text in texts)]
    return found
