"""Why brokers could not be reached, from what the library says in its log."""

from __future__ import annotations

import logging

import pytest

from ingest.kafka_cluster import overheard

CLOSED = "Bootstrap connection to bootstrap-0 failed: KafkaConnectionError: socket disconnected (backoff 0.42 secs)"
CUT_SHORT = "Bootstrap connection to bootstrap-0 failed: KafkaTimeoutError (backoff 0.86 secs)"
SLOW = "Connection failed: timed out after 2000 ms"
REFUSED = "Connection failed: [Error 7] Authentication failed for user admin"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([CLOSED, CUT_SHORT], "socket disconnected"),
        ([CLOSED, SLOW], "socket disconnected"),
        ([REFUSED, CLOSED, CUT_SHORT], "Authentication failed for user admin"),
        ([CUT_SHORT], "nothing answers"),
        ([], "nothing answers"),
    ],
)
def test_the_most_telling_attempt_is_told(said: list[str], why: str):
    """Which attempt came last is chance, so an attempt that our deadline cut short never hides what another found."""
    with overheard() as remarks:
        for each in said:
            logging.getLogger("kafka.net.manager").warning(each)

    assert remarks.why() == why
