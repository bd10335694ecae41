"""Dialogues as rows of numbers with what is known of them, and dialogues made wrong on purpose, which need no label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

import numpy as np
from numpy.typing import NDArray

from resay.dialogue.turn import Turn
from resay.label.goal_example import GoalExample
from resay.label.goal_features import Encode, Floats, answer_of, seen, without

TURNS_MAX = 48
"""Turns of one dialogue that are seen together; longer ones are read in windows. 99 % of DSTC2's calls have fewer than 20."""

SWAPPED_SHARE = 0.2
"""Share of the turns that get another dialogue's answer. Enough that most dialogues have one, and few are mostly wrong."""

MOVED_SHARE = 0.3
"""Share of the dialogues in which two turns change places."""

JOINED_SHARE = 0.6
"""Share of the dialogues that another follows at once."""


@dataclass(frozen=True, slots=True)
class GoalRow:
    """A dialogue that a net can take."""

    vectors: NDArray[np.float16]
    """(turn, 3, width): half as many bytes, and nothing is lost that eight bits a weight had left."""
    numbers: Floats
    targets: Floats
    """(turn, answers): 0 or 1, NaN where nothing is known."""
    group: str


def rows_of(examples: Iterable[GoalExample], encode: Encode) -> Iterator[GoalRow]:
    """A row of each dialogue, cut to its last `TURNS_MAX` turns."""
    for example in examples:
        shown = seen(example.turns, encode)
        known = [example.begins, example.reached, example.defects, (example.well,) * len(example.turns)]
        targets = np.array([[np.nan if each is None else float(each) for each in column] for column in known], dtype=np.float32).T
        yield GoalRow(shown.vectors[-TURNS_MAX:].astype(np.float16), shown.numbers[-TURNS_MAX:], targets[-TURNS_MAX:], example.group)


def lacking(row: GoalRow, groups: Iterable[str]) -> GoalRow:
    """A row of which some groups of numbers are not known."""
    return replace(row, numbers=without(row.numbers, groups))


def made_wrong(examples: Sequence[GoalExample], encode: Encode, *, seed: int) -> Iterator[GoalRow]:
    """Dialogues with swapped answers, moved turns and a second dialogue behind; the targets say which is which, and no label is read.

    Targets are swapped, moved, begins.
    """
    rng = Random(f"{seed}/wrong")
    for example in examples:
        turns, starts = list(example.turns), {0}
        if rng.random() < JOINED_SHARE:
            starts.add(len(turns))
            turns = joined(turns, rng.choice(examples).turns, rng=rng)
        moved = _moved(turns, rng) if len(turns) > 2 and rng.random() < MOVED_SHARE else set()
        swapped = set(_swapped(turns, examples, rng=rng))
        shown = seen(turns, encode)
        marks = [[place in swapped, place in moved, place in starts] for place in range(len(turns))]
        targets = np.array(marks, dtype=np.float32)
        yield GoalRow(shown.vectors[-TURNS_MAX:].astype(np.float16), shown.numbers[-TURNS_MAX:], targets[-TURNS_MAX:], example.group)


def joined(turns: Sequence[Turn], others: Sequence[Turn], *, rng: Random) -> list[Turn]:
    """A dialogue and another that follows it after a short silence, as if one customer had gone on; the other's greeting is cut out."""
    first, last = others[0], turns[-1]
    silence = rng.lognormvariate(2.0, 0.8)
    later = (last.ended_at or last.at) - first.at
    moved: list[Turn] = []
    for turn in others:
        at = turn.at + later
        ended = turn.ended_at + later if turn.ended_at else None
        prompt = turn.prompt if moved else None
        moved.append(replace(turn, at=at, ended_at=ended, session_id=last.session_id, customer_id=last.customer_id, prompt=prompt))
    if turns[-1].at > turns[0].at or others[-1].at > others[0].at:
        pause = timedelta(seconds=round(min(silence, 40.0), 3))
        moved = [replace(turn, at=turn.at + pause, ended_at=turn.ended_at + pause if turn.ended_at else None) for turn in moved]
    return [*turns, *moved]


def _moved(turns: list[Turn], rng: Random) -> set[int]:
    """Let two turns change places, each at the other's time; their places."""
    one, two = rng.sample(range(len(turns)), 2)
    first, second = turns[one], turns[two]
    turns[one] = replace(second, at=first.at, ended_at=first.ended_at)
    turns[two] = replace(first, at=second.at, ended_at=second.ended_at)
    return {one, two}


def _swapped(turns: list[Turn], examples: Sequence[GoalExample], *, rng: Random) -> Iterator[int]:
    """Give some turns another dialogue's answer; their places."""
    for place, turn in enumerate(turns):
        if rng.random() >= SWAPPED_SHARE or turn.response is None:
            continue
        other = rng.choice(rng.choice(examples).turns)
        if other.response is not None and answer_of(other) != answer_of(turn):
            turns[place] = replace(turn, response=other.response)
            yield place
