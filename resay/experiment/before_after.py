"""Before and after: the figures of a rewriter on traffic that it was not learnt from. A value; who counts is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Week:
    """The figures of one week."""

    week: int
    """From 1, counted from the first later turn."""
    turns: int
    defects_before: int
    defects_after: int


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """What a rewriter would have done to later traffic."""

    turns: int
    customers: int
    defects_before: int
    defects_after: int
    defect_reduction: float | None
    """Relative: 0.2 means a fifth fewer."""
    defect_reduction_lo: float | None
    """95 % bootstrap interval over customers."""
    defect_reduction_hi: float | None
    wins: int
    """Defective turns made right."""
    losses: int
    """Right turns made wrong, or refused turns turned into a wrong action."""
    neutral: int
    """The other triggers."""
    win_loss: float | None
    """None where there is no loss, or no trigger."""
    win_loss_lo: float | None
    """Lower bound of the 95 % interval."""
    harm: float | None
    """Right turns made wrong, over all right turns."""
    triggers: int
    wrong_actions_caused: int
    """Refused turns turned into a wrong action."""
    weeks: tuple[Week, ...] = ()
    note: str = ""
    """What the figures do not say."""
