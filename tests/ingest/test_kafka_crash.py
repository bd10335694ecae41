"""The landing from the real broker beside its model: as `test_crash`, with few examples."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.ingest.test_crash import LandingMachine
from tests.ingest.topic_world import TopicWorld

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_the_lake_holds_what_the_model_says_of_a_topic(broker: str):
    """Landing, killing, overtaking, sending, replaying and maintaining in any order, from two partitions of a real topic."""
    run_state_machine_as_test(
        partial(LandingMachine, partial(TopicWorld, broker)),
        settings=settings(max_examples=4, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow]),
    )
