"""What the circumstances of a request say of its words: looked up by wording, and weighed against what the ranker says.

Serving alone; how leanings are learnt is in `fit_leanings`. A request without a context, or with words that lean on nothing, costs a
look-up and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from resay.dialogue.cue import cues_of
from resay.dialogue.leaning import Leaning, Told, told_by
from resay.dialogue.rewrite import Heard, Rewrite
from resay.dialogue.text import canonical
from rewrite_online.own_record import NEAR_SHARE, RANKER_TURNS

REFUTED_MAX = 0.3
"""Chance that a rewrite's state is wanted here, below which it is out of place …"""

REFUTED_SHARE = 0.5
"""… where that is less than half of what it is wherever the words are said: a customer's own meaning is not the crowd's to refute."""


class Leanings:
    """Leanings by wording; safe to share between threads."""

    def __init__(self, leanings: Iterable[Leaning] = ()) -> None:
        self._by_key = {(each.text, each.prompt_kind): each for each in leanings}

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def keys(self) -> frozenset[tuple[str, str]]:
        """Wordings that lean, by text and prompt kind."""
        return frozenset(self._by_key)

    def of(self, text: str, kind: str, heard: Heard) -> Told | None:
        """What is so there says of a wording; nothing where it does not bear on it."""
        leaning = self._by_key.get((text, kind))
        return None if leaning is None or heard.context is None else told_by(leaning, cues_of(heard.context))

    def told(self, heard: Heard) -> Told | None:
        """The same of the very words that were heard."""
        if not self._by_key or heard.context is None:
            return None
        return self.of(canonical(heard.utterance), heard.prompt.kind if heard.prompt else "", heard)

    def out_of_place(self, heard: Heard, rewrite: Rewrite) -> bool:
        """Whether a rewrite that is good elsewhere is not what is wanted here."""
        told = self.told(heard)
        if told is None or not rewrite.state:
            return False
        here = told.wanted(rewrite.state)
        return here < REFUTED_MAX and here < REFUTED_SHARE * told.wanted_anywhere(rewrite.state)


NO_LEANINGS = Leanings()


def chance_here(chance: float, here: float, told: Told, *, is_near: bool = False) -> float:
    """A chance that was told without circumstances, once they are known; `is_near`: they are of words that are written nearly so."""
    turns = told.turns * (NEAR_SHARE if is_near else 1.0)
    return (RANKER_TURNS * chance + turns * here) / (RANKER_TURNS + turns)
