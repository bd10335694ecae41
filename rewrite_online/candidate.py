"""Candidates: wordings that may stand in place of what was heard, with how each came to be found.

What finds them (meaning, sound, spelling, the recogniser's other hypotheses) and what weighs them (`rank`) meet here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from resay.dialogue.rewrite import Heard, RewriteRequest
from resay.dialogue.wording import Wording
from rewrite_online.ahead import Ahead


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near a wording is to one hypothesis; each 0 to 1, nothing where that way was not taken or found nothing."""

    meaning: float | None = None
    """Cosine of the vectors, below 0 counted as 0."""
    sound: float | None = None
    spelling: float | None = None


@dataclass(frozen=True, slots=True)
class Meant:
    """What all talk so far says of the pieces of what was heard, there where it was heard; chances, 0 to 1."""

    chance: float
    """That the candidate's state is what is wanted."""
    rival: float
    """The same of the likeliest other state."""
    as_said: float
    """That it succeeds as it was said, whatever is wanted: the same for all candidates."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A wording that may be said in place of what was heard."""

    wording: Wording
    nearest: Nearness
    """The greatest of each over all hypotheses."""
    first: Nearness
    """To what was heard first."""
    hypothesis: int | None
    """Place in the n-best of the hypothesis that is this very wording; nothing where none is."""
    meant: Meant | None = None
    """Nothing where nothing was learnt of that."""


class Finder(Protocol):
    """Where candidates come from; safe to share between threads."""

    def find(self, heard: Heard, *, at_most: int) -> Sequence[Candidate]:
        """The nearest wordings after the same kind of prompt, best first; never what was heard first itself."""

    def ahead(self, heard: Heard, *, at_most: int) -> Ahead | None:
        """What may be done before these are asked for; nothing where that is not worth it."""


@dataclass(frozen=True, slots=True)
class Chances:
    """Calibrated chances of success; 0 to 1."""

    as_said: float
    rewritten: tuple[float, ...]
    """One a candidate, in their order."""


class Weigher(Protocol):
    """What weighs candidates against doing nothing; safe to share between threads."""

    def weigh(self, request: RewriteRequest, said: Wording | None, candidates: Sequence[Candidate]) -> Chances:
        """The chances of one request; `said` is what is known of the text as it was heard, if enough customers said it."""
