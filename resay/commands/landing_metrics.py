"""What a landing counts, in Prometheus' terms: for `ingest --follow` and `stream`. No customer and no text is ever a label."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ingest.landing import LandingReport, LandingStep

BATCH_S = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Bounds of the histogram: a small commit takes some 20 ms, a full batch some 700 ms, one that waits for brokers up to a minute."""


class LandingMetrics(Collector):
    """The figures of one landing; rates are left to whoever asks."""

    def __init__(self, source: str, registry: CollectorRegistry, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.registry, self._source, self._clock = registry, source, clock
        self._began = 0.0
        """When the batch was taken that is not yet committed."""
        self._newest: datetime | None = None
        self._lag: Callable[[], Mapping[str, int]] | None = None
        self._held: Callable[[], int] | None = None
        self._up: Callable[[], bool] | None = None

        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(name, meaning, ["source", *labels], registry=registry)

        self._read = counter("resay_events_read", "Records read, whatever became of them.")
        self._accepted = counter("resay_events_accepted", "Records accepted.")
        self._duplicates = counter("resay_events_duplicated", "Records that were there already.")
        self._forgotten = counter("resay_events_forgotten", "Records of forgotten customers, which were not taken in.")
        self._rejected = counter("resay_events_rejected", "Records rejected.", "reason")
        self._sent = counter("resay_rejects_sent", "Dead letters sent to the topic of rejects; repeats count again.")
        self._lost = counter("resay_lost_positions", "Batches that went in elsewhere first, and were read again.")
        meaning = "Time from taking a batch to its commit."
        self._seconds = Histogram("resay_batch_seconds", meaning, ["source"], buckets=BATCH_S, registry=registry)
        for each in (self._read, self._accepted, self._duplicates, self._forgotten, self._sent, self._lost, self._seconds):
            each.labels(source)  # Shown as 0 before the first.
        registry.register(self)

    def landed(self, report: LandingReport) -> None:
        """Count a batch."""
        self._read.labels(self._source).inc(report.read)
        self._accepted.labels(self._source).inc(report.accepted)
        self._duplicates.labels(self._source).inc(report.duplicates)
        self._forgotten.labels(self._source).inc(report.forgotten)
        # No sentence of a reject: it quotes what came, and would make a series a record.
        self._rejected.labels(self._source, "unreadable").inc(report.rejected)
        if report.newest and (self._newest is None or report.newest > self._newest):
            self._newest = report.newest

    def told(self, report: LandingReport) -> None:
        """Count what was told of events that had been read before: of these only what can be no turn."""
        if report.rejected:
            self._rejected.labels(self._source, "no_turn").inc(report.rejected)

    def step(self, step: LandingStep) -> None:
        """Note a step: how long batches take, and how many were lost to others."""
        if step is LandingStep.TAKEN:
            self._began = time.monotonic()
        elif step is LandingStep.LOST:
            self._lost.labels(self._source).inc()
        elif step is LandingStep.COMMITTED:
            self._seconds.labels(self._source).observe(time.monotonic() - self._began)

    def sent(self, letters: int) -> None:
        """Count dead letters that went to their topic."""
        self._sent.labels(self._source).inc(letters)

    def topic_is(self, lag: Callable[[], Mapping[str, int]], held: Callable[[], int], up: Callable[[], bool]) -> None:
        """Show the lag of each partition that is ours, what is held, and whether brokers answer; asked for whenever somebody looks."""
        self._lag, self._held, self._up = lag, held, up

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The gauges that are asked for; one that has nothing to say yet is left out, as 0 would say something."""
        meaning = "Records of a partition that are not yet landed."
        lag = GaugeMetricFamily("resay_consumer_lag_records", meaning, labels=["source", "partition"])
        for partition, records in (self._lag() if self._lag else {}).items():
            lag.add_metric([self._source, partition.partition("@")[0]], records)
        up = GaugeMetricFamily("resay_source_up", "Whether the brokers answered last.", labels=["source"])
        if self._up:
            up.add_metric([self._source], float(self._up()))
        held = GaugeMetricFamily("resay_buffer_bytes", "Bytes of records that are read and not yet taken.", labels=["source"])
        if self._held:
            held.add_metric([self._source], self._held())
        meaning = "From the event time of the newest landed record to now."
        age = GaugeMetricFamily("resay_newest_event_age_seconds", meaning, labels=["source"])
        if self._newest:
            age.add_metric([self._source], (self._clock() - self._newest).total_seconds())
        return [each for each in (lag, held, up, age) if each.samples]
