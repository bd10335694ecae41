"""Rewrites as tables and dialogues, for people at a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from resay.dialogue.rewrite import Rewrite
from resay.store.lake import Lake
from serving.dashboard.words import count, place_words, spared_words
from serving.trials.fared import Fared
from serving.trials.layers import Layers


def rewrites_table(title: str, rewrites: Sequence[Rewrite], fared: Mapping[str, Fared] | None = None) -> Table:
    """Rewrites with what stands behind each; with how each fares on live traffic, where that is known of any."""
    table = Table(title=escape(title), title_justify="left")
    for name, justify in (("said", "left"), ("we say", "left"), ("customers", "right"), ("times", "right"), ("success", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type] # rich's literals
    live = {name: each.words for name, each in (fared or {}).items() if each.words}
    if live:
        table.add_column("on live traffic")
    for each in rewrites:
        where = ", ".join(words for words in (place_words(each.place), spared_words(each)) if words)
        context = f" [dim]({escape(where)})[/dim]" if where else ""
        change = f"{each.success_as_said:.0%} → {each.success_as_rewritten:.0%}"
        row = [escape(each.source) + context, escape(each.target), f"{each.support:,}", f"{each.times:,}", change]
        table.add_row(*row, *([live.get(each.rewrite_id, "")] if live else []))
    return table


def layers_table(layers: Layers) -> Table:
    """How each layer fares on live traffic."""
    table = Table(title="By layer, as live traffic has it", title_justify="left")
    table.add_column("layer")
    for name in ("said", "wins", "losses", "not told yet", "left unsaid"):
        table.add_column(name, justify="right")
    for each in layers.layers:
        table.add_row(each.layer, *map(count, (each.answers, each.right, each.wrong, each.waiting, each.left_unsaid)))
    return table


def dialogues_of_all(lake: Lake, rewrites: Sequence[Rewrite]) -> dict[str, list[dict[str, Any]]]:
    """The cited turns of each rewrite, pair after pair, as far as the lake still holds them."""
    with lake.connect() as connection:
        wanted = sorted({turn_id for each in rewrites for turn_id in each.evidence})
        query = "select turn_id, event_time, said, coalesce(status, '') from turns where list_contains(?, turn_id)"
        turns = {row[0]: row[1:] for row in connection.execute(query, [wanted]).fetchall()}
    shown: dict[str, list[dict[str, Any]]] = {}
    for each in rewrites:
        pairs = [pair for pair in zip(each.evidence[::2], each.evidence[1::2], strict=True) if set(pair) <= turns.keys()]
        shown[each.rewrite_id] = [
            {"at": turns[one][0], "said": turns[one][1], "response": turns[one][2], "then": turns[two][1]} for one, two in pairs
        ]
    return shown
