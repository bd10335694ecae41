"""How far a loop is, in a file: what is not that is said in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from resay.lab.checkpoint import BrokenStand, Checkpoint, Stand
from resay.lab.tally import Tally


def test_a_stand_comes_back_from_its_file(tmp_path: Path):
    """And there is none before the first is noted."""
    checkpoint = Checkpoint(tmp_path / "stand")
    before = checkpoint.load()

    checkpoint.save(Stand(Tally({}), days=3))

    assert before is None
    assert checkpoint.load() == Stand(Tally({}), days=3)


@pytest.mark.parametrize("noted", [b"half", b"\x81\xa6passes\x81\xa1\xff\x80"])
def test_a_stand_that_cannot_be_read_is_said(tmp_path: Path, noted: bytes):
    """With the file's name: a loop whose home has seen a part of the talk cannot quietly begin anew."""
    (tmp_path / "stand").write_bytes(noted)

    with pytest.raises(BrokenStand, match="stand must tell where a loop stands"):
        Checkpoint(tmp_path / "stand").load()
