"""The command `replay`: what the live rewrites are still needed for, now that the assistant is another.

Learning asks the same before it publishes, where it is given the hook.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from markov.proof import Proof
from markov.publish import Card, live_rewrites, retire
from markov.verified import verified
from markov.verify import Rules
from markov.versions import OUT, Finding, Replayed, Understanding
from resay.commands.console import HomeOption, JsonOption, console, print_json
from resay.commands.learning import blocked_pairs
from resay.commands.needless import replayed_in
from resay.commands.settings import Settings, read_settings
from resay.commands.understand_url import UnderstandOption, UrlUnderstanding
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Rewrite
from resay.store.artifact import Shelf
from resay.store.lake import Lake


class NoHook(ResayError):
    """Nobody was named who could be asked."""


class HookSilent(ResayError):
    """The hook did not say what it was asked for; what it did say is done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay of the live table came to."""

    asked: Sequence[Rewrite]
    replayed: Sequence[Replayed]
    generation: int | None
    """The live one after it."""
    retired: bool
    """Whether that is a new one."""


def register(app: typer.Typer) -> None:
    """Add `replay`."""
    app.command("replay", rich_help_panel="Learn, step by step")(replay_command)


def replay_command(
    understand_url: UnderstandOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be retired; retire nothing.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the assistant, once it has changed, what it takes the live rewrites for, and retire those that it needs no more, at once.

    The hook gets `POST {"text", "prompt", "context"}` and answers `{"interpretations": […]}` as in resay.turn/1, and must do nothing.
    What it does not say in time changes nothing. Run it when another version of the assistant goes live.

    Exit status: 0 it told of every rewrite; 1 of some it did not, which stay; what it told is done all the same.

    Examples: `resay replay --understand-url http://127.0.0.1:5005/understand` · `resay replay --understand-url … --dry-run --json`
    """
    if understand_url is None:
        message = "a hook must be there to ask; --understand-url names none; where does the assistant's NLU answer?"
        raise NoHook(message)
    outcome = replay_live(read_settings(home=home), UrlUnderstanding(understand_url), dry_run=dry_run)
    if as_json:
        print_json(_as_json(outcome))
    else:
        _tell(outcome, dry_run=dry_run)
    untold = [each.reason for each in outcome.replayed if each.finding is Finding.NOT_TOLD]
    if untold:
        message = (
            f"the hook must tell of every rewrite; of {len(untold):,} of {len(outcome.replayed):,} it did not, and they stay; {untold[0]}; "
            "is the assistant's NLU up, and does it answer there?"
        )
        raise HookSilent(message)


def replay_live(settings: Settings, understanding: Understanding, *, dry_run: bool = False) -> Outcome:
    """Replay the live table, and retire what is needless or pointless.

    Raises: what the lake, the books and the shelf raise.
    """
    shelf, lake = Shelf(settings.rewrites), Lake(settings.lake)
    live, rewrites = live_rewrites(shelf)
    replayed, versions = replayed_in(lake, rewrites, understanding)
    number = live.number if live else None
    needless = {each.rewrite_id: each.reason for each in replayed if each.finding in OUT}
    if dry_run or not needless:
        return Outcome(rewrites, replayed, number, retired=False)

    def recheck(kept: Sequence[Rewrite], old: Proof) -> tuple[list[Rewrite], Proof]:
        rules = Rules(customers_min=int(old.parameters["customers_min"]))
        return verified(lake, kept, replace(rules, blocked=blocked_pairs(settings)))

    card = Card(datetime.now(UTC), None, {}, {}, versions=versions, needless=needless)
    made = retire(shelf, card, recheck=recheck)
    return Outcome(rewrites, replayed, made.number if made else number, retired=made is not None)


def _as_json(outcome: Outcome) -> dict[str, object]:
    sources: Mapping[str, Rewrite] = {each.rewrite_id: each for each in outcome.asked}
    return {
        "generation": outcome.generation,
        "retired": outcome.retired,
        **{finding: sum(each.finding is finding for each in outcome.replayed) for finding in Finding},
        "rewrites": [
            {
                "rewrite_id": each.rewrite_id,
                "source": sources[each.rewrite_id].source,
                "target": sources[each.rewrite_id].target,
                "finding": each.finding,
                "because": each.reason,
            }
            for each in outcome.replayed
        ],
    }


def _tell(outcome: Outcome, *, dry_run: bool) -> None:
    sources = {each.rewrite_id: each for each in outcome.asked}
    for each in outcome.replayed:
        if each.finding in OUT:
            rewrite = sources[each.rewrite_id]
            console.print(f"“{rewrite.source}” → “{rewrite.target}”: {each.reason}", markup=False, soft_wrap=True)
    times = Counter(each.finding for each in outcome.replayed)
    needed = f"{times[Finding.NEEDED]:,} of {len(outcome.replayed):,} rewrites are needed as they were"
    console.print(f"{needed}; {times[Finding.NEEDLESS]:,} needless, {times[Finding.POINTLESS]:,} pointless", markup=False)
    live = f"generation {outcome.generation} is live" if outcome.generation else "no generation is live"
    console.print(f"{live}{'; dry run: nothing was retired' if dry_run else ''}", markup=False)
