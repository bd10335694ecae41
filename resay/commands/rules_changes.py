"""`resay rules edit|unedit|block|export|import|try`: what people do about rewrites, each through the checker and into the history."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from markov.draft import Checked, Draft
from markov.publish import live_rewrites
from resay.commands.console import HomeOption, JsonOption, console, print_json
from resay.commands.home_books import ByOption, WhyOption, opened
from resay.commands.settings import Settings, read_settings
from resay.commands.whole_file import whole_file
from resay.dialogue.errors import ResayError, told_without_place
from resay.dialogue.text import canonical
from resay.store.artifact import Shelf
from resay.store.books import Books
from resay.store.edits import EditBooks
from resay.store.events import Event
from resay.store.lake import Lake
from resay.store.review import ReviewBooks
from resay.store.trials import TrialBooks
from serving.dashboard.words import count, percent, plural
from serving.review.blocking import block_all
from serving.review.drafting import Drafted, Home, Word, edited, take_drafts, try_drafts
from serving.review.files import RulesFile, RulesForm, read_rules, rules_rows, written
from serving.review.telling import checked_json, reasons_of
from serving.trials.fared import read_fared

AllowOption = Annotated[bool, typer.Option("--allow-risky", help="Allow risky actions with fewer customers behind them.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSON, as `resay rules export` writes it; - for standard input.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the rewrite, as `resay rules --json` has it.")]


class Refused(ResayError):
    """The checker refuses."""


class Unknown(ResayError):
    """There is none of this id."""


class FileUnavailable(ResayError):
    """A file of rules cannot be read."""


def register_on(group: typer.Typer) -> None:
    """Add these commands to the group `rules`."""
    for name, command in (
        ("edit", edit_command),
        ("unedit", unedit_command),
        ("block", block_command),
        ("export", export_command),
        ("import", import_command),
        ("try", try_command),
    ):
        group.command(name)(command)


def edit_command(  # noqa: PLR0917 - an option is a parameter
    rewrite_id: IdArgument,
    target: Annotated[str, typer.Option("--target", help="What shall be said.")],
    allow_risky: AllowOption = False,
    why: WhyOption = "",
    by: ByOption = "command line",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put another target in place of a rewrite's: checked like any other, live at once, and kept by the learnings to come.

    Example: `resay rules edit 4a1f0c77e2b39d15 --target "turn on the hall lights" --why "shorter"`
    """
    settings = read_settings(home=home)
    _, table = live_rewrites(Shelf(settings.rewrites))
    rewrite = next((each for each in table if each.rewrite_id == rewrite_id), None)
    if rewrite is None:
        message = f"rewrite must be one of the live table; there is none of id {rewrite_id!r}; was another generation published?"
        raise Unknown(message)
    draft = edited(rewrite, target, allowed=allow_risky)
    with opened(settings) as books:
        done = take_drafts(_home(settings, books), [draft], Word(by, why, datetime.now(UTC)), replaced=rewrite_id)
    (recorded,) = done.checked.recorded
    if done.generation is None:
        message = "; ".join(reasons_of(done.checked, recorded, allowed=allow_risky)) or "the table could not be proven with it"
        raise Refused(message)
    if as_json:
        print_json({"edited": rewrite_id, "generation": done.generation, **checked_json(done.checked, [draft])[0]})
    else:
        console.print(f"generation {done.generation} is live: “{rewrite.source}” → “{target}”", markup=False)


