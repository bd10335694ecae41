"""Stream jobs in any increments say what one run over all says: dialogues drawn by Hypothesis, and faults that it must notice.

Planted by hand in the product, each seen red within the examples that are drawn (2026-11-21):
a session that grows is not opened again (only its changed turns are judged); an increment declares one commit more than it has looked at;
rows of judged turns that say nothing new are not taken out; rows that were taken out of an input are forgotten; labels do not follow links.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.landing import land_records
from resay.store.job import advance
from resay.store.lake import Lake
from resay.store.tables import TURN_PARTS
from tests.builders import BASE, record
from tests.store.judged import DETECT, LABEL, catch_up, labels, whole_labels

JOBS = {job.name: job for job in (DETECT, LABEL)}
NOW = BASE + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Land:
    """Records that land in one commit."""

    records: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Advance:
    """A job takes one step."""

    job: str
    """Its name: what Hypothesis draws, it also prints."""


@dataclass(frozen=True, slots=True)
class Forget:
    """A turn is taken out of the lake."""

    turn_id: str


Move = Land | Advance | Forget

WORDS = (("it's too dark in here", "unsupported"), ("lights lights", "unsupported"), ("turn on the lights", "done"), ("no, stop", "failed"))
"""Tries that are linked wherever they stand near each other, and a word against the one before."""

GAPS_S = (5, 20, 44, 46, 100)
"""Silences below and above the gap of a session, and on both sides of its edge."""


@st.composite
def dialogues(draw: st.DrawFn) -> list[bytes]:
    """Records of two customers: runs of tries, some turns in two parts, some moved, ended late, or said by the other customer after all."""
    records: list[bytes] = []
    for customer, other in (("a", "b"), ("b", "a")):
        at = 0
        for number in range(draw(st.integers(1, 4))):
            at += draw(st.sampled_from(GAPS_S))
            turn_id, (utterance, status) = f"{customer}{number}", draw(st.sampled_from(WORDS))
            kind = draw(st.sampled_from(["whole", "whole", "parts", "moved", "ended", "lent"]))
            told = {"customer_id": customer, "utterance": utterance}
            if kind == "parts":
                records.append(record(turn_id, part="said", at=_time(at), **told))
                records.append(
                    record(turn_id, part="answered", at=_time(at + 1), **told | {"utterance": None}, response={"status": status})
                )
                continue
            records.append(record(turn_id, part="said", at=_time(at), **told, response={"status": status}))
            if kind == "moved":
                records.append(record(turn_id, part="heard", at=_time(at - draw(st.sampled_from(GAPS_S))), **told))
            elif kind == "ended":
                late = {"utterance": None, "ended_at": _time(at + draw(st.sampled_from(GAPS_S)))}
                records.append(record(turn_id, part="ended", at=_time(at + 1), **told | late))
            elif kind == "lent":
                # The part of the earlier time says whose turn it is.
                records.append(record(turn_id, part="heard", at=_time(at - 1), **told | {"customer_id": other}))
    return records


@st.composite
def plays(draw: st.DrawFn) -> list[Move]:
    """The records in any order and any commits, with steps of jobs and removals anywhere in between."""
    records = draw(dialogues().flatmap(st.permutations))
    moves: list[Move] = []
    while records:
        size = draw(st.integers(1, max(1, min(5, len(records)))))
        moves.append(Land(tuple(records[:size])))
        records = records[size:]
        moves += draw(
            st.sampled_from(
                [
                    (),
                    (Advance("detect"),),
                    (Advance("label"),),
                    (Advance("detect"), Advance("label")),
                    (Advance("label"), Advance("detect")),
                ]
            )
        )
        if draw(st.integers(0, 7)) == 7:
            moves.append(Forget(draw(st.sampled_from(["a0", "a1", "a2", "b0", "b1"]))))
    return moves


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(moves=plays())
def test_any_increments_say_what_one_run_over_all_says(tmp_path_factory: pytest.TempPathFactory, moves: Sequence[Move]):
    """Rows of every table, after the last step, equal those of a run over the whole lake."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    for move in moves:
        _make(lake, move)
    catch_up(lake)
    said = labels(lake)

    assert said == whole_labels(lake)


def _make(lake: Lake, move: Move) -> None:
    match move:
        case Land(records):
            land_records(records, source="test", lake=lake, now=NOW)
        case Advance(job):
            advance(JOBS[job], lake)
        case Forget(turn_id):
            with lake.connect() as connection:
                keys = connection.sql(f"select turn_id, part from turn_parts where turn_id = '{turn_id}'").to_arrow_table()
            lake.remove(TURN_PARTS, keys)


def _time(second: float) -> str:
    return (BASE + timedelta(seconds=second)).isoformat()
