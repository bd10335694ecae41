"""`resay teachings`: what a customer taught: listed, added, and forgotten, in the books that every running `resay serve` reads."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingest.privacy import pseudonym
from resay.commands.console import HomeOption, JsonOption, console, print_json
from resay.commands.home_books import opened
from resay.commands.settings import Settings, read_settings
from resay.dialogue.errors import ResayError
from resay.dialogue.teaching import Kind, State
from resay.store.teachings import STAMP_FILE, TeachingBooks
from resay.teach.lessons import Answer, Outcome, forget, must_ask, new_row, teach
from resay.teach.teaching import Teaching
from resay.teach.understand import Understanding

CustomerOption = Annotated[str, typer.Option("--customer", help="Whose teachings, as the assistant names them.")]


class NotTaught(ResayError):
    """What was to be taught or forgotten was not."""


group = typer.Typer(no_args_is_help=True, help="What customers taught. Example: `resay teachings list --customer c1`")


def register(app: typer.Typer) -> None:
    """Add `teachings`."""
    app.add_typer(group, name="teachings", rich_help_panel="The live side")


@group.command("list")
def list_(customer: CustomerOption, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What a customer taught, oldest first.

    Example: `resay teachings list --customer c1 --json`
    """
    settings = read_settings(home=home)
    with _teachings(settings, new=False) as teachings:
        rows = [each for each in teachings.of(_named(customer, settings)) if each.state is State.TAUGHT]
    if as_json:
        print_json({"teachings": [asdict(each) for each in rows]})
        return
    for each in rows:
        console.print(f"{each.teaching_id}  “{each.words}” → “{each.meaning}” ({each.kind}, {each.at:%Y-%m-%d %H:%M} UTC)", markup=False)
    if not rows:
        console.print("nothing was taught", markup=False)


@group.command()
def add(  # noqa: PLR0917 - an option is a parameter
    customer: CustomerOption,
    text: Annotated[str, typer.Argument(help="What the customer says, in one sentence.")] = "",
    words: Annotated[str, typer.Option("--words", help="Or: the words …")] = "",
    meaning: Annotated[str, typer.Option("--meaning", help="… and what they shall mean.")] = "",
    kind: Annotated[Kind, typer.Option("--kind", help="All that is said, or a name within it.")] = Kind.REQUEST,
    yes: Annotated[bool, typer.Option("--yes", help="The customer was asked, and said yes; what is risky needs it.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Teach for a customer; it holds in their very next request.

    Examples: `resay teachings add "when I say movie night I mean dim the lights" --customer c1`,
    `resay teachings add --words "the den" --meaning "the guest room" --kind name --customer c1`
    """
    settings, now = read_settings(home=home), datetime.now(UTC)
    found = Understanding().teaching(text) if text else Teaching(kind, words, meaning)
    if found is None:
        message = f"text must teach something; got {text[:80]!r}; would --words and --meaning say it?"
        raise NotTaught(message)
    new = new_row(found, teaching_id=uuid.uuid4().hex, now=now)
    with _teachings(settings) as teachings:
        answer = teachings.change(_named(customer, settings), lambda rows: teach(rows, new, must_ask=must_ask(found), yes=yes))
    if answer.outcome is Outcome.REFUSED:
        raise NotTaught(answer.say)
    if answer.outcome is Outcome.ASKED:
        message = f"this teaching must be agreed to by the customer; ask: {answer.say} Did they say yes (--yes)?"
        raise NotTaught(message)
    _tell(answer, as_json=as_json)


@group.command("forget")
def forget_(
    customer: CustomerOption,
    teaching_id: Annotated[str, typer.Argument(help="Which one, as `list` names it; all of them where it is left out.")] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget a teaching of a customer, or all of them.

    Examples: `resay teachings forget 3f2a… --customer c1`, `resay teachings forget --customer c1`
    """
    settings = read_settings(home=home)
    with _teachings(settings, new=False) as teachings:
        if not teaching_id:
            dropped = teachings.forget_customer(_named(customer, settings))
            print_json({"forgotten": dropped}) if as_json else console.print(f"{dropped} forgotten", markup=False)
            return
        answer = teachings.change(_named(customer, settings), lambda rows: forget(rows, teaching_id))
    if answer.outcome is Outcome.UNKNOWN:
        message = f"teaching must be one of this customer's; got {teaching_id[:40]!r}; was it forgotten already?"
        raise NotTaught(message)
    _tell(answer, as_json=as_json)


@contextmanager
def _teachings(settings: Settings, *, new: bool = True) -> Iterator[TeachingBooks]:
    with opened(settings, new=new) as books:
        yield TeachingBooks(books, stamp=settings.home / STAMP_FILE)


def _named(customer: str, settings: Settings) -> str:
    return pseudonym(customer, settings.hash_key) if settings.hash_key else customer


def _tell(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        print_json({"outcome": answer.outcome, "say": answer.say, "teaching": asdict(answer.taught) if answer.taught else None})
    else:
        console.print(answer.say, markup=False)
