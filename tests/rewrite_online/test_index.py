"""The index: vectors by number, exact while few and in cells when many; what is deleted is gone from the bytes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resay.store.artifact import BrokenArtifact, LargeFile
from rewrite_online import index as index_file
from rewrite_online.index import EXACT_MAX, TRAINED_A_CELL, Index, Label, WrongIndex

LABEL = Label("letters-1", 3)
WIDTH = 16


def vectors(count: int, *, seed: int = 0) -> np.ndarray:
    """Vectors of length one, in clumps as those of wordings are."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(40, WIDTH))
    rows = (centres[rng.integers(0, 40, count)] + 0.6 * rng.normal(size=(count, WIDTH))).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def made(count: int, *, seed: int = 0) -> Index:
    """An index of numbers from 100 on."""
    return Index(np.arange(100, 100 + count), vectors(count, seed=seed))


@pytest.fixture(scope="module")
def many() -> tuple[Index, np.ndarray]:
    """An index in cells, and what it holds."""
    rows = vectors(EXACT_MAX + 1_000)
    return Index(np.arange(len(rows)), rows), rows


def test_the_nearest_come_first():
    """With their products, exactly, while they are few."""
    rows = vectors(50)
    index = Index(np.arange(50), rows)

    numbers, scores = index.search(rows[7], at_most=3)

    assert index.is_exact
    assert numbers[0] == 7
    assert scores == pytest.approx(np.sort(rows @ rows[7])[::-1][:3], abs=1e-6)


def test_only_what_lies_within_is_found():
    """The wordings after one kind of prompt are one stretch of numbers."""
    index = made(50)

    numbers, _ = index.search(vectors(1, seed=1)[0], at_most=50, within=(110, 120))

    assert sorted(numbers) == list(range(110, 120))


def test_an_index_of_nothing_finds_nothing():
    """Nor is there anything to delete; and it comes back from its bytes."""
    index = Index(np.zeros(0, dtype=np.int64), np.zeros((0, WIDTH), dtype=np.float32))

    assert len(index.search(vectors(1)[0], at_most=5)[0]) == 0
    assert index.delete(np.array([1])) == 0
    assert len(Index.load(index.snapshot(LABEL), LABEL)) == 0


@settings(max_examples=30)
@given(
    before=st.sets(st.integers(0, 60), min_size=1, max_size=30),
    added=st.sets(st.integers(61, 99), max_size=10),
    seed=st.integers(0, 9),
)
def test_adding_and_deleting_again_changes_nothing(before: set[int], added: set[int], seed: int):
    """Answers and numbers are those of before."""
    rows = vectors(100, seed=seed)
    index = Index(np.array(sorted(before)), rows[sorted(before)])
    expected = index.search(rows[0], at_most=5)

    index.add(np.array(sorted(added), dtype=np.int64), rows[sorted(added)])
    assert len(index) == len(before) + len(added)
    index.delete(np.array(sorted(added), dtype=np.int64))

    found = index.search(rows[0], at_most=5)
    assert [list(each) for each in found] == [list(each) for each in expected]
    assert list(index.numbers) == sorted(before)


def test_in_cells_adding_and_deleting_changes_nothing_either(many: tuple[Index, np.ndarray]):
    """Of what is found, and of how much is held."""
    index, rows = many
    expected = [list(index.search(row, at_most=10)[0]) for row in rows[:20]]
    strange = vectors(50, seed=9)

    index.add(np.arange(10**6, 10**6 + 50), strange)
    near = int(index.search(strange[0], at_most=1)[0][0])
    index.delete(np.arange(10**6, 10**6 + 50))

    assert not index.is_exact
    assert near == 10**6
    assert [list(index.search(row, at_most=10)[0]) for row in rows[:20]] == expected
    assert len(index) == len(rows)


def test_in_cells_nearly_all_of_the_nearest_are_found(many: tuple[Index, np.ndarray]):
    """At least 95 of a hundred of the ten nearest to vectors between its own; cells not searched cost the rest."""
    index, rows = many
    asked = rows[:100] + 0.3 * rows[np.argsort(-(rows[:100] @ rows.T), axis=1)[:, 5]]

    found = [set(index.search(row, at_most=10)[0]) for row in asked]

    true = [set(np.argsort(-(rows @ row))[:10]) for row in asked]
    assert sum(len(a & b) for a, b in zip(found, true, strict=True)) / 1_000 >= 0.95
    assert 1 <= index.searched[0] <= index.searched[1] == len(rows) // TRAINED_A_CELL


