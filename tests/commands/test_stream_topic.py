"""`resay stream` from a real broker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from resay.dialogue.codec import encode, whole
from tests.commands.test_learn import talk
from tests.commands.test_stream import labels, run, whole_labels
from tests.kafka_topic import fill


@pytest.mark.kafka
def test_a_topic_flows_to_a_live_table(tmp_path: Path, broker: str, topic: str):
    """The same chain from a Kafka topic, by customer in two partitions; a second run finds nothing new."""
    records: dict[int, list[bytes]] = {0: [b"not json"], 1: []}
    for each in talk(12):
        records[int(each.customer_id[1:]) % 2].append(encode(whole(each)))
    fill(broker, topic, records)
    words = ("--source", f"kafka://{broker}/{topic}", "--until-idle", "4", "--every", "0.1", "--json")

    first, second = run(tmp_path, *words), run(tmp_path, *words)

    told = json.loads(first.stdout)
    assert (told["landed"]["accepted"], told["landed"]["rejected"], told["judged"]["detect"], told["generation"]) == (36, 1, 36, 1)
    assert json.loads(second.stdout)["read"] == 0
    assert labels(tmp_path) == whole_labels(tmp_path)
