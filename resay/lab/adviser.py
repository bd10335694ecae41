"""A rewriter between customers and the NLU: who is asked about which turns, and what is logged of it.

A request is made of what the assistant knew at that moment and of nothing else; control is never asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from resay.dialogue.rewrite import BeforeRequest, Heard, RetryRequest, RewriteAnswer, RewriteRequest
from resay.dialogue.turn import ResponseStatus, Turn
from resay.lab.conversation import Advice, Advise
from resay.lab.tally import Arm

EXPERIMENT = "loop"
"""What the log calls the experiment."""

REFUSALS = frozenset({ResponseStatus.FAILED, ResponseStatus.UNSUPPORTED})
"""What a rewriter is asked about in mode `retry`; to silence there is nothing to answer."""

Rewriting = Callable[[RewriteRequest, datetime], RewriteAnswer]
"""A request and the moment of asking → the answer."""


class Mode(StrEnum):
    """When the rewriter is asked."""

    BEFORE = "before"
    """On every turn, before the NLU."""
    RETRY = "retry"
    """After a refusal."""


def adviser(rewriting: Rewriting, *, arms: Mapping[str, Arm], mode: Mode) -> Advise:
    """Lets a rewriter stand between the customers of the treatment arm and the NLU."""

    def advise(turn: Turn, /) -> Advice:
        if arms[turn.customer_id] is Arm.CONTROL:
            return _CONTROL
        request = request_of(turn, mode)
        answer = rewriting(request, turn.at) if request else None
        applied = answer.applied() if answer else None
        if answer is None or applied is None:
            return _TREATMENT
        # A decision's own id is drawn from the system's chance, and the log must be the same each time.
        logged = replace(applied, decision_id=f"d-{turn.turn_id}", experiment=EXPERIMENT, arm=Arm.TREATMENT)
        return Advice(Arm.TREATMENT, answer.utterance, logged)

    return advise


_CONTROL, _TREATMENT = Advice(Arm.CONTROL), Advice(Arm.TREATMENT)


def request_of(turn: Turn, mode: Mode) -> RewriteRequest | None:
    """What the rewriter is asked; in mode `before` nothing of what the NLU made of it."""
    if mode is Mode.BEFORE:
        return BeforeRequest(Heard.of(turn))
    status = turn.response.status if turn.response else ResponseStatus.NONE
    return RetryRequest(Heard.of(turn), turn.interpretations, status) if status in REFUSALS else None
