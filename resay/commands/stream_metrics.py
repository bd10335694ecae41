"""What the stream counts, in Prometheus' terms, and where it can be asked for. No customer and no text is ever a label."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from resay.commands.landing_metrics import LandingMetrics
from resay.dialogue.errors import ResayError
from serving.metrics import Metrics

LOOPBACK = "127.0.0.1"


class PortTaken(ResayError):
    """Metrics cannot be shown where they were asked for."""


class StreamMetrics:
    """The figures of one chain; rates are left to whoever asks."""

    def __init__(self, source: str) -> None:
        self.registry = registry = CollectorRegistry()
        self._source = source
        self.landing = LandingMetrics(source, registry)
        self._lag_bytes = Gauge("resay_source_lag_bytes", "Bytes of files that are not yet landed.", ["source"], registry=registry)
        self._behind = Gauge("resay_job_lag_commits", "Commits that a job has not yet taken in.", ["job"], registry=registry)
        self._judged = Counter("resay_job_turns", "Turns judged, again or for the first time.", ["job"], registry=registry)
        self._seconds = Counter("resay_job_seconds", "Time that a job has worked.", ["job"], registry=registry)
        self._skipped = Counter("resay_learning_skipped", "Learning that published nothing.", ["reason"], registry=registry)
        self._freshness = Gauge("resay_freshness_seconds", "From landing to live, for the oldest turn last learnt from.", registry=registry)
        self._freshness.set(math.nan)  # Nothing is known before something was published; 0 would say that it is as fresh as can be.
        self._rules = Gauge("resay_rules", "Rewrites of the live generation.", ["state", "layer"], registry=registry)
        self._generation = Gauge("resay_generation", "Number of the live generation; 0 before the first.", registry=registry)

    def bytes_left_is(self, ask: Callable[[], int]) -> None:
        """Show how much of files is not yet landed, asked for whenever somebody looks."""
        self._lag_bytes.labels(self._source).set_function(ask)

    def behind_is(self, job: str, ask: Callable[[], int]) -> None:
        """Show how far a job is behind, asked for whenever somebody looks."""
        self._behind.labels(job).set_function(ask)

    def judged(self, job: str, turns: int, *, seconds: float) -> None:
        """Count a step of a job."""
        self._judged.labels(job).inc(turns)
        self._seconds.labels(job).inc(seconds)

    def learnt(self, rules: int, *, generation: int | None, skipped: str, freshness_s: float | None) -> None:
        """Show what is live after learning; `skipped` says why nothing was published, if nothing was."""
        self._generation.set(generation or 0)
        self._rules.labels("live", "table").set(rules)
        if skipped:
            self._skipped.labels(skipped).inc()
        elif freshness_s is not None:
            self._freshness.set(freshness_s)


@contextmanager
def shown_at(metrics: StreamMetrics | LandingMetrics | Metrics, port: int | None) -> Iterator[None]:
    """A block in which the metrics can be read at a port of this machine; nowhere without a port.

    Raises: PortTaken.
    """
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port, addr=LOOPBACK, registry=metrics.registry)
    except OSError as error:
        message = f"port {port} must be free to show metrics; {error.strerror}; is another one running?"
        raise PortTaken(message) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        _join(thread)


def _join(thread: threading.Thread) -> None:
    thread.join(5.0)
