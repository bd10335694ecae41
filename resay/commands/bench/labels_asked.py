"""What asking about one turn in a hundred buys: labels of all turns, once customers have answered about a few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from random import Random

from resay.commands.bench.labels import Told
from resay.commands.bench.report import BenchRow
from resay.dialogue.rewrite import Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.state import state_of
from resay.dialogue.text import canonical
from resay.dialogue.turn import Turn, said
from resay.label.explore import Asked, Explorer, answered_chance, worth_asking
from resay.label.goal_model import ANSWERS

_DEFECT = ANSWERS.index("defect")


def asked_rows(name: str, told: Sequence[Told], *, rng: Random) -> Iterator[BenchRow]:
    """Right labels of turns that were not asked about: with no answers, with those to chosen questions, with as many at random."""
    turns = [(session, asked, truth) for session, each in enumerate(told) for asked, truth in _turns(each, session)]
    rng.shuffle(turns)
    explorer = Explorer(worth_asking(asked for _, asked, _ in turns))
    chosen = {place for place, (_, asked, _) in enumerate(turns) if explorer.asks(asked)}
    drawn = set(rng.sample(range(len(turns)), len(chosen)))
    for row, places in (("", set[int]()), ("/asked", chosen), ("/asked-at-random", drawn)):
        right, loss = _right(turns, places)
        yield BenchRow(f"{name}/answers{row}", "accuracy", right, n=len(turns), unit="share")
        yield BenchRow(f"{name}/answers{row}", "brier", loss, n=len(turns))
        yield BenchRow(f"{name}/answers{row}", "asked", len(places) / max(1, len(turns)), n=len(turns), unit="share")


def _turns(told: Told, session: int) -> Iterator[tuple[Asked, bool]]:
    for turn, failed, chances in zip(told.example.turns, told.example.defects, told.chances, strict=True):
        if failed is not None:
            yield Asked(_wording(turn), str(session), float(chances[_DEFECT]), _is_risky(turn)), failed


def _wording(turn: Turn) -> str:
    return f"{canonical(said(turn))} = {state_of(turn)}"


def _is_risky(turn: Turn) -> bool:
    return risk_of(state_of(turn) or "", said(turn)) is Risk.HIGH


def _right(turns: Sequence[tuple[int, Asked, bool]], places: set[int]) -> tuple[float, float]:
    """The share of labels that are right, and the mean square of what they miss, over all turns."""
    answers: dict[str, list[bool]] = defaultdict(list)
    for place in places:
        _, asked, failed = turns[place]
        answers[asked.wording].append(failed)
    right = missed = 0.0
    for place, (_, asked, failed) in enumerate(turns):
        told = answers.get(asked.wording, [])
        chance = float(failed) if place in places else answered_chance(asked.defect, failed=sum(told), answers=len(told))
        right += (chance >= 0.5) == failed
        missed += (chance - failed) ** 2
    return right / len(turns), missed / len(turns)
