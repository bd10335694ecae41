"""Commands that somebody watches in a terminal: bars and remarks are for standard error, results for standard output alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from resay.dialogue.codec import encode, whole
from tests.builders import turn
from tests.child import WAIT_S

MAIN = "from resay.commands.main import main; main()"

TURNS = [turn("lights on in the den", at=0, turn_id="t1"), turn("turn on the den lights", at=9, turn_id="t2")]


@pytest.mark.parametrize("command", ["detect", "label", "classify"])
def test_lines_go_where_they_are_sent_though_a_bar_is_shown(tmp_path: Path, command: str):
    """`resay … --input FILE > lines.jsonl` in a terminal: the file holds the lines, the terminal a bar."""
    log = _log(tmp_path)
    with (tmp_path / "lines.jsonl").open("wb") as lines:
        shown = _watched([command, "--input", str(log)], stdout=lines)

    told = [json.loads(line) for line in (tmp_path / "lines.jsonl").read_text().splitlines()]

    assert [each.get("turn_id") or each["target"] for each in told] == (["t2"] if command == "detect" else ["t1", "t2"])
    assert "turns" in shown
    assert "t2" not in shown


@pytest.mark.parametrize("command", ["label", "classify"])
def test_a_terminal_shows_each_line_whole(tmp_path: Path, command: str):
    """Nothing is broken in two at the terminal's width, and no bar stands between lines."""
    shown = _watched([command, "--input", str(_log(tmp_path))], stdout=None)

    lines = [line for line in shown.splitlines() if '"turn_id"' in line]

    assert [json.loads(line[line.index("{") :])["turn_id"] for line in lines] == ["t1", "t2"]


def _log(folder: Path) -> Path:
    log = folder / "log.jsonl"
    log.write_bytes(b"".join(encode(whole(each)) + b"\n" for each in TURNS))
    return log


def _watched(words: list[str], *, stdout: object) -> str:
    """What a terminal of 80 columns shows of a command whose standard error it is, and whose output too where none is given."""
    ours, theirs = os.openpty()
    shown: list[bytes] = []
    environment = dict(os.environ) | {"TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen([sys.executable, "-c", MAIN, *words], stdout=stdout or theirs, stderr=theirs, env=environment)
    os.close(theirs)
    reader = threading.Thread(target=_read, args=(ours, shown))
    reader.start()
    status = process.wait(WAIT_S)
    reader.join(WAIT_S)
    os.close(ours)
    assert status == 0
    return b"".join(shown).decode().replace("\r\n", "\n")


def _read(end: int, shown: list[bytes]) -> None:
    try:
        while piece := os.read(end, 4_096):
            shown.append(piece)
    except OSError:  # The other end of a terminal is closed so.
        return
