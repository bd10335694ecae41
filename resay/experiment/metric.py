"""What an experiment is measured by: ratios of two sums per customer, and which way is better. Knows names; who counts is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """A total over a base, both summed per customer from their exposure on."""

    name: str
    total: str
    """What is counted above."""
    base: str
    """And below."""
    lower_is_better: bool = True
    decides: bool = False
    """Whether an experiment may be decided by it: only where the closed loop has shown that what is measured is what is true, within three
    points (DESIGN 11)."""


DEFECT_RATE = Metric("defect_rate", "defective turns", "turns", decides=True)
REPHRASE_RATE = Metric("rephrase_rate", "turns said again", "turns")
BARGE_IN = Metric("barge_in", "responses spoken over", "turns")
NEGATIVE_FEEDBACK = Metric("negative_feedback", "turns that were complained of", "turns")
GOAL_SUCCESS = Metric("goal_success", "goal segments that ended well", "goal segments", lower_is_better=False)
LATENCY_MS = Metric("latency_ms", "milliseconds until the answer", "turns")

METRICS = (DEFECT_RATE, REPHRASE_RATE, BARGE_IN, NEGATIVE_FEEDBACK, GOAL_SUCCESS, LATENCY_MS)
"""All that are known."""
