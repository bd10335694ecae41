"""`resay detect --input`: whatever a file holds, clean lines or a named reject, and never a stall."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from resay.commands import label
from resay.dialogue.codec import UTTERANCE_CHARS_MAX

TURNS = 5_000
"""Of one session: a stuck device over night."""

CPU_S_MAX = 60.0
"""Of a core, for those turns, by rules: ten times what it takes; a model's time is bounded by its windows (test_shipped_models.py)."""

REFUSED = {"response": {"text": "Sorry, I did not understand that.", "status": "failed"}}


def record(number: int, utterance: str, at_s: int, *, customer: str = "c1", **others: object) -> dict[str, object]:
    """A record with no more than the format asks for."""
    at = f"2026-11-02T{9 + at_s // 3600:02d}:{at_s // 60 % 60:02d}:{at_s % 60:02d}.000Z"
    return {"schema": "resay.turn/1", "turn_id": f"t{number}", "customer_id": customer, "at": at, "utterance": utterance, **others}


AGAIN = (record(1, "play madonna", 0, **REFUSED), record(2, "no I said madonna", 4), record(3, "lights off", 9))


def detect(place: Path, *records: dict[str, object], options: tuple[str, ...] = ("--json",)) -> Any:
    """What the command answers for a file of these records."""
    path = place / "dialogues.jsonl"
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records), encoding="utf-8")
    return answered(path, *options)


def answered(path: Path, *options: str) -> Any:
    app = typer.Typer()
    label.register(app)
    return CliRunner().invoke(app, ["detect", "--input", str(path), *options])


def pairs(result: Any) -> list[tuple[str, str]]:
    """The pairs that were considered, or linked."""
    return [(each["source"], each["target"]) for each in map(json.loads, result.stdout.splitlines())]


def test_a_file_is_judged_by_the_model_that_ships(tmp_path: Path):
    """Rules only where they are asked for; either points into the turn that repairs."""
    usual, span, rules = (
        detect(tmp_path, *AGAIN, options=("--json", *options)).stdout
        for options in ((), ("--detector", "span"), ("--detector", "combined"))
    )

    assert usual == span != rules
    first = json.loads(usual.splitlines()[0])
    assert (first["source"], first["target"], first["start"], first["end"]) == ("t1", "t2", 10, 17)


def test_sessions_of_one_turn_have_no_pairs(tmp_path: Path):
    """Nothing is printed, and nothing is wrong."""
    result = detect(tmp_path, *(record(number, "play madonna", 100 * number) for number in range(9)))

    assert (result.exit_code, result.stdout) == (0, "")


def test_a_session_of_thousands_of_turns_does_not_stall(tmp_path: Path):
    """Three candidates a turn at most, however long somebody talks."""
    talk = [record(number, f"play madonna {number % 7}", 2 * number, **REFUSED) for number in range(TURNS)]

    begun = time.process_time()
    result = detect(tmp_path, *talk, options=("--json", "--detector", "combined"))

    assert result.exit_code == 0
    assert 2 * TURNS < len(result.stdout.splitlines()) <= 3 * TURNS
    assert time.process_time() - begun < CPU_S_MAX


def test_any_script_and_no_words_are_clean_results(tmp_path: Path):
    """Spans lie in the utterance as it came, right to left too; what has no words says nothing again."""
    utterances = (
        "",
        "  ",
        "🙂🙂",
        "включи свет",
        "включи свет",
        "灯をつけて",
        "שים מוזיקה",
        "שים מוזיקה",
        "e\u0301te\u0301",
        "\u202e\u200f",
    )
    talk = [record(number, utterance, 5 * number, **REFUSED) for number, utterance in enumerate(utterances)]

    result = detect(tmp_path, *talk)

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, result.stderr) == (0, "")
    assert {"source": "t6", "target": "t7"}.items() <= next(each for each in lines if each["source"] == "t6").items()
    for each in lines:
        assert 0 <= each["start"] <= each["end"] <= len(utterances[int(each["target"][1:])])
        assert 0.0 <= each["probability"] <= 1.0


