"""Who runs a model tells nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_running_models_keeps_and_tells_nothing(tmp_path: Path):
    """The library would keep an id of the machine, in the home and among temporary files, and send it to its makers."""
    surroundings = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    places = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}

    done = subprocess.run([sys.executable, "-c", "import resay.training.onnx_model"], env=surroundings | places, check=False)

    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []
