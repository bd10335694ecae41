"""How long a customer takes to be forgotten: one with ten thousand turns, spread over every day of made-up talk of any length."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from resay.commands.bench.made_home import MEMORY, keep_day, publish_mined
from resay.commands.bench.mine_talk import DAYS, Talk, make_day
from resay.commands.bench.report import BenchRow
from resay.dialogue.rewrite import Decision
from resay.dialogue.tick import Tick
from resay.store.artifact import Shelf
from resay.store.books import Books
from resay.store.lake import Lake
from serving.customers.forget import forget
from serving.customers.stores import Stores

TURNS_OF_ONE = 10_000
"""Turns of whoever is forgotten."""

GONE = "customer-gone"

DECISIONS_A_WRITE = 500


@dataclass(frozen=True, slots=True)
class Forgot:
    """What it took."""

    turns: int
    lake_gb: float
    seconds: dict[str, float]
    """By step, in order."""
    cpu_seconds: float
    """Of all cores, in all: what a busy machine does not change."""
    found: int
    """Turns of theirs."""


def forget_rows(turns: int, *, seed: int, tick: Tick) -> Iterator[BenchRow]:
    """Seconds of each step and in all."""
    with TemporaryDirectory(prefix="resay-") as folder:
        forgot = measured(Path(folder), Talk(turns, seed), tick)
    row = f"{turns:,} turns"
    for step, seconds in forgot.seconds.items():
        yield BenchRow(f"{row}, {step}", "seconds", seconds, n=1, unit="s")
    yield BenchRow(row, "seconds", sum(forgot.seconds.values()), n=1, unit="s")
    yield BenchRow(row, "cpu_seconds", forgot.cpu_seconds, n=1, unit="s")
    yield BenchRow(row, "lake_gb", forgot.lake_gb, n=1, unit="GB")
    yield BenchRow(row, "turns_of_customer", forgot.found, n=1, unit="count")


def measured(home: Path, talk: Talk, tick: Tick) -> Forgot:
    """Fill a home, and forget one customer in it."""
    lake, books, shelf = Lake(home / "lake"), Books(home / "books.sqlite"), Shelf(home / "rewrites")
    every = max(talk.turns // TURNS_OF_ONE, 1)
    speaker = f"case when (cast(substr(turn_id, 6) as bigint) // 3) % {every} = 0 then '{GONE}' else customer_id end"
    try:
        with lake.connect() as connection:
            connection.execute(f"set memory_limit = '{MEMORY}'")
            connection.execute("set preserve_insertion_order = false")
            for day in range(DAYS):
                make_day(connection, talk, day)
                keep_day(lake, connection, day, speaker=speaker)
                tick(day + 1, DAYS + 2)
        publish_mined(lake, shelf)
        _log(lake, books)
        tick(DAYS + 1, DAYS + 2)
        size, found = sum(path.stat().st_size for path in (home / "lake").rglob("*.parquet")), _found(lake)
        seconds: dict[str, float] = {}
        began, cpu_began = time.perf_counter(), time.process_time()

        def observe(step: str) -> None:
            seconds[step] = time.perf_counter() - began - sum(seconds.values())

        forget(Stores(home, lake, books, shelf), GONE, now=datetime.now(UTC), observe=observe)
        cpu = time.process_time() - cpu_began
        assert not _found(lake), "nothing of the customer may be left"
        return Forgot(talk.turns, size / 1e9, seconds, cpu, found)
    finally:
        books.close()


def _log(lake: Lake, books: Books) -> None:
    """As many decisions of the customer as turns."""
    with lake.connect() as connection:
        rows = connection.execute(f"select turn_id, event_time, canonical from turn_parts where customer_id = '{GONE}'").fetchall()
    told = [
        Decision(f"d{turn}", turn, GONE, at, "before", said, None, None, 1, None, None, None, 1.0, "no_candidate", 1.0)
        for turn, at, said in rows
    ]
    for start in range(0, len(told), DECISIONS_A_WRITE):
        books.log_decisions(told[start : start + DECISIONS_A_WRITE])


def _found(lake: Lake) -> int:
    with lake.connect() as connection:
        return int(connection.execute(f"select count(*) from turn_parts where customer_id = '{GONE}'").fetchall()[0][0])
