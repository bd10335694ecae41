"""Row e+: a detector of second tries that learnt from labels of train calls what a caller meant, told by what came after.

It sees how a turn and its followers stand to each other (said again, read again, confirmed by the next prompt, denied), and neither
words nor values nor the kind of prompt: what words mean, the ranker has to learn from its answers. Every caller is judged by trees that
were grown on others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz

from rephrase.detector import Detector
from resay.commands.bench.asked import NOTHING
from resay.commands.bench.beliefs import by_people, linked_turns
from resay.commands.bench.reader import names_value
from resay.commands.bench.readings import NEXT_TURNS
from resay.commands.bench.remembered import Belief, Beliefs, value_of
from resay.commands.bench.threshold import fold_of
from resay.dialogue.text import canonical
from resay.label.corpora.dstc2 import Call, LiveCall, LiveTurn
from resay.label.corpora.dstc2_turn import content_acts, response
from rewrite_online.evaluate import Acts, heard_text, understood
from rewrite_online.fit import Growth, Rows, grow_calibrated

GROWTH = Growth(trees=100, leaves=15, leaf_rows_min=30, learning_rate=0.07, smoothing=5.0)
STATUSES = ("done", "failed", "unsupported", "asked", "none")
UNKNOWN = math.nan


@dataclass(frozen=True, slots=True)
class _Guess:
    """One meaning that a turn may have had, with what speaks for it afterwards."""

    acts: Acts
    evidence: tuple[float, ...]


def by_taught_links(calls: Sequence[Call], detector: Detector) -> Beliefs:
    """What callers of train calls are believed to have meant, each by a detector that has seen labels of other callers alone."""
    people = by_people(calls)
    guessed = [(call, turn.index, guesses) for call in calls for turn, guesses in _guesses(call.live, detector)]
    flat = [(call, index, guess) for call, index, guesses in guessed for guess in guesses]
    rows = Rows(
        features=np.array([guess.evidence for _, _, guess in flat], dtype=np.float32),
        right=np.array([float(guess.acts in people[call.live.call_id, index]) for call, index, guess in flat]),
        weights=np.ones(len(flat)),
        folds=np.array([fold_of(call.live.caller) for call, _, _ in flat], dtype=np.int64),
    )
    held_out = iter(grow_calibrated(rows, GROWTH).held_out.tolist())
    return {(call.live.call_id, index): _belief([(each.acts, next(held_out)) for each in guesses]) for call, index, guesses in guessed}


def _belief(chances: Sequence[tuple[Acts, float]]) -> Belief:
    """Chances that sum to one at most."""
    all_ = max(1.0, sum(chance for _, chance in chances))
    return {acts: chance / all_ for acts, chance in chances}


def _guesses(call: LiveCall, detector: Detector) -> Iterator[tuple[LiveTurn, list[_Guess]]]:
    links = linked_turns(call, detector)
    for place, turn in enumerate(call.turns):
        later = call.turns[place + 1 : place + 1 + NEXT_TURNS]
        readings: dict[Acts, float] = {understood(turn): 0.0}
        for each in turn.readings:
            acts = content_acts(each.acts)
            readings[acts] = readings.get(acts, 0.0) + each.probability
        meanings = dict.fromkeys([*readings, NOTHING, *(understood(each) for each in later)])
        linked = {each - place - 1: chance for each, chance in links.get(place, []) if each - place <= NEXT_TURNS}
        shared = _of_turn(call, turn, later, linked=linked)
        yield turn, [_Guess(acts, (*shared, *_of_meaning(acts, turn, later, readings=readings))) for acts in meanings]


def _of_turn(call: LiveCall, turn: LiveTurn, later: Sequence[LiveTurn], *, linked: dict[int, float]) -> tuple[float, ...]:
    following = later[0] if later else None
    status = response(turn, following).status
    top, text = understood(turn), heard_text(turn)
    return (
        *(float(status == each) for each in STATUSES),
        float(len(call.turns) - 1 - turn.index),
        float(not turn.readings or not turn.readings[0].acts),
        float(len(top)),
        sum(linked.values()),
        *(linked.get(place, 0.0) for place in range(NEXT_TURNS)),
        *_padded([fuzz.ratio(text, heard_text(each)) / 100 for each in later]),
        *_padded([float(bool(understood(each))) for each in later]),
        *_padded([float("negate()" in understood(each)) for each in later]),
        *_padded([float("affirm()" in understood(each)) for each in later]),
        *_padded([each.prompt_s[0] - before.said_s[1] for before, each in zip([turn, *later], later, strict=False)]),
        float(following is not None and following.prompt == turn.prompt),
        float(following is not None and following.barge_in),
    )


def _of_meaning(acts: Acts, turn: LiveTurn, later: Sequence[LiveTurn], *, readings: dict[Acts, float]) -> tuple[float, ...]:
    top = understood(turn)
    values = [value_of(act) for act in acts if names_value(act)]
    prompts = [canonical(each.prompt) for each in later]
    ranked = sorted(readings, key=lambda each: -readings[each])
    return (
        float(acts == top),
        float(acts == NOTHING),
        float(len(acts)),
        readings.get(acts, 0.0),
        float(ranked.index(acts)) if acts in readings else UNKNOWN,
        readings.get(top, 0.0),
        readings.get(NOTHING, 0.0),
        float(len(acts & top)),
        float(len(top - acts)),
        *_padded([float(acts == understood(each)) for each in later]),
        *_padded([_share(acts, understood(each)) for each in later]),
        *_padded([float(bool(acts) and any(acts <= content_acts(reading.acts) for reading in each.readings)) for each in later]),
        *_padded([float(bool(values) and all(value in prompt for value in values)) for prompt in prompts]),
        float(bool(values)),
        float(bool(values) and all(value in canonical(turn.prompt) for value in values)),
        float(any(act.startswith("request(") for act in acts)),
        float(_answers(acts, later)),
    )


def _answers(acts: Acts, later: Sequence[LiveTurn]) -> bool:
    """Whether the next prompt informs of what the meaning asks for."""
    told = {act.partition("(")[2].partition("=")[0] for act in (later[0].prompt_acts if later else ()) if act.startswith("inform(")}
    asked = {act.partition("(")[2].rstrip(")") for act in acts if act.startswith("request(")}
    return bool(asked) and asked <= told


def _share(acts: Acts, other: Acts) -> float:
    return len(acts & other) / len(acts) if acts else 0.0


def _padded(values: Sequence[float]) -> tuple[float, ...]:
    return (*values[:NEXT_TURNS], *[UNKNOWN] * (NEXT_TURNS - len(values)))
