"""The towers: texts to vectors by a trunk and two heads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rewrite_online.encoder import Heads, Towers, WrongHeads, embedded_towers

MODELS = Path(__file__).parent.parent.parent / "models"


class LetterTrunk:
    """Vectors of which letters a text has; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str], /) -> np.ndarray:
        """One row a text."""
        self.asked += texts
        rows = np.array([[text.count(letter) + 0.1 for letter in "aeio"] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def heads(trunk: str = "letters", *, seed: int = 0) -> Heads:
    """Two heads of chance."""
    rng = np.random.default_rng(seed)
    one, other = (rng.normal(size=(3, 4)).astype(np.float16).astype(np.float32) for _ in range(2))
    return Heads(trunk, one, other)


def test_without_heads_both_towers_are_the_trunk():
    """Nothing was learnt, nothing is changed."""
    towers = Towers(LetterTrunk(), trunk_name="letters")

    assert np.array_equal(towers.heard(["play jazz"]), towers.wordings(["play jazz"]))
    assert towers.name == "letters"


def test_each_tower_has_its_head_and_vectors_are_of_length_one():
    """What is heard and what may be said are turned towards each other by matrices of their own."""
    towers = Towers(LetterTrunk(), trunk_name="letters", heads=heads())

    heard, wordings = towers.heard(["play jazz", ""]), towers.wordings(["play jazz", ""])

    assert heard.shape == (2, 3)
    assert not np.allclose(heard, wordings)
    assert np.allclose(np.linalg.norm(np.vstack([heard, wordings]), axis=1), 1, atol=1e-6)


def test_a_text_is_encoded_once_and_the_oldest_is_let_go():
    """The trunk is most of the time; what is kept is bounded."""
    trunk = LetterTrunk()
    towers = Towers(trunk, trunk_name="letters", texts_kept_max=2)

    towers.heard(["a", "e", "a"])
    towers.wordings(["a"])
    towers.heard(["i", "a"])
    towers.heard(["e", "a"])

    assert trunk.asked == ["a", "e", "i", "a"]


def test_more_texts_than_are_kept_have_their_vectors_all_the_same():
    """A night's wordings go through, whatever is kept of them."""
    towers = Towers(LetterTrunk(), trunk_name="letters", texts_kept_max=3)

    assert towers.wordings(["a" * count for count in range(10)]).shape == (10, 4)
    assert towers.wordings([]).shape[0] == 0


def test_forgotten_texts_are_encoded_anew():
    """Nothing that a deleted customer said stays behind."""
    trunk = LetterTrunk()
    towers = Towers(trunk, trunk_name="letters")
    towers.heard(["my secret"])

    towers.forget()
    towers.heard(["my secret"])

    assert trunk.asked == ["my secret", "my secret"]


def test_company_does_not_change_a_live_vector():
    """A hypothesis alone and among others is the same to the last bit."""
    towers = Towers(LetterTrunk(), trunk_name="letters", heads=heads())

    alone = towers.heard(["play jazz"])
    among = towers.heard(["off", "play jazz", "on"])

    assert np.array_equal(alone[0], among[1])


def test_heads_come_back_from_their_bytes():
    """What a generation holds is what was learnt."""
    learnt = heads()

    back = Heads.of(bytes(learnt))

    assert back.trunk == "letters"
    assert np.array_equal(back.heard, learnt.heard)
    assert np.array_equal(back.wordings, learnt.wordings)
    assert bytes(back) == bytes(learnt)


def test_other_heads_have_another_name():
    """An index made with other heads can be told."""
    names = {Towers(LetterTrunk(), trunk_name="letters", heads=heads(seed=seed)).name for seed in (0, 1)}

    assert len(names) == 2


def test_heads_of_another_trunk_are_refused():
    """Their vectors would mean nothing."""
    with pytest.raises(WrongHeads, match="must be of trunk letters; they are of others"):
        Towers(LetterTrunk(), trunk_name="letters", heads=heads("others"))


@pytest.mark.parametrize("content", [b"", b"PK", b"{}", bytes(heads())[:100]], ids=["empty", "start", "json", "cut off"])
def test_bytes_that_are_no_heads_are_refused(content: bytes):
    """With the reason."""
    with pytest.raises(WrongHeads, match="must be as they were written"):
        Heads.of(content)


def test_the_towers_that_ship_take_any_text():
    """Empty, endless, of other scripts, with control characters."""
    towers = embedded_towers(MODELS / "minilm")

    vectors = towers.heard(["", "word " * 10_000, "включи свет", "\x00\x07", "turn on the light"])

    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert vectors[4] @ towers.wordings(["switch the lamp on"])[0] > vectors[4] @ towers.wordings(["what is the weather"])[0]
