"""The contract of rephrase detectors: what the trained span detector, the default and the baselines all obey."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session


class Detector(Protocol):
    """Finds the second tries in a session."""

    @property
    def name(self) -> str:
        """What it is called, as tables hold it."""

    @property
    def version(self) -> str:
        """Changes whenever its answers may."""

    def links(self, session: Session) -> list[RephraseLink]:
        """The rephrase links of one session, by source, then target.

        Every link runs forward between two turns of the session, at most one for a pair. The probabilities of one source's links add up
        to at most one: they are the chances that this turn, and none before it, is the second try. The span lies inside the target's
        utterance. Equal sessions give equal links, and the time taken is bounded by a constant times the number of turns.
        """


@runtime_checkable
class ManyDetector(Detector, Protocol):
    """A detector that is faster with many sessions at hand."""

    sessions_at_once: int
    """How many it wants: more are no faster."""

    def links_of_all(self, sessions: Sequence[Session]) -> Iterator[list[RephraseLink]]:
        """The links of each session, the very same as `links` gives."""
