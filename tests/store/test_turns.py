"""Turns read back: in Python, and by the view `turns`; both follow one rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.row import read_batch, turn_part_rows
from ingest.source import Record, batch_of
from resay.dialogue.assembly import assemble
from resay.dialogue.codec import encode, whole
from resay.dialogue.session import sessionize
from resay.dialogue.state import interpretation_key, is_unresolved, state_of
from resay.dialogue.text import canonical
from resay.dialogue.turn import Feedback, Hypothesis, Interpretation, Turn, TurnPart, said
from resay.store.lake import Lake
from resay.store.tables import TURN_PARTS
from resay.store.turns import read_turns
from tests.builders import BASE, turn
from tests.strategies import turn_parts

LANDED = datetime(2400, 1, 1, tzinfo=UTC)

few_parts = st.lists(
    turn_parts(
        turn_ids=st.sampled_from(["t1", "t2"]),
        moments=st.integers(0, 3).map(lambda second: BASE + timedelta(seconds=second)),
    ),
    min_size=1,
    max_size=6,
)


def rows_of(parts: Sequence[TurnPart]) -> pa.Table:
    """Rows in this order, without the landing: nothing is dropped as a duplicate."""
    batch = batch_of([Record(encode(part), "p", position, "", 0) for position, part in enumerate(parts)], "p", start=0, end=len(parts))
    read = read_batch(batch.raws, overlong={}, now=LANDED)
    assert not read.bad
    return turn_part_rows(read, batch, source="test", now=LANDED)


def store(lake: Lake, parts: Sequence[TurnPart]) -> None:
    """Put parts in place of what the lake held."""
    lake.replace(TURN_PARTS, rows_of(parts))


def view(lake: Lake) -> list[dict[str, Any]]:
    """Rows of the view `turns`, in the order of `read_turns`, but for the column that holds the record itself."""
    with lake.connect() as connection:
        rows = connection.execute("select * exclude body from turns order by customer_id, event_time, turn_id")
        names = [column[0] for column in rows.description]
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def expected_row(turn: Turn, carried: frozenset[str]) -> dict[str, Any]:
    """The columns of the view as the turn's fields have them; null where no part carried the field."""
    top = turn.interpretations[0] if turn.interpretations else None
    rewrite = turn.rewrite
    return {
        "turn_id": turn.turn_id,
        "event_time": turn.at,
        "customer_id": turn.customer_id,
        "customer_kind": turn.customer_kind.value if "customer_kind" in carried else None,
        "session_id": turn.session_id,
        "utterance": turn.utterance,
        "canonical": canonical(turn.utterance),
        "original": canonical(rewrite.original) if rewrite else None,
        "prompt_kind": turn.prompt.kind if turn.prompt else None,
        "interpretation": interpretation_key(top) if top else None,
        "unresolved": is_unresolved(turn) if "entities" in carried else None,
        "confidence": top.confidence if top else None,
        "asr_score": turn.hypotheses[0].score if turn.hypotheses else None,
        "status": turn.response.status.value if turn.response else None,
        "barge_in": turn.barge_in if "barge_in" in carried else None,
        "ended_at": turn.ended_at,
        "explicit": turn.feedback.explicit if turn.feedback else None,
        "room": turn.context.room if turn.context else None,
        "device_type": turn.context.device_type if turn.context else None,
        "rewrite_id": rewrite.rewrite_id if rewrite else None,
        "decision_id": rewrite.decision_id if rewrite else None,
        "arm": rewrite.arm if rewrite else None,
        "cohorts": list(turn.cohorts) if "cohorts" in carried else None,
        "said": canonical(said(turn)),
        "state": state_of(turn),
    }


@pytest.fixture(scope="module")
def shared_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """One lake for all examples of a property, as each of them replaces what it holds."""
    return Lake(tmp_path_factory.mktemp("lake"))


def corrected(**content: Any) -> list[TurnPart]:
    """A turn that is fully interpreted, and a later part that carries one field anew."""
    first = turn(intent="play", confidence=0.9, hypotheses=(Hypothesis("a", 0.5),), feedback=Feedback(rating=1.0), turn_id="t1")
    later = Turn("t1", "c1", BASE + timedelta(seconds=1), **content)
    return [whole(first), TurnPart(later, frozenset(content), "corrected")]


