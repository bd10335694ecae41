"""Verdicts on sessions: each turn with what stands around it, and with what the log remembers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from failure_point.case import Case, cases_of
from failure_point.model import CASES_A_BATCH, FailurePointModel
from failure_point.point import Verdict
from failure_point.traffic import Traffic
from resay.dialogue.session import Session


def classify(model: FailurePointModel, sessions: Iterable[Session], traffic: Traffic, *, explain: bool = False) -> Iterator[Verdict]:
    """A verdict for each turn of sessions, in order; memory does not grow with them."""
    for cases in _batches(sessions):
        yield from model.verdicts(cases, traffic, explain=explain)


def _batches(sessions: Iterable[Session]) -> Iterator[Sequence[Case]]:
    held: list[Case] = []
    for session in sessions:
        held += cases_of(session)
        if len(held) >= CASES_A_BATCH:
            yield held
            held = []
    if held:
        yield held
