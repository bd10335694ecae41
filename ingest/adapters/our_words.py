"""Whose words a pipeline run of Home Assistant holds: the customer's, or ours, put into the transcript by the hop before it.

Home Assistant does not know that a transcript was rewritten; the hop wrote down what it did. Runs and decisions are brought together by
words and time, and by name where they share names. What cannot be told apart is refused: taken for a customer's words, it would teach us
our own. Knows neither books nor files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from ingest.adapters.adapter import Event, raw_of
from ingest.adapters.fields import known_id, mapping, text
from ingest.adapters.home_assistant import words_of
from resay.dialogue.rewrite import Decision
from resay.dialogue.text import canonical
from resay.dialogue.turn import AppliedRewrite, Reject

HOP_PREFIX = "wyoming-"
"""Begins the turn ids of what the hop before the speech service decided: Home Assistant's own come later, and nobody tells us which."""

APART_MAX = timedelta(seconds=5)
"""Between a decision and the run that heard it: milliseconds by one clock, some seconds where a house's clocks are set by nobody."""

ORDER_MIN = timedelta(seconds=1)
"""Between two of either, for their order to tell which is which: satellites in one room hear the same words within less."""

SETTLED = timedelta(minutes=1)
"""A decision is in the books by then, or is lost (`serving.decision_log`)."""

