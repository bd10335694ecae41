"""The account of a wording, as it is found: mined and checked from the lake as it is at that moment. Writes nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.facts import read_facts
from markov.mine import mine
from markov.proof import decode_proof
from markov.publish import live_rewrites
from markov.seen import Near, Seen, near_to, seen_of
from markov.steps import Floors
from markov.verify import Rules, sift
from markov.why import Account, Learnt, account_of
from resay.commands.console import progress
from resay.commands.learning import CUSTOMERS_MIN, blocked_pairs
from resay.commands.needless import needless_of
from resay.commands.settings import Settings
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Place, Reason, Rewrite
from resay.dialogue.text import canonical
from resay.dialogue.wording import Failing
from resay.store.artifact import Generation, Shelf
from resay.store.lake import Lake
from resay.store.rewrites import PROOF_FILE
from resay.store.wordings import WORDINGS_FILE
from rewrite_online.gate import Vetoes, judge
from rewrite_online.global_certificate import wordings_known
from rewrite_online.not_the_words import fails_otherwise


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
    failing: Failing | None
    """Why the wording fails where it fails, as the live generation knows."""


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
    vetoes, failing = Vetoes.of(blocked), _failing(generation, source, context)
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
        gate=_gate(account.live, vetoes, failing),
        failing=failing,
    )


def _gate(live: Rewrite | None, vetoes: Vetoes, failing: Failing | None) -> str:
    if live is None:
        return ""
    reason = judge(live, vetoes=vetoes)
    return Reason.NOT_THE_WORDS if reason is Reason.REWRITTEN and failing and fails_otherwise(failing) else reason


def _failing(generation: Generation | None, source: str, kind: str) -> Failing | None:
    if generation is None or not (generation.path / WORDINGS_FILE).exists():
        return None
    return known.failing if (known := wordings_known(generation).get((source, kind))) is not None else None


def _floor_of(generation: Generation | None) -> int:
    return int(decode_proof(generation.read(PROOF_FILE)).parameters["customers_min"]) if generation else CUSTOMERS_MIN


def _blocked(settings: Settings) -> tuple[tuple[str, str], ...]:
    # Opening the books would make them; where there are none there are no vetoes.
    return blocked_pairs(settings) if settings.has_books else ()


def _is_blocked(account: Account, source: str, blocked: Sequence[tuple[str, str]]) -> bool:
    targets = {"", *(canonical(each.target) for each in (account.mined, account.live) if each)}
    return any(said in {"", source} and target in targets for said, target in blocked)
