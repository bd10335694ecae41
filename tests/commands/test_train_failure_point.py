"""`resay train failure-point`: one run makes a model that can be asked, and a second run goes on from what the first kept."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from failure_point.model_folder import read_model
from resay.commands.main import command_line
from resay.lab.faults.voices import families_of
from resay.lab.linked.home import SmallWorld
from resay.lab.linked.part import Part
from resay.lab.world import read_world
from tests.lab.small_world import write_world

VOICES = ("slt", "kal", "rms", "eus", "ap")
"""Families enough that each part has one."""


def five_voices(folder: Path) -> Path:
    """The small world with each recording by five voices, and five noises."""
    write_world(folder)
    with gzip.open(folder / "recordings.jsonl.gz", "rt") as file:
        lines = [each for each in map(json.loads, file) if each["s"] == "us1"]
    with gzip.open(folder / "recordings.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(line | {"s": voice}) + "\n" for line in lines for voice in VOICES)
    with gzip.open(folder / "false_wakes.jsonl.gz", "rt") as file:
        noise = json.loads(file.readline())
    with gzip.open(folder / "false_wakes.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(noise | {"h": f"and then {word}"}) + "\n" for word in ("news", "rain", "sports", "songs", "silence"))
    speakers = {voice: {"cohort": "us", "family": voice, "main": True} for voice in VOICES}
    (folder / "speakers.json").write_text(json.dumps({"speakers": speakers, "repair_forms": {"no_i_said": "no i said {}"}}))
    return folder


def trained(world: Path, out: Path, kept: Path) -> dict:
    """The figures of a run in a small world, without texts."""
    words = ["train", "failure-point", "--world", str(world), "--texts", str(world / "none"), "--size", "0.05", "--json"]
    done = CliRunner().invoke(command_line(), [*words, "--out", str(out), "--kept", str(kept)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_run_that_was_cut_off_goes_on_to_the_same_model(tmp_path: Path):
    """Of a run that got as far as its rows and first steps these are not made again, and the model is the same to the byte."""
    world, kept = five_voices(tmp_path / "world"), tmp_path / "kept"
    whole = trained(world, tmp_path / "whole", kept)
    (kept / "fold-3.kept").unlink()
    before = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}

    again = trained(world, tmp_path / "again", kept)

    after = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert {name for name, at in after.items() if before.get(name) != at} == {"fold-3.kept"}
    assert again["version"] == whole["version"] == read_model(tmp_path / "again").version
    assert again["cases"] > 0


def test_a_world_with_too_few_voices_is_said(tmp_path: Path):
    """Of three voices in two families none is left to choose with: that is said before anything is made."""
    world = read_world(write_world(tmp_path))

    with pytest.raises(SmallWorld, match="2 voice families"):
        families_of(world, Part.CHOOSE)
