"""What labels tell of turns that were tried, and what the history calls what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from resay.experiment.promote import Stage
from serving.dashboard.queries import Step

BY = "resay"
"""Who does it, where it is done by itself."""

EVENTS = {Stage.LIVE: "promoted", Stage.CANARY: "back_on_trial", Stage.TAKEN_BACK: "rolled_back"}
"""What a change is called in the history."""

OUTCOMES: Mapping[str, str] = {"success": "right", "failure": "wrong"}
"""What a label means for a trial; all else tells nothing."""


def outcomes_of(turn_ids: Sequence[str]) -> Step:
    """What labels say of turns; nothing of those of which they cannot tell."""
    return Step(
        "outcomes_of_trials",
        "select turn_id, outcome from outcomes where outcome in ('success', 'failure') and turn_id in (select unnest(?))",
        (list(turn_ids),),
    )
