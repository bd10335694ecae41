"""`resay audit`: what it says of a log is true, it changes nothing, and it says what is wrong with a log that it cannot read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from resay.commands.audit import replayed, sentence
from resay.commands.main import command_line
from resay.commands.pages import PageNotWritten
from resay.dialogue.codec import encode, whole
from resay.dialogue.errors import ResayError
from resay.dialogue.turn import Turn
from resay.store.artifact import Shelf
from tests.builders import BASE, turn
from tests.rewrite_online.test_global_layer import files, published

DAY_S = 86_400


def test_an_audit_counts_defects_and_what_was_said_twice(tmp_path: Path):
    """Twelve customers are refused and say it otherwise: twelve defects, one thing said twice, with what worked."""
    log = _write(tmp_path / "log.jsonl", [each for number in range(12) for each in _said_twice(number, day=0)])

    verdict = _audit(log, "--html", str(tmp_path / "audit.html"))

    assert (verdict["findings"]["turns"], verdict["findings"]["customers"]) == (24, 12)
    assert verdict["findings"]["defects"] == 12
    assert verdict["said_twice"][0]["said"] == "kick on the lights"
    assert verdict["said_twice"][0]["said_then"] == [["turn on the lights", 12]]


def test_one_of_a_thing_is_told_as_one(tmp_path: Path):
    """A log of one customer and one day is told so, in the table and on the page."""
    log = _write(tmp_path / "log.jsonl", _said_twice(0, day=0))

    result = CliRunner().invoke(command_line(), ["audit", str(log), "--html", str(tmp_path / "audit.html")], catch_exceptions=False)
    page = (tmp_path / "audit.html").read_text()

    assert result.stdout.startswith(
        "2 turns of 1 customer, 1 day\n50.0% defective: 1 turn failed their customer\n1 request had to be said again\n"
    )
    assert "turns of 1 customer<" in page
    assert "<b>1</b><span>request had" in page


def test_turns_of_which_nothing_tells_are_in_no_share(tmp_path: Path):
    """And said to be none, so that who divides the two numbers finds the share."""
    log = _write(tmp_path / "log.jsonl", [*_said_twice(0, day=0), turn("what time is it", at=_second(9, day=0), status=None)])

    result = CliRunner().invoke(command_line(), ["audit", str(log), "--html", str(tmp_path / "audit.html")], catch_exceptions=False)

    told = "defective: 1 turn failed their customer; of 1 turn it cannot be told"
    assert f"50.0% {told}\n" in result.stdout
    assert told in (tmp_path / "audit.html").read_text()


def test_sparing_is_counted_on_days_that_were_not_learnt_from(tmp_path: Path):
    """What a month teaches is counted on the days after it, and only there."""
    turns = [each for day in range(30) for number in range(6) for each in _said_twice(number + 6 * (day % 4), day=day)]
    turns += [_refused(number, day=37) for number in range(10)]
    log = _write(tmp_path / "log.jsonl", turns)

    spared = _audit(log, "--html", str(tmp_path / "audit.html"))["spared"]

    assert spared["rewrites"] == 1
    assert spared["turns"] < len(turns) / 2
    assert spared["reached"] == spared["defects"] >= 10
    assert spared["touched"] == 0


def test_words_that_nobody_has_said_before_are_spared_too(tmp_path: Path):
    """What helps them stands in no table: it is asked of the layer behind it, and counted by its own chance."""
    shelf = Shelf(tmp_path)
    shelf.publish(published(tmp_path, files()).number)
    told = [(f"t{number}", "c1", BASE, said, "", came) for number, (said, came) in enumerate(TOLD)]

    spared = replayed(told, shelf)

    assert (spared.rewrites, spared.turns, spared.defects, spared.reached, spared.touched) == (0, 4, 3, 2, 1)
    assert 1.5 < spared.expected < 2.0
    assert "would have reached 2 of 3 defective turns" in sentence(spared)


TOLD = [
    ("put on the light", "failure"),
    ("turn on the lights", "success"),
    ("turn the light on", "failure"),
    ("open the garage", "failure"),
]


def test_the_page_is_one_file_and_escapes_what_customers_said(tmp_path: Path):
    """Whatever was said is text on the page, and the page needs nothing from outside."""
    hostile = "<script>alert(1)</script> kick it on"
    log = _write(tmp_path / "log.jsonl", [turn(hostile, at=0, status="unsupported"), turn(f"no i said {hostile}", at=9, status="done")])

    _audit(log, "--html", str(tmp_path / "audit.html"))
    page = (tmp_path / "audit.html").read_text()

    assert "script alert 1 script kick it on" in page
    assert "<script" not in page
    assert "http" not in page


def test_an_audit_leaves_no_trace_but_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """No lake, no books, no generation: the folder holds the log and the page."""
    log = _write(tmp_path / "log.jsonl", _said_twice(0, day=0))
    monkeypatch.chdir(tmp_path)

    _audit(log)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.jsonl", "resay-audit.html"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b'{"x": 1}\n', "must look like resay.turn/1"),
        (b'{"turn_id": "t"}\n', "schema must be given"),
        (b"\xff\xfe\n", "UTF-8"),
        (b"hello\n", "JSON"),
    ],
)
def test_a_log_without_turns_is_said(tmp_path: Path, content: bytes, says: str):
    """A log of which nothing can be read ends with the reason and a hint, not with an empty report."""
    (tmp_path / "log.jsonl").write_bytes(content)

    result = CliRunner().invoke(command_line(), ["audit", str(tmp_path / "log.jsonl"), "--html", str(tmp_path / "audit.html")])

    assert isinstance(result.exception, ResayError)
    assert says in str(result.exception)
    assert not (tmp_path / "audit.html").exists()


def _said_twice(number: int, *, day: int) -> list[Turn]:
    """One customer is refused and succeeds with another wording nine seconds later."""
    at = _second(number, day=day)
    worked = turn("turn on the lights", at=at + 9, customer=f"c{number}", turn_id=f"{day}-{number}-b", status="done", intent="light_on")
    return [_refused(number, day=day), worked]


def _refused(number: int, *, day: int) -> Turn:
    return turn("kick on the lights", at=_second(number, day=day), customer=f"c{number}", turn_id=f"{day}-{number}-a", status="unsupported")


def _second(number: int, *, day: int) -> int:
    """A second in the past, whenever the test runs: a log from the future would be rejected."""
    return (day - 100) * DAY_S + number * 600


def _write(path: Path, turns: list[Turn]) -> Path:
    path.write_bytes(b"".join(encode(whole(each)) + b"\n" for each in turns))
    return path


def _audit(log: Path, *options: str) -> dict:
    result = CliRunner().invoke(command_line(), ["audit", str(log), "--json", *options], catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_a_page_that_cannot_be_written_is_said_before_the_log_is_read(tmp_path: Path):
    """Nobody waits minutes for a report that then has no place: here not even the log is there."""
    words = ["audit", str(tmp_path / "no-log.jsonl"), "--format", "turns", "--html", str(tmp_path / "not-there" / "a.html")]

    error = CliRunner().invoke(command_line("audit"), words).exception

    assert isinstance(error, PageNotWritten)
