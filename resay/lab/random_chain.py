"""Random absorbing chains whose parameters are known, and talk that is drawn from them: whoever learns from the talk can be held to them.

What follows from the parameters is worked out here by a dense inverse, and shares nothing with the miner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resay.lab.made_turn import MadeLink, MadeTalk, MadeTurn, Outcome

Vector = NDArray[np.float64]

START = datetime(2026, 1, 5, tzinfo=UTC)

KNOWN_DAYS = 30
"""So long before, everybody has said something once: no account is too young to count."""

DAYS = 14

MOVES_MAX = 6
"""Other states that a state leads to."""

GOES_ON = 0.35
"""Who says something else in the same segment, once it has ended. As in the home of `resay lab`."""

CUT_SHORT = 0.03
"""Tries after which talk ends and nobody knows whether it did; wherever that may be."""

TURNS_MAX = 30
"""Of one segment: from no state is the end farther away but by rare chance."""

SURENESS = 1.0
"""Weight of the Beta distribution of links' chances: the smaller the surer is the detector, in whichever direction."""


@dataclass(frozen=True, slots=True)
class RandomChain:
    """True parameters; rows of moves and ends together sum to one."""

    moves: Vector
    """Chances among states, with self-loops (state, state)."""
    ends: Vector
    """Chances of success and of failure (state, 2)."""
    starts: Vector
    """How often talk begins in a state (state,): a heavy tail."""
    is_read: NDArray[np.bool_]
    """Whether the assistant takes the words for something (state,)."""

    @property
    def size(self) -> int:
        """States."""
        return len(self.starts)

    def success(self) -> Vector:
        """B[s, success] (state,)."""
        return np.asarray(self.exits().sum(axis=1))

    def exits(self) -> Vector:
        """N[s, t]·R[t, success] (state, state)."""
        return np.asarray(np.linalg.inv(np.eye(self.size) - self.moves) * self.ends[None, :, 0])

    def as_said(self) -> Vector:
        """Success at once, of all that is not the same again (state,)."""
        return np.asarray(self.ends[:, 0] / (1.0 - np.diag(self.moves)))


class Walked(NamedTuple):
    """One turn of drawn talk."""

    state: int
    outcome: Outcome
    is_again: bool
    """Whether it says again what the turn before it said."""


def random_chain(size: int, seed: int) -> RandomChain:
    """A chain with cycles and self-loops; about half of its states mostly fail."""
    rng = np.random.default_rng([seed, size])
    works = rng.random(size) < 0.5
    works[rng.integers(size)] = True
    goes_on = np.where(works, rng.uniform(0.0, 0.15, size), rng.uniform(0.3, 0.8, size))
    again = goes_on * np.where(rng.random(size) < 0.5, rng.uniform(0.0, 0.4, size), 0.0)
    liked = np.where(works, 3.0, 1.0) / (1.0 + rng.permutation(size)) ** 0.8
    moves = np.zeros((size, size))
    for state in range(size):
        weights = np.where(np.arange(size) == state, 0.0, liked)
        others = rng.choice(size, min(size - 1, int(rng.integers(1, MOVES_MAX + 1))), replace=False, p=weights / weights.sum())
        moves[state, others] = (goes_on[state] - again[state]) * rng.dirichlet(np.ones(len(others)))
        moves[state, state] = again[state]
    succeeds = (1.0 - goes_on) * np.where(works, rng.uniform(0.7, 1.0, size), rng.uniform(0.0, 0.2, size))
    starts = 1.0 / (1.0 + rng.permutation(size)) ** 1.1
    return RandomChain(
        moves, np.column_stack([succeeds, 1.0 - goes_on - succeeds]), starts / starts.sum(), works | (rng.random(size) < 0.3)
    )


def draw_segments(chain: RandomChain, segments: int, rng: Random) -> list[list[Walked]]:
    """Goal segments: a walk from its start to its end, and often another behind it that has nothing to do with it."""
    cumulated = np.cumsum(np.column_stack([chain.moves, chain.ends]), axis=1)
    starts = np.cumsum(chain.starts)
    return [list(_segment(starts, cumulated, rng)) for _ in range(segments)]


def talk_of(chain: RandomChain, segments: Sequence[Sequence[Walked]], *, customers: int, is_sure: bool, rng: Random) -> MadeTalk:
    """The talk as a log shows it, by customers of whom some talk much more than others.

    Links are certain, or as of a detector that is right as often as it says over all turns, though not for every state.
    """
    people = [f"c{number}" for number in range(customers)]
    weights = [1.0 / (1 + number) ** 0.7 for number in range(customers)]
    long_ago = START - timedelta(days=KNOWN_DAYS)
    turns = [MadeTurn(f"hello.{each}", each, long_ago, "hello", "chat|hello|", "success", f"hello.{each}") for each in people]
    links: list[MadeLink] = []
    share = _share_again(segments)
    for number, (segment, customer) in enumerate(zip(segments, rng.choices(people, weights, k=len(segments)), strict=True)):
        at = START + timedelta(days=number % DAYS, seconds=10.0 * number)
        made = [
            _turn(chain, each, turn_id=f"{number}.{place}", customer=customer, at=at + timedelta(seconds=place / 8))
            for place, each in enumerate(segment)
        ]
        turns += made
        for place, each in enumerate(segment[1:], start=1):
            chance = float(each.is_again) if is_sure else _chance(share, rng, is_again=each.is_again)
            links.append(MadeLink(made[place - 1], made[place], chance))
    return MadeTalk(tuple(turns), tuple(links))


def text_of(state: int) -> str:
    """What is said in a state."""
    return f"words {state}"


def _segment(starts: Vector, cumulated: Vector, rng: Random) -> Iterator[Walked]:
    size = len(starts)
    state, is_again = int(np.searchsorted(starts, rng.random() * starts[-1])), False
    for _ in range(TURNS_MAX):
        if rng.random() < CUT_SHORT:
            yield Walked(state, "censored", is_again)
            return
        then = min(int(np.searchsorted(cumulated[state], rng.random(), side="right")), size + 1)
        # Who tries again has failed.
        yield Walked(state, "success" if then == size else "failure", is_again)
        if then >= size and rng.random() >= GOES_ON:
            return
        is_again = then < size
        state = then if is_again else int(np.searchsorted(starts, rng.random() * starts[-1]))


def _share_again(segments: Sequence[Sequence[Walked]]) -> float:
    nexts = [each.is_again for segment in segments for each in segment[1:]]
    return sum(nexts) / len(nexts) if nexts else 0.0


def _chance(share: float, rng: Random, *, is_again: bool) -> float:
    """Over all Beta(a, b), whose mean is the share; then, by Bayes' rule, Beta(a + 1, b) over true ones and Beta(a, b + 1) over others."""
    a, b = SURENESS * share, SURENESS * (1.0 - share)
    return rng.betavariate(a + is_again, b + (not is_again))


def _turn(chain: RandomChain, walked: Walked, *, turn_id: str, customer: str, at: datetime) -> MadeTurn:
    reading = f"light|state_{walked.state}|" if chain.is_read[walked.state] else None
    return MadeTurn(turn_id, customer, at, text_of(walked.state), reading, walked.outcome, turn_id.partition(".")[0])
