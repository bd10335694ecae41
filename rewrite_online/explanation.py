"""How an answer came about: every candidate, what the gate made of it, and where the time went."""

from __future__ import annotations

from dataclasses import dataclass

from resay.dialogue.rewrite import Layer, Reason, Rewrite, RewriteAnswer


@dataclass(frozen=True, slots=True)
class Weighed:
    """One candidate, and what the gate made of it."""

    layer: Layer
    rewrite: Rewrite
    reason: Reason
    """`REWRITTEN` where it may be served, or why not."""
    gain: float
    """Expected success of the target less that of the original."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer with all that led to it."""

    answer: RewriteAnswer
    weighed: tuple[Weighed, ...]
    """Candidates in the order in which they were weighed; the last one is chosen if any is."""
    parts_ms: tuple[tuple[str, float], ...]
    """Time taken by each part, in order."""
