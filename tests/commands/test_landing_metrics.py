"""What a landing counts, where a real process would show it too slowly or too seldom."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import CollectorRegistry, generate_latest

from ingest.landing import LandingReport, LandingStep
from resay.commands.landing_metrics import LandingMetrics
from tests.builders import BASE
from tests.fakes import FakeClock, MemoryLog


def test_the_age_of_the_newest_event_goes_on_by_itself():
    """Not shown before anything landed; then measured from the newest event, also when an older one comes later."""
    clock = FakeClock(BASE + timedelta(minutes=1))
    metrics = LandingMetrics("kafka", CollectorRegistry(), clock=clock)
    before = _shown(metrics)

    metrics.landed(LandingReport(accepted=1, newest=BASE))
    metrics.landed(LandingReport(accepted=1, newest=BASE - timedelta(hours=1)))
    clock.advance(30)

    assert "resay_newest_event_age_seconds" not in before
    assert 'resay_newest_event_age_seconds{source="kafka"} 90.0' in _shown(metrics)


def test_lost_batches_are_counted_and_not_timed():
    """Of two batches that are under way at once one is lost and one goes in."""
    metrics = LandingMetrics("kafka", CollectorRegistry())
    log = MemoryLog({"0": [b"1", b"2"]})
    batches = [log.next_batch(1, 100), log.next_batch(1, 100)]

    for step, number in ((LandingStep.TAKEN, 0), (LandingStep.TAKEN, 1), (LandingStep.LOST, 0), (LandingStep.COMMITTED, 1)):
        batch = batches[number]
        assert batch is not None
        metrics.step(step, batch)

    shown = _shown(metrics)
    assert 'resay_lost_positions_total{source="kafka"} 1.0' in shown
    assert 'resay_batch_seconds_count{source="kafka"} 1.0' in shown


def _shown(metrics: LandingMetrics) -> str:
    return generate_latest(metrics.registry).decode()