def test_how_far_is_looked_is_told_by_what_is_asked():
    """Vectors that lie close around few say nothing of questions that lie close to none: more cells are searched for these."""
    rng = np.random.default_rng(5)
    spots = vectors(EXACT_MAX // 20, seed=5)
    rows = np.repeat(spots, 25, axis=0) + 0.05 * rng.normal(size=(25 * len(spots), WIDTH)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    questions, others = vectors(300, seed=6), vectors(100, seed=7)

    by_itself, by_questions = Index(np.arange(len(rows)), rows), Index(np.arange(len(rows)), rows, asked=lambda: questions)

    assert by_itself.searched[0] < by_questions.searched[0]
    assert recall(by_itself, rows, others) < 0.8
    assert recall(by_questions, rows, others) >= 0.93


def recall(index: Index, rows: np.ndarray, asked: np.ndarray) -> float:
    """The share of the ten nearest that is found."""
    found = [set(index.search(row, at_most=10)[0]) for row in asked]
    true = [set(np.argsort(-(rows @ row))[:10]) for row in asked]
    return sum(len(a & b) for a, b in zip(found, true, strict=True)) / (10 * len(asked))


def test_nobody_is_asked_how_far_to_look_where_all_are_compared():
    """Questions cost a run of the encoder each."""

    def never() -> np.ndarray:
        pytest.fail("all are compared")

    assert Index(np.arange(50), vectors(50), asked=never).is_exact


def test_an_index_of_the_vectors_that_another_gives_has_its_bytes():
    """Whoever learns again takes them from what is live, and publishes nothing new where nothing is."""
    index = made(EXACT_MAX + 500)

    again = Index(index.numbers, index.vectors(index.numbers))

    assert again.snapshot(LABEL) == index.snapshot(LABEL)


def large(path: Path, content: bytes) -> memoryview:
    """Bytes as a large file that lies there."""
    path.write_bytes(content)
    with path.open("rb") as file:
        return memoryview(LargeFile(file.fileno()))


def test_an_index_from_a_large_file_answers_as_what_it_was_made_of(many: tuple[Index, np.ndarray], tmp_path: Path):
    """From whichever place rows are read."""
    index, rows = many

    back = Index.load(large(tmp_path / "vectors.index", index.snapshot(LABEL)), LABEL)

    for row in rows[:30]:
        assert [list(each) for each in back.search(row, at_most=5)] == [list(each) for each in index.search(row, at_most=5)]
    assert np.array_equal(back.vectors(index.numbers), index.vectors(index.numbers))
    assert back.snapshot(LABEL) == index.snapshot(LABEL)


def test_an_index_from_a_large_file_may_be_added_to_and_deleted_from(many: tuple[Index, np.ndarray], tmp_path: Path):
    """What is forgotten in it is gone; the file stays as it is until another is written."""
    index, rows = many
    back = Index.load(large(tmp_path / "vectors.index", index.snapshot(LABEL)), LABEL)

    assert back.delete(np.array([7, 8])) == 2
    back.add(np.array([10**6]), vectors(1, seed=9))

    assert {7, 8}.isdisjoint(back.search(rows[7], at_most=10)[0])
    assert back.search(vectors(1, seed=9)[0], at_most=1)[0][0] == 10**6
    assert len(back) == len(rows) - 1


def test_a_large_file_that_was_cut_off_while_it_is_in_use_is_told(many: tuple[Index, np.ndarray], tmp_path: Path):
    """By a reason, and not by answers."""
    index, rows = many
    path = tmp_path / "vectors.index"
    back = Index.load(large(path, index.snapshot(LABEL)), LABEL)

    with path.open("r+b") as file:
        file.truncate(len(rows) * 8 + 4_096)

    with pytest.raises(BrokenArtifact, match="was it cut off"):
        back.vectors(np.array([len(rows) - 1]))


def test_a_vector_is_given_back_nearly_as_it_was(many: tuple[Index, np.ndarray]):
    """By its number."""
    index, rows = many

    assert np.allclose(index.vectors(np.array([5, 4_500])), rows[[5, 4_500]], atol=0.03)


@pytest.mark.parametrize("count", [200, EXACT_MAX + 500], ids=["exact", "in cells"])
def test_what_is_deleted_is_gone_from_the_bytes(count: int):
    """A vector is not only no longer found: no snapshot holds its number or its numbers."""
    index = made(count)
    secret = np.full((1, WIDTH), 0.25, dtype=np.float32)
    index.add(np.array([0x5EC12E70BEEF], dtype=np.int64), secret)
    number, row = (0x5EC12E70BEEF).to_bytes(8, "little"), secret.tobytes()
    assert number in index.snapshot(LABEL)
    assert (row in index.snapshot(LABEL)) == index.is_exact

    assert index.delete(np.array([0x5EC12E70BEEF])) == 1

    assert number not in index.snapshot(LABEL)
    assert row not in index.snapshot(LABEL)
    assert 0x5EC12E70BEEF not in index.search(secret[0], at_most=count)[0]


@pytest.mark.parametrize("count", [30, EXACT_MAX + 500], ids=["exact", "in cells"])
def test_a_snapshot_answers_as_what_it_was_made_of(count: int):
    """And may be added to and deleted from."""
    index = made(count)
    asked = vectors(10, seed=4)

    back = Index.load(index.snapshot(LABEL), LABEL)

    for row in asked:
        assert [list(each) for each in back.search(row, at_most=5)] == [list(each) for each in index.search(row, at_most=5)]
    back.add(np.array([7]), asked[:1])
    assert back.search(asked[0], at_most=1)[0][0] == 7
    assert back.delete(np.array([7, 100])) == 2


@pytest.mark.parametrize(
    ("label", "reason"),
    [(Label("letters-1", 4), "it was made for generation 3"), (Label("letters-2", 3), "its vectors are those of letters-1")],
    ids=["generation", "encoder"],
)
def test_an_index_of_another_generation_or_encoder_is_refused(label: Label, reason: str):
    """With the reason."""
    with pytest.raises(WrongIndex, match=reason):
        Index.load(made(5).snapshot(LABEL), label)


def test_bytes_that_are_no_index_are_refused():
    """Cut off, changed, or something else."""
    whole = made(50).snapshot(LABEL)

    for content in (b"", b"{}", whole[:10], whole[:-1], whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:], b"\x02\0\0\0{}", b"\xff" * 50):
        with pytest.raises(WrongIndex, match="must be"):
            Index.load(content, LABEL)


def test_a_snapshot_says_what_it_is_of():
    """Without being read whole."""
    content = made(5).snapshot(LABEL)

    told = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])

    of = {"encoder": "letters-1", "generation": 3}
    assert told == {"form": index_file.FORM, "count": 5, "width": WIDTH, "searched": 0, "sha256": told["sha256"], **of}
