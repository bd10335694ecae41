"""`resay stream` from a real broker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from resay.dialogue.codec import encode, whole
from tests.commands import test_ingest_rasa as rasa
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


@pytest.mark.kafka
def test_a_topic_of_rasa_is_told_to_its_end_before_the_stream_is_idle(broker: str, topic: str, tmp_path: Path):
    """However short the idleness that ends it: what waits is work."""
    place = rasa.spread(broker, topic)
    words = ("--source", str(place), "--format", "rasa", "--jobs", "ingest", "--until-idle", "0.1")

    first, second = run(tmp_path, *words, "--json"), run(tmp_path, *words)

    done = json.loads(first.stdout)
    assert (done["landed"]["accepted"], done["landed"]["rejected"]) == (16, 2)
    assert (done["told"]["accepted"], done["told"]["rejected"]) == (15, 1)
    assert rasa.told(tmp_path) == rasa.wanted()
    assert "records read: 0" in second.stdout
