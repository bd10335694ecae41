"""Settings of the environment, and the home that they name: what cannot be is said in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from resay.commands.home_books import NoSuchHome
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


@pytest.mark.parametrize(
    "words",
    [
        ("keys", "list"),
        ("keys", "revoke", "3fa94c01"),
        ("audit-log",),
        ("rules", "export"),
        ("rules", "unedit", "4a1f"),
        ("rules", "restore", "4a1f"),
        ("switch", "status"),
        ("switch", "off"),
        ("teachings", "list", "--customer", "c1"),
        ("teachings", "forget", "--customer", "c1"),
        ("rollup",),
    ],
    ids=" ".join,
)
def test_a_home_whose_name_is_mistyped_is_not_made(tmp_path: Path, words: tuple[str, ...]):
    """Where there is nothing to look at or to change, there is no home: neither is one made, nor is an empty one taken for ours."""
    (tmp_path / "empty").mkdir()

    ended = [CliRunner().invoke(command_line(words[0]), [*words, "--home", str(tmp_path / name)]) for name in ("nowhere", "empty")]

    assert [type(each.exception) for each in ended] == [NoSuchHome] * 2
    assert "is --home right" in str(ended[0].exception)
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def test_a_home_with_books_elsewhere_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nothing lies in its folder yet where a database holds the books."""
    monkeypatch.setenv("RESAY_BOOKS_URL", f"sqlite:///{tmp_path / 'elsewhere.sqlite'}")

    assert CliRunner().invoke(command_line("keys"), ["keys", "list", "--home", str(tmp_path / "home")]).exit_code == 0
