"""What `bench serve` measures: a server process under a load from another, what it does beyond its knee, and the bare parts beside it.

Every latency counts from the moment at which its request was meant to be sent. Knows the wire of `/v1/rewrite`, and nothing of how
answers are found.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any

from resay.commands.bench.children import check_alive, run_child, started_child
from resay.commands.bench.report import BenchRow
from resay.commands.bench.serve_home import CUSTOMERS, Talk, misheard
from resay.commands.program import COMMAND_LINE
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Heard
from resay.dialogue.tick import Tick
from resay.store.artifact import Shelf
from resay.store.wordings import VECTORS_FILE, WORDINGS_FILE, decode_wordings
from resay.training.encoder import TextEncoder
from rewrite_online.finder import WordingFinder
from rewrite_online.watch import NOTHING_PUBLISHED
from serving.health import WARMING_UP

LOAD = "resay.commands.bench.serve_load"

RATES = (50, 100, 200, 400)
"""Requests a second (EVALUATION 7)."""

SHARES = {"good": 0.50, "table": 0.20, "encoder": 0.25, "own": 0.05}
"""Of the mixed traffic (EVALUATION 7): what passes, what the table has, what a model must look at, what a customer's history has."""

KNEE_RATES = (600, 800, 1_200, 1_600, 2_400)
"""Beyond the rates that are reported: where p99 leaves the bar is the knee."""

KNEE_P99_MS = 10.0
"""The bar (EVALUATION 7)."""

KNEE_S = 5.0
"""Seconds of load at each rate while the knee is looked for."""

WARM_UP = 400
"""Requests before anything counts, behind one of each customer: histories, caches and threads are there then. What a first request of a
customer costs is a row of its own (`first`)."""

WARM_UP_RATE = 100
"""Requests a second until then."""

BARE = 300
"""Times that a bare part is asked."""

READY_S = 600.0
"""How long a server may take to be ready; how long it took is a figure."""

_LOOK_S = 0.1

CPU_REQUESTS = 500
"""Requests of a kind by which their time of a core is told: it is counted in hundredths of a second."""

CPU_RATE = 100
"""Requests a second meanwhile."""

EMPTY, TABLE = "empty", "table"

EMPTY_RATE = 50
"""Requests a second while the empty handler is compared with table hits, by turns: nobody waits for anybody."""


class NotServing(ResayError):
    """The server did not come up, or went away."""


@dataclass(frozen=True, slots=True)
class ServeBench:
    """What is measured."""

    home: Path
    talk: Talk
    seed: int
    seconds: float
    """Of load at each rate."""
    rates: tuple[int, ...]
    encoder: Path | None
    """Folder of the encoder that is timed bare; nothing where none is there."""
    knee: bool = True


@dataclass(frozen=True, slots=True)
class Server:
    """A server process."""

    port: int
    key: str
    pid: int

    def cpu_s(self) -> float:
        """Time of a core that it has taken so far, in all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_gb(self) -> float:
        """Resident memory."""
        line = next(each for each in Path(f"/proc/{self.pid}/status").read_text().splitlines() if each.startswith("VmRSS"))
        return int(line.split()[1]) / 1e6


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of one load."""

    took: Sequence[tuple[str, float, str]]
    """Kind, seconds from the intended start, and the reason that was given."""
    errors: dict[str, int]
    seconds: float

    def of(self, kind: str) -> list[float]:
        """Milliseconds of one kind."""
        return [1_000 * took for each, took, _ in self.took if each == kind]

    @property
    def all_ms(self) -> list[float]:
        """Milliseconds of all."""
        return [1_000 * took for _, took, _ in self.took]


