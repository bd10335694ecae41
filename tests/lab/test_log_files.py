"""Logs as files: what is damaged or was edited by hand is said in one sentence."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from resay.lab.log_files import LATER, TRUTH, BrokenLog, read_truth, read_turns, write_turns
from tests.builders import BASE, turn


def test_turns_come_back_from_their_file(tmp_path: Path):
    """What was written is read, and equal turns give equal bytes."""
    turns = [turn("turn on the lamp"), turn("turn it off", at=5)]

    write_turns(tmp_path / LATER, turns)
    first = (tmp_path / LATER).read_bytes()
    write_turns(tmp_path / LATER, turns)

    assert [each.utterance for each in read_turns(tmp_path / LATER, now=BASE)] == ["turn on the lamp", "turn it off"]
    assert (tmp_path / LATER).read_bytes() == first


def test_a_damaged_file_is_said(tmp_path: Path):
    """Half a file is one clear sentence."""
    write_turns(tmp_path / LATER, [turn("turn on the lamp")])
    (tmp_path / LATER).write_bytes((tmp_path / LATER).read_bytes()[:40])

    with pytest.raises(BrokenLog, match=LATER):
        list(read_turns(tmp_path / LATER, now=BASE))


def test_a_record_that_is_no_turn_is_said(tmp_path: Path):
    """A log that was edited by hand is not scored."""
    (tmp_path / LATER).write_bytes(gzip.compress(b'{"schema":"resay.turn/9"}\n'))

    with pytest.raises(BrokenLog, match=f"{LATER}:1"):
        list(read_turns(tmp_path / LATER, now=BASE))


@pytest.mark.parametrize("line", [b'{"turn_id": 7}\n', b'{"turn_id":"tw\xffo"}\n'])
def test_truth_that_was_edited_is_said(tmp_path: Path, line: bytes):
    """And so is a file of truth that is none, or not UTF-8."""
    (tmp_path / TRUTH).write_bytes(gzip.compress(line))

    with pytest.raises(BrokenLog, match=TRUTH):
        read_truth(tmp_path)
