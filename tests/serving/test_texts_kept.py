"""What the encoder of a service keeps of texts goes once somebody was forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from resay.store.forgettings import ForgettingBooks
from rewrite_online.encoder import Towers, Vectors
from serving.app import open_service
from serving.texts_kept import TextsKept
from tests.builders import BASE
from tests.serving.conftest import settings_of


def trunk(texts: Sequence[str]) -> Vectors:
    """One number a text."""
    return np.array([[len(each)] for each in texts], dtype=np.float32)


def test_no_text_is_kept_behind_a_forgetting(home: Path):
    """Nor by towers with other heads on the same trunk; whatever is said after it is kept again."""
    towers = Towers(trunk, trunk_name="letters")
    service = open_service(settings_of(home, towers=lambda: towers), clock=lambda: BASE)
    service.encoder.refresh()
    assert service.encoder() is towers
    towers.trunk(["my own words"])
    service.encoder.refresh()
    assert towers.has(["my own words"])

    ForgettingBooks(service.books).begin("c1", now=BASE)
    service.encoder.refresh()

    assert not towers.has(["my own words"])
    towers.trunk(["later words"])
    service.encoder.refresh()
    assert towers.has(["later words"])


def test_an_encoder_that_nobody_asked_for_is_not_read():
    """A service of tables needs none."""
    asked: list[str] = []
    numbers = iter(range(9))
    kept = TextsKept(lambda: asked.append("read"), lambda: next(numbers))  # type: ignore[arg-type]

    kept.refresh()
    kept.refresh()

    assert asked == []
