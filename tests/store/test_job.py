"""Stream jobs: exactly what a run over the whole lake would say, after any step, whatever came late, moved or went."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.landing import land_records
from rephrase.combined import CombinedDetector
from rephrase.detect import detect_job
from resay.dialogue.codec import encode, whole
from resay.dialogue.turn import Turn
from resay.label.job import label_job
from resay.store.errors import LostPosition
from resay.store.job import Advance, JobStep, advance, lag, positions
from resay.store.lake import Lake
from resay.store.tables import LINKS, OUTCOMES, TURN_PARTS
from tests.builders import BASE, record, turn
from tests.store.judged import DETECT, LABEL, catch_up, labels, whole_labels


def put(lake: Lake, *turns: Turn) -> None:
    """Land turns, in this order, in one commit."""
    raw(lake, [encode(whole(each)) for each in turns])


def raw(lake: Lake, records: Sequence[bytes]) -> None:
    """Land records in one commit."""
    land_records(records, source="test", lake=lake, now=BASE + timedelta(days=1))


REFUSED = turn("it's too dark in here", at=0, turn_id="t1", status="unsupported")
AGAIN = turn("turn on the bedroom lights", at=12, turn_id="t2", intent="on", slots={"area": "bedroom"})
OTHER = turn("blay madonna", at=0, turn_id="u1", customer="c2", status="failed")


def test_a_step_takes_in_what_has_come_and_no_more(tmp_path: Path):
    """A turn judges its customer's stretch again, and nobody else's."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, OTHER)
    first = advance(DETECT, lake)
    put(lake, AGAIN)

    steps = [first, advance(DETECT, lake), advance(DETECT, lake)]

    assert steps == [Advance(2, {"links": 0}), Advance(2, {"links": 1}), None]


def test_a_late_turn_changes_what_was_said_before(tmp_path: Path):
    """A second try that lands first, then the first try: the goodbye of an hour before stays as it was."""
    lake = Lake(tmp_path)
    put(lake, turn("goodbye", at=-3600, turn_id="t0"), AGAIN)
    catch_up(lake)
    put(lake, REFUSED)
    catch_up(lake)

    said = labels(lake)

    assert [row[:2] for row in said["links"]] == [("t1", "t2")]
    assert [row[:3] for row in said["segments"]] == [("t0", "t0", 0), ("t1", "t1", 0), ("t1", "t2", 1)]
    assert said == whole_labels(lake)


def test_links_that_come_later_change_labels(tmp_path: Path):
    """In processes of their own, labels may be made before the links are; they are mended when these come."""
    lake = Lake(tmp_path)
    put(lake, turn("lights in the den", at=0, turn_id="t1", status=None), turn("no turn on the lights in the den", at=9, turn_id="t2"))
    advance(LABEL, lake)
    alone = labels(lake)["outcomes"]
    advance(DETECT, lake)
    advance(LABEL, lake)

    assert labels(lake)["outcomes"] != alone
    assert labels(lake) == whole_labels(lake)


def test_a_run_over_the_whole_lake_moves_the_positions(tmp_path: Path):
    """After it the stream jobs have nothing to do."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, AGAIN)

    whole_labels(lake)

    assert (lag(DETECT, lake), lag(LABEL, lake)) == (0, 0)
    assert (advance(DETECT, lake), advance(LABEL, lake)) == (None, None)


def test_rows_of_turns_that_are_gone_leave(tmp_path: Path):
    """What was taken out of the lake is said nothing of any more, and its neighbours are judged without it."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, AGAIN, OTHER)
    catch_up(lake)
    with lake.connect() as connection:
        rows = connection.sql("select * from turn_parts where turn_id <> 't2'").to_arrow_table()
    lake.replace(TURN_PARTS, rows.cast(TURN_PARTS.schema()))
    step = advance(DETECT, lake)
    catch_up(lake)

    assert step == Advance(2, {"links": 0})
    assert [row[0] for row in labels(lake)["outcomes"]] == ["t1", "u1"]
    assert labels(lake) == whole_labels(lake)


def test_rows_that_only_moved_are_no_change(tmp_path: Path):
    """Files written anew with the same rows in them, as compaction does, judge nothing again."""
    lake = Lake(tmp_path)
    put(lake, REFUSED)
    put(lake, AGAIN)
    catch_up(lake)
    with lake.connect() as connection:
        rows = connection.sql("select * from turn_parts").to_arrow_table()
    lake.replace(TURN_PARTS, rows.cast(TURN_PARTS.schema()))

    assert advance(DETECT, lake) == Advance(0, {"links": 0})
    assert advance(DETECT, lake) is None


