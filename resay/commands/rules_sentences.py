"""`resay rules sentences`: the live rewrites as custom sentences of Home Assistant, to be taken along."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from markov.publish import live_rewrites
from resay.commands.console import HomeOption, JsonOption, console, print_json, remarks
from resay.commands.home_books import opened
from resay.commands.settings import Settings, read_settings
from resay.commands.whole_file import whole_file
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Reason, Rewrite
from resay.experiment.promote import Stage
from resay.store.artifact import Shelf
from resay.store.trials import TrialBooks
from rewrite_online.custom_sentences import custom_sentences, yaml_of
from rewrite_online.gate import Vetoes, judge


class NotWritten(ResayError):
    """There is nothing to write sentences of."""


def sentences_command(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write here instead of standard output.")] = None,
    language: Annotated[str, typer.Option("--language", help="Language of the sentences, as Home Assistant names it.")] = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the rewrites that are served now as custom sentences of Home Assistant, which then needs us no more for them.

    Put the file into `config/custom_sentences/en/`. Where the intent of a rewrite is known, it becomes a sentence of that intent. Logs of
    Home Assistant itself name none: there it becomes a sentence of the intent `ResaySay`, whose slot `say` holds what to say instead.

    Examples: `resay rules sentences > resay.yaml` · `resay rules sentences --out config/custom_sentences/en/resay.yaml`
    """
    settings = read_settings(home=home)
    generation, rewrites = live_rewrites(Shelf(settings.rewrites))
    if generation is None:
        message = "a rewrite table must be published to be taken along; there is none; was `resay learn` run?"
        raise NotWritten(message)
    made = custom_sentences(_served(settings, rewrites))
    title = f"Custom sentences of Home Assistant, written by `resay rules sentences` from generation {generation.number}."
    text = yaml_of(made.sentences, language=language, title=title)
    if out is not None:
        with whole_file(out) as file:
            file.write(text.encode())
    if as_json:
        told = {"generation": generation.number, "sentences": len(made.sentences), "left_out": made.left_out}
        print_json(told | ({"out": str(out)} if out else {"yaml": text}))
        return
    if out is None:
        console.out(text, end="", highlight=False)
    remarks.print(f"resay: {len(made.sentences):,} sentences", markup=False)
    for reason, times in made.left_out.items():
        remarks.print(f"resay: left out {times:,}, because each {reason}", markup=False)


def _served(settings: Settings, rewrites: Sequence[Rewrite]) -> list[Rewrite]:
    """Those that would be said now: neither vetoed, nor kept back by the gate, nor taken back by their own evidence."""
    vetoes, taken_back = Vetoes(), frozenset[str]()
    if settings.has_books:  # Opening the books would make them.
        with opened(settings) as books:
            vetoes = Vetoes.of((veto.source, veto.target) for veto in books.vetoes())
            taken_back = frozenset(each.rewrite_id for each in TrialBooks(books).stages() if each.stage == Stage.TAKEN_BACK)
    return [each for each in rewrites if each.rewrite_id not in taken_back and judge(each, vetoes=vetoes) is Reason.REWRITTEN]
