"""The command `produce`: dialogue logs to a Kafka topic. Writing itself is `ingest/kafka_sink.py`."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.file_log import FileLog
from ingest.landing import FAULTS_SHOWN_MAX
from resay.commands.console import JsonOption, console, print_json, progress, remarks
from resay.commands.place import KafkaSettingsOption, kafka_needed, place_of
from resay.dialogue.codec import RECORD_BYTES_MAX
from resay.dialogue.tick import Tick

if TYPE_CHECKING:
    from ingest.kafka_sink import KafkaSink

RECORDS_A_BATCH = 1_000
"""Records read from a file at a time: progress moves several times a second."""

BYTES_A_BATCH = 4_194_304


def register(app: typer.Typer) -> None:
    """Add `produce`."""
    app.command(rich_help_panel="Learn, step by step")(produce)


def produce(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="JSON lines of resay.turn/1, plain or gzip.")],
    address: Annotated[str, typer.Argument(metavar="kafka://HOST:PORT/TOPIC", help="The topic to write to.")],
    partitions: Annotated[int, typer.Option("--partitions", min=0, max=10_000, help="Make the topic with so many, if there is none.")] = 0,
    rate: Annotated[float, typer.Option("--rate", min=0, help="Records a second; 0: as fast as it goes.")] = 0,
    kafka_settings: KafkaSettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write dialogue logs to a Kafka topic, keyed by customer, so that a customer's turns stay in order.

    Records go as they are: what cannot be read is found, and kept with its reason, when the topic is ingested.
    Records longer than the topic takes are refused and named. Interrupted or run twice, it writes records again; ingest drops repeats.

    Exit status: 0 all is written; 1 something needs you: the brokers, the files, or records that were refused.

    Examples: `resay produce turns.jsonl kafka://localhost:9092/dialogue-turns --partitions 4` ·
    `resay produce turns.jsonl.gz kafka://localhost:9092/dialogue-turns --rate 50`
    """
    place = place_of(address, kafka_settings)
    with kafka_needed():
        from ingest.kafka_cluster import create_topic
        from ingest.kafka_sink import KafkaSink
    with closing(FileLog(files)) as source:
        if partitions:
            create_topic(place, partitions)
        with closing(KafkaSink(place)) as sink, progress("Producing", unit="bytes", shown=not as_json) as tick:
            sent, refused = _produce(source, sink, rate=rate, tick=tick)
        unfinished = source.unfinished()
    if as_json:
        print_json({"sent": sent, "refused": len(refused), "faults": refused[:FAULTS_SHOWN_MAX], "unfinished": unfinished})
    else:
        console.print(f"records sent: {sent:,}; refused: {len(refused):,}", markup=False)
    for sentence in (*refused[:FAULTS_SHOWN_MAX], *unfinished):
        remarks.print(f"resay: {sentence}", markup=False, soft_wrap=True)
    if refused or unfinished:
        raise typer.Exit(1)


def _produce(source: FileLog, sink: KafkaSink, *, rate: float, tick: Tick) -> tuple[int, list[str]]:
    from ingest.kafka_sink import Pace, key_of

    pace = Pace(rate, time.monotonic, time.sleep) if rate else None
    start, sent, refused = time.monotonic(), 0, []
    while batch := source.next_batch(RECORDS_A_BATCH, BYTES_A_BATCH):
        for record in batch.records:
            if pace:
                pace.wait(start, sent)
            too_long = f"record must be at most {RECORD_BYTES_MAX:,} bytes to be ingested; got {record.length:,}"
            fault = too_long if record.length > RECORD_BYTES_MAX else sink.send(record.raw, key_of(record.raw))
            if fault:
                refused.append(f"{record.origin}: {fault}")
            else:
                sent += 1
        tick(source.bytes_read(), source.bytes_total())
    sink.flush()
    return sent, refused
