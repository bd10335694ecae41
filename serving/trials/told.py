"""What labels tell of turns that were tried, and what the history calls what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from resay.experiment.promote import Stage
from resay.store.lake import Lake
from serving.dashboard.queries import Step, run

BY = "resay"
"""Who does it, where it is done by itself."""

EVENTS = {Stage.LIVE: "promoted", Stage.CANARY: "back_on_trial", Stage.TAKEN_BACK: "rolled_back"}
"""What a change is called in the history."""

OUTCOMES: Mapping[str, str] = {"success": "right", "failure": "wrong"}
"""What a label means for a trial; all else tells nothing."""


def told_of(lake: Lake, turn_ids: Sequence[str]) -> dict[str, str]:
    """What labels tell of turns, by turn: right or wrong; nothing of those of which they cannot tell.

    Raises: LakeUnavailable, FailedStep.
    """
    asked = Step(
        "outcomes_of_trials",
        "select turn_id, outcome from outcomes where outcome in ('success', 'failure') and turn_id in (select unnest(?))",
        (list(turn_ids),),
    )
    with lake.connect() as connection:
        return {str(turn_id): OUTCOMES[str(label)] for turn_id, label in run(connection, asked)}
