"""Settings of the environment, and the home that they name: what cannot be is said in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from resay.commands.main import command_line
from resay.commands.settings import WrongSetting, read_settings
from resay.dialogue.errors import ResayError


@pytest.mark.parametrize("url", ["nonsense", "mysql://resay:secret@db/resay", "https://secret"])
def test_an_address_of_books_that_cannot_be_is_said(url: str):
    """A word is no address, and not the name of a file in the working folder; passwords are not repeated."""
    with pytest.raises(WrongSetting, match="RESAY_BOOKS_URL must be an address such as postgresql://") as raised:
        read_settings({"RESAY_BOOKS_URL": url})

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["postgresql://resay@db/resay", "postgresql+psycopg://db/resay", "postgres://db/resay", "sqlite:////tmp/b"])
def test_addresses_of_books_that_can_be_are_kept(url: str):
    """As they are."""
    assert read_settings({"RESAY_BOOKS_URL": url}).books == url


@pytest.mark.parametrize(
    "words",
    [
        ("switch", "off"),
        ("keys", "list"),
        ("experiment", "start", "x"),
        ("teachings", "list", "--customer", "c1"),
        ("rules", "block", "--source", "help"),
        ("learn",),
        ("home-assistant", "--upstream", "http://127.0.0.1:9"),
    ],
    ids=lambda words: words[0],
)
def test_a_home_that_is_no_folder_is_said_in_one_sentence(tmp_path: Path, words: tuple[str, ...]):
    """A file of that name: no traceback, what must hold, and the path once."""
    (tmp_path / "home").write_text("a file")

    error = CliRunner().invoke(command_line(words[0]), [*words, "--home", str(tmp_path / "home")]).exception

    assert isinstance(error, ResayError)
    assert str(error).count(str(tmp_path / "home")) == 1
    assert "must be a folder" in str(error)