ALIVE = timedelta(days=1)
"""A hop that runs writes down whatever it hears; a house that speaks to it says something each day."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What the hop wrote down in the days of some runs, and how its customers are named."""

    decisions: Sequence[Decision]
    pseudonym: Callable[[str], str] = str
    """What became of a customer's name before it was written down."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """One run with speech in it."""

    turn_id: str
    words: str
    """Canonical."""
    since: datetime
    until: datetime
    """When its words came from the speech service: a moment, or within the run where that is not told."""
    speaker: str


def days_of(events: Iterable[Event]) -> tuple[datetime, datetime] | None:
    """From when to when decisions must be known; nothing where no run heard speech."""
    times = [moment for event in events if (span := _heard_at(event)) for moment in span]
    return (min(times) - ALIVE, max(times) + ALIVE) if times else None


def told_apart(events: Sequence[Event], decided: Decided, *, now: datetime) -> tuple[list[Event], list[Reject]]:
    """The runs, those with our words saying so, and those of which it cannot be told."""
    runs = {heard.turn_id: heard for event in events if (heard := _heard(event, decided))}
    verdicts: dict[str, Decision | str | None] = {}
    for words in {run.words for run in runs.values()}:
        those = sorted((run for run in runs.values() if run.words == words), key=lambda run: (run.since, run.turn_id))
        verdicts |= _verdicts(those, decided, now=now)
    kept = [_with(event, verdicts.get(text(event.content, "turn_id"))) for event in events]
    reasons = {turn_id: verdict for turn_id, verdict in verdicts.items() if isinstance(verdict, str)}
    first = {text(event.content, "turn_id"): event for event in reversed(events)}
    rejects = [_reject(first[turn_id], reason) for turn_id, reason in sorted(reasons.items())]
    return [event for event in kept if event is not None], rejects


def _heard(event: Event, decided: Decided) -> _Heard | None:
    """A run as it is compared; nothing where nobody spoke, as what was typed does not pass the hop."""
    span, words = _heard_at(event), canonical(words_of(mapping(event.content, "run")))
    if span is None or not words:
        return None
    speaker = text(event.content, "speaker")
    name = decided.pseudonym(known_id(speaker)) if speaker else ""
    return _Heard(text(event.content, "turn_id"), words, *span, name)


def _heard_at(event: Event) -> tuple[datetime, datetime] | None:
    span = event.content.get("heard_at")
    return span if isinstance(span, tuple) else None


def _verdicts(runs: Sequence[_Heard], decided: Decided, *, now: datetime) -> dict[str, Decision | str | None]:
    """Of runs with the same words, in order: the decision that put them there, a reason to refuse, or nothing where they are their own."""
    same = [each for each in decided.decisions if _handed_on(each) == runs[0].words]
    known = {each.customer_id for each in decided.decisions}
    near = {run.turn_id: [each for each in same if _may_be(run, each, known)] for run in runs}
    verdicts: dict[str, Decision | str | None] = {}
    for together in _groups(runs, near):
        candidates = {each.decision_id: each for run in together for each in near[run.turn_id]}
        ordered = sorted(candidates.values(), key=lambda each: (each.at, each.decision_id))
        ours = any(each.target is not None for each in same)
        alone = {run.turn_id: _alone(run, decided, ours=ours, now=now) for run in together}
        verdicts |= _paired(together, ordered, ours=ours) if ordered else alone
    return verdicts


def _groups(runs: Sequence[_Heard], near: dict[str, list[Decision]]) -> Iterator[list[_Heard]]:
    """Runs that a decision may belong to more than one of are judged together."""
    waiting = list(runs)
    while waiting:
        group, ids = [waiting.pop(0)], set[str]()
        ids |= {each.decision_id for each in near[group[0].turn_id]}
        while joined := [run for run in waiting if ids & {each.decision_id for each in near[run.turn_id]}]:
            group += joined
            waiting = [run for run in waiting if run not in joined]
            ids |= {each.decision_id for run in joined for each in near[run.turn_id]}
        yield sorted(group, key=lambda run: (run.since, run.turn_id))


def _paired(runs: Sequence[_Heard], decisions: Sequence[Decision], *, ours: bool) -> dict[str, Decision | str | None]:
    """Runs and the decisions near them: what the decisions agree on, else what their order tells."""
    agree = len({_said(each) for each in decisions}) == 1
    # One run too many went another way, or its decision is lost: whose words it holds is open, unless these never were ours.
    if agree and (len(decisions) >= len(runs) or not ours):
        return {run.turn_id: _nearest(run, decisions) for run in runs}
    if len(decisions) == len(runs) and _in_order([each.at for each in decisions]) and _in_order([run.since for run in runs]):
        return {run.turn_id: each if each.target is not None else None for run, each in zip(runs, decisions, strict=True)}
    reason = (
        f"run must be told apart from others with the same words; resay wyoming wrote down {len(decisions)} decisions near "
        f"{len(runs)} such runs, and they do not agree; its words may be ours"
    )
    return dict.fromkeys((run.turn_id for run in runs), reason)


def _nearest(run: _Heard, decisions: Sequence[Decision]) -> Decision | None:
    nearest = min(decisions, key=lambda each: (abs(each.at - run.until), each.decision_id))
    return nearest if nearest.target is not None else None


def _in_order(times: Sequence[datetime]) -> bool:
    return all(after - before >= ORDER_MIN for before, after in pairwise(times))


def _alone(run: _Heard, decided: Decided, *, ours: bool, now: datetime) -> str | None:
    """A run without a decision: a reason to refuse it while the hop was at work and may have spoken, else nothing."""
    alive = any(abs(each.at - run.since) <= ALIVE for each in decided.decisions)
    if alive and ours:
        return (
            "run must stand beside a decision of resay wyoming, which has put these very words into a transcript; none was written down "
            f"within {APART_MAX.seconds} s; are the clocks of the two apart?"
        )
    if alive and now - run.until < SETTLED:
        return (
            "run must be a minute old while resay wyoming is at work; it is younger; can it be imported again, once its decision is there?"
        )
    return None


def _may_be(run: _Heard, decision: Decision, known: set[str]) -> bool:
    named = run.speaker not in known or decision.customer_id == run.speaker
    return named and run.since - APART_MAX <= decision.at <= run.until + APART_MAX


def _handed_on(decision: Decision) -> str:
    return canonical(decision.target) if decision.target is not None else decision.source


def _said(decision: Decision) -> tuple[str, str | None, str | None]:
    return decision.source, decision.target, decision.rewrite_id


def _with(event: Event, verdict: Decision | str | None) -> Event | None:
    if verdict is None:
        return event
    if isinstance(verdict, str):
        return None
    rewrite = AppliedRewrite(
        decision_id=verdict.decision_id,
        original=verdict.source,
        rewrite_id=verdict.rewrite_id,
        generation=verdict.generation,
        layer=verdict.layer,
        experiment=verdict.experiment,
        arm=verdict.arm,
    )
    return replace(event, content={**event.content, "rewrite": rewrite})


def _reject(event: Event, reason: str) -> Reject:
    turn_id = text(event.content, "turn_id")
    return Reject(raw_of({"pipeline_run_id": turn_id, "run": event.content["run"]}), reason, f"run {turn_id}")
