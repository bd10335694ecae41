"""Parts: what serves for training, for choosing and for scoring. By hash, so that every run and every machine cuts alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum


class Part(StrEnum):
    """What something may be used for."""

    TRAIN = "train"
    CHOOSE = "choose"
    TEST = "test"


TRAIN_SHARE, CHOOSE_SHARE = 0.62, 0.14
"""The rest is for scoring. Rounded so that each part of some 70 intents has ten or more."""

_DEALT = (Part.TRAIN, Part.TEST, Part.TRAIN, Part.CHOOSE, Part.TRAIN)
"""In turn: a dozen voice families give seven, three and two."""


def part_of(key: str) -> Part:
    """The part of one of many things: a goal, an intent, a wording."""
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
    if place < TRAIN_SHARE:
        return Part.TRAIN
    return Part.CHOOSE if place < TRAIN_SHARE + CHOOSE_SHARE else Part.TEST


def dealt(keys: Iterable[str]) -> dict[str, Part]:
    """The parts of a few things, such as voice families: each part gets some, as a hash alone would not promise."""
    ordered = sorted(set(keys), key=lambda key: hashlib.sha256(key.encode()).digest())
    return {key: _DEALT[place % len(_DEALT)] for place, key in enumerate(ordered)}
