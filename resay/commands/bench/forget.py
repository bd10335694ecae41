"""How long a customer takes to be forgotten: one with ten thousand turns, spread over every day of made-up talk of any length."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.mine import mine
from markov.publish import Card, publish
from markov.steps import HEARD, TRIES, fact_steps
from markov.verify import Rules
from resay.commands.bench.mine_talk import DAYS, Talk, make_day
from resay.commands.bench.report import BenchRow
from resay.commands.learning import verified
from resay.dialogue.rewrite import Decision
from resay.dialogue.tick import Tick
from resay.store.artifact import Shelf
from resay.store.books import Books
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.tables import CHAIN_TRIES, CHAIN_TURNS, FRICTION, LINKS, OUTCOMES, SEGMENTS, TURN_PARTS, Table
from serving.customers.forget import forget
from serving.customers.stores import Stores

TURNS_OF_ONE = 10_000
"""Turns of whoever is forgotten."""

GONE = "customer-gone"

MEMORY = "3GB"
"""What DuckDB may take while it makes talk; what is measured takes some 300 MB."""

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
    try:
        with lake.connect() as connection:
            connection.execute(f"set memory_limit = '{MEMORY}'")
            connection.execute("set preserve_insertion_order = false")
            for day in range(DAYS):
                make_day(connection, talk, day)
                _keep_day(lake, connection, talk, day)
                tick(day + 1, DAYS + 2)
        _publish(lake, shelf)
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


def _keep_day(lake: Lake, connection: Connection, talk: Talk, day: int) -> None:
    every = max(talk.turns // TURNS_OF_ONE, 1)
    is_gone = f"(cast(substr(turn_id, 6) as bigint) // 3) % {every} = 0"
    connection.execute(
        f"create or replace temp view turns as select * replace (case when {is_gone} then '{GONE}' else customer_id end as customer_id) "
        "from made_turns"
    )
    for table, rows in _rows(day).items():
        lake.append(table, connection.sql(rows).to_arrow_table().cast(table.schema()))
    engine = DuckDBEngine(connection)
    for step in fact_steps():
        engine.run(step)
    for table, name in ((CHAIN_TURNS, HEARD), (CHAIN_TRIES, TRIES)):
        lake.append(table, engine.rows(name).select(table.schema().names).cast(table.schema()))


def _rows(day: int) -> dict[Table, str]:
    """SQL of a day's rows, by table."""
    told = {
        "part": "'whole'",
        "source": "'made'",
        "partition": "'0'",
        "position": f"row_number() over () + {day} * 10000000",
        "landed_at": "event_time",
        "canonical": "said",
        "interpretation": "state",
        "status": "'done'",
        "confidence": "0.9",
        "body": _BODY,
    }
    known = ("turn_id", "customer_id", "event_time", "customer_kind", "utterance", "room", "device_type")
    columns = (
        name if name in known else f"{told.get(name, f'cast(null as {_kind(name)})')} as {name}" for name in TURN_PARTS.schema().names
    )
    judged = "join turns using (turn_id)"
    place = "turns.customer_id, turns.event_time"
    return {
        TURN_PARTS: f"select {', '.join(columns)} from turns",
        OUTCOMES: f"select turn_id, {place}, outcome, 0.5::double as defect, labeller from made_outcomes {judged}",
        SEGMENTS: f"""
            select segment_id, turn_id, cast(0 as integer) as ordinal, {place}, 'success' as outcome, labeller from made_segments {judged}
        """,
        FRICTION: f"select turn_id, {place}, 'error' as sign, turn_id as shown_by from made_outcomes {judged} where outcome = 'failure'",
        LINKS: f"""
            select source_turn_id, target_turn_id, {place}, probability, cast(0 as integer) as span_start, cast(5 as integer) as span_end,
                'made-up/1' as detector
            from made_links join turns on turns.turn_id = source_turn_id
        """,
    }


_BODY = """
    '{"schema":"resay.turn/1","turn_id":"' || turn_id || '","customer_id":"' || customer_id || '","at":"' || event_time
    || '","utterance":"' || utterance || '","hypotheses":[{"text":"' || utterance || '","score":-1.25},{"text":"' || said
    || '","score":-2.5}],"interpretations":[{"domain":"domain","intent":"intent","confidence":0.9}],"response":{"text":"Done.",'
    || '"status":"done"},"context":{"room":"' || room || '","trace":"' || md5(turn_id) || '"}}'
"""


def _kind(name: str) -> str:
    kind = str(TURN_PARTS.schema().field(name).type)
    words = {"string": "varchar", "bool": "boolean", "double": "double", "int64": "bigint", "list<element: string>": "varchar[]"}
    return words.get(kind, "varchar[]" if kind.startswith("list") else "timestamptz")


def _publish(lake: Lake, shelf: Shelf) -> None:
    with lake.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        mined = mine(DuckDBEngine(connection), Bar(), kept=True)
    kept, proof = verified(lake, mined.rewrites, Rules())
    publish(shelf, kept, proof=proof, card=Card(datetime.now(UTC), None, proof.parameters, {}))


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
