"""Made-up talk as a home holds it, a day at a time: records, labels, signs, failure points, links, what the miner keeps, and a table."""

from __future__ import annotations

from datetime import UTC, datetime

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.mine import mine
from markov.publish import Card, publish
from markov.steps import HEARD, TRIES, fact_steps
from markov.verified import verified
from markov.verify import Rules
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from resay.store.reading import Connection
from resay.store.tables import CHAIN_TRIES, CHAIN_TURNS, FAILURE_POINTS, FRICTION, LINKS, OUTCOMES, SEGMENTS, TURN_PARTS, Table

MEMORY = "3GB"
"""What DuckDB may take while it makes talk; what is measured takes some 300 MB."""


def keep_day(lake: Lake, connection: Connection, day: int, *, speaker: str = "customer_id") -> None:
    """Add to a lake the day that `make_day` made; `speaker` is SQL for whose a turn is."""
    connection.execute(f"create or replace temp view turns as select * replace ({speaker} as customer_id) from made_turns")
    for table, rows in _rows(day).items():
        lake.append(table, connection.sql(rows).to_arrow_table().cast(table.schema()))
    engine = DuckDBEngine(connection)
    for step in fact_steps():
        engine.run(step)
    for table, name in ((CHAIN_TURNS, HEARD), (CHAIN_TRIES, TRIES)):
        lake.append(table, engine.rows(name).select(table.schema().names).cast(table.schema()))


def publish_mined(lake: Lake, shelf: Shelf) -> None:
    """Mine a lake, and publish what passes the checker."""
    with lake.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        mined = mine(DuckDBEngine(connection), Bar(), kept=True)
    kept, proof = verified(lake, mined.rewrites, Rules())
    publish(shelf, kept, proof=proof, card=Card(datetime.now(UTC), None, proof.parameters, {}))


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
        "cohorts": "['cohort ' || hash(customer_id) % 6]",
        "device_type": "'device ' || hash(turn_id) % 3",
        "body": _BODY,
    }
    known = ("turn_id", "customer_id", "event_time", "customer_kind", "utterance", "room")
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
        FRICTION: f"""
            select turn_id, {place}, case when hash(turn_id) % 5 = 0 then 'barge_in' else 'error_response' end as sign, turn_id as shown_by
            from made_outcomes {judged} where outcome = 'failure'
        """,
        FAILURE_POINTS: f"""
            select turn_id, {place}, case when hash(turn_id) % 3 = 0 then 'asr' else 'nlu' end as point, 0.0 as false_wake, 0.3 as asr,
                0.7 as nlu, 0.0 as er, 0.0 as result, 0.0 as correct, 'made-up/1' as model
            from made_outcomes {judged} where outcome = 'failure'
        """,
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
