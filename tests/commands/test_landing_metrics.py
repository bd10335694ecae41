"""What a landing counts, where a real process would show it too slowly or too seldom."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import CollectorRegistry, generate_latest

from ingest.landing import LandingReport, LandingStep
from resay.commands.landing_metrics import LandingMetrics
from resay.commands.stream_metrics import StreamMetrics
from tests.builders import BASE
from tests.fakes import FakeClock


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
    """A batch that is lost and read again is timed once, when it goes in."""
    metrics = LandingMetrics("kafka", CollectorRegistry())

    for step in (LandingStep.TAKEN, LandingStep.LOST, LandingStep.TAKEN, LandingStep.COMMITTED):
        metrics.step(step)

    shown = _shown(metrics)
    assert 'resay_lost_positions_total{source="kafka"} 1.0' in shown
    assert 'resay_batch_seconds_count{source="kafka"} 1.0' in shown


def test_freshness_is_not_known_before_anything_was_published():
    """A dashboard must not take a stream that has published nothing for one that is as fresh as can be."""
    metrics = StreamMetrics("kafka")
    before = generate_latest(metrics.registry).decode()

    metrics.learnt(3, generation=1, skipped="", freshness_s=4.5)

    assert "resay_freshness_seconds NaN" in before
    assert "resay_freshness_seconds 4.5" in generate_latest(metrics.registry).decode()


def _shown(metrics: LandingMetrics) -> str:
    return generate_latest(metrics.registry).decode()
