"""Commands for one customer's own: `export` shows everything that is held of them, `forget` has nothing left of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ingest.privacy import pseudonym
from resay.commands.console import HomeOption, JsonOption, console, print_json, print_json_lines, progress, remarks
from resay.commands.export_vcon import containers
from resay.commands.home_books import check_home
from resay.commands.settings import Settings, read_settings
from resay.dialogue.errors import ResayError, told_without_place
from resay.store.artifact import Shelf
from resay.store.audit import AuditBooks, Deed
from resay.store.books import Books
from resay.store.lake import Lake
from serving.access import kept_key
from serving.customers.export import held
from serving.customers.forget import forget, held_of
from serving.customers.receipt import KEY_FILE, is_signed
from serving.customers.stores import Stores

BY = "command line"
"""Who asked."""

_NOTHING_HELD = (
    "nothing was held of this customer; is the id the one that turns name, or were they forgotten before? "
    "What they said up to now is not taken in all the same; --json prints the receipt"
)

ALL, VCON = "all", "vcon"
"""What an export may be."""

_PANEL = "Customers"


class WrongReceipt(ResayError):
    """A receipt is not of this home, or was changed."""


def register(app: typer.Typer) -> None:
    """Add `forget` and `export`."""
    app.command("forget", rich_help_panel=_PANEL)(forget_command)
    app.command("export", rich_help_panel=_PANEL)(export_command)


def forget_command(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id, as turns name it.")] = "",
    check: Annotated[Path | None, typer.Option("--check", metavar="FILE", help="Only tell whether a receipt is of this home.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget a customer, for good: lake and its history, dead letters, decisions, books, generations. Prints a signed receipt.

    Safe beside everything that runs, and to run again: what was cut short goes on, what is done finds nothing. Rewrites that too few
    others stand behind are not served from then on. Records of theirs up to now that come again are not taken in; what they say later
    is. What lies in your topics and files is named in the receipt: it is yours to delete.

    Where nothing was held of them it says so, and what they said up to now is not taken in all the same: a log may still bring it.

    Exit status: 0 nothing is left, or nothing was there; 1 a store cannot be written, and the same command goes on from there.

    Examples: `resay forget c42` · `resay forget c42 --json > receipt.json` · `resay forget --check receipt.json`
    """
    settings = read_settings(home=home)
    if bool(customer) == (check is not None):
        message = "a customer or --check must be given, and not both; is one of them missing?"
        raise typer.BadParameter(message)
    if check is not None:
        _check(settings, check)
        return
    with stores_in(settings) as stores, progress("Forgetting", unit="steps", shown=not as_json) as tick:
        steps: list[str] = []

        def observe(step: str) -> None:
            steps.append(step)
            tick(len(steps))

        now = datetime.now(UTC)
        AuditBooks(stores.books).write(Deed(now, BY, "", "resay forget"))
        receipts = [json.loads(forget(stores, each, now=now, observe=observe)) for each in stores.ids(customer)]
    found = sum(map(held_of, receipts))
    if as_json:
        print_json({"receipts": receipts, "found": found})
    else:
        for receipt in receipts if found else receipts[:0]:
            _show(receipt)
    if not found:
        remarks.print(f"resay: {_NOTHING_HELD}", markup=False, soft_wrap=True)


def export_command(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id, as turns name it; with vcon none is all.")] = "",
    wanted: Annotated[str, typer.Option("--format", help="all: everything that is held; vcon: their sessions as vCon containers.")] = ALL,
    home: HomeOption = None,
) -> None:
    """Print everything that is held of a customer, one JSON object a line, each with its store; or sessions as vCon containers, one a line.

    A container holds what was said and answered, and as analysis what is held against it; `resay import vcon` reads it back. Turns whose
    words are masked are not in it.

    Examples: `resay export c42` · `resay export c42 > c42.jsonl` · `resay export --format vcon > sessions.jsonl`
    """
    if wanted not in {ALL, VCON}:
        message = f"--format must be {ALL} or {VCON}; got {wanted[:40]!r}; which is meant?"
        raise typer.BadParameter(message)
    if wanted == ALL and not customer:
        message = f"a customer must be given; without one all sessions are printed by --format {VCON}; is the id missing?"
        raise typer.BadParameter(message)
    with stores_in(read_settings(home=home)) as stores:
        now = datetime.now(UTC)
        AuditBooks(stores.books).write(Deed(now, BY, "", "resay export"))
        if wanted == ALL:
            told = print_json_lines(held(stores, customer))
        else:
            told = 0
            for container in containers(stores.lake, stores.ids(customer) if customer else [], now=now):
                typer.echo(container.decode())
                told += 1
    if customer and not told:
        remarks.print("resay: nothing is held of this customer; is the id the one that turns name?", markup=False, soft_wrap=True)


@contextmanager
def stores_in(settings: Settings) -> Iterator[Stores]:
    """The stores of a home.

    Raises: NoSuchHome, LakeUnavailable, BooksUnavailable.
    """
    check_home(settings)
    books = Books(settings.books)
    try:
        stores = Stores(settings.home, Lake(settings.lake), books, Shelf(settings.rewrites))
        yield replace(stores, pseudonym=partial(pseudonym, key=settings.hash_key)) if settings.hash_key else stores
    finally:
        books.close()


def _check(settings: Settings, path: Path) -> None:
    try:
        told = json.loads(path.read_text())
        receipts = told.get("receipts", [told])
    except (OSError, ValueError, AttributeError) as error:
        message = f"receipt {path} must be what `resay forget --json` prints; {told_without_place(error)}; is it the right file?"
        raise WrongReceipt(message) from error
    key = kept_key(settings.home / KEY_FILE)
    if not receipts or not all(isinstance(each, dict) and is_signed(each, key=key) for each in receipts):
        message = f"receipt {path} must be signed with this home's key; it is not; is it of another home, or was it changed?"
        raise WrongReceipt(message)
    console.print(f"{path} is a receipt of this home, and unchanged", markup=False)


def _show(receipt: dict[str, Any]) -> None:
    for line in receipt["stores"]:
        console.print(f"{line['store']:<22} found {line['found']:>8,}   left {line['left']:,}", markup=False)
    for line in receipt["outside"]:
        places = ", ".join(f"{name or 'all'}: {low:,} to {high:,}" for name, (low, high) in line["positions"].items())
        remarks.print(
            f"resay: {line['records']:,} records of theirs came from {line['source']} ({places}); they are not ours to delete",
            markup=False,
            soft_wrap=True,
        )
    console.print(f"forgotten up to {receipt['until']}; signed with the home's {KEY_FILE}", markup=False)
