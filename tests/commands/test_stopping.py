"""Being asked to stop: an interruption ends a command, whatever the libraries beneath make of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import duckdb
import pytest

from resay.commands.console import progress
from resay.commands.main import run
from resay.commands.stopping import ENDING, Interruption


@pytest.fixture
def interruption() -> Iterator[Interruption]:
    """One that is installed, as `main` does it; the runner's own handlers stand again in the end."""
    before = {number: signal.getsignal(number) for number in ENDING}
    interruption = Interruption()
    interruption.install()
    yield interruption
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDING)
def test_an_interruption_that_was_swallowed_ends_the_work_at_its_next_step(interruption: Interruption, number: signal.Signals):
    """As pyarrow does it, which takes whatever is raised while it looks for pandas as a sign that there is none."""
    with pytest.raises(KeyboardInterrupt), progress("Ingesting", shown=False) as tick:
        tick(1)
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        tick(2)
        pytest.fail("a tick must not pass over an interruption")


def test_work_that_nobody_interrupted_goes_on(interruption: Interruption):
    """A tick says nothing."""
    with progress("Ingesting", shown=False) as tick:
        tick(1)
        tick(2, 2)

    assert not interruption.came


def test_an_interruption_by_another_name_is_one(interruption: Interruption, capsys: pytest.CaptureFixture[str]):
    """DuckDB calls a function of ours, Ctrl-C comes within it, and what is raised is an error of DuckDB's."""

    def interrupted(_value: int) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return 0

    connection = duckdb.connect()
    connection.create_function("interrupted", interrupted, ["integer"], "integer")

    with pytest.raises(SystemExit) as ended:
        run(lambda: connection.execute("select interrupted(1)").fetchall(), interruption)

    assert ended.value.code == 130
    assert capsys.readouterr().err == "resay: interrupted; what was committed is kept\n"


def test_an_error_that_nobody_asked_for_is_not_hidden(interruption: Interruption):
    """A fault of ours keeps its traceback."""

    def faulty() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(faulty, interruption)


@pytest.mark.parametrize("library", ["typer", "rich.console", "duckdb"])
def test_ctrl_c_while_libraries_are_loaded_is_an_interruption(library: str):
    """Who mistyped a command ends it within its first second, when nothing but imports has happened."""
    program = f"""
import os, signal, sys
class Impatient:
    def find_spec(self, name, path=None, target=None):
        if name == {library!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Impatient())
from resay.commands.main import main
main()
"""

    done = subprocess.run([sys.executable, "-c", program, "rules"], capture_output=True, text=True, check=False)

    assert done.stderr == "resay: interrupted; what was committed is kept\n"
    assert done.returncode == 130
