"""Which rewrites of a table the assistant needs no more: as its hook says now, or as a card remembers that it said.

Where the hook is not given, or does not say, what it said last holds for as long as the assistant's versions are those of then.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from markov.publish import read_card
from markov.versions import OUT, Finding, Replay, Replayed, Understanding, replay
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.turn import Context
from resay.store.artifact import Generation
from resay.store.lake import Lake
from resay.store.reading import Connection

VERSIONS_DAYS = 1
"""How far back from the newest turn one that tells the assistant's versions is looked for."""


@dataclass(frozen=True, slots=True)
class Needless:
    """What stays out of a table, and under which versions of the assistant."""

    reasons: Mapping[str, str] = field(default_factory=dict)
    """By rewrite id."""
    versions: Mapping[str, str] = field(default_factory=dict)
    not_told: int = 0
    """Rewrites of which the hook did not say anything."""
    remark: str = ""
    """Why not."""


def needless_of(lake: Lake, rewrites: Sequence[Rewrite], *, live: Generation | None, understanding: Understanding | None) -> Needless:
    """What of a table that is about to be published is needless.

    Raises: what the lake raises, and BrokenArtifact.
    """
    replayed, versions = replayed_in(lake, rewrites if understanding else (), understanding)
    card = read_card(live) if live else None
    # Without versions nothing tells when the assistant is another, so that nothing is remembered.
    remembered = card.needless if card and versions and card.versions == versions else {}
    needed = {each.rewrite_id for each in replayed if each.finding is Finding.NEEDED}
    said = {each.rewrite_id: each.reason for each in replayed if each.finding in OUT}
    untold = [each.reason for each in replayed if each.finding is Finding.NOT_TOLD]
    reasons = {rewrite_id: reason for rewrite_id, reason in remembered.items() if rewrite_id not in needed} | said
    return Needless(reasons, versions, len(untold), untold[0] if untold else "")


def replayed_in(lake: Lake, rewrites: Sequence[Rewrite], understanding: Understanding | None) -> tuple[Sequence[Replayed], dict[str, str]]:
    """A table replayed in the contexts of its cited turns, and the assistant's versions: as it tells them, or else the newest turn does."""
    with lake.connect() as connection:
        contexts, versions = contexts_of(connection, rewrites), versions_in(connection)
    told = replay(rewrites, contexts, understanding, clock=time.monotonic) if understanding else Replay()
    return told.found, {name: value for name, value in asdict(told.versions).items() if value} if told.versions else versions


def contexts_of(connection: Connection, rewrites: Sequence[Rewrite]) -> dict[str, list[Context]]:
    """The different contexts in which the cited turns of each rewrite were said, as far as the lake still holds them."""
    wanted = sorted({turn_id for each in rewrites for turn_id in each.evidence[::2]})
    if not wanted:  # Every learning without a hook; the view would be read whole for nothing.
        return {each.rewrite_id: [] for each in rewrites}
    query = "select turn_id, coalesce(room, ''), coalesce(device_type, '') from turns where list_contains(?, turn_id)"
    rows = connection.execute(query, [wanted]).fetchall()
    said = {turn_id: Context(room=room, device_type=device_type) for turn_id, room, device_type in rows}
    return {each.rewrite_id: _distinct([said[cited] for cited in each.evidence[::2] if cited in said]) for each in rewrites}


def versions_in(connection: Connection) -> dict[str, str]:
    """The versions of the assistant's parts that the newest turn tells; none where turns tell none."""
    # Not the whole lake: whoever names its versions does so in every turn.
    newest = f"""
        select body from turn_parts
        where event_time >= (select max(event_time) from turn_parts) - interval {VERSIONS_DAYS} day and body like '%"versions"%'
        order by event_time desc, turn_id limit 1
    """
    told = {name: f"json_extract_string(body, '$.versions.{name}')" for name in ("asr", "nlu", "catalogue")}
    rows = connection.execute(f"select {', '.join(told.values())} from ({newest})").fetchall()
    return {name: value for name, value in zip(told, rows[0], strict=True) if value} if rows else {}


def _distinct(contexts: Sequence[Context]) -> list[Context]:
    by_place = {(each.room, each.device_type): each for each in contexts}
    return list(by_place.values())
