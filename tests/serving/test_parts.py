"""What a customer had a part in is checked again when they leave, and nothing else; what is not sure is counted in full."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from markov.own_facts import Own, read_own
from markov.publish import publish, read_card
from markov.verify import Rules
from markov.witness import surely_said
from resay.store.artifact import Shelf
from resay.store.lake import Lake
from resay.store.reading import Connection
from serving.customers.forget import forget
from serving.customers.held import Held, Words, read_held
from serving.customers.part import Part, decode_parts, encode_parts, part_in
from serving.customers.parted import judge_part
from tests.serving.customers_home import CANARY, FLOOR, NOW, WHO, learnt, stores_of

SOURCE, TARGET = "lamp on now please", "turn on the lamp please"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose rewrite has as many customers behind it as the floor asks for."""
    return learnt(tmp_path_factory.mktemp("home"), others=FLOOR - 1)


@pytest.fixture(scope="module")
def held(home: Path) -> Held:
    """Its generation."""
    found = read_held(Shelf(home / "rewrites"), 1, Words())
    assert found is not None
    return found


@pytest.fixture
def connection(home: Path) -> Iterator[Connection]:
    """A look into its lake."""
    with Lake(home / "lake").connect() as connection:
        yield connection


def test_what_they_said_is_read_from_their_turns(connection: Connection):
    """Texts of all their turns."""
    own = read_own(connection, WHO)

    assert own.texts == {"hello there", SOURCE, TARGET, f"{CANARY} on", f"start the {CANARY} now"}


def test_who_is_not_there_has_no_part(connection: Connection, held: Held):
    """In nothing of a generation."""
    part = part_in(held, read_own(connection, "nobody"))

    assert not any((part.rewrites, part.backed, part.wordings, part.pieces, part.rooms))
    assert part.is_of(held)


def test_a_part_comes_back_from_the_journal(connection: Connection, held: Held):
    """As it was noted, and it is of that table alone."""
    part = part_in(held, read_own(connection, WHO))

    assert (part.rewrites, part.backed) == ([0], [0])
    assert decode_parts(encode_parts({1: part})) == {1: part}
    assert not Part("of another").is_of(held)


def test_what_nobody_left_stays_as_it_was_proven(connection: Connection, held: Held):
    """To the byte, with its proof."""
    judged = judge_part(held, Part(held.proof.table_sha256), connection, now=NOW)

    assert (list(judged.rewrites), judged.is_clean, judged.meaning) == (list(held.rewrites), True, held.meaning)
    assert judged.proof.table_sha256 == held.proof.table_sha256
    assert judged.checked.kept == tuple(held.wordings)


def test_what_may_be_below_the_floor_is_counted_in_full(connection: Connection, held: Held):
    """While they are in the lake the count finds all of them, and it stays; a customer fewer would not have been enough."""
    part = part_in(held, read_own(connection, WHO))

    judged = judge_part(held, part, connection, now=NOW)

    assert [each.support for each in judged.rewrites] == [FLOOR]


def test_a_text_that_enough_customers_say_is_surely_said(connection: Connection):
    """After the kind of prompt that it was said after; what one customer says often is not."""
    texts = {TARGET, f"{CANARY} on", "nobody says this"}

    assert surely_said(connection, texts, Rules(customers_min=FLOOR)) == {(TARGET, "")}
    assert surely_said(connection, texts, Rules(customers_min=FLOOR + 1)) == set()
    assert surely_said(connection, (), Rules()) == set()


def test_who_said_a_source_is_taken_off_whatever_labels_say_now(connection: Connection, held: Held):
    """Behind a rewrite they were counted by the labels of then."""
    part = part_in(held, Own(frozenset({SOURCE}), frozenset()))

    assert (part.rewrites, part.backed) == ([0], [0])


def test_a_generation_that_came_meanwhile_is_checked_in_full(home: Path, tmp_path: Path):
    """Of a learner who had read before: its part in it was not noted."""
    copied = copytree(home, tmp_path / "home")
    stores = stores_of(copied)

    def publish_late(step: str) -> None:
        if step == "survey":
            read = read_held(stores.shelf, 1, Words())
            publish(stores.shelf, read.rewrites, proof=read.proof, card=read_card(read.generation))

    try:
        forget(stores, WHO, now=NOW, observe=publish_late)
    finally:
        stores.books.close()

    shelf = Shelf(copied / "rewrites")
    left = [read_held(shelf, number, Words()) for number in shelf.numbers()]
    assert [list(each.rewrites) for each in left if each] == [[]]
