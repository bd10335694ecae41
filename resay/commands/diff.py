"""The command `diff`: how a generation of the table differs from another, in words that a reviewer reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.markup import escape

from markov.difference import Changed, Difference, Gone, difference, riskier
from markov.proof import decode_proof
from markov.publish import Card, NoSuchGeneration, read_card
from resay.commands.console import HomeOption, JsonOption, console, print_json, remarks
from resay.commands.learning import blocked_pairs
from resay.commands.settings import Settings, read_settings
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.text import canonical
from resay.store.artifact import Generation, Shelf
from resay.store.rewrites import PROOF_FILE, REWRITES_FILE, decode_rewrites
from serving.dashboard.words import percent, place_words, plural, spared_words

SHOWN_MAX = 50
"""Rewrites printed of each kind of difference: two screens; `--json` has all."""

_OLDER = "Generation to compare with [default: the one before]."
_NEWER = "Generation to look at [default: the live one]."


@dataclass(frozen=True, slots=True)
class Compared:
    """Two generations and how they differ."""

    before: int
    after: int
    difference: Difference
    rules: Mapping[str, tuple[object, object]]
    """Rules of the checker whose figure is another, before and after."""
    restores: int | None
    """The generation that the later one brought back."""


def register(app: typer.Typer) -> None:
    """Add `diff`."""
    app.command("diff", rich_help_panel="Learn, step by step")(diff_command)


def diff_command(
    before: Annotated[int | None, typer.Argument(metavar="[A]", help=_OLDER)] = None,
    after: Annotated[int | None, typer.Argument(metavar="[B]", help=_NEWER)] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how the live rewrite table differs from an older one: what is new, what is gone and why, what has changed.

    Examples: `resay diff` · `resay diff 3` · `resay diff 3 5 --json`
    """
    compared = compare(read_settings(home=home), before, after)
    if as_json:
        print_json(_as_json(compared))
        return
    _tell(compared)


def compare(settings: Settings, before: int | None = None, after: int | None = None) -> Compared:
    """Two generations: the one before against the live one, where nothing else is asked.

    Raises: NoSuchGeneration, BrokenArtifact.
    """
    shelf = Shelf(settings.rewrites)
    newer = _newer(shelf, after)
    older = shelf.open(_older(shelf, newer.number) if before is None else before)
    one, two = (decode_rewrites(each.read(REWRITES_FILE)) for each in (older, newer))
    card, old_card = read_card(newer), read_card(older)
    between = [shelf.open(number) for number in shelf.numbers() if older.number < number <= newer.number]
    reasons = {**_vetoed(settings, one), **_left_out(newer), **_retired(between)} if between else {}
    return Compared(
        before=older.number,
        after=newer.number,
        difference=difference(one, two, reasons),
        rules=_other_rules(old_card, card, older=older, newer=newer),
        restores=card.restores,
    )


def _newer(shelf: Shelf, number: int | None) -> Generation:
    generation = shelf.open(number) if number is not None else shelf.current()
    if generation is None:
        message = "a generation must be live to be compared; none was ever published; have you run `resay learn`?"
        raise NoSuchGeneration(message)
    return generation


def _older(shelf: Shelf, number: int) -> int:
    older = [each for each in shelf.numbers() if each < number]
    if not older:
        message = f"an older generation than {number} must be there to compare with; there is none; was `resay learn` run twice?"
        raise NoSuchGeneration(message)
    return older[-1]


def _left_out(generation: Generation) -> dict[str, Sequence[str]]:
    return {fault.rewrite_id: fault.reasons for fault in decode_proof(generation.read(PROOF_FILE)).left_out}


def _retired(generations: Sequence[Generation]) -> dict[str, Sequence[str]]:
    """What was taken out on the way, the last reason for each."""
    cards = [read_card(each) for each in generations]
    return {rewrite_id: (reason,) for card in cards for rewrite_id, reason in {**card.needless, **card.retired}.items()}


def _vetoed(settings: Settings, rewrites: Sequence[Rewrite]) -> dict[str, Sequence[str]]:
    # Opening the books would make them; where there are none there are no vetoes.
    blocked = set(blocked_pairs(settings)) if settings.has_books else set()
    forbidden = (
        each
        for each in rewrites
        if not blocked.isdisjoint((said, end) for said in ("", each.source) for end in ("", canonical(each.target)))
    )
    return {each.rewrite_id: ("blocked: the blocklist or a veto names it",) for each in forbidden}


