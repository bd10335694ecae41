"""A workshop on a boat: a world with other rooms, devices, goals and voices than any other here, to show that none are wired in."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HOME = {
    "floors": {"deck": ["deck"], "hold": ["hold", "below deck"]},
    "areas": {
        "galley": {"floor": "hold", "names": ["galley"]},
        "wheelhouse": {"floor": "deck", "names": ["wheelhouse", "bridge"]},
        "forge": {"floor": "hold", "names": ["forge"]},
    },
    "devices": {
        "light.lantern": {"area": "wheelhouse", "device_class": None, "names": ["lantern"], "available": True},
        "switch.bellows": {"area": "forge", "device_class": None, "names": ["bellows"], "available": True},
        "fan.smoke": {"area": "forge", "device_class": None, "names": ["smoke fan"], "available": False},
        "media_player.horn": {"area": "galley", "device_class": None, "names": ["gramophone"], "available": True},
        "todo.provisions": {"area": None, "device_class": None, "names": ["provisions"], "available": True},
        "weather.harbour": {"area": None, "device_class": None, "names": ["harbour"], "available": True},
    },
    "media": ["songs of the sea"],
    "room_player": {"galley": "media_player.horn"},
}

GOALS = [
    {"goal": "light_up", "area": "wheelhouse", "gold": ["HassTurnOn", ["light.lantern"], {}]},
    {"goal": "stoke", "area": "forge", "gold": ["HassTurnOn", ["switch.bellows"], {}]},
    {"goal": "clear_smoke", "area": "forge", "gold": ["HassTurnOn", ["fan.smoke"], {}]},
    {"goal": "sing", "area": "galley", "gold": ["HassMediaSearchAndPlay", ["media_player.horn"], {"media": "songs of the sea"}]},
    {"goal": "forecast", "area": "galley", "gold": ["HassGetWeather", ["weather.harbour"], {}]},
]

PHRASES = [
    (10, "light_up", "turn on the lantern", "T", "correct"),
    (11, "light_up", "it is getting dark out here", "C", "no_match"),
    (20, "stoke", "turn on the bellows", "T", "correct"),
    (21, "stoke", "turn on the puffer", "S", "unresolved"),
    (30, "clear_smoke", "turn on the smoke fan", "T", "result_fail"),
    (40, "sing", "play songs of the sea", "T", "correct"),
    (50, "forecast", "what is the weather", "T", "correct"),
]

SPEAKERS = {
    "mate": {"cohort": "crew", "family": "alto", "main": True},
    "cook": {"cohort": "crew", "family": "bass", "main": True},
    "stowaway": {"cohort": "guests", "family": "alto", "main": False},
}


def write_other_world(folder: Path) -> Path:
    """The folder, with the files of the world in it; without false wakes and repair forms, which a world need not have."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = ("p", "goal", "text", "tag", "gold_outcome")
    phrases = [dict(zip(keys, phrase, strict=True)) for phrase in PHRASES]
    for name, content in (("home", HOME), ("goals", GOALS), ("phrases", phrases), ("speakers", {"speakers": SPEAKERS})):
        (folder / f"{name}.json").write_text(json.dumps(content))
    with gzip.open(folder / "recordings.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(line) + "\n" for line in _recordings())
    return folder


def _recordings() -> Iterator[dict[str, Any]]:
    for number, _, text, _, outcome in PHRASES:
        for speaker in SPEAKERS:
            for draw in range(4):
                heard = {"h": text, "wc": [0.8], "dur": 1.2, "nb": []}
                yield {"p": number, "s": speaker, "c": "quiet", "k": draw, "take": "a", "o": outcome, "fp": "correct"} | heard
