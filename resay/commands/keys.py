"""`resay keys`: make, list and revoke the keys that open the service; `resay audit-log`: who read or changed what."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from resay.commands.console import HomeOption, JsonOption, console, print_json
from resay.commands.home_books import opened
from resay.commands.settings import read_settings
from resay.store.audit import AuditBooks
from resay.store.keys import RATE_USUAL, BadKey, Key, KeyBooks, KeyWish, Scope

BY = "command line"
"""Who did it, where nobody says."""

ROWS_USUAL = 50
"""Rows of the audit that are printed unless told otherwise: two screens."""

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

keys_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Make, list and revoke the keys that open the service. `resay keys add assistant --scope serve`",
)

ByOption = Annotated[str, typer.Option("--by", help="Who does it.")]


def register(app: typer.Typer) -> None:
    """Add `keys` and `audit-log`."""
    app.add_typer(keys_app, name="keys", rich_help_panel="The live side")
    app.command("audit-log", rich_help_panel="The live side")(audit_log)


@keys_app.command()
def add(  # noqa: PLR0917 - an option is a parameter
    name: Annotated[str, typer.Argument(help="Who or what will use it; stands in lists and in the audit.")],
    scope: Annotated[list[Scope], typer.Option("--scope", help="What it opens; again for more. admin opens everything.")],
    expires: Annotated[str, typer.Option("--expires", help="When it ends: 12h, 90d, 8w, or a date such as 2027-01-31.")] = "",
    rate: Annotated[int, typer.Option("--rate", help="Requests a second that a replica answers it; 0: no limit.")] = RATE_USUAL,
    by: ByOption = BY,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and show it, this once; the books keep its hash. Every running service knows it within a second.

    Examples: `resay keys add assistant --scope serve` · `resay keys add ada --scope review --expires 90d` ·
    `resay keys add ops --scope admin --json`
    """
    now = datetime.now(UTC)
    with opened(read_settings(home=home)) as books:
        wish = KeyWish(name, tuple(scope), by, _moment(expires, now) if expires else None, rate)
        secret, key = KeyBooks(books).add(wish, now=now)
    if as_json:
        print_json({"key": secret, **_told(key, now)})
        return
    console.print(secret, markup=False, soft_wrap=True)
    console.print(f"{_line(key, now)}\nIt is not shown again.", markup=False, soft_wrap=True)


@keys_app.command("list")
def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """All keys that were ever made, and what became of them; never the keys themselves.

    Examples: `resay keys list` · `resay keys list --json`
    """
    now = datetime.now(UTC)
    with opened(read_settings(home=home), new=False) as books:
        keys = KeyBooks(books).all()
    if as_json:
        print_json({"keys": [_told(each, now) for each in keys]})
        return
    for each in keys:
        console.print(_line(each, now), markup=False, soft_wrap=True)
    if not keys:
        console.print("no keys were made; the key of the home opens everything", markup=False)


@keys_app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `resay keys list` shows it.")],
    by: ByOption = BY,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a key for good: every running service refuses it, and closes its sessions, within a second.

    Examples: `resay keys revoke 3fa94c01` · `resay keys revoke 3fa94c01 --by ada --json`
    """
    with opened(read_settings(home=home), new=False) as books:
        changed = KeyBooks(books).revoke(key_id, now=datetime.now(UTC), by=by)
    if as_json:
        print_json({"revoked": key_id, "changed": changed})
    else:
        console.print(f"{key_id} {'is revoked' if changed else 'was revoked before'}", markup=False)


def audit_log(
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Rows at most, newest first.")] = ROWS_USUAL,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who read dialogues, rules or reports over HTTP or on the page, and who changed what.

    Examples: `resay audit-log` · `resay audit-log --limit 1000 --json`
    """
    with opened(read_settings(home=home), new=False) as books:
        deeds = AuditBooks(books).newest(limit)
    if as_json:
        print_json({"deeds": [asdict(each) | {"at": each.at.isoformat()} for each in deeds]})
        return
    for each in deeds:
        who = f"{each.who} ({each.key_id})" if each.key_id else each.who
        console.print(
            f"{each.at:%Y-%m-%d %H:%M:%S}  {each.outcome:<8} {who}: {each.what} {each.which}".rstrip(), markup=False, soft_wrap=True
        )
    if not deeds:
        console.print("nobody has read or changed anything yet", markup=False)


def _moment(expires: str, now: datetime) -> datetime:
    """Raises: BadKey."""
    try:
        if span := re.fullmatch(r"(\d{1,5})([hdw])", expires):
            return now + int(span[1]) * _UNITS[span[2]]
        moment = datetime.fromisoformat(expires)
    except (ValueError, OverflowError) as error:
        message = f"expiry must be a span such as 12h, 90d or 8w, or a date such as 2027-01-31; got {expires[:40]!r}; {error}"
        raise BadKey(message) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _state(key: Key, now: datetime) -> str:
    return "revoked" if key.revoked_at is not None else "open" if key.opens(now) else "expired"


def _told(key: Key, now: datetime) -> dict[str, object]:
    told = {name: value for name, value in asdict(key).items() if name != "hash"}
    return told | {"scopes": sorted(key.scopes), "state": _state(key, now)}


def _line(key: Key, now: datetime) -> str:
    until = f", until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else ""
    rate = f"{key.rate:,} a second" if key.rate else "no limit"
    return f"{key.key_id}  {_state(key, now):<7}  {key.name}: {', '.join(sorted(key.scopes))}; {rate}{until}"
