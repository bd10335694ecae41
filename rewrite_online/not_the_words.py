"""Which wordings fail for other reasons than their words: nothing that might be said in their place would help.

Told by verdicts of where turns failed first, over many customers. Of what crowds say alone: a customer's own history, and what they
taught, is of what helped them.
"""

from __future__ import annotations

from resay.dialogue.rewrite import Heard
from resay.dialogue.wording import Failing
from rewrite_online.needless import NOTHING_KNOWN, Knowing

CUSTOMERS_LEAST = 10
"""Customers who must tell, whatever the floor of a generation: ten tell a share to within about ± 0.15."""

SHARE_LEAST = 0.5
"""Chance that it is not the words from which nothing is said in their place: then most rewrites would be needless, or wrong actions."""


class NotTheWords:
    """What is known of it; safe to share between threads."""

    def __init__(self, knowing: Knowing = NOTHING_KNOWN) -> None:
        self._knowing = knowing

    def __call__(self, heard: Heard) -> bool:
        """Whether what was heard fails mostly for other reasons than its words."""
        failing = self.why(heard)
        return failing is not None and fails_otherwise(failing)

    def why(self, heard: Heard) -> Failing | None:
        """Why what was heard fails where it fails; nothing where too few customers tell."""
        known = self._knowing.known(heard)
        return known.failing if known is not None else None


NOTHING_TOLD = NotTheWords()


def fails_otherwise(failing: Failing) -> bool:
    """Whether it is mostly not for the words, as enough customers tell."""
    return failing.customers >= CUSTOMERS_LEAST and failing.not_the_words >= SHARE_LEAST