def unedit_command(
    rewrite_id: IdArgument, why: WhyOption = "", by: ByOption = "command line", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Take an edit or an imported rule back: the next `resay learn` proposes again what it finds.

    Example: `resay rules unedit 4a1f0c77e2b39d15`
    """
    with opened(read_settings(home=home), new=False) as books:
        if not EditBooks(books).undo(rewrite_id, Event(datetime.now(UTC), rewrite_id, "unedited", by, why)):
            message = f"edit must be one that stands; there is none of id {rewrite_id!r}; is it the id of the edited rewrite?"
            raise Unknown(message)
    if as_json:
        print_json({"unedited": rewrite_id})
    else:
        console.print("taken back; `resay learn` proposes again what it finds", markup=False)


def block_command(
    source: Annotated[str, typer.Option("--source", help="For these words; any where left out.")] = "",
    target: Annotated[str, typer.Option("--target", help="These words; any where left out.")] = "",
    why: WhyOption = "",
    by: ByOption = "command line",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forbid words for good, whether or not anybody has learnt them: every running `resay serve` of this home follows within seconds.

    Examples: `resay rules block --target "unlock the front door"` · `resay rules block --source "help"`
    """
    if not canonical(source) and not canonical(target):
        message = "must name --source or --target with words in it; to turn everything off there is `resay switch off`"
        raise typer.BadParameter(message)
    with opened(read_settings(home=home)) as books:
        new = block_all(ReviewBooks(books), [(source, target)], Word(by, why, datetime.now(UTC)))
    if as_json:
        print_json({"blocked": new})
    else:
        console.print("blocked" if new else "it was blocked already", markup=False)


def export_command(
    form: Annotated[RulesForm, typer.Option("--as", help="csv or json.")] = RulesForm.CSV,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; standard output where left out.")] = None,
    home: HomeOption = None,
) -> None:
    """Write the live table and the blocklist, with how each rewrite stands, in a form that `resay rules import` reads again.

    Examples: `resay rules export > rules.csv` · `resay rules export --as json --out rules.json`
    """
    settings = read_settings(home=home)
    _, table = live_rewrites(Shelf(settings.rewrites))
    with opened(settings, new=False) as books:
        text = written(rules_rows(table, read_fared(TrialBooks(books)), books.vetoes()), form)
    if out is None:
        sys.stdout.write(text)
        return
    with whole_file(out) as file:
        file.write(text.encode())


def import_command(
    file: FileArgument,
    allow_risky: AllowOption = False,
    why: WhyOption = "",
    by: ByOption = "command line",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take rules in from a file: those that can be proven are live at once and kept, of the others it says why not; blocks are blocked.

    Examples: `resay rules import rules.csv` · `resay rules import rules.json --allow-risky --why "as agreed on Monday"`
    """
    settings, asked = read_settings(home=home), _read(file, allowed=allow_risky)
    word = Word(by, why, datetime.now(UTC), "imported")
    with opened(settings) as books:
        blocked = block_all(ReviewBooks(books), asked.blocked, word)
        done = take_drafts(_home(settings, books), asked.drafts, word) if asked.drafts else None
    if as_json:
        rules = checked_json(done.checked, asked.drafts) if done else []
        print_json({"generation": done.generation if done else None, "blocked": blocked, "rules": rules})
        return
    if done:
        _tell(done.checked, asked.drafts)
    console.print(_came_of(done, blocked), markup=False)


def try_command(file: FileArgument, allow_risky: AllowOption = False, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Try drafts on recorded traffic: how often each would have been said, what it would have spared, whether it could go live.

    Writes nothing.

    Examples: `resay rules try drafts.csv` ·
    `echo '[{"source": "lamp on", "target": "turn on the lamp"}]' | resay rules try - --json`
    """
    settings, asked = read_settings(home=home), _read(file, allowed=allow_risky)
    with opened(settings, new=False) as books:
        checked = try_drafts(_home(settings, books), asked.drafts, now=datetime.now(UTC))
    if as_json:
        print_json({"rules": checked_json(checked, asked.drafts)})
    else:
        _tell(checked, asked.drafts)


def _tell(checked: Checked, drafts: Sequence[Draft]) -> None:
    allowed = {each.rewrite_id for each in drafts if each.allowed}
    for each in checked.recorded:
        rewrite = each.rewrite
        console.print(f"“{escape(rewrite.source)}” → “{escape(rewrite.target)}”", soft_wrap=True)
        chances = f"success {percent(rewrite.success_as_said, 0)} as said, {percent(rewrite.success_as_rewritten, 0)} as rewritten"
        told = f"said {plural(each.said, 'time')} by {plural(each.speakers, 'customer')}, {count(each.in_vain)} in vain; {chances}"
        console.print(f"  {told}; would have spared about {count(each.spared)} defects", markup=False, soft_wrap=True)
        for reason in reasons_of(checked, each, allowed=rewrite.rewrite_id in allowed):
            console.print(f"  [red]refused[/red] · {escape(reason)}", soft_wrap=True)


def _came_of(done: Drafted | None, blocked: int) -> str:
    told = f"{plural(blocked, 'block')} new"
    if done is None:
        return told
    taken = len(done.checked.recorded) - len(done.checked.refused)
    live = f"generation {done.generation} is live" if done.generation else "nothing was published"
    return f"{plural(taken, 'rule')} taken in, {len(done.checked.refused):,} refused; {told}; {live}"


def _home(settings: Settings, books: Books) -> Home:
    return Home(Shelf(settings.rewrites), Lake(settings.lake), books)


def _read(file: Path, *, allowed: bool) -> RulesFile:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"file {file} must be readable text; {told_without_place(error)}; is its name right?"
        raise FileUnavailable(message) from error
    return read_rules(text, allowed=allowed)
