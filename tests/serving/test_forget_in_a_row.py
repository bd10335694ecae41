"""Forgetting one customer after the other: each is taken off what is left of the one before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from markov.facts import Facts
from markov.failing import with_failing
from markov.hearing import hear_all
from markov.proof import encode_proof
from markov.verify import Rules, sift
from resay.dialogue.wording import Wording
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from resay.store.wordings import MEANING_FILE, RANKER_FILE, WORDINGS_FILE, decode_wordings
from serving.customers.forget import forget
from tests.builders import BASE
from tests.markov.talk import Said, alone, fill, names, opening
from tests.markov.test_failing import classified
from tests.rewrite_online.test_global_layer import LIGHT, files, wording
from tests.serving.customers_home import stores_of

FLOOR = 10
SAID = "turn on the light"
CARD = b'{"made_at": "2026-11-02T09:00:00Z"}'


@pytest.mark.parametrize("is_live", [True, False])
@pytest.mark.parametrize(("speakers", "left"), [(FLOOR + 2, [SAID]), (FLOOR + 1, [])])
def test_two_who_leave_in_a_row_take_a_wording_below_the_floor(tmp_path: Path, speakers: int, left: list[str], *, is_live: bool):
    """Whether the generation that says it is live, or lies on the shelf; nothing of it cites either of them."""
    who = names(speakers)
    lake = fill(Lake(tmp_path / "lake"), opening(who) + alone(*(Said(each, 60, SAID, LIGHT) for each in who)))
    hear_all(lake)
    _, proof = sift([], Facts({}, {}, frozenset(), None), Rules(), now=BASE, clock=lambda: 0.0)
    own = {"proof.json": encode_proof(proof), "card.json": CARD}
    shelf = Shelf(tmp_path / "rewrites")
    content = files([replace(wording(SAID, LIGHT, customers=speakers), evidence=())]) | own
    # Pieces of texts have a floor of their own, which would take the generation off in any case.
    content = {name: each for name, each in content.items() if name not in (MEANING_FILE, RANKER_FILE)}
    shelf.publish(shelf.write(content).number)
    if not is_live:
        shelf.publish(shelf.write({name: each for name, each in content.items() if name in files_of_a_table()} | own).number)

    stores = stores_of(tmp_path)
    try:
        for number, each in enumerate(who[:2]):
            forget(stores, each, now=BASE + timedelta(days=20 + number))
    finally:
        stores.books.close()

    said = {each.text: each.customers for number in shelf.numbers() for each in wordings_of(shelf, number)}
    assert list(said) == left


@pytest.mark.parametrize(("told", "left"), [(FLOOR + 2, FLOOR), (FLOOR + 1, None)])
def test_two_who_leave_take_why_a_wording_fails_below_the_floor(tmp_path: Path, told: int, left: int | None):
    """The wording itself is said by many more, and stays."""
    who = names(FLOOR + 10)
    said = alone(*(Said(each, 60, SAID, LIGHT, "failure") for each in who))
    lake = classified(tmp_path / "lake", said, dict.fromkeys(who[:told], "result"))
    _, proof = sift([], Facts({}, {}, frozenset(), None), Rules(), now=BASE, clock=lambda: 0.0)
    with lake.connect() as connection:
        (known,) = with_failing(connection, [replace(wording(SAID, LIGHT, customers=len(who)), evidence=())], Rules())
    assert known.failing is not None
    assert (known.failing.customers, known.failing.result) == (told, 0.9)
    shelf = Shelf(tmp_path / "rewrites")
    content = {name: each for name, each in files([known]).items() if name not in (MEANING_FILE, RANKER_FILE)}
    shelf.publish(shelf.write(content | {"proof.json": encode_proof(proof), "card.json": CARD}).number)

    stores = stores_of(tmp_path)
    try:
        for number, each in enumerate(who[:2]):
            forget(stores, each, now=BASE + timedelta(days=20 + number))
    finally:
        stores.books.close()

    found = [each.failing and each.failing.customers for number in shelf.numbers() for each in wordings_of(shelf, number)]
    assert found[-1:] == [left]
    assert all(each is None or each >= FLOOR for each in found)


def files_of_a_table() -> set[str]:
    return {name for name in files() if name.startswith("rewrites")}


def wordings_of(shelf: Shelf, number: int) -> list[Wording]:
    path = shelf.open(number).path / WORDINGS_FILE
    return decode_wordings(path.read_bytes()) if path.exists() else []
