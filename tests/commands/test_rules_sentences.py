"""`resay rules sentences`, as people run it."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from resay.commands import rules
from resay.commands.rules_sentences import NotWritten, sentences_command
from resay.store.books import Books, Veto
from tests.builders import BASE
from tests.serving.conftest import MADONNA, learnt

app = typer.Typer()
rules.register(app)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["rules", "sentences", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_what_is_served_is_written_as_sentences(tmp_path: Path):
    """To standard output or into a file, the same; each sentence names the rewrite that it is."""
    home = learnt(tmp_path)

    written = run("--home", str(home), "--language", "en-GB")
    run("--home", str(home), "--language", "en-GB", "--out", str(tmp_path / "resay.yaml"))

    assert (tmp_path / "resay.yaml").read_text() == written
    assert yaml.safe_load(written) == {
        "language": "en-GB",
        "intents": {"play": {"data": [{"sentences": ["play madona"], "metadata": {"resay_rewrite": MADONNA.rewrite_id}}]}},
    }


def test_what_is_vetoed_is_not_taken_along(tmp_path: Path):
    """Nothing becomes a sentence that would not be served."""
    home = learnt(tmp_path)
    Books(home / "books.sqlite").veto(Veto(source="play madona", target="", reason="", vetoed_by="me", created_at=BASE))

    assert yaml.safe_load(run("--home", str(home)))["intents"] == {}


def test_before_anything_is_learnt_there_is_nothing_to_write(tmp_path: Path):
    """A sentence says what to do first."""
    with pytest.raises(NotWritten, match="was `resay learn` run"):
        sentences_command(home=tmp_path)