@settings(max_examples=40, deadline=None)
@given(parts=few_parts, data=st.data())
@example(parts=corrected(interpretations=()), data=None)
@example(parts=corrected(interpretations=(Interpretation("stop"),)), data=None)
@example(parts=corrected(hypotheses=()), data=None)
@example(parts=corrected(hypotheses=(Hypothesis("b"),)), data=None)
@example(parts=corrected(feedback=Feedback()), data=None)
def test_python_and_sql_put_the_same_parts_together(shared_lake: Lake, parts: list[TurnPart], data: st.DataObject | None):
    """The view `turns` is `assemble` in SQL: any parts, in any order, some of them twice, fields that are carried and say nothing."""
    stored = parts + data.draw(st.lists(st.sampled_from(parts), max_size=3)) if data else parts
    by_turn = [list(each) for _, each in groupby(sorted(stored, key=lambda part: part.turn.turn_id), key=lambda part: part.turn.turn_id)]
    whole_turns = [(turn, frozenset().union(*(part.fields for part in each))) for each in by_turn if (turn := assemble(each))]
    whole_turns.sort(key=lambda pair: (pair[0].customer_id, pair[0].at, pair[0].turn_id))

    store(shared_lake, stored)

    assert list(read_turns(shared_lake)) == [turn for turn, _ in whole_turns]
    assert view(shared_lake) == [expected_row(turn, carried) for turn, carried in whole_turns]


def test_turns_come_customer_by_customer_in_event_time(tmp_path: Path):
    """Whatever the order of arrival, what is read can be cut into sessions."""
    lake = Lake(tmp_path)
    store(lake, [whole(turn(at=at, customer=customer)) for customer, at in [("c2", 5), ("c1", 900), ("c2", 0), ("c1", 0)]])

    turns = list(read_turns(lake))

    assert [each.turn_id for each in turns] == ["c1@0", "c1@900", "c2@0", "c2@5"]
    assert [len(session.turns) for session in sessionize(turns)] == [1, 1, 2]


def test_a_late_part_does_not_tear_a_turn_from_its_place(tmp_path: Path):
    """A turn stands where its first part stands, though feedback on it comes hours later."""
    lake = Lake(tmp_path)
    late = Turn("c1@0", "c1", BASE + timedelta(hours=3), feedback=Feedback(rating=1.0))
    store(lake, [TurnPart(late, frozenset({"feedback"}), "rated"), whole(turn(at=10)), whole(turn(at=0))])

    first, second = read_turns(lake)

    assert (first.at, first.feedback, second.turn_id) == (BASE, Feedback(rating=1.0), "c1@10")


def test_parts_without_words_make_no_turn(tmp_path: Path):
    """Feedback on a turn whose words have not come yet waits in the lake."""
    lake = Lake(tmp_path)
    store(lake, [TurnPart(Turn("t1", "c1", BASE, feedback=Feedback()), frozenset({"feedback"}), "rated")])

    assert list(read_turns(lake)) == []


def test_an_empty_lake_has_no_turns(tmp_path: Path):
    """Nothing landed, nothing read."""
    assert list(read_turns(Lake(tmp_path))) == []


def test_a_reader_that_stops_early_lets_go(tmp_path: Path):
    """Taking one turn and leaving does not keep the lake open."""
    lake = Lake(tmp_path)
    store(lake, [whole(turn(at=at)) for at in range(3)])

    reader = read_turns(lake)
    next(reader)
    reader.close()  # type: ignore[attr-defined]

    assert len(list(read_turns(lake))) == 3


def test_a_clock_that_was_set_back_hides_no_turn(tmp_path: Path):
    """What has landed is read whatever the clock says now."""
    lake = Lake(tmp_path)
    store(lake, [whole(Turn("t1", "c1", datetime(2400, 1, 1, tzinfo=UTC), "hello"))])

    assert [each.turn_id for each in read_turns(lake)] == ["t1"]