def test_of_two_copies_one_wins_and_the_other_writes_nothing(tmp_path: Path):
    """Who finds that another has taken the step says so."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, AGAIN)

    def overtaken(step: JobStep) -> None:
        if step is JobStep.JUDGED:
            advance(DETECT, lake)

    with pytest.raises(LostPosition, match="is another consumer reading it"):
        advance(detect_job(CombinedDetector(), overtaken), lake)

    assert lake.version(LINKS) == 1
    assert labels(lake)["links"] == whole_labels(lake)["links"]


class Killed(BaseException):
    """The process is gone: not an error, so that nobody answers it."""


@pytest.mark.parametrize("commits", [1, 2, 3])
def test_a_kill_between_two_outputs_is_mended(tmp_path: Path, commits: int):
    """Three tables are three commits; whichever is the last, the next run brings all to one state."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, AGAIN)
    catch_up(lake)
    put(lake, turn("no turn on the bedroom lights", at=20, turn_id="t3", intent="on"))
    advance(DETECT, lake)
    taken: list[JobStep] = []

    def kill(step: JobStep) -> None:
        taken.append(step)
        if taken.count(JobStep.COMMITTED) == commits:
            raise Killed

    with pytest.raises(Killed):
        advance(label_job(observe=kill), lake)
    put(lake, OTHER)
    catch_up(lake)

    assert len({tuple(at.values()) for at in positions(LABEL, lake).values()}) == 1
    assert labels(lake) == whole_labels(lake)


def _said(turn_id: str, part: str, step: int, customer: str, trying: tuple[str, str]) -> bytes:
    at = (BASE + timedelta(seconds=20 * step)).isoformat()
    return record(turn_id, part=part, at=at, customer_id=customer, utterance=trying[0], response={"status": trying[1]})


tries = st.sampled_from(
    [("it's too dark in here", "unsupported"), ("lights lights", "unsupported"), ("turn on the lights", "done"), ("no, stop", "failed")]
)
records_said = st.lists(
    st.builds(
        _said,
        st.sampled_from(["t1", "t2", "t3", "t4", "t5"]),
        st.sampled_from(["said", "moved"]),
        st.integers(0, 12),
        st.sampled_from(["c1", "c1", "c2"]),
        tries,
    ),
    min_size=2,
    max_size=10,
)
"""Tries that are linked wherever they stand near each other; a second part of a turn may bring another time, customer or wording."""


@settings(max_examples=10, deadline=None)
@given(records=records_said, cuts=st.lists(st.integers(1, 9), max_size=4), seed=st.integers(0, 99))
def test_steps_in_any_order_say_what_one_run_over_all_says(
    tmp_path_factory: pytest.TempPathFactory, records: list[bytes], cuts: list[int], seed: int
):
    """Parts landed in any batches, with steps in between or not."""
    rng = random.Random(seed)
    lake = Lake(tmp_path_factory.mktemp("lake"))
    bounds = sorted({0, len(records), *(cut for cut in cuts if cut < len(records))})
    for start, end in pairwise(bounds):
        raw(lake, records[start:end])
        for job in rng.sample([DETECT, LABEL], rng.randrange(3)):
            advance(job, lake)
    catch_up(lake)
    said = labels(lake)

    assert said == whole_labels(lake)


def test_a_part_may_move_a_turn_to_another_time_and_customer(tmp_path: Path):
    """The stretch that it leaves is judged again on both sides of it, and so is the one that it joins."""
    lake = Lake(tmp_path)
    moving = [
        turn("it's too dark in here", at=100, turn_id="a", status="unsupported"),
        turn("lights lights", at=130, turn_id="m", status="unsupported"),
        turn("turn on the bedroom lights", at=160, turn_id="b", intent="on"),
    ]
    put(lake, *moving, turn("light it up", at=0, customer="c2", turn_id="x", status="unsupported"))
    catch_up(lake)
    together = {row[1]: row[0] for row in labels(lake)["segments"]}
    raw(lake, [record("m", part="said", at="2026-11-02T09:00:10.000Z", customer_id="c2", utterance="lights lights")])
    catch_up(lake)
    apart = {row[1]: row[0] for row in labels(lake)["segments"]}

    assert together == {"a": "a", "m": "a", "b": "a", "x": "x"}
    assert apart == {"a": "a", "b": "b", "m": "x", "x": "x"}
    assert labels(lake) == whole_labels(lake)


def test_an_end_that_comes_later_joins_two_sessions(tmp_path: Path):
    """The silence is counted from the end of the earlier turn: once that is known, the later turn was its second try."""
    lake = Lake(tmp_path)
    put(lake, REFUSED, turn("turn on the bedroom lights", at=80, turn_id="t2", intent="on"), turn(at=300, turn_id="t3"))
    catch_up(lake)
    apart = labels(lake)["links"]
    raw(lake, [record("t1", part="answered", at="2026-11-02T09:00:01.000Z", ended_at="2026-11-02T09:01:00.000Z", utterance=None)])
    step = advance(DETECT, lake)
    catch_up(lake)

    assert (apart, step) == ([], Advance(2, {"links": 1}))
    assert labels(lake) == whole_labels(lake)


def test_a_lake_that_has_nothing_is_no_fault(tmp_path: Path):
    """Nothing to take in is an answer, and creates nothing."""
    lake = Lake(tmp_path)

    assert (advance(DETECT, lake), advance(LABEL, lake)) == (None, None)
    assert lake.count(OUTCOMES) == 0
