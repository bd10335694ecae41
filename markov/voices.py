"""Voices, as far as a log tells them apart: customers of whom the same was misheard.

The log names no voices. Whoever is misheard alike most likely sounds alike, and who learns from one group of customers may be asked about
another as about a voice that nobody has heard. Knows texts and who said them in vain; nothing of it is ever published.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster.vq import kmeans2
from scipy.sparse.linalg import ArpackError, svds

from markov.engine import Engine, tuples
from markov.steps import Step

VOICES = 4
"""Groups at most. On a world whose voices are known four groups are nearly its families, and twelve tear families apart
(docs/log.md, 2026-11-22)."""

DIRECTIONS = 8
"""Directions in which customers are compared; more of them tell what was asked for, and not how it sounds."""

CUSTOMERS_A_VOICE_MIN = 5
"""Customers for each group: of fewer customers there is one voice, and whoever needs several has to part them otherwise."""

NO_VOICE = -1
"""Of whom nothing was misheard, or too little to tell them from others."""

_SEED = 7
_ROUNDS = 20
_DIGITS = 6


def find_voices(engine: Engine) -> None:
    """Leave the group of each customer who sounds like others with the engine, as table `voices` (customer, voice)."""
    engine.run(mishear())
    misheard = engine.rows("misheard")
    voices = voices_of(tuples(misheard, "customer", "said", "times"))
    customers = pa.array(list(voices), misheard.schema.field("customer").type)
    engine.load("voices", pa.table({"customer": customers, "voice": pa.array(list(voices.values()), pa.int64())}))


def mishear() -> Step:
    """What was heard of each customer in vain, and how often."""
    return Step(
        "misheard",
        """
        select customer, said, count(*) as times from told_ever where coalesce(outcome, '') <> 'success' group by customer, said
        """,
    )


def voices_of(misheard: Iterable[tuple[int, str, int]]) -> dict[int, int]:
    """The group of each customer, from what was heard of them in vain, and how often; nothing where there is too little to tell."""
    told = sorted(misheard)
    customers, texts = sorted({each for each, _, _ in told}), Counter(text for _, text, _ in told)
    shared = {text: place for place, text in enumerate(sorted(text for text, count in texts.items() if count > 1))}
    if len(customers) < VOICES * CUSTOMERS_A_VOICE_MIN or len(shared) <= DIRECTIONS:
        return {}
    rows = {customer: place for place, customer in enumerate(customers)}
    kept = [(rows[customer], shared[text], times, texts[text]) for customer, text, times in told if text in shared]
    row, column, times, heard_of = (np.array(each) for each in zip(*kept, strict=True))
    # What few were heard to say says most of who sounds alike.
    weights = np.log1p(times) * np.log(len(customers) / heard_of)
    if not weights.any():  # All share all.
        return {}
    table = sparse.csr_matrix((weights, (row, column)), shape=(len(customers), len(shared)))
    try:
        near = _directions(table)
    except ArpackError:  # So few differ, and so little, that there are no directions.
        return {}
    groups = _grouped(near)
    return {customer: int(group) for customer, group in zip(customers, groups, strict=True)} if len(set(groups.tolist())) > 1 else {}


def _grouped(near: NDArray[np.float64]) -> NDArray[np.int64]:
    """The group of each row."""
    alike, groups = np.unique(near.round(_DIGITS), axis=0, return_inverse=True)
    if len(alike) <= VOICES:
        return np.asarray(groups, dtype=np.int64).ravel()
    with warnings.catch_warnings():
        # That a group came out empty is no fault: then there are fewer.
        warnings.simplefilter("ignore", UserWarning)
        _, drawn = kmeans2(near, VOICES, iter=_ROUNDS, minit="++", seed=np.random.default_rng(_SEED))
    return np.asarray(drawn, dtype=np.int64)


def _directions(table: sparse.csr_matrix) -> NDArray[np.float64]:
    """(customer, direction): rows of length one, alike where much was misheard alike."""
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    even = sparse.diags(1 / np.maximum(lengths, 1e-9)) @ table
    left, sizes, _ = svds(even, k=DIRECTIONS, v0=np.ones(min(even.shape)), solver="arpack")
    near = left * sizes
    turned: NDArray[np.float64] = near / np.maximum(np.linalg.norm(near, axis=1, keepdims=True), 1e-9)
    return turned
