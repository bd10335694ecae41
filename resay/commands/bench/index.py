"""The index, measured: of made-up wordings, what it finds of the nearest, how quickly, in how much memory, and how soon it is ready.

Some wordings are made and encoded; the vectors of the others are made around theirs (`made_vectors`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resay.commands.bench.made_vectors import made_vectors
from resay.commands.bench.report import BenchRow, Shown
from resay.dialogue.tick import Tick
from resay.experiment.bounds import clopper_pearson
from resay.store.artifact import Generation
from rewrite_online.encoder import Towers
from rewrite_online.index import NEAREST, Index, Label

ASKED = 500
"""Queries: 5,000 nearest are looked for, which tells the share to half a percent."""

DELETED = 1_000

COLUMNS = (
    Shown("recall@10", "recall_at_10"),
    Shown("95 %", "recall_at_10", "range"),
    Shown("p50 ms", "p50_ms"),
    Shown("p99 ms", "p99_ms"),
    Shown("exact ms", "exact_p50_ms"),
    Shown("GB", "peak_gb"),
    Shown("ready s", "ready_s"),
    Shown("cells", "cells_searched"),
    Shown("build s", "build_s"),
    Shown("delete µs", "delete_us"),
)

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is measured."""

    sizes: Sequence[int]
    encoded: int
    seed: int


def index_rows(towers: Towers, asked: Asked, *, folder: Path, tick: Tick) -> Iterator[BenchRow]:
    """The figures of an index of each size; `folder` takes its file for a while."""
    texts = made_wordings(asked.encoded, np.random.default_rng(asked.seed))
    known: list[Vectors] = []
    for begin in range(0, len(texts), _TOLD_EVERY):
        known.append(towers.wordings(texts[begin : begin + _TOLD_EVERY]))
        tick(min(begin + _TOLD_EVERY, len(texts)), len(texts))
    for size in asked.sizes:
        yield from _size_rows(np.concatenate(known), size, towers.name, folder=folder, rng=np.random.default_rng(asked.seed))


_TOLD_EVERY = 500


def made_wordings(count: int, rng: np.random.Generator) -> list[str]:
    """Distinct made-up requests, in an order of chance."""
    texts = [" ".join(each) for each in product(_VERBS, _THINGS, _WHERE, _WHEN)]
    return [texts[place] for place in rng.permutation(len(texts))[:count]]


_BLOCK = 50_000


def _size_rows(known: Vectors, size: int, encoder: str, *, folder: Path, rng: np.random.Generator) -> Iterator[BenchRow]:
    vectors, queries = (made_vectors(known, rng.integers(0, len(known), count), rng) for count in (size, ASKED))
    numbers = np.sort(rng.choice(1 << 40, size, replace=False))
    begun = time.perf_counter()
    index = Index(numbers, vectors)
    build_s = time.perf_counter() - begun
    label = Label(encoder, 1)
    path = folder / f"index-{size}.bin"
    path.write_bytes(index.snapshot(label))
    name = f"index/{_short(size)}"
    yield BenchRow(name, "build_s", build_s, n=size, unit="s")
    yield BenchRow(name, "delete_us", _deleting(index, numbers, rng), n=DELETED, unit="us")
    cells = index.searched
    del index
    found, waits, ready_s, peak_gb = _served(path, label, queries)
    path.unlink()
    true, exact = _exactly(queries, vectors)
    hits = sum(len(set(row) & {int(numbers[place]) for place in places}) for row, places in zip(found, true, strict=True))
    share = clopper_pearson(hits, ASKED * NEAREST)
    yield BenchRow(name, "recall_at_10", share.value, share.lo, share.hi, n=ASKED, unit="share")
    yield from (
        BenchRow(name, metric, float(np.percentile(waits, at)), n=ASKED, unit="ms") for metric, at in (("p50_ms", 50), ("p99_ms", 99))
    )
    yield BenchRow(name, "exact_p50_ms", float(np.median(exact)), n=len(exact), unit="ms")
    yield BenchRow(name, "ready_s", ready_s, n=size, unit="s")
    yield BenchRow(name, "peak_gb", peak_gb, n=size, unit="GB")
    yield BenchRow(name, "cells_searched", float(cells[0]), n=cells[1], unit="cells")


