"""`resay learn --engine`: what is asked for is there, or the error says what is missing; by either engine the same is learnt."""

from __future__ import annotations

from pathlib import Path

import pytest

from resay.commands.engines import AskedEngine, EngineMissing, EngineName, embedded, engine_over
from tests.child import run


def test_nothing_asked_for_is_the_embedded_engine():
    """Spark is for those who have a cluster."""
    assert engine_over(AskedEngine()) is embedded


@pytest.mark.parametrize("text", ["spark.driver.memory", "driver.memory=4g", ""])
def test_a_setting_that_is_none_is_said(text: str):
    """It would otherwise be passed over without a word."""
    with pytest.raises(EngineMissing, match=r"must be spark\.NAME=VALUE"):
        engine_over(AskedEngine(EngineName.SPARK, settings=[text]))


def test_a_folder_without_jars_is_said(tmp_path: Path):
    """Before Spark starts, which takes ten seconds, and fails with a page of Java."""
    with pytest.raises(EngineMissing, match="must hold Delta's jars; it holds none"):
        engine_over(AskedEngine(EngineName.SPARK, jars=tmp_path))


def test_a_missing_extra_is_said(tmp_path: Path):
    """Without pyspark the error names what to install."""
    code = (
        "import sys; sys.modules['pyspark'] = None; sys.modules['py4j'] = None\n"
        "from resay.commands.engines import *\n"
        "try: engine_over(AskedEngine(EngineName.SPARK))\n"
        "except EngineMissing as error: print(error)"
    )

    ran = run(code, home=tmp_path)

    assert "needs the extra `spark`" in ran.stdout, ran.stderr
