"""Words that are nearly those that are known: what customers may say to a generation, made of its own wordings.

By such an index tells how far it must look, and a process that is new is warmed. Nothing is learnt from them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from resay.dialogue.wording import Wording
from rewrite_online.shelves import number_of

QUESTIONS_MAX = 200
"""Questions that an index is asked to tell how far it must look: 2,000 nearest tell it to half a percent, and encoding takes 0.8 s."""


def may_be_heard(wordings: Sequence[Wording]) -> list[str]:
    """Questions that are near to some of these, whichever order they have."""
    by_number = sorted(wordings, key=number_of)
    chosen = np.linspace(0, len(by_number) - 1, min(len(by_number), QUESTIONS_MAX)).astype(np.int64)
    return [misheard(by_number[place].text) for place in chosen.tolist()]


def misheard(text: str) -> str:
    """A text with a letter of each longer word taken out: near to what it was, and most likely said by nobody."""
    return " ".join(f"{word[:2]}{word[3:]}" if len(word) > len("the") else word for word in text.split())
