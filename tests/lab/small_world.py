"""A world of one kitchen and one hallway, written as a folder: small enough to read, large enough to talk in."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

HOME = {
    "floors": {"ground": ["ground", "downstairs"]},
    "areas": {"kitchen": {"floor": "ground", "names": ["kitchen"]}, "hallway": {"floor": "ground", "names": ["hallway", "hall"]}},
    "devices": {
        "light.counter": {"area": "kitchen", "device_class": None, "names": ["counter lights"], "available": True},
        "light.lamp": {"area": "kitchen", "device_class": None, "names": ["reading lamp"], "available": False},
        "lock.front": {"area": "hallway", "device_class": None, "names": ["front door"], "available": True},
        "media_player.kitchen": {"area": "kitchen", "device_class": None, "names": ["kitchen speaker"], "available": True},
        "todo.shopping": {"area": None, "device_class": None, "names": ["shopping list"], "available": True},
    },
    "media": ["the silver foxes"],
    "room_player": {"kitchen": "media_player.kitchen"},
}

GOALS = [
    {"goal": "lights_on", "area": "kitchen", "canon": "turn on the counter lights", "gold": ["HassTurnOn", ["light.counter"], {}]},
    {"goal": "lock_up", "area": "hallway", "canon": "lock the front door", "gold": ["HassTurnOn", ["lock.front"], {}]},
    {"goal": "never_mind", "area": "kitchen", "canon": "never mind", "gold": ["HassNevermind", [], {}]},
]

PHRASES = [
    (1, "lights_on", "kitchen", "turn on the counter lights", "T", "correct"),
    (2, "lights_on", "kitchen", "counter lights on", "T", "correct"),
    (3, "lights_on", "kitchen", "let there be light", "C", "no_match"),
    (4, "lock_up", "hallway", "lock the front door", "T", "correct"),
    (5, "lock_up", "hallway", "secure the house", "C", "no_match"),
    (6, "never_mind", "kitchen", "never mind", "T", "correct"),
]

SPEAKERS = {
    "us1": {"cohort": "us", "family": "slt", "main": True},
    "us2": {"cohort": "us", "family": "slt", "main": True},
    "gb1": {"cohort": "gb", "family": "rp", "main": False},
}

HEARD = {1: ("turn on the counter lights", "turn on the corner lights"), 3: ("let there be light", "let the be light")}
"""What was heard in the first draw of a phrase and in the others, where that is not the phrase itself."""


def write_world(folder: Path) -> Path:
    """The folder, with the files of a world in it."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = ("p", "goal", "area", "text", "tag", "gold_outcome")
    phrases = [dict(zip(keys, phrase, strict=True)) for phrase in PHRASES]
    speakers = {"speakers": SPEAKERS, "repair_forms": {"no_i_said": "no i said {}"}}
    for name, content in (("home", HOME), ("goals", GOALS), ("phrases", phrases), ("speakers", speakers)):
        (folder / f"{name}.json").write_text(json.dumps(content))
    _write_lines(folder / "recordings.jsonl.gz", _recordings())
    _write_lines(folder / "false_wakes.jsonl.gz", [_heard("and then the news") | {"fw": "tv"}, _heard("") | {"fw": "fan"}])
    return folder


def _recordings() -> list[dict[str, Any]]:
    lines = []
    for number, _, _, text, _, gold in PHRASES:
        for speaker in SPEAKERS:
            for condition, draws in (("quiet", 2), ("home", 1)):
                for draw in range(draws):
                    first, other = HEARD.get(number, (text, text))
                    truth = {"e": 0, "o": gold if draw == 0 else "unresolved", "fp": "correct" if gold == "correct" else "nlu"}
                    key = {"p": number, "s": speaker, "c": condition, "k": draw, "take": "a"}
                    lines.append(key | _heard(first if draw == 0 else other) | truth)
    repaired = {"p": 1, "s": "us1", "c": "quiet", "k": 0, "take": "b", "r": "no_i_said", "e": 0, "o": "no_match", "fp": "nlu"}
    return [*lines, repaired | _heard("no i said turn on the counter lights")]


def _heard(text: str) -> dict[str, Any]:
    return {"h": text, "cf": 0.1, "wc": [0.9, 0.7] if text else [], "dur": 1.5, "nb": [[f"{text} uh", "no_match"]] if text else []}


def _write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
