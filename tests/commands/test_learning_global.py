"""What is learnt with the global layer by what kind of talk it is."""

from __future__ import annotations

import pytest

from resay.commands.learning_global import are_typed
from resay.dialogue.turn import Audio, Hypothesis, Turn
from tests.builders import turn

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