def serve_rows(bench: ServeBench, tick: Tick) -> Iterator[BenchRow]:
    """All figures, in the order in which they are measured.

    Raises: NotServing, ChildFailed.
    """
    steps = 4 + len(bench.rates)
    yield from _shares()
    began = time.monotonic()
    with serving(bench.home) as server:
        yield BenchRow("ready", "seconds", time.monotonic() - began, n=1, unit="s")
        yield from _first_requests(bench, server)
        _load(bench, server, _mixed(bench, WARM_UP, "warm"), rate=WARM_UP_RATE)
        tick(1, steps)
        yield from _beside_empty(bench, server)
        yield from _cpu_by_kind(bench, server)
        tick(2, steps)
        slow: list[float] = []
        for place, rate in enumerate(bench.rates):
            loaded = _load(bench, server, _mixed(bench, int(rate * bench.seconds), str(rate)), rate=rate)
            yield from rate_rows(f"{rate}/s", loaded, asked=int(rate * bench.seconds))
            slow = loaded.of("encoder") if rate == 200 or not slow else slow
            tick(3 + place, steps)
        yield BenchRow("server", "peak_gb", server.memory_gb(), n=1, unit="GB")
        yield from _bare(bench, slow)
        tick(3 + len(bench.rates), steps)
        if bench.knee:
            yield from _knee(bench, server)
    tick(steps, steps)


def rate_rows(row: str, loaded: Loaded, *, asked: int) -> Iterator[BenchRow]:
    """The figures of one load: all of it, and kind by kind."""
    yield from percentile_rows(row, loaded.all_ms)
    for kind in SHARES:
        yield from percentile_rows(f"{row}/{kind}", loaded.of(kind), metrics=("p50_ms", "p99_ms"))
    yield BenchRow(row, "errors", sum(loaded.errors.values()), n=asked, unit="count")
    reasons = Counter(reason for _, _, reason in loaded.took)
    yield BenchRow(row, "late", reasons["deadline"], n=asked, unit="count")
    yield BenchRow(row, "rewritten", reasons["rewritten"], n=asked, unit="count")
    yield BenchRow(row, "per_s", len(loaded.took) / loaded.seconds, n=asked, unit="requests/s")


def percentile_rows(
    row: str, ms: Sequence[float], *, metrics: Sequence[str] = ("p50_ms", "p95_ms", "p99_ms", "p999_ms")
) -> Iterator[BenchRow]:
    """Percentiles, those that so many figures can tell."""
    at = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "p999_ms": 0.999}
    for metric in metrics:
        value = percentile(ms, at[metric]) if len(ms) * (1 - at[metric]) >= 1 else None
        yield BenchRow(row, metric, value, n=len(ms), unit="ms")


def percentile(ms: Sequence[float], share: float) -> float | None:
    """The value below which so many lie; nothing of nothing."""
    if len(ms) < 2:
        return ms[0] if ms else None
    return quantiles(ms, n=1_000, method="inclusive")[min(round(share * 1_000), 999) - 1]


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """`resay serve` over a home, in a process of its own.

    Raises: NotServing, ChildFailed.
    """
    words = ["serve", "--home", str(home), "--port", "0", "--json"]
    with started_child(COMMAND_LINE, words, folder=home) as child:
        assert child.stdout is not None, "its standard output is a pipe"
        told = child.stdout.readline()
        check_alive(child, words, folder=home) if not told else None
        # The object is printed over several lines.
        while told.strip() and not _is_whole(told):
            more = child.stdout.readline()
            if not more:
                break
            told += more
        if not _is_whole(told):
            message = f"server over {home} must say where it answers; it said {told[:200]!r}; what does child.log there say?"
            raise NotServing(message)
        server = Server(json.loads(told)["port"], (home / "api_key").read_text().strip(), child.pid)
        _wait_until_ready(server)
        yield server


def _wait_until_ready(server: Server) -> None:
    """Until the generation is served: a large one is read behind an open door; one that is refused is not waited for."""
    due, reason = time.monotonic() + READY_S, None
    while time.monotonic() < due:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=READY_S)
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            if answer.status == HTTPStatus.OK:
                return
            reason = json.loads(answer.read())["reason"]
        finally:
            connection.close()
        if reason and reason not in {NOTHING_PUBLISHED, WARMING_UP}:
            message = f"server at port {server.port} must serve what is published in its home; it refuses: {reason}"
            raise NotServing(message)
        time.sleep(_LOOK_S)
    message = f"server at port {server.port} must be ready within {READY_S:g} s; it is not: {reason}"
    raise NotServing(message)


