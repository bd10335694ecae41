"""`resay rules`: the live rewrite table with what stands behind each rewrite and how it fares; and what people do about rewrites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from markov.publish import live_rewrites
from resay.commands.console import HomeOption, JsonOption, console, print_json, remarks
from resay.commands.home_books import ByOption, WhyOption, opened
from resay.commands.rules_changes import register_on
from resay.commands.rules_sentences import sentences_command
from resay.commands.rules_telling import dialogues_of_all, layers_table, rewrites_table
from resay.commands.settings import Settings, read_settings
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Rewrite
from resay.store.artifact import Shelf
from resay.store.events import Event
from resay.store.lake import Lake
from resay.store.trials import TrialBooks
from serving.dashboard.words import plural
from serving.trials.fared import UNTRIED, Fared, fared_json, read_fared
from serving.trials.layers import Layers, layers_json, read_layers
from serving.trials.referee import restore

BY = "command line"
"""Who did it, where nobody says."""


class NotRolledBack(ResayError):
    """There is nothing to restore."""


def register(app: typer.Typer) -> None:
    """Add the group `rules`."""
    group = typer.Typer(invoke_without_command=True, rich_markup_mode="markdown")
    group.callback()(rules_command)
    group.command("restore")(restore_command)
    register_on(group)
    group.command("sentences")(sentences_command)
    app.add_typer(group, name="rules", rich_help_panel="Learn, step by step")


def rules_command(
    context: typer.Context,
    evidence: Annotated[bool, typer.Option("--evidence", help="Show the dialogues behind each rewrite.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the live rewrite table with what stands behind each rewrite, and how each fares on live traffic.

    Examples: `resay rules` · `resay rules --evidence` · `resay rules --json` · `resay rules restore 4a1f… --why "the NLU was mended"`
    """
    if context.invoked_subcommand:
        return
    settings = read_settings(home=home)
    generation, rewrites = live_rewrites(Shelf(settings.rewrites))
    dialogues = dialogues_of_all(Lake(settings.lake), rewrites) if evidence else {}
    fared, layers = fared_in(settings), layers_in(settings, rewrites)
    if as_json:
        rows = [
            asdict(each)
            | {"live": fared_json(fared.get(each.rewrite_id, UNTRIED))}
            | ({"dialogues": dialogues[each.rewrite_id]} if evidence else {})
            for each in rewrites
        ]
        told = layers_json(layers) if layers else {"layers": [], "global": []}
        print_json({"generation": generation.number if generation else None, "rewrites": rows, **told})
        return
    if generation is None:
        remarks.print("resay: no rewrite table was published yet; try `resay learn`", markup=False)
        return
    title = f"Generation {generation.number}: {plural(len(rewrites), 'rewrite')}"
    console.print(rewrites_table(title, rewrites, fared) if rewrites else f"{title} of exact wordings")
    if layers and any(each.answers for each in layers.layers):
        console.print(layers_table(layers))
    for each in rewrites if evidence else ():
        console.print(f"\n“{each.source}” → “{each.target}”", markup=False)
        for pair in dialogues[each.rewrite_id]:
            console.print(f"  {pair['at']:%Y-%m-%d %H:%M}  “{pair['said']}” ({pair['response']}) → “{pair['then']}”", markup=False)


def restore_command(
    rewrite_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the rewrite, as `resay rules --json` has it.")],
    why: WhyOption = "",
    by: ByOption = BY,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a rewrite that was rolled back by itself another chance: what came of it before does not count any more.

    Example: `resay rules restore 4a1f0c77e2b39d15 --why "the NLU was mended"`
    """
    settings, now = read_settings(home=home), datetime.now(UTC)
    with opened(settings, new=False) as books:
        if not restore(TrialBooks(books), rewrite_id, now=now, event=Event(now, rewrite_id, "restored", by, why)):
            message = f"rewrite must be one that was rolled back; got {rewrite_id!r}; is it the id that `resay rules --json` shows?"
            raise NotRolledBack(message)
    if as_json:
        print_json({"restored": rewrite_id})
    else:
        console.print(f"rewrite {rewrite_id} is on trial again", markup=False)


def layers_in(settings: Settings, rewrites: Sequence[Rewrite]) -> Layers | None:
    """How each layer fares on live traffic; nothing where nothing was served yet."""
    if not settings.has_books:
        return None
    with opened(settings) as books:
        return read_layers(books, read_fared(TrialBooks(books)), table=frozenset(each.rewrite_id for each in rewrites))


def fared_in(settings: Settings) -> dict[str, Fared]:
    """How rewrites of a home fare on live traffic; nothing where nothing was served yet."""
    if not settings.has_books:  # Opening the books would make them.
        return {}
    with opened(settings) as books:
        return read_fared(TrialBooks(books))
