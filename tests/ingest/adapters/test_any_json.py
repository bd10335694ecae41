"""Whatever JSON comes, no adapter raises: what it cannot read is a reject, what it makes can be written and judged."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.adapters.adapter import Adapter, Document, read, turn_parts
from ingest.adapters.registry import ADAPTERS
from resay.dialogue.codec import decode, encode
from resay.dialogue.turn import Reject, TurnPart
from tests.ingest.adapters.test_golden import CASES
from tests.strategies import texts, values

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def _names(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for each in value.values() for name in _names(each)}
    return {name for each in value for name in _names(each)} if isinstance(value, list) else set()


def _texts(value: object) -> set[str]:
    """What stands in golden records, so that drawn ones get past the first look."""
    if isinstance(value, dict):
        return {each for member in value.values() for each in _texts(member)}
    if isinstance(value, list):
        return {each for member in value for each in _texts(member)}
    return {value} if isinstance(value, str) else set()


_GOLDEN = [msgspec.json.decode(line) for path in CASES for line in path.read_bytes().splitlines() if path.suffix == ".jsonl"]
_GOLDEN += [msgspec.json.decode(path.read_bytes()) for path in CASES if path.suffix == ".json"]
NAMES = st.sampled_from(sorted({name for each in _GOLDEN for name in _names(each)}))
PLAIN = st.sampled_from(sorted({each for golden in _GOLDEN for each in _texts(golden)})) | values | st.integers() | st.floats(1.0e9, 1.8e9)
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | texts, inner, max_size=8), max_leaves=25)


@st.composite
def damaged(draw: st.DrawFn) -> object:
    """A golden record in which something was put in place of something, at any depth."""
    return _damaged(draw, draw(st.sampled_from(_GOLDEN)))


def _damaged(draw: st.DrawFn, value: object) -> object:
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        name = draw(st.sampled_from(sorted(value)))
        return (
            {**value, name: _damaged(draw, value[name])} if draw(st.integers(0, 9)) else {key: value[key] for key in value if key != name}
        )
    if isinstance(value, list) and value and draw(st.integers(0, 9)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], _damaged(draw, value[place]), *value[place + 1 :]]
    return draw(JSON)


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=lambda adapter: adapter.name)
@settings(max_examples=150, deadline=None)
@given(records=st.lists(JSON | damaged(), max_size=5))
def test_any_json_is_turns_or_rejects(adapter: Adapter, records: list[object]):
    """No record raises; what comes of it is a turn part that the codec reads, or a reject that says why."""
    documents = [Document(record, f"drawn:{ordinal}") for ordinal, record in enumerate(records)]
    told = [read(adapter, record, now=NOW) for record in adapter.records(documents)]

    parts = list(turn_parts(adapter, [event for each in told if not isinstance(each, Reject) for event in each]))

    assert all(isinstance(decode(encode(part), where="", now=NOW), TurnPart | Reject) for part in parts)
    assert all(each.reason and each.where for each in told if isinstance(each, Reject))
    assert all(adapter.recognises(record) in {True, False} for record in records)
