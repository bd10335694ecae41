"""kafka-python's settings, timed: `python benchmarks/kafka_settings.py [HOST:PORT]`; starts a broker of its own where none is named.

Interleaved, median of rounds; per second of CPU too, because other work on the machine disturbs the clock on the wall.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Consumer as OtherConsumer
from confluent_kafka import Producer as OtherProducer
from confluent_kafka import TopicPartition as OtherPartition
from kafka import KafkaConsumer, TopicPartition

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deploy.kafka.broker import Broker
from ingest.kafka_cluster import create_topic
from ingest.kafka_log import BYTES_A_FETCH, BYTES_A_PARTITION, RECORDS_A_POLL, KafkaLog
from ingest.kafka_place import KafkaPlace, read_place
from ingest.kafka_reading import KafkaReading
from ingest.landing import BYTES_A_BATCH, RECORDS_A_BATCH, LandingRules, land, stored_position
from resay.store.lake import Lake

RECORDS = 300_000
ROUNDS = 5
PARTITIONS = 4
SEED = 1

CHOSEN = {
    "max_poll_records": RECORDS_A_POLL,
    "max_partition_fetch_bytes": BYTES_A_PARTITION,
    "fetch_max_bytes": BYTES_A_FETCH,
    "metrics_enabled": False,
}

SETTINGS = [
    {},
    {"check_crcs": False},
    *({"max_poll_records": records} for records in (1_000, 2_000, 10_000)),
    {"max_poll_records": 2_000, "metrics_enabled": False},
    {"max_poll_records": 2_000, "fetch_min_bytes": 262_144},
    {"max_poll_records": 2_000, "max_partition_fetch_bytes": 4_194_304},
    CHOSEN,
]


def main() -> None:
    """Fill topics, time every way to read them, print a line each."""
    own = None if len(sys.argv) > 1 else Broker(Path(tempfile.mkdtemp()))
    if own:
        own.start()
    address = own.address if own else sys.argv[1]
    try:
        places = {packing: fill(address, packing) for packing in ("none", "gzip", "lz4")}
        ways: dict[str, Callable[[], int]] = {f"bare {json.dumps(each)}": lambda each=each: bare(places["none"], each) for each in SETTINGS}
        ways |= {f"bare, chosen, {packing}": lambda packing=packing: bare(places[packing], CHOSEN) for packing in ("gzip", "lz4")}
        ways |= {
            "confluent-kafka": lambda: other(places["none"]),
            "KafkaLog": lambda: ours(places["none"]),
            "landing": lambda: landing(places["none"]),
        }
        timed: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                wall, cpu = time.monotonic(), time.process_time()
                read = way()
                timed[name].append((read / (time.monotonic() - wall), read / (time.process_time() - cpu)))
        for name, rates in timed.items():
            wall, cpu = (statistics.median(column) for column in zip(*rates, strict=True))
            sys.stdout.write(f"{wall:>10,.0f}/s  {cpu:>10,.0f} per CPU second  {name}\n")
    finally:
        if own:
            own.kill()


def fill(address: str, packing: str) -> KafkaPlace:
    """A topic of turns of some 460 bytes."""
    place = read_place(f"kafka://{address}/settings-{packing}-{uuid.uuid4().hex[:8]}")
    create_topic(place, PARTITIONS)
    producer = OtherProducer(
        {"bootstrap.servers": address, "compression.type": packing, "linger.ms": 50, "queue.buffering.max.messages": RECORDS + 1}
    )
    rng = random.Random(SEED)
    words = "turn on the kitchen light play jazz set a timer for ten minutes what is the weather stop".split()  # noqa: SIM905 - a sentence.
    start = int(datetime.now(UTC).timestamp() * 1000) - RECORDS * 100
    for number in range(RECORDS):
        said = " ".join(rng.choices(words, k=5))
        turn = {
            **{"schema": "resay.turn/1", "turn_id": f"t{number}", "customer_id": f"c{rng.randrange(5_000)}", "at": start + number * 100},
            **{"utterance": said, "hypotheses": [{"text": said, "score": -123.4}]},
            "interpretations": [{"domain": "home", "intent": "TurnOn", "slots": {"name": "kitchen light"}, "confidence": 0.83}],
            "response": {"text": "Turned on the light", "status": "done"},
            "context": {"locale": "en-GB", "room": "kitchen", "device_type": "speaker"},
        }
        producer.produce(place.topic, json.dumps(turn).encode(), key=str(turn["customer_id"]).encode())
    producer.flush()
    return place


def bare(place: KafkaPlace, settings: dict[str, object]) -> int:
    """The library alone: poll, and look at nothing."""
    consumer = KafkaConsumer(bootstrap_servers=list(place.servers), enable_auto_commit=False, auto_offset_reset="earliest", **settings)
    consumer.assign([TopicPartition(place.topic, number) for number in range(PARTITIONS)])
    read = 0
    while read < RECORDS:
        read += sum(len(records) for records in consumer.poll(500).values())
    consumer.close()
    return read


def other(place: KafkaPlace) -> int:
    """librdkafka, for comparison."""
    consumer = OtherConsumer({"bootstrap.servers": ",".join(place.servers), "group.id": uuid.uuid4().hex, "enable.auto.commit": False})
    consumer.assign([OtherPartition(place.topic, number, 0) for number in range(PARTITIONS)])
    read = 0
    while read < RECORDS:
        read += len(consumer.consume(2_000, 1))
    consumer.close()
    return read


def ours(place: KafkaPlace) -> int:
    """Our source, nothing landed."""
    done: dict[str, int] = {}
    read = 0
    with closing(KafkaLog(place, positions=lambda _name, key: done.get(key, 0), reading=KafkaReading(uuid.uuid4().hex))) as log:
        while batch := log.next_batch(RECORDS_A_BATCH, BYTES_A_BATCH):
            done[batch.partition] = batch.end
            read += len(batch.raws)
    return read


def landing(place: KafkaPlace) -> int:
    """All of it: validated, screened, committed exactly once."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        positions = lambda name, key: stored_position(lake, name, key)  # noqa: E731 - a name for what stands in one line.
        with closing(KafkaLog(place, positions=positions, reading=KafkaReading(uuid.uuid4().hex))) as log:
            return land(log, lake, rules=LandingRules(clock=lambda: datetime.now(UTC))).accepted


if __name__ == "__main__":
    main()
