"""The blocklist: what must never be said, whether or not anybody has learnt it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from resay.dialogue.text import canonical
from resay.store.books import Veto
from resay.store.review import ReviewBooks
from serving.review.drafting import Word


def block_all(review: ReviewBooks, blocked: Iterable[tuple[str, str]], word: Word) -> int:
    """Forbid pairs of source and target, of which one may be empty for any; answers how many are new.

    Raises: BooksUnavailable.
    """
    pairs = {(canonical(source), canonical(target)) for source, target in blocked}
    # What has no words would forbid everything.
    named = sorted(pair for pair in pairs if any(pair))
    return sum(review.dismiss(Veto(source, target, word.by, word.why, word.at, veto_id=uuid.uuid4().hex)) for source, target in named)
