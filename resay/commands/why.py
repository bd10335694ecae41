"""The command `why`: what was seen of a wording, which rewrites it might have had, and which rule kept each from being published.

Mines and checks as `resay learn` does, from the lake as it is at that moment, and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from markov.candidate import Bar, Weighed, hurdles
from markov.duckdb_engine import DuckDBEngine
from markov.facts import read_facts
from markov.mine import mine
from markov.proof import decode_proof
from markov.publish import live_rewrites
from markov.seen import Near, Seen, near_to, seen_of
from markov.steps import Floors
from markov.verify import Rules, sift
from markov.why import Account, Learnt, Stage, account_of
from resay.commands.console import HomeOption, JsonOption, print_json, progress
from resay.commands.learning import CUSTOMERS_MIN, blocked_pairs
from resay.commands.needless import needless_of
from resay.commands.settings import Settings, read_settings
from resay.commands.why_telling import because, meaning_of, tell
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Place
from resay.dialogue.text import canonical
from resay.store.artifact import Generation, Shelf
from resay.store.lake import Lake
from resay.store.rewrites import PROOF_FILE
from rewrite_online.gate import Vetoes, judge

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


@dataclass(frozen=True, slots=True)
class AskedPlace:
    """Where the wording is said, as far as it was told."""

    kind: str | None = None
    """What the assistant had asked; nothing: that in which it was said most often."""
    room: str = ""
    device_type: str = ""
    cohorts: tuple[str, ...] = ()
    """Of the customer who says it."""


class NothingSeen(ResayError):
    """The lake holds no turns."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the command found."""

    said: str
    place: Place
    k: int
    bar: Bar
    account: Account
    elsewhere: tuple[Seen, ...]
    """The same wording in other contexts."""
    near: tuple[Near, ...]
    """Other wordings like it; only where it was never said."""
    blocked: bool
    """Whether a veto forbids every rewrite of it, or the one that is proposed or live."""
    generation: int | None
    """The live one."""
    gate: str
    """What the gate makes of the live rewrite: `rewritten`, or why not; empty where there is none."""


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


def why(settings: Settings, said: str, *, place: AskedPlace = AskedPlace(), k: int | None = None, shown: bool = False) -> Told:
    """All that is known of a wording; nothing is written.

    Raises: NothingSeen, and what the lake, the books and the shelf raise.
    """
    source = canonical(said)
    generation, live = live_rewrites(Shelf(settings.rewrites))
    floor = k or _floor_of(generation)
    bar, blocked = Bar(floors=Floors(customers_min=floor)), _blocked(settings)
    with Lake(settings.lake).connect() as connection:
        if not connection.execute("select 1 from turn_parts limit 1").fetchall():
            message = f"lake {settings.lake} must hold turns; it holds none; was a log read with `resay ingest`?"
            raise NothingSeen(message)
        engine = DuckDBEngine(connection)
        with progress("Mining rewrites", unit="steps", shown=shown) as tick:
            mined = mine(engine, bar, tick, live=live)
        contexts = seen_of(engine, source)
        near = () if contexts else tuple(near_to(engine, source))
        facts = read_facts(connection, mined.rewrites)
    rules = Rules(customers_min=floor, blocked=blocked)
    _, proof = sift(mined.rewrites, facts, rules, now=datetime.now(UTC), clock=time.monotonic)
    needless = needless_of(Lake(settings.lake), mined.rewrites, live=generation, understanding=None).reasons
    context = place.kind if place.kind is not None else contexts[0].kind if contexts else ""
    here = next((each for each in contexts if each.kind == context), None)
    where = Place(context, place.room, place.device_type)
    account = account_of(source, where, seen=here, learnt=Learnt(mined, proof, live, needless), cohorts=place.cohorts)
    vetoes = Vetoes.of(blocked)
    return Told(
        said=source,
        place=where,
        k=floor,
        bar=bar,
        account=account,
        elsewhere=tuple(each for each in contexts if each is not here),
        near=near,
        blocked=_is_blocked(account, source, blocked),
        generation=generation.number if generation else None,
        gate=judge(account.live, vetoes=vetoes) if account.live else "",
    )


def _floor_of(generation: Generation | None) -> int:
    return int(decode_proof(generation.read(PROOF_FILE)).parameters["customers_min"]) if generation else CUSTOMERS_MIN


def _blocked(settings: Settings) -> tuple[tuple[str, str], ...]:
    # Opening the books would make them; where there are none there are no vetoes.
    return blocked_pairs(settings) if settings.has_books else ()


def _is_blocked(account: Account, source: str, blocked: Sequence[tuple[str, str]]) -> bool:
    targets = {"", *(canonical(each.target) for each in (account.mined, account.live) if each)}
    return any(said in {"", source} and target in targets for said, target in blocked)


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