def _served(path: Path, label: Label, queries: Vectors) -> tuple[list[list[int]], list[float], float, float]:
    """What a process of its own finds: numbers, milliseconds a query, seconds until the first answer, and what the index took of memory."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_serve, (path, label, queries))


def _serve(path: Path, label: Label, queries: Vectors) -> tuple[list[list[int]], list[float], float, float]:
    before = _resident_gb()
    begun = time.perf_counter()
    index = Index.load(Generation(label.generation, path.parent).mapped(path.name), label)
    index.search(queries[0], at_most=NEAREST)
    ready_s = time.perf_counter() - begun
    found, waits = [], []
    for query in queries:
        begun = time.perf_counter()
        numbers, _ = index.search(query, at_most=NEAREST)
        waits.append(1_000 * (time.perf_counter() - begun))
        found.append([int(number) for number in numbers])
    return found, waits, ready_s, _resident_gb() - before


def _resident_gb() -> float:
    """What this process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e9


def _deleting(index: Index, numbers: NDArray[np.int64], rng: np.random.Generator) -> float:
    """Microseconds a vector that is deleted."""
    gone = rng.choice(numbers, min(DELETED, len(numbers) // 2), replace=False)
    begun = time.perf_counter()
    deleted = index.delete(gone)
    assert deleted == len(gone), "what is held is deleted"
    return 1e6 * (time.perf_counter() - begun) / deleted


def _exactly(queries: Vectors, vectors: Vectors) -> tuple[list[list[int]], list[float]]:
    """The places of the nearest of all, compared in full, and the milliseconds that one query by itself takes."""
    best = np.zeros((len(queries), 0), dtype=np.float32)
    places = np.zeros((len(queries), 0), dtype=np.int64)
    for begin in range(0, len(vectors), _BLOCK):
        scores = queries @ vectors[begin : begin + _BLOCK].T  # (query, vector)
        nearest = np.argpartition(-scores, NEAREST, axis=1)[:, :NEAREST]
        best = np.concatenate([best, np.take_along_axis(scores, nearest, axis=1)], axis=1)
        places = np.concatenate([places, nearest + begin], axis=1)
    kept = np.argsort(-best, axis=1, kind="stable")[:, :NEAREST]
    waits = []
    for query in queries[:_TIMED]:
        begun = time.perf_counter()
        np.argpartition(-(vectors @ query), NEAREST)
        waits.append(1_000 * (time.perf_counter() - begun))
    return [[int(place) for place in row] for row in np.take_along_axis(places, kept, axis=1)], waits


_TIMED = 20
"""Queries that are compared with all one by one, to be timed: a million take half a second each."""


def _short(size: int) -> str:
    return f"{size // 1_000_000}M" if size % 1_000_000 == 0 else f"{size // 1_000}k" if size % 1_000 == 0 else str(size)


_VERBS = (
    "turn on",
    "turn off",
    "dim",
    "set",
    "what about",
    "remind me of",
    "play something in",
    "is there",
    "find",
    "order",
    "tell me about",
    "start",
    "stop",
    "open",
    "call",
    "read me",
)
_THINGS = (
    "the light",
    "the heating",
    "the blinds",
    "the vacuum",
    "a jazz record",
    "the football news",
    "a pizza",
    "the next train",
    "my shopping list",
    "an alarm",
    "the radio",
    "the weather",
    "my brother",
    "the front door",
    "a taxi",
    "the oven timer",
    "the recipe for bread",
    "the stock market",
    "a meeting",
    "the fan",
)
_WHERE = (
    "in the kitchen",
    "in the bedroom",
    "for grandma",
    "at the office",
    "near the station",
    "in berlin",
    "upstairs",
    "for two people",
)
_WHEN = (
    "now",
    "tonight",
    "at eight",
    "tomorrow morning",
    "on friday",
    "in ten minutes",
    "every day",
    "next week",
    "please",
    "after lunch",
)
