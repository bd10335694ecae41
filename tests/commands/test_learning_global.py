"""What is learnt with the global layer by what kind of talk it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from resay.commands.learning_global import are_typed, vectors_of_live
from resay.dialogue.turn import Audio, Hypothesis, Turn
from rewrite_online.shelves import number_of
from tests.builders import turn
from tests.rewrite_online.test_global_layer import WORDINGS, files, published
from tests.rewrite_online.test_sense import towers, with_sense

TYPED = turn("is it warm in the bedroom")
MISHEARD = turn("turn of the light", hypotheses=(Hypothesis("turn off the light", 0.4),))
SPOKEN = turn("turn off the light", audio=Audio(duration_s=1.4))


@pytest.mark.parametrize(
    ("turns", "typed"),
    [
        ([TYPED] * 10, True),
        ([TYPED] * 9 + [SPOKEN], True),
        ([TYPED] * 8 + [SPOKEN, MISHEARD], False),
        ([MISHEARD] * 10, False),
        ([SPOKEN] * 10, False),
        ([], False),
    ],
)
def test_talk_is_typed_where_no_recogniser_stands_behind_nearly_all_of_it(turns: list[Turn], typed: bool):
    """Neither further hypotheses nor a sound: only then are wordings compared by meaning."""
    assert are_typed(turns) is typed


def test_a_night_begins_with_the_vectors_that_are_live(tmp_path: Path):
    """Of each wording that was known, as this encoder made them; nothing where nothing is live, or it has none."""
    live, bare = published(tmp_path / "typed", with_sense(towers())), published(tmp_path / "spoken", files())

    known = vectors_of_live(live, towers())

    assert known is not None
    numbers = np.array([number_of(each) for each in WORDINGS])
    assert np.array_equal(known.vectors(numbers), towers().wordings([each.text for each in WORDINGS]))
    assert vectors_of_live(live, towers(seed=1)) is None
    assert vectors_of_live(bare, towers()) is None
    assert vectors_of_live(None, towers()) is None
