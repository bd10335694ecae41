"""Program of a child: one bare consumer reads a whole topic and says how long it took, as JSON. What `throughput` compares with.

Words: `kafka-python` or `confluent-kafka`, address, partitions, records.
"""

from __future__ import annotations

import sys
from dataclasses import asdict

from ingest.kafka_place import read_place
from resay.commands.console import print_json

KAFKA_PYTHON = "kafka-python"
CONFLUENT = "confluent-kafka"


def main() -> None:
    """Read, and say what it took; `{}` where the package is absent."""
    from ingest.kafka_bare import read_with_confluent, read_with_kafka_python

    client, address, partitions, records = sys.argv[1:]
    read = read_with_kafka_python if client == KAFKA_PYTHON else read_with_confluent
    reading = read(read_place(address), int(partitions), records=int(records))
    print_json(asdict(reading) if reading else {})
