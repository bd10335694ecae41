"""Events of other systems as they happen, without HTTP: nothing that a sender writes keeps others waiting, or takes room without end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.adapters.adapter import Document
from ingest.arriving import RASA_EVENTS, SPANS, Stream, arrived, in_batches, tell
from ingest.landing import LandingReport
from resay.store.books import Books
from resay.store.lake import Lake
from resay.store.turns import read_turns
from resay.store.waiting import Piece, WaitingBooks
from tests.builders import BASE

SAID = {"event": "user", "sender_id": "s1", "timestamp": BASE.timestamp(), "text": "book a table"}


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[WaitingBooks]:
    """An empty table of what waits."""
    books = Books(tmp_path / "books.sqlite")
    yield WaitingBooks(books)
    books.close()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(tmp_path / "lake")


def take(waiting: WaitingBooks, stream: Stream, *records: object) -> None:
    told = arrived(stream, [Document(each, "made") for each in records], now=BASE)
    waiting.add(stream.name, told.pieces, now=BASE)


def tell_later(waiting: WaitingBooks, lake: Lake, stream: Stream) -> LandingReport:
    return tell(stream, waiting, lake, now=BASE + timedelta(seconds=10))


@pytest.mark.parametrize("name", ["resay:at", "times", "at"])
def test_nothing_in_an_event_is_taken_for_a_time_of_ours(waiting: WaitingBooks, lake: Lake, name: str):
    """Senders write what they like, our own marks among it."""
    take(waiting, RASA_EVENTS, {**SAID, "metadata": {name: "nope"}, name: {name: "nope"}})

    report = tell_later(waiting, lake, RASA_EVENTS)

    assert (report.accepted, report.rejected) == (1, 0)
    assert [each.utterance for each in read_turns(lake)] == ["book a table"]


def test_a_talk_that_cannot_be_told_keeps_no_other_waiting(waiting: WaitingBooks, lake: Lake):
    """It is a dead letter that names it and quotes nothing of it, and is not tried again."""
    waiting.add("rasa", [Piece("s0", "k", "s0", BASE, content='{"secret": "words"}')], now=BASE)
    take(waiting, RASA_EVENTS, SAID)

    report, again = tell_later(waiting, lake, RASA_EVENTS), tell_later(waiting, lake, RASA_EVENTS)

    assert (report.accepted, report.rejected, again.read) == (1, 1, 0)
    with lake.connect() as connection:
        ((raw, reason),) = connection.execute("select raw, reason from rejects").fetchall()
    assert raw == b'{"talk":"s0","customer_id":"s0"}' and "KeyError" in reason


def test_long_talks_are_landed_in_batches():
    """None is left out, and none holds more than was said."""
    batches = list(in_batches([b"four", b"four", b"four", b"4444", b"5"], bytes_max=8))

    assert [len(each) for each in batches] == [2, 2, 1]
    assert batches[1] == [b"four", b"4444"]


@pytest.mark.parametrize("trace", ["t" * 3_000, "a\x00b"], ids=["long", "control"])
def test_names_that_no_database_takes_are_hashed(waiting: WaitingBooks, lake: Lake, trace: str):
    """Spans are put together by them all the same: what an agent asked its model is no turn."""
    agent, inner = span(trace, "outer\x00", asked="hello", kind="invoke_agent"), span(trace, "i" * 300, asked="which tool?", kind="chat")
    take(waiting, SPANS, agent, inner | {"parentSpanId": "outer\x00"}, span(trace, "p" * 300, asked="", kind="GET"))
    ((talk, names),) = waiting_names(waiting).items()

    tell_later(waiting, lake, SPANS)

    assert len(talk) == 24 and {len(each) for each in names} == {24}
    assert [each.utterance for each in read_turns(lake)] == ["hello"]


def waiting_names(waiting: WaitingBooks) -> dict[str, set[str]]:
    talks = waiting.due("otlp", SPANS.patience, now=BASE + timedelta(seconds=10), limit=9)
    return {talk: {name for each in waiting.pieces("otlp", [talk]) for name in (each.span, each.parent) if name} for talk in talks}


def span(trace: str, name: str, *, asked: str, kind: str) -> dict[str, object]:
    began = str(int(BASE.timestamp()) * 10**9)
    values = {"gen_ai.operation.name": kind, "input.value": asked}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]
    return {"traceId": trace, "spanId": name, "startTimeUnixNano": began, "attributes": attributes}


def test_what_can_be_no_turn_is_one_dead_letter_however_often_its_talk_is_told(waiting: WaitingBooks, lake: Lake):
    """The other turns of the talk are there, and each telling counts only what is new."""
    take(waiting, RASA_EVENTS, SAID, {**SAID, "timestamp": BASE.timestamp() + 1, "text": "a" * 100_000})
    first = tell_later(waiting, lake, RASA_EVENTS)
    take(waiting, RASA_EVENTS, {"event": "bot", "sender_id": "s1", "timestamp": BASE.timestamp() + 2, "text": "Done."})

    again = tell_later(waiting, lake, RASA_EVENTS)

    assert (first.accepted, first.rejected) == (1, 1)
    assert again.rejected == 0
    with lake.connect() as connection:
        assert connection.execute("select count(*) from rejects").fetchall() == [(1,)]


def test_what_was_told_is_kept_while_a_reader_is_behind(waiting: WaitingBooks, lake: Lake):
    """The answer to what was told an hour ago may stand further on in the log."""
    take(waiting, RASA_EVENTS, SAID)
    tell(RASA_EVENTS, waiting, lake, now=BASE + timedelta(hours=1), as_of=BASE + timedelta(seconds=9))
    take(waiting, RASA_EVENTS, {"event": "bot", "sender_id": "s1", "timestamp": BASE.timestamp() + 2, "text": "Done."})

    tell(RASA_EVENTS, waiting, lake, now=BASE + timedelta(hours=2))

    (turn,) = read_turns(lake)
    assert turn.response is not None and turn.response.text == "Done."
    assert waiting.pieces("rasa", ["s1"]) == []