def _is_whole(told: str) -> bool:
    try:
        json.loads(told)
    except ValueError:
        return False
    return True


def _shares() -> Iterator[BenchRow]:
    for kind, share in SHARES.items():
        yield BenchRow(f"traffic/{kind}", "share", share, n=0, unit="share")


def _first_requests(bench: ServeBench, server: Server) -> Iterator[BenchRow]:
    """A request of each customer, whose history must be read for it."""
    rng = Random(f"{bench.seed}/first")
    asks = [_ask(server, TABLE, f"customer-{number}", rng.choice(bench.talk.table), number=f"f{number}") for number in range(CUSTOMERS)]
    loaded = _sent(bench, server, asks, rate=WARM_UP_RATE)
    yield from percentile_rows("first", loaded.all_ms, metrics=("p50_ms", "p99_ms"))


def _beside_empty(bench: ServeBench, server: Server) -> Iterator[BenchRow]:
    """Table hits beside the empty handler of the same server, by turns."""
    rng = Random(f"{bench.seed}/empty")
    asks = [
        _empty(server) if number % 2 else _ask(server, TABLE, *_said(bench.talk, TABLE, rng), number=f"e{number}")
        for number in range(int(EMPTY_RATE * bench.seconds))
    ]
    loaded = _sent(bench, server, asks, rate=EMPTY_RATE)
    table, empty = (percentile(loaded.of(kind), 0.5) for kind in (TABLE, EMPTY))
    yield from percentile_rows("empty", loaded.of(EMPTY), metrics=("p50_ms", "p95_ms"))
    yield from percentile_rows("table", loaded.of(TABLE), metrics=("p50_ms", "p95_ms"))
    yield BenchRow("table-empty", "p50_ms", None if table is None or empty is None else table - empty, n=len(asks), unit="ms")


def _cpu_by_kind(bench: ServeBench, server: Server) -> Iterator[BenchRow]:
    """What a request of each kind takes of a core, all of its server counted: a figure that a busy machine spoils least."""
    rng = Random(f"{bench.seed}/cpu")
    for kind in (EMPTY, *SHARES):
        asks = [
            _empty(server) if kind == EMPTY else _ask(server, kind, *_said(bench.talk, kind, rng), number=f"{kind}{number}")
            for number in range(CPU_REQUESTS)
        ]
        before = server.cpu_s()
        loaded = _sent(bench, server, asks, rate=CPU_RATE)
        yield BenchRow(f"cpu/{kind}", "cpu_ms", 1_000 * (server.cpu_s() - before) / max(1, len(loaded.took)), n=len(loaded.took), unit="ms")


def _bare(bench: ServeBench, slow: Sequence[float]) -> Iterator[BenchRow]:
    """The encoder and the search by themselves, in this process, while the server rests."""
    rng = Random(f"{bench.seed}/bare")
    texts = [rng.choice(bench.talk.unknown) for _ in range(BARE)]
    generation = Shelf(bench.home / "rewrites").current()
    assert generation is not None, "the home has a generation"
    finder = WordingFinder(decode_wordings(generation.read(WORDINGS_FILE)))
    now = datetime.now(UTC)
    search = _timed(lambda text: finder.find(Heard("t", "c", now, text), at_most=12), texts)
    yield from percentile_rows("search", search, metrics=("p50_ms", "p95_ms"))
    if bench.encoder is None:
        return
    encode = TextEncoder(bench.encoder)
    encoded = _timed(lambda text: encode([text]), texts)
    yield from percentile_rows("encoder", encoded, metrics=("p50_ms", "p95_ms"))
    if not (generation.path / VECTORS_FILE).exists():
        return  # None of these requests ran it, and the two have nothing to do with each other.
    ours, bare = percentile(slow, 0.5), percentile(encoded, 0.5)
    yield BenchRow("p50/encoder", "ratio", ours / bare if ours and bare else None, n=len(slow), unit="ratio")


