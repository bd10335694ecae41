"""The command `why`: what was seen of a wording, which rewrites it might have had, and which rule kept each from being published.

Mines and checks as `resay learn` does, from the lake as it is at that moment, and writes nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from markov.candidate import Bar, Weighed, hurdles
from markov.why import Stage
from resay.commands.console import HomeOption, JsonOption, print_json
from resay.commands.learning import CUSTOMERS_MIN
from resay.commands.settings import read_settings
from resay.commands.try_telling import failing_json
from resay.commands.why_account import AskedPlace, Told, why
from resay.commands.why_telling import because, meaning_of, tell
from resay.dialogue.text import canonical

KindOption = Annotated[
    str | None,
    typer.Option("--kind", help="What the assistant had asked; empty: nothing [default: that in which it was said most often]."),
]

KOption = Annotated[
    int | None, typer.Option("--k", min=2, help=f"Customers behind a rewrite [default: as the live table has it, or {CUSTOMERS_MIN}].")
]


RoomOption = Annotated[str, typer.Option("--room", help="Room in which it is said, as turns name it [default: any].")]

CohortOption = Annotated[
    list[str] | None, typer.Option("--cohort", help="Cohort of the customer, as turns name it; again for more [default: none].")
]

DeviceOption = Annotated[str, typer.Option("--device-type", help="Kind of device that it is said to, as turns name it [default: any].")]


def register(app: typer.Typer) -> None:
    """Add `why`."""
    app.command("why", rich_help_panel="Learn, step by step")(why_command)


def why_command(  # noqa: PLR0917 - an option is a parameter
    said: Annotated[str, typer.Argument(metavar='"…"', help="What a customer says.")],
    kind: KindOption = None,
    room: RoomOption = "",
    device_type: DeviceOption = "",
    cohort: CohortOption = None,
    k: KOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a wording has a rewrite, or why not: what was seen of it, the candidates, and the rule that kept each from being published.

    It mines and checks the lake as it is now, as `resay learn` would, and publishes nothing.

    Examples: `resay why "lights on in the den"` · `resay why "turn it up" --room kitchen` ·
    `resay why "turn it up" --cohort en-GB` · `resay why "the first one" --kind ask_which` ·
    `resay why "lights" --json`
    """
    if not canonical(said):
        message = f"must have words; got {said!r}"
        raise typer.BadParameter(message, param_hint="…")
    place = AskedPlace(kind, room, device_type, tuple(cohort or ()))
    told = why(read_settings(home=home), said, place=place, k=k, shown=not as_json)
    if as_json:
        print_json(_as_json(told))
        return
    tell(told)


def _as_json(told: Told) -> dict[str, object]:
    account = told.account
    return {
        "said": told.said,
        "prompt_kind": told.place.kind,
        "room": told.place.room,
        "device_type": told.place.device_type,
        "k": told.k,
        "stage": account.stage,
        "declined": account.declined,
        "because": because(told),
        "seen": asdict(account.seen) if account.seen else None,
        "elsewhere": [{"prompt_kind": each.kind, "times": each.times, "customers": each.customers} for each in told.elsewhere],
        "near": [asdict(each) for each in told.near],
        "candidates": [_candidate_json(each, told.bar) for each in account.candidates],
        "mined": asdict(account.mined) if account.mined else None,
        "left_out": account.left_out,
        "vetoed": told.blocked,
        "failing": failing_json(told.failing),
        "generation": told.generation,
        "live": asdict(account.live) | {"gate": told.gate} if account.live else None,
        "spared": account.is_spared,
        "spared_cohorts": dict(account.spared),
        "in_other_places": [asdict(each) for each in account.elsewhere],
        "said_for": [each.source for each in account.said_for],
        "published": account.stage in {Stage.LIVE, Stage.LIVE_FROM_BEFORE},
    }


def _candidate_json(weighed: Weighed, bar: Bar) -> dict[str, object]:
    candidate = weighed.candidate
    return {
        "room": candidate.room,
        "device_type": candidate.device_type,
        "wording": candidate.wording,
        "target": candidate.spelling,
        "state": candidate.state,
        "risk": candidate.risk,
        "exit_probability": candidate.exit_probability,
        "share": candidate.share,
        "support": candidate.support,
        "times": candidate.times,
        "success_as_said": candidate.source_weight.chance().mean,
        "success_as_rewritten": candidate.as_rewritten().mean,
        "declined": weighed.declined,
        "because": meaning_of(weighed.declined) if weighed.declined else "it clears the bar",
        "hurdles": [
            {"rule": each.declined, "reached": each.reached, "least": each.least, "cleared": each.is_cleared}
            for each in hurdles(candidate, bar)
        ],
    }
