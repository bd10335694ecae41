"""What `resay try` tells of words that nobody need have said before: each candidate, how near it is, what its pieces mean, its chances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from resay.commands.console import console
from resay.dialogue.rewrite import RewriteRequest
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
            "success_as_said": each.as_said,
            "success_as_rewritten": each.as_rewritten,
            "features": {name: float(value) for name, value in zip(FEATURES, row, strict=True) if not math.isnan(value)},
        }
        for each, row in zip(found, rows, strict=True)
    ]


def tell_considered(found: Sequence[Considered]) -> None:
    """For people: one line a candidate, the likeliest first."""
    for place, each in enumerate(found):
        near = ", ".join(f"{name} {value:.2f}" for name, value in _near(each.candidate.nearest).items() if value is not None)
        meant = f"; meant {percent(each.candidate.meant.chance, 0)} by its pieces" if each.candidate.meant else ""
        chances = f"succeeds {percent(each.as_rewritten, 0)}, as said {percent(each.as_said, 0)}"
        label = "likeliest" if place == 0 else ""
        told = f"“{each.candidate.wording.text}”: {chances}{meant}{f'; near by {near}' if near else ''}"
        console.print(f"{label:<{WIDTH}}{told}", markup=False, soft_wrap=True, highlight=False)


def _near(nearness: Nearness) -> Mapping[str, float | None]:
    return {"meaning": nearness.meaning, "sound": nearness.sound, "spelling": nearness.spelling}
