"""What `resay try` tells of words that nobody need have said before: each candidate, how near it is, what its pieces mean, its chances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import typer

from resay.commands.console import console
from resay.dialogue.cue import cues_of
from resay.dialogue.rewrite import RewriteRequest
from resay.dialogue.turn import Context
from resay.dialogue.wording import Failing
from rewrite_online.candidate import Nearness
from rewrite_online.features import FEATURES, matrix
from rewrite_online.global_layer import Considered, GlobalLayer
from rewrite_online.rewriter import Live
from serving.dashboard.words import percent

WIDTH = 11
"""Of the names that stand before what is told, as in the rest of `resay try`."""


def considered_in(live: Live, request: RewriteRequest) -> Sequence[Considered]:
    """What the global layer makes of a request, whatever other layers say; nothing where there is none, or it says just this for others."""
    layer = next((each for each in live.layers if isinstance(each, GlobalLayer)), None)
    return [] if layer is None or layer.offers(request) else layer.consider(request)


def considered_json(found: Sequence[Considered], request: RewriteRequest) -> list[dict[str, object]]:
    """The same for programs, with every feature that is known, by name."""
    rows = matrix(request, found[0].said if found else None, [each.candidate for each in found])[1:]
    return [
        {
            "target": each.candidate.wording.text,
            "state": each.candidate.wording.state,
            "nearest": _near(each.candidate.nearest),
            "first": _near(each.candidate.first),
            "hypothesis": each.candidate.hypothesis,
            "meant": each.candidate.meant.chance if each.candidate.meant else None,
            "meant_rival": each.candidate.meant.rival if each.candidate.meant else None,
            "as_said_by_pieces": each.candidate.meant.as_said if each.candidate.meant else None,
            "wanted_here": each.told.wanted(each.candidate.wording.state) if each.told else None,
            "wanted_anywhere": each.told.wanted_anywhere(each.candidate.wording.state) if each.told else None,
            "success_as_said": each.as_said,
            "success_as_rewritten": each.as_rewritten,
            "features": {name: float(value) for name, value in zip(FEATURES, row, strict=True) if not math.isnan(value)},
        }
        for each, row in zip(found, rows, strict=True)
    ]


def told_states(told: Sequence[str]) -> dict[str, str]:
    """States of devices from the command line, each as DEVICE=STATE."""
    named = [each.partition("=") for each in told]
    wrong = [each for each, (device, _, state) in zip(told, named, strict=True) if not (device.strip() and state.strip())]
    if wrong:
        message = f"--state must be DEVICE=STATE; got {', '.join(wrong)}; is media_player.tv=on meant?"
        raise typer.BadParameter(message)
    return {device.strip(): state.strip() for device, _, state in named}


def told_clock(local_time: str) -> str:
    """The clock at the customer, from the command line; nothing where none is given."""
    if local_time and not cues_of(Context(local_time=local_time)):
        message = f"--local-time must be a time of the day; got {local_time[:40]!r}; is 07:30 or 20:15 meant?"
        raise typer.BadParameter(message)
    return local_time


def here_json(found: Sequence[Considered]) -> dict[str, object] | None:
    """What is so where it is said makes of the words, for programs; nothing where it makes nothing of them."""
    told = found[0].told if found else None
    if told is None:
        return None
    return {
        "words": told.leaning.text,
        "cues": told.cues,
        "turns": told.turns,
        "as_said": told.as_said,
        "as_said_anywhere": told.as_said_anywhere,
        "states": told.states,
        "states_anywhere": told.states_anywhere,
    }


def failing_json(failing: Failing | None) -> dict[str, object] | None:
    """Why the words fail where they fail, for programs; nothing where that is not known."""
    return None if failing is None else asdict(failing) | {"not_the_words": failing.not_the_words}


def failing_line(failing: Failing) -> str:
    """The same for people."""
    shares = f"{percent(failing.result, 0)} the result, {percent(failing.correct, 0)} rightly not done"
    return f"{shares}, {percent(max(0.0, 1 - failing.not_the_words), 0)} the words; by {failing.customers:,} customers"


def tell_failing(live: Live, request: RewriteRequest) -> None:
    """The same of a request; no line where it is not known."""
    failing = failing_in(live, request)
    if failing is not None:
        console.print(f"{'fails for':<{WIDTH}}{failing_line(failing)}", markup=False, soft_wrap=True, highlight=False)


def failing_in(live: Live, request: RewriteRequest) -> Failing | None:
    """Why the words of a request fail where they fail, as its generation knows."""
    return live.not_the_words.why(request.heard)


def tell_here(found: Sequence[Considered]) -> None:
    """The same for people; no line where nothing here bears on the words."""
    told = found[0].told if found else None
    if told is None:
        return
    chances = f"right as said {percent(told.as_said, 0)} here, {percent(told.as_said_anywhere, 0)} anywhere"
    line = f"“{told.leaning.text}” leans on {', '.join(told.cues)}: {chances}; by {told.turns:,.0f} turns"
    console.print(f"{'here':<{WIDTH}}{line}", markup=False, soft_wrap=True, highlight=False)


def tell_considered(found: Sequence[Considered]) -> None:
    """For people: one line a candidate, the likeliest first."""
    for place, each in enumerate(found):
        near = ", ".join(f"{name} {value:.2f}" for name, value in _near(each.candidate.nearest).items() if value is not None)
        meant = f"; meant {percent(each.candidate.meant.chance, 0)} by its pieces" if each.candidate.meant else ""
        chances = f"succeeds {percent(each.as_rewritten, 0)}, as said {percent(each.as_said, 0)}"
        meant += f"; wanted {percent(each.wanted, 0)} here" if each.told else ""
        label = "likeliest" if place == 0 else ""
        told = f"“{each.candidate.wording.text}”: {chances}{meant}{f'; near by {near}' if near else ''}"
        console.print(f"{label:<{WIDTH}}{told}", markup=False, soft_wrap=True, highlight=False)


def _near(nearness: Nearness) -> Mapping[str, float | None]:
    return {"meaning": nearness.meaning, "sound": nearness.sound, "spelling": nearness.spelling}
