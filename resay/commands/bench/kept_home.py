"""Homes of `bench serve`, kept from run to run: the same talk by the same code is not learnt again, a minute for 100,000 wordings.

Knows folders; what is in a home is `serve_home`'s.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec

from resay.commands.bench.serve_home import Talk

KEPT_MAX = 3
"""Homes that are kept, those used last: one of a million wordings takes 1.5 GB."""

SHAPING = ("markov", "resay/commands/bench", "resay/dialogue", "resay/store", "resay/training", "rewrite_online")
"""Folders of what decides what is in a home: code, and the lists that it reads, such as letters that sound alike."""

ROOT = Path(__file__).parents[3]
"""Where these folders lie."""

COMPILED = "__pycache__"

_TALK_FILE = "talk.json"
_decode_talk = msgspec.json.Decoder(Talk).decode


def home_name(*told: object, today: date, root: Path = ROOT) -> str:
    """The name of a home that is made of this by the code as it is; another one every month, as histories grow old."""
    content = hashlib.sha256(repr((*told, today.year, today.month)).encode())
    for path in sorted(path for folder in SHAPING for path in (root / folder).rglob("*") if path.is_file()):
        if COMPILED not in path.parts:
            content.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return f"home-{content.hexdigest()[:24]}"


def kept_home(home: Path, kept: Path, make: Callable[[Path], Talk]) -> Talk:
    """Fill an empty folder from where a home is kept, or by making one, which is kept then; says what may be said to it."""
    if not (kept / _TALK_FILE).exists():
        draft = kept.with_name(f".{kept.name}-{os.getpid()}")
        draft.mkdir(parents=True)
        try:
            (draft / _TALK_FILE).write_bytes(msgspec.json.encode(make(draft)))
            shutil.rmtree(kept, ignore_errors=True)
            draft.rename(kept)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        _let_go(kept.parent)
    os.utime(kept)
    shutil.copytree(kept, home, dirs_exist_ok=True)
    return _decode_talk((kept / _TALK_FILE).read_bytes())


def _let_go(folder: Path) -> None:
    """Remove those homes that were not used for longest."""
    homes = sorted(folder.glob("home-*"), key=lambda each: each.stat().st_mtime, reverse=True)
    for each in homes[KEPT_MAX:]:
        shutil.rmtree(each, ignore_errors=True)
