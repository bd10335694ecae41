"""Fixtures that tests of several packages share, and how properties are tested in all of them."""

import signal

from hypothesis import HealthCheck, settings

from tests.books import books, books_place
from tests.browser import browser
from tests.kafka_broker import broker, left_open, own_broker, topic
from tests.places import open_folder, tiny_disk
from tests.postgresql import postgresql, postgresql_url
from tests.spark_session import shared_spark, spark, spark_jars

__all__ = [
    "books",
    "books_place",
    "broker",
    "browser",
    "left_open",
    "open_folder",
    "own_broker",
    "postgresql",
    "postgresql_url",
    "shared_spark",
    "spark",
    "spark_jars",
    "tiny_disk",
    "topic",
]

# On a busy machine examples take their time to be made and tested, which says nothing of what is tested.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# A run that a script starts behind its back ignores Ctrl-C, and so would all processes that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
