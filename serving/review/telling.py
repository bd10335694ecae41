"""What became of drafts, as HTTP and command line tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from markov.draft import Checked, Draft, Recorded
from resay.dialogue.rewrite import Risk

RISKY = "risk: the action is risky; it needs more customers, or a person who allows it"


def checked_json(checked: Checked, drafts: Sequence[Draft]) -> list[dict[str, object]]:
    """One object a draft."""
    allowed = {each.rewrite_id for each in drafts if each.allowed}
    return [_recorded_json(each, reasons_of(checked, each, allowed=each.rewrite.rewrite_id in allowed)) for each in checked.recorded]


def reasons_of(checked: Checked, recorded: Recorded, *, allowed: bool) -> list[str]:
    """Why a draft is refused; nothing where it can be proven."""
    reasons = list(checked.refused.get(recorded.rewrite.rewrite_id, ()))
    if reasons and recorded.rewrite.risk is Risk.HIGH and not allowed:
        reasons.insert(0, RISKY)
    return reasons


def _recorded_json(recorded: Recorded, reasons: Sequence[str]) -> dict[str, object]:
    return {
        "rewrite": asdict(recorded.rewrite),
        "said": recorded.said,
        "speakers": recorded.speakers,
        "in_vain": recorded.in_vain,
        "target_speakers": recorded.target_speakers,
        "would_spare": round(recorded.spared, 2),
        "refused": list(reasons),
    }
