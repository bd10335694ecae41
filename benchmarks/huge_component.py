# ruff: noqa: T201 - it is run by hand, and printing is what it is for.
"""What a huge component costs, solved exactly and cut, and what cutting leaves unknown.

The component is made up: who says what, and what comes next, is heavy-tailed; seven steps in ten stay within a topic of fifty states, and
from each state half of the talk goes on, on average. Every run is a process of its own, so that its peak memory is its own.

Run: `python -m benchmarks.huge_component cut 1000000 1000` (states, sources), or `exact 20000 1000`, or `both 10000 1000`, which compares.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
from scipy import sparse

from markov.absorb import Exits, exits
from markov.chain import Chain
from markov.cut import Cut
from markov.group import Blocks

SEED = 1
STEPS_A_STATE = 5.0
TOPIC = 50
STAYING = 0.7
"""Steps that stay within their topic."""
TAIL = 1.05
"""How fast a state's share of the talk falls with its rank: Zipf's law, as of words."""


def main() -> None:
    """Solve, and print what it took."""
    way, size, asked = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    chain = made_chain(size)
    rng = np.random.default_rng(SEED + 1)
    often = np.argsort(-np.diff(chain.q.indptr))[: asked // 4]
    sources = sorted({*often.tolist(), *rng.integers(0, size, asked - len(often)).tolist()})
    print(f"{size:,} states, {chain.q.nnz:,} steps, {len(sources):,} sources, a quarter of them those with most steps")
    exact = _timed("exact", chain, sources, Blocks(cut=Cut(states_max=size))) if way in ("exact", "both") else None
    low = _timed("cut", chain, sources, Blocks(cut=Cut(states_max=1))) if way in ("cut", "both") else None
    if exact and low:
        off = exact.chances.toarray() - low.chances.toarray()
        print(
            f"off: at most {off.max():.5f} a cell, {off.sum(axis=1).max():.4f} a row (bound {low.unknown.max():.4f}); least {off.min():.1e}"
        )


def made_chain(size: int) -> Chain:
    """A chain of one huge component, and what little hangs loose."""
    rng = np.random.default_rng(SEED)
    shares = 1.0 / np.arange(1, size + 1) ** TAIL
    rng.shuffle(shares)
    drawn = np.cumsum(shares / shares.sum())
    count = int(size * STEPS_A_STATE)
    sources = np.concatenate([np.arange(size), np.minimum(np.searchsorted(drawn, rng.random(count)), size - 1)])
    near = np.minimum(sources // TOPIC * TOPIC + rng.integers(0, TOPIC, len(sources)), size - 1)
    far = np.minimum(np.searchsorted(drawn, rng.random(len(sources))), size - 1)
    targets = np.where(rng.random(len(sources)) < STAYING, near, far)
    moves = sources != targets
    weights = rng.random(len(sources))[moves]
    counted = sparse.coo_array((weights, (sources[moves], targets[moves])), shape=(size, size)).tocsr()
    sums = np.asarray(counted.sum(axis=1)).ravel()
    going = np.where(sums > 0, rng.beta(3, 3, size), 0.0)
    success = rng.random(size)
    q = sparse.diags_array(np.divide(going, sums, where=sums > 0, out=np.zeros(size))) @ counted
    r = np.column_stack([(1 - going) * success, (1 - going) * (1 - success)])
    return Chain(tuple(f"s{number}" for number in range(size)), sparse.csr_array(q), r, np.ones(size), ())


def _timed(name: str, chain: Chain, sources: list[int], blocks: Blocks) -> Exits:
    began = time.perf_counter()
    found = exits(chain, sources, blocks=blocks)
    took_s = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    unknown = np.quantile(found.unknown, [0.5, 0.9, 1.0])
    print(f"{name}: {took_s:.1f} s, peak {peak:.2f} GB; unknown {unknown[0]:.4f} (median) {unknown[1]:.4f} (p90) {unknown[2]:.4f} (max)")
    return found


if __name__ == "__main__":
    main()