def _timed(work: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    took = []
    for text in texts:
        began = time.perf_counter()
        work(text)
        took.append(1_000 * (time.perf_counter() - began))
    return took


def _knee(bench: ServeBench, server: Server) -> Iterator[BenchRow]:
    """The highest rate at which p99 keeps the bar and nothing fails, and what becomes of twice that.

    Looked for from below until two rates in a row do not keep it: at the lowest a single pause of the machine is more than a hundredth.
    """
    knee, tried = None, []
    for rate in sorted({*bench.rates, *KNEE_RATES}):
        loaded = _load(bench, server, _mixed(bench, int(rate * KNEE_S), f"knee-{rate}"), rate=rate)
        p99 = percentile(loaded.all_ms, 0.99)
        tried.append(not loaded.errors and p99 is not None and p99 <= KNEE_P99_MS)
        yield BenchRow(f"knee/{rate}", "p99_ms", p99, n=len(loaded.took), unit="ms")
        if tried[-1]:
            knee = rate
        if tried[-2:] == [False, False]:
            break
    # Nothing, and not nought, where no rate kept the bar: then the highest rate that is reported stands in for the knee.
    yield BenchRow("knee", "per_s", knee, n=len(tried), unit="requests/s")
    double = 2 * (knee or max(bench.rates))
    loaded = _load(bench, server, _mixed(bench, int(double * KNEE_S), "double"), rate=double)
    yield from rate_rows("twice-knee", loaded, asked=int(double * KNEE_S))


def _mixed(bench: ServeBench, count: int, name: str) -> list[tuple[str, str, str]]:
    """Kind, customer and words of so many requests, in the shares of the traffic."""
    rng = Random(f"{bench.seed}/{name}")
    kinds = rng.choices(list(SHARES), list(SHARES.values()), k=count)
    return [(kind, *_said(bench.talk, kind, rng)) for kind in kinds]


def _said(talk: Talk, kind: str, rng: Random) -> tuple[str, str]:
    """Who says what."""
    if kind == "own":
        return rng.choice(talk.own)
    customer = f"customer-{rng.randrange(CUSTOMERS)}"
    if kind == "encoder":
        # Never said before, so that nothing is in a cache.
        return customer, misheard(rng.choice(talk.good), rng)
    return customer, rng.choice(talk.good if kind == "good" else talk.table)


def _load(bench: ServeBench, server: Server, said: Sequence[tuple[str, str, str]], *, rate: float) -> Loaded:
    asks = [_ask(server, kind, customer, words, number=str(place)) for place, (kind, customer, words) in enumerate(said)]
    return _sent(bench, server, asks, rate=rate)


def _sent(bench: ServeBench, server: Server, asks: Sequence[dict[str, str]], *, rate: float) -> Loaded:
    plan = bench.home / "load.json"
    plan.write_text(json.dumps({"host": "127.0.0.1", "port": server.port, "rate": rate, "asks": asks}))
    told: dict[str, Any] = run_child(LOAD, [str(plan)], folder=bench.home).told
    return Loaded([(kind, took, reason) for kind, took, reason in told["took"]], told["errors"], told["seconds"])


def _empty(server: Server) -> dict[str, str]:
    return {"kind": EMPTY, "raw": f"GET /healthz HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n"}


def _ask(server: Server, kind: str, customer: str, words: str, *, number: str) -> dict[str, str]:
    question = {
        "mode": "before",
        "turn_id": f"{customer}-{number}",
        "customer_id": customer,
        "at": int(time.time() * 1000),
        "utterance": words,
    }
    body = json.dumps(question)
    head = (
        f"POST /v1/rewrite HTTP/1.1\r\nHost: localhost:{server.port}\r\nAuthorization: Bearer {server.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n"
    )
    return {"kind": kind, "raw": head + body}
