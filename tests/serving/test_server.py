"""The server: ports, start and stop."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from serving.server import PortTaken, bind
from tests.serving.conftest import Serve


def test_a_port_in_use_is_passed_over():
    """The next one is taken."""
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]

        with bind("127.0.0.1", port) as second:
            assert port < second.getsockname()[1] <= port + 20


def test_an_address_of_another_machine_is_told():
    """One sentence."""
    with pytest.raises(PortTaken, match="address one of this machine"):
        bind("192.0.2.1", 8737)


def test_an_answer_does_not_wait_for_the_client_to_acknowledge(home: Path, serve: Serve):
    """A client that sends its header and its body in two packets, as Python's own does, is answered well within 40 ms."""
    connection = http.client.HTTPConnection("127.0.0.1", serve(home).port)
    took_s = []
    for _ in range(20):
        started = time.perf_counter()
        connection.request("POST", "/v1/rewrite", b"{}", {"Content-Type": "application/json"})
        connection.getresponse().read()
        took_s.append(time.perf_counter() - started)
    connection.close()

    assert min(took_s[1:]) < 0.02


def test_stopping_ends_it_and_may_be_said_twice(home: Path, serve: Serve):
    """Afterwards nobody answers."""
    running = serve(home)
    assert httpx.get(f"{running.url}/healthz").status_code == 200

    running.stop()
    running.stop()

    assert not running.answers()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{running.url}/healthz")


def test_the_live_side_starts_without_the_learning_side():
    """Importing the app loads neither torch nor miners, brokers, Spark or SciPy (DESIGN 14), nor the encoder's tokeniser.

    Of `markov` it loads the checker, by which people's edits are proven and generations are told of a customer who is forgotten.
    """
    program = "import sys, serving.app; print(*sys.modules)"

    loaded = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())

    assert {"serving", "markov.verify"} <= loaded
    assert not {"torch", "transformers", "scipy", "kafka", "pyspark", "faiss", "tokenizers", "rephrase", "sklearn", "onnx"} & loaded
    assert not {"markov.mine", "markov.hearing", "markov.engine", "markov.wordings"} & loaded


@pytest.mark.slow
def test_the_live_side_starts_fast():
    """To import it all takes little more than the libraries that it stands on: a restart must not cost a minute of unchanged words.

    Both are timed by turns on the same processor: seconds alone would tell how busy and how old that is.
    """
    libraries, everything = [], []
    for _ in range(3):
        libraries.append(_import_s("fastapi, sqlalchemy, pyarrow, prometheus_client"))
        everything.append(_import_s("serving.app"))

    assert min(everything) < 5 * min(libraries), f"{min(everything):.1f} s beside {min(libraries):.1f}; 2.3 times as much when this was set"


def _import_s(modules: str) -> float:
    """Seconds of processor time that a fresh interpreter takes to import them."""
    program = f"import time, {modules}; print(time.process_time())"
    return float(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)
