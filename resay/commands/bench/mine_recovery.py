"""The part `recovery`: chains with known parameters are found again from talk that was drawn from them, by the product's own steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np

from markov.absorb import absorption, exits
from markov.candidate import Bar
from markov.chain import Chain, build_chain
from markov.duckdb_engine import DuckDBEngine
from markov.mine import mine
from markov.score import bound_below
from resay.commands.bench.mine_lake import write_talk
from resay.commands.bench.report import BenchRow, figure
from resay.dialogue.state import uninterpreted_state
from resay.dialogue.tick import Tick
from resay.experiment.bounds import clopper_pearson
from resay.lab.random_chain import RandomChain, Walked, draw_segments, random_chain, talk_of, text_of
from resay.store.lake import Lake

SIZES = {6: 4_000, 60: 8_000, 600: 24_000}
"""Goal segments drawn, by states of a chain: so that some states are met thousands of times, and many hardly ever."""

CUSTOMERS = 400

BUCKETS = (1, 10, 100, 1000)
"""States are told apart by how often they were met: from so many turns on, up to the next."""

CONFIDENCE = 0.975
"""Of either bound, so that 95 % lie between them."""

AS_SHIPPED = Bar()
PLAIN = replace(AS_SHIPPED, floors=replace(AS_SHIPPED.floors, corroboration_max=1.0))
"""Other customers speak neither for a link nor against it."""

WAYS = {"certain": (True, AS_SHIPPED), "doubted": (False, AS_SHIPPED), "doubted/plain": (False, PLAIN)}
"""Rows: links that are certain, links of a detector that is right as often as it says, and the latter without corroboration."""


@dataclass(frozen=True, slots=True)
class Found:
    """One state, as it is and as it was found; nothing was found of a state where only what is censored was seen of it."""

    met: int
    """Turns."""
    success_error: float | None
    """Of B[s, success]."""
    exit_error: float | None
    """The largest of N[s, t]·R[t, success], over all t."""
    is_covered: bool | None
    """Whether success as said lies within its credible interval."""


def recovery_rows(*, seed: int, tick: Tick) -> Iterator[BenchRow]:
    """Errors and coverage by how often states were met, over chains of all sizes."""
    found: dict[str, list[Found]] = {name: [] for name in WAYS}
    for done, (size, segments) in enumerate(SIZES.items()):
        tick(done, len(SIZES))
        chain = random_chain(size, seed)
        walked = draw_segments(chain, segments, Random(f"{seed}/{size}"))
        for name, (is_sure, bar) in WAYS.items():
            found[name] += recovered(chain, walked, is_sure=is_sure, bar=bar, rng=Random(f"{seed}/{size}/talk"))
    for name, states in found.items():
        for least, most in zip(BUCKETS, [*BUCKETS[1:], None], strict=True):
            some = [each for each in states if each.met >= least and (most is None or each.met < most)]
            yield from _rows(f"{name}/met={least}+", some)


def recovered(chain: RandomChain, walked: Sequence[Sequence[Walked]], *, is_sure: bool, bar: Bar, rng: Random) -> list[Found]:
    """Every state that was met, as it was found by mining the talk."""
    with TemporaryDirectory(prefix="resay-bench-") as folder:
        lake = Lake(Path(folder))
        write_talk(lake, talk_of(chain, walked, customers=CUSTOMERS, is_sure=is_sure, rng=rng))
        with lake.connect() as connection:
            engine = DuckDBEngine(connection)
            mine(engine, bar)
            learnt = build_chain(engine.rows("wanted"))
    return list(held_against(chain, learnt, met_of(walked)))


def held_against(chain: RandomChain, learnt: Chain, met: Mapping[int, int]) -> Iterator[Found]:
    """A chain that was learnt, against the one that the talk was drawn from."""
    places = learnt.places()
    names = [_name(chain, state) for state in range(chain.size)]
    known = [state for state in sorted(met) if names[state] in places]
    success, true_success = absorption(learnt).chances[:, 0], chain.success()
    through, true_through = exits(learnt, [places[names[state]] for state in known]).chances.toarray(), chain.exits()
    columns = [places.get(name) for name in names]
    for state in sorted(met):
        if names[state] not in places:
            yield Found(met[state], None, None, None)
            continue
        place, row = places[names[state]], through[known.index(state)]
        ours = np.array([0.0 if column is None else row[column] for column in columns])
        lo, hi = credible(learnt, place)
        yield Found(
            met=met[state],
            success_error=abs(float(success[place] - true_success[state])),
            exit_error=float(np.abs(ours - true_through[state]).max()),
            is_covered=lo <= float(chain.as_said()[state]) <= hi,
        )


def credible(learnt: Chain, place: int) -> tuple[float, float]:
    """Between what 95 % of the posterior of success as said lies, as the miner's bounds have it."""
    weight = float(learnt.weights[place])
    success = float(learnt.r[place, 0]) * weight
    return bound_below(success, weight - success, confidence=CONFIDENCE), 1.0 - bound_below(
        weight - success, success, confidence=CONFIDENCE
    )


def met_of(walked: Sequence[Sequence[Walked]]) -> dict[int, int]:
    """How often each state was met."""
    met: dict[int, int] = {}
    for segment in walked:
        for each in segment:
            met[each.state] = met.get(each.state, 0) + 1
    return met


def _rows(row: str, states: Sequence[Found]) -> Iterator[BenchRow]:
    found = [each for each in states if each.success_error is not None]
    for metric, errors in (
        ("success_error", [each.success_error or 0.0 for each in found]),
        ("exit_error", [each.exit_error or 0.0 for each in found]),
    ):
        yield BenchRow(row, metric, sum(errors) / len(errors) if errors else None, n=len(errors), unit="share")
        yield BenchRow(row, f"{metric}_worst", max(errors, default=None), n=len(errors), unit="share")
    covered = clopper_pearson(sum(bool(each.is_covered) for each in found), len(found))
    yield figure(row, "coverage", covered, n=len(found), unit="share")
    yield BenchRow(row, "found", len(found) / len(states) if states else None, n=len(states), unit="share")


def _name(chain: RandomChain, state: int) -> str:
    """The state as the miner calls it."""
    return f"light|state_{state}|" if chain.is_read[state] else uninterpreted_state(text_of(state), "")