def _other_rules(old_card: Card, card: Card, *, older: Generation, newer: Generation) -> dict[str, tuple[object, object]]:
    """Figures of the checker and parameters of the miner that are not what they were; how many vetoes there are is no rule."""
    one, two = (
        {**_flat(each.parameters), **decode_proof(generation.read(PROOF_FILE)).parameters}
        for each, generation in ((old_card, older), (card, newer))
    )
    return {
        name: (one.get(name), two.get(name)) for name in sorted(one.keys() & two.keys()) if one[name] != two[name] and name != "blocked"
    }


def _flat(parameters: Mapping[str, object]) -> dict[str, object]:
    inner = {name: value for each in parameters.values() if isinstance(each, dict) for name, value in each.items()}
    return inner | {name: value for name, value in parameters.items() if not isinstance(value, dict)}


def _as_json(compared: Compared) -> dict[str, object]:
    found = compared.difference
    return {
        "before": compared.before,
        "after": compared.after,
        "restores": compared.restores,
        "rules": {name: {"before": one, "after": two} for name, (one, two) in compared.rules.items()},
        "new": [asdict(each) for each in found.new],
        "gone": [{"rewrite": asdict(each.rewrite), "because": each.because} for each in found.gone],
        "retargeted": [asdict(each) | {"riskier": riskier(each)} for each in found.retargeted],
        "refigured": [asdict(each) | {"notable": each.is_notable} for each in found.refigured],
        "same": found.same,
    }


def _tell(compared: Compared) -> None:
    found = compared.difference
    notable = [each for each in found.refigured if each.is_notable]
    console.print(
        f"[bold]Generation {compared.before} → {compared.after}[/bold]: {len(found.new):,} new, {len(found.gone):,} gone, "
        f"{len(found.retargeted):,} with another target, {len(notable):,} with other figures, "
        f"{found.same + len(found.refigured) - len(notable):,} much as they were",
        soft_wrap=True,
    )
    if compared.restores:
        console.print(f"  it restores generation {compared.restores}, as far as that can still be proven", markup=False)
    for name, (one, two) in compared.rules.items():
        console.print(f"  rule {name.replace('_', ' ')}: {one} → {two}", markup=False, soft_wrap=True)
    _tell_some("new", [(_pair(each), _behind(each)) for each in found.new])
    _tell_some("gone", [(_pair(each.rewrite), _because(each, compared)) for each in found.gone])
    _tell_some("target", [(f"{_pair(each.after)}, before: “{each.before.target}”", _retargeted(each)) for each in found.retargeted])
    _tell_some("figures", [(_pair(each.after), _moved(each)) for each in notable])


def _tell_some(name: str, lines: Sequence[tuple[str, str]]) -> None:
    """Pairs of what and why, as many as can be read."""
    for what, why in lines[:SHOWN_MAX]:
        console.print(f"[dim]{name:<8}[/dim] {escape(what)}", soft_wrap=True)
        console.print(f"         {why}", markup=False, soft_wrap=True)
    if len(lines) > SHOWN_MAX:
        remarks.print(f"… and {len(lines) - SHOWN_MAX:,} more: --json has all", markup=False)


def _because(gone: Gone, compared: Compared) -> str:
    if compared.before > compared.after:
        return f"generation {compared.after} did not have it yet, or no longer"
    return "; ".join(gone.because) or f'the miner no longer proposes it; resay why "{gone.rewrite.source}" says why'


def _retargeted(changed: Changed) -> str:
    risk = "; what is done now is risky" if riskier(changed) else ""
    return f"{_behind(changed.after)}; before: {_behind(changed.before)}{risk}"


def _moved(changed: Changed) -> str:
    one, two = changed.before, changed.after
    figures = (
        ("customers", f"{one.support:,}", f"{two.support:,}"),
        ("times", f"{one.times:,}", f"{two.times:,}"),
        ("success as said", percent(one.success_as_said, 0), percent(two.success_as_said, 0)),
        ("as rewritten", percent(one.success_as_rewritten, 0), percent(two.success_as_rewritten, 0)),
        ("risk", one.risk, two.risk),
        ("state", one.state, two.state),
        ("spares", spared_words(one), spared_words(two)),
    )
    return ", ".join(f"{name} {old} → {new}" for name, old, new in figures if old != new)


def _pair(rewrite: Rewrite) -> str:
    context = place_words(rewrite.place)
    return f"“{rewrite.source}”{f' ({context})' if context else ''} → “{rewrite.target}”"


def _behind(rewrite: Rewrite) -> str:
    chances = f"success {percent(rewrite.success_as_said, 0)} → {percent(rewrite.success_as_rewritten, 0)}"
    risk = ", high risk" if rewrite.risk == "high" else ""
    return f"{plural(rewrite.support, 'customer')}, {plural(rewrite.times, 'time')}, {chances}{risk}"
