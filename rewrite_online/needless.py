"""Which rewrites are needless: the assistant does by the words as they are what the rewrite would have it do.

Told by what many customers say with success lately, and by what the assistant said of itself when it was asked. Whatever layer a rewrite
comes from: a customer's own history is of what the assistant was.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from resay.dialogue.rewrite import Heard, Rewrite, RewriteRequest
from resay.dialogue.text import canonical
from resay.dialogue.wording import Wording
from resay.store.artifact import BrokenArtifact, Generation
from resay.store.rewrites import CARD_FILE, rewrite_id_of
from rewrite_online.recall import fares_well


class Knowing(Protocol):
    """Who knows how wordings fare."""

    def known(self, heard: Heard) -> Wording | None:
        """What is known of the very words that were heard; nothing where too few customers say them."""


class KnownWordings:
    """Wordings of a generation that has too little to rewrite beyond its table."""

    def __init__(self, wordings: Iterable[Wording] | Mapping[tuple[str, str], Wording]) -> None:
        """Take wordings, or whatever has them by text and kind of prompt."""
        self._known = wordings if isinstance(wordings, Mapping) else {(each.text, each.prompt_kind): each for each in wordings}

    def known(self, heard: Heard) -> Wording | None:
        """What is known of the very words that were heard; nothing where too few customers say them."""
        return self._known.get((canonical(heard.utterance), heard.prompt.kind if heard.prompt else ""))


NOTHING_KNOWN = KnownWordings(())


class Needless:
    """What is known to be needless; safe to share between threads."""

    def __init__(self, knowing: Knowing = NOTHING_KNOWN, told: Collection[str] = ()) -> None:
        """Know what succeeds as it is; `told` are ids of rewrites of which the assistant itself said that it needs them no more."""
        self._knowing = knowing
        self._told = frozenset(told)

    def __call__(self, request: RewriteRequest, rewrite: Rewrite) -> bool:
        """Whether a rewrite of what was heard is."""
        # By the source and the target wherever they are said, as a customer's own rewrites hold in one room.
        if self._told and rewrite_id_of(rewrite.source, rewrite.prompt_kind, rewrite.target) in self._told:
            return True
        known = self._knowing.known(request.heard)
        return known is not None and fares_well(known) and known.state == rewrite.state


def told_needless(generation: Generation) -> frozenset[str]:
    """Ids of rewrites that stay out of a generation because the assistant said that it needs them no more, as its card tells.

    Raises: BrokenArtifact.
    """
    if not (generation.path / CARD_FILE).exists():
        return frozenset()
    try:
        return frozenset(json.loads(generation.read(CARD_FILE)).get("needless") or {})
    except (ValueError, TypeError, AttributeError) as error:
        message = f"{CARD_FILE} of generation {generation.number} must be a card; {error!r}; was it edited by hand?"
        raise BrokenArtifact(message) from error
