"""Forgetting where a generation brings the finder's file: what too few say now is in none of its bytes, and the rest is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from markov.facts import Facts
from markov.hearing import hear_all
from markov.proof import encode_proof
from markov.verify import Rules, sift
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from resay.store.wordings import FINDER_FILE
from rewrite_online.global_certificate import global_layer
from rewrite_online.sound import sound_key
from serving.customers.forget import forget
from tests.builders import BASE, asked
from tests.markov.talk import Said, alone, fill, names, opening
from tests.rewrite_online.test_finder_file import with_file
from tests.rewrite_online.test_global_layer import LIGHT, wording
from tests.serving.customers_home import stores_of
from tests.serving.test_forget_in_a_row import CARD

FLOOR = 10
SAID, CANARY = "turn on the light", "zebra glow"


@pytest.mark.parametrize(("speakers", "left"), [(FLOOR, {SAID}), (FLOOR + 1, {SAID, CANARY})])
def test_a_text_that_too_few_say_is_in_no_byte_of_the_shelf(tmp_path: Path, speakers: int, left: set[str]):
    """Neither its letters nor its sounds; the file is made anew of what stays, and served."""
    who = names(FLOOR + 5)
    said = [Said(each, 60, SAID, LIGHT) for each in who] + [Said(each, 600, CANARY, LIGHT) for each in who[:speakers]]
    lake = fill(Lake(tmp_path / "lake"), opening(who) + alone(*said))
    hear_all(lake)
    _, proof = sift([], Facts({}, {}, frozenset(), None), Rules(), now=BASE, clock=lambda: 0.0)
    known = [wording(SAID, customers=len(who)), wording(CANARY, success=0.9, customers=speakers)]
    shelf = Shelf(tmp_path / "rewrites")
    content = with_file([replace(each, evidence=()) for each in known]) | {"proof.json": encode_proof(proof), "card.json": CARD}
    shelf.publish(shelf.write(content).number)
    assert held_by(tmp_path) == {CANARY, sound_key(CANARY)}

    stores = stores_of(tmp_path)
    try:
        forget(stores, who[0], now=BASE + timedelta(days=20))
    finally:
        stores.books.close()

    live = shelf.current()
    assert live is not None
    assert (live.path / FINDER_FILE).exists()
    assert held_by(tmp_path) == (set() if CANARY not in left else {CANARY, sound_key(CANARY)})
    layer = global_layer(live, [])
    assert layer is not None
    assert {text for text in (SAID, CANARY) if layer.known(asked(text).heard)} == left


def held_by(home: Path) -> set[str]:
    """The text and its sound, as far as any file of any generation holds them."""
    content = b"".join(path.read_bytes() for path in sorted((home / "rewrites").rglob("*")) if path.is_file())
    return {each for each in (CANARY, sound_key(CANARY)) if each.encode() in content}
