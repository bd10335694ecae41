"""What Spark's engine changes in a step's text, which needs no Spark to be running; the rest is `tests/parity/test_engine.py`."""

import pytest

from markov.steps import EVERYTHING, hear

spark_engine = pytest.importorskip("markov.spark_engine", reason="the extra `spark` must be installed", exc_type=ModuleNotFoundError)


def test_decimal_literals_become_doubles():
    """Names, whole numbers, exponents and texts are left as they are."""
    text = "select told / 1000000.0, least(1.0, a.b1), 1e6, 7, '2.5 | it' from told where c > 0.5"

    read = spark_engine.in_dialect(text)

    assert read == "select told / 1000000.0d, least(1.0d, a.b1), 1e6, 7, '2.5 | it' from told where c > 0.5d"


def test_steps_without_decimals_run_as_they_stand():
    """Word for word."""
    heard = hear(EVERYTHING)

    assert spark_engine.in_dialect(heard.sql) == heard.sql


def test_fingerprints_are_made_by_spark():
    """Each engine has a function of its own for it."""
    assert spark_engine.in_dialect("select fingerprint(said, kind) from heard") == "select xxhash64(said, kind) from heard"
