"""Records of every system, as it writes them, and the turns that they are: golden files beside this one."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.adapters.adapter import Adapter, Document, Event, read, turn_parts
from ingest.adapters.files import read_file
from ingest.adapters.registry import ADAPTERS, adapter_of
from resay.dialogue.codec import decode, encode
from resay.dialogue.turn import Reject, TurnPart

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path for path in GOLDEN.iterdir() if not path.name.endswith(".turns.jsonl"))
NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_records_are_read_as_the_golden_turns(path: Path):
    """What stands beside a file of records is what they say, part by part."""
    golden = path.with_name(path.name.partition(".")[0] + ".turns.jsonl").read_text().splitlines()

    turns = [encode(part).decode() for part in _turns(path)]

    assert turns == golden


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_every_golden_turn_is_read_by_the_codec(path: Path):
    """What an adapter makes is a record of our own, without a fault, and says the same when it is read."""
    for part in _turns(path):
        assert decode(encode(part), where="golden", now=NOW) == part


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_order_and_repeats_of_events_change_nothing(path: Path):
    """Events come in any order, and twice."""
    adapter, events = _events(path)
    disordered = [*events, *events[::2]]
    random.Random(7).shuffle(disordered)

    assert list(turn_parts(adapter, disordered)) == list(turn_parts(adapter, events))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_a_golden_file_is_recognised_as_what_it_is(path: Path):
    """The first record tells the system, and no other claims it."""
    first = _records(path, _adapter(path))[0].content

    assert adapter_of(first) is _adapter(path)
    assert [name for name, adapter in ADAPTERS.items() if adapter.recognises(first)] == [_adapter(path).name]


def _adapter(path: Path) -> Adapter:
    return ADAPTERS[path.name.partition(".")[0].partition("_")[0]]


def _records(path: Path, adapter: Adapter) -> list[Document]:
    return list(adapter.records(read_file(path).documents))


def _events(path: Path) -> tuple[Adapter, list[Event]]:
    adapter = _adapter(path)
    told = [read(adapter, record, now=NOW) for record in _records(path, adapter)]
    assert not [each for each in told if isinstance(each, Reject)]
    return adapter, [event for each in told if not isinstance(each, Reject) for event in each]


def _turns(path: Path) -> list[TurnPart]:
    adapter, events = _events(path)
    return list(turn_parts(adapter, events))
