"""`resay bench failure-point`: every row stands in it, and a run that was cut off goes on from what it kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest

from failure_point.example import Example
from failure_point.point import POINTS
from resay.commands.bench.failure_point import ScoredSet, Split, Truth, figures
from resay.commands.bench.report import BenchRow
from resay.commands.failure_growing import without_following
from resay.commands.failure_kept import Kept
from tests.failure_point.made_model import write_made_model
from tests.failure_point.test_train import planted, silent

NOTHING = Kept(None, {})
ONE_AND_ALL = {"", "/confidence", "/majority", "/metadata", "/words", "/ship"}


class Shelf:
    """Examples that count how often they are asked for."""

    def __init__(self, *, seed: int, number: int = 120) -> None:
        self.made = list(planted(number, seed))
        self.asked = 0

    def __call__(self) -> Sequence[Example]:
        """The examples."""
        self.asked += 1
        return self.made


def the_set(shelves: tuple[Shelf, Shelf], kept: Kept, *, has_following: bool = True) -> ScoredSet:
    """A small set of planted faults."""
    return ScoredSet("toy", Split(*shelves, has_following=has_following), kept=kept, seed=7)


def scored(one: ScoredSet, model, kept: Kept, only: str = "") -> Iterator[BenchRow]:
    """All figures of a set, or those of one row, as the command makes them."""
    for name, piece in one.pieces(model, baselines=True):
        if not only or name == only:
            yield from kept.figures(f"figures {name}", lambda piece=piece: list(piece(silent)))


def test_every_row_stands_in_the_report(tmp_path: Path):
    """The set's own model, its baselines and what ships, with and without what follows; and logs that hold less."""
    pieces = dict(the_set((Shelf(seed=1), Shelf(seed=3)), NOTHING).pieces(write_made_model(tmp_path), baselines=True))

    scored = {name: {row.row for row in piece(silent)} for name, piece in pieces.items() if "ship" in name or "words" in name}

    assert set(pieces) == {f"toy{row}{follows}" for row in ONE_AND_ALL for follows in ("", "/alone")} | {
        *("toy/unscored", "toy/ship/unscored", "toy/ship/text-only", "toy/ship/no-memory"),
    }
    assert all(name in rows and all(row.startswith(f"{name}/point=") for row in rows - {name}) for name, rows in scored.items())


def test_turns_that_stand_alone_have_no_other_row_for_it(tmp_path: Path):
    """Where nothing ever follows, there is one row and not two."""
    model = write_made_model(tmp_path)

    pieces = dict(the_set((Shelf(seed=1), Shelf(seed=3)), NOTHING, has_following=False).pieces(model, baselines=False))

    assert list(pieces) == ["toy", "toy/ship", "toy/unscored", "toy/ship/unscored", "toy/ship/text-only", "toy/ship/no-memory"]


def test_a_cut_off_run_goes_on(tmp_path: Path):
    """What was scored is not scored again, and rows that were made are not made again: the same figures without an example asked for."""
    kept = Kept(tmp_path, {"seed": 7})
    first = list(scored(the_set((Shelf(seed=1), Shelf(seed=3)), kept), None, kept, only="toy/words"))
    shelves = Shelf(seed=1), Shelf(seed=3)

    again = the_set(shelves, kept)
    both = [*scored(again, None, kept, only="toy/words"), *scored(again, None, kept, only="toy/majority")]

    assert both[: len(first)] == first
    assert {row.row.split("/point")[0] for row in both[len(first) :]} == {"toy/majority"}
    assert [shelf.asked for shelf in shelves] == [0, 0]


def test_what_was_kept_of_something_else_is_made_anew(tmp_path: Path):
    """Another seed, and a file that was cut off, are not taken for what is asked."""
    Kept(tmp_path, {"seed": 7}).array("sums", lambda: np.zeros(3))

    other = Kept(tmp_path, {"seed": 8}).array("sums", lambda: np.ones(3))
    (tmp_path / "sums.kept").write_bytes((tmp_path / "sums.kept").read_bytes()[:-9])
    cut = Kept(tmp_path, {"seed": 8}).array("sums", lambda: np.full(3, 2.0))

    assert other.tolist() == [1, 1, 1]
    assert cut.tolist() == [2, 2, 2]


def test_rows_come_back_as_they_were(tmp_path: Path):
    """Numbers, grams, groups, texts and readings are the same after a file."""
    from failure_point.train import rows_of

    kept = Kept(tmp_path, {})
    made = kept.rows("rows", lambda: rows_of(planted(30, 1), without_following))
    read = kept.rows("rows", lambda: pytest.fail("they are kept"))

    assert np.array_equal(read.features, made.features, equal_nan=True)
    assert read.points.tolist() == made.points.tolist()
    assert all(np.array_equal(one, other) for view in made.grams for one, other in zip(made.grams[view], read.grams[view], strict=True))
    assert [len(grams) for grams in read.grams.values()] == [30] * len(made.grams)
    assert (list(read.groups), list(read.sources), list(read.keys)) == (list(made.groups), list(made.sources), list(made.keys))
    assert list(read.logged) == list(made.logged)


def test_what_is_not_known_is_not_named():
    """Of four turns two are likely enough to be named, and one of these is right."""
    chances = np.full((4, len(POINTS)), 1 / len(POINTS))
    chances[:2] = [0.9, 0.02, 0.02, 0.02, 0.02, 0.02]
    rows = figures("x", Truth(np.array([0, 1, 1, 1]), list("abcd")), chances, worth=np.ones(len(POINTS)), seed=Random(7).randrange(9))

    told = {row.metric: row.value for row in rows if row.row == "x"}

    assert (told["named"], told["named_accuracy"]) == (0.5, 0.5)