def test_an_utterance_without_end_is_named_and_passed_over(tmp_path: Path):
    """The turns around it are answered."""
    result = detect(tmp_path, AGAIN[0], record(9, "x" * 100_000, 2), *AGAIN[1:])

    assert result.exit_code == 1
    assert f"dialogues.jsonl:2: utterance must not be longer than {UTTERANCE_CHARS_MAX:,} characters; got 100,000" in result.stderr
    assert pairs(result) == [("t1", "t2"), ("t1", "t3"), ("t2", "t3")]


def test_turns_out_of_order_are_answered_as_in_order(tmp_path: Path):
    """Sessions are cut from event time."""
    assert detect(tmp_path, *reversed(AGAIN)).stdout == detect(tmp_path, *AGAIN).stdout


def test_a_turn_that_comes_twice_counts_once(tmp_path: Path):
    """The first of an id stands, as when a sender tries again."""
    again = detect(tmp_path, *AGAIN, AGAIN[0], record(2, "something else", 4))

    assert again.exit_code == 0
    assert again.stdout == detect(tmp_path, *AGAIN).stdout


def test_customers_in_one_file_are_kept_apart(tmp_path: Path):
    """Nobody says again what another said, though they talk at one time."""
    other = [record(number + 10, utterance, number, customer="c2") for number, utterance in enumerate(("play madonna", "play madonna"))]

    result = detect(tmp_path, AGAIN[0], *other, *AGAIN[1:])

    assert pairs(result) == [("t1", "t2"), ("t1", "t3"), ("t2", "t3"), ("t10", "t11")]


def test_sessions_that_are_named_apart_are_apart(tmp_path: Path):
    """Without names silence parts them."""
    named = [{**each, "session_id": f"s{number // 2}"} for number, each in enumerate(AGAIN)]

    assert pairs(detect(tmp_path, *named)) == [("t1", "t2")]
    assert pairs(detect(tmp_path, AGAIN[0], record(2, "play madonna", 60))) == []


@pytest.mark.parametrize("field", ["at", "turn_id", "customer_id", "utterance"])
def test_a_record_without_what_must_be_there_is_named(tmp_path: Path, field: str):
    """By its line and field; others are answered."""
    result = detect(tmp_path, {name: value for name, value in AGAIN[0].items() if name != field}, *AGAIN[1:])

    assert result.exit_code == 1
    assert "dialogues.jsonl:1: " in result.stderr
    assert field in result.stderr
    assert pairs(result) == [("t2", "t3")]


def test_a_file_that_is_no_log_is_named_line_by_line(tmp_path: Path):
    """Bytes of any kind, and one JSON array over many lines."""
    binary, array = tmp_path / "binary.jsonl", tmp_path / "array.json"
    binary.write_bytes(bytes(range(256)) * 40)
    array.write_text(json.dumps(AGAIN, indent=1))

    for path in (binary, array):
        result = answered(path, "--json")

        assert (result.exit_code, result.stdout) == (1, "")
        assert f"rejected {path.name}:1: " in result.stderr


def test_an_empty_file_is_one_sentence(tmp_path: Path):
    """It names the file: an empty one is the wrong one more often than not."""
    result = detect(tmp_path)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "dialogues.jsonl must hold records, one a line; it is empty" in result.stderr


def test_a_gzip_file_that_was_cut_off_is_said(tmp_path: Path):
    """In a sentence that names it."""
    path = tmp_path / "dialogues.jsonl.gz"
    whole = gzip.compress("".join(json.dumps(each) + "\n" for each in AGAIN).encode())
    path.write_bytes(whole[:-12])

    result = answered(path, "--json")

    assert result.exit_code == 1
    assert "dialogues.jsonl.gz" in result.stderr + str(result.exception)
