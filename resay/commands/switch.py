"""`resay switch`: turn rewriting off and on again, all of it or a layer; and say what is off."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from resay.commands.console import HomeOption, JsonOption, console, print_json
from resay.commands.home_books import WhyOption, opened
from resay.commands.settings import read_settings
from resay.store.review import ReviewBooks, Switch

BY = "command line"
"""Who did it, where nobody says."""


class Turn(StrEnum):
    """What is to be done."""

    OFF = "off"
    ON = "on"
    STATUS = "status"


class Scope(StrEnum):
    """What is turned."""

    ALL = "all"
    TAUGHT = "taught"
    PERSONAL = "personal"
    TABLE = "table"
    GLOBAL = "global"


def register(app: typer.Typer) -> None:
    """Add `switch`."""
    app.command("switch", rich_help_panel="The live side")(switch_command)


def switch_command(
    turn: Annotated[Turn, typer.Argument(help="off, on, or status.")] = Turn.STATUS,
    scope: Annotated[Scope, typer.Option("--layer", help="A layer; all of them where it is left out.")] = Scope.ALL,
    why: WhyOption = "",
    by: Annotated[str, typer.Option("--by", help="Who does it.")] = BY,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn rewriting off, or on again: every running `resay serve` of this home follows within seconds, and words pass through.

    Examples: `resay switch off --why "complaints since noon"` · `resay switch on` · `resay switch off --layer global` · `resay switch`
    """
    settings, now = read_settings(home=home), datetime.now(UTC)
    with opened(settings, new=False) as books:
        review = ReviewBooks(books)
        if turn is Turn.OFF:
            review.switch_off(Switch(scope, now, by, why))
        elif turn is Turn.ON:
            review.switch_on(scope, at=now, by=by, why=why)
        off = review.switches()
    if as_json:
        print_json({"off": [{"scope": each.scope, "since": each.off_since, "by": each.switched_by, "why": each.why} for each in off]})
        return
    for each in off:
        why_told = f": {each.why}" if each.why else ""
        console.print(f"off: {each.scope}, since {each.off_since:%Y-%m-%d %H:%M} UTC, by {each.switched_by}{why_told}", markup=False)
    if not off:
        console.print("nothing is switched off", markup=False)
