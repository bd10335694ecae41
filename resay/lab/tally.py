"""Sums over the turns of a loop: by customer, week, layer and pair of wordings. They add up, and grow with customers, not with turns.

Knows the truth, so nothing of it may reach whoever learns. Knows nothing of intervals: those are made of these sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import NamedTuple, TypeVar

from resay.dialogue.rewrite import Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.state import state_of
from resay.dialogue.text import canonical
from resay.dialogue.turn import said
from resay.lab.conversation import Exchange, Truth

Key = TypeVar("Key")

DID_WRONG = frozenset({"wrong_action", "wrong_entity", "wrong_value"})
"""Outcomes in which the assistant did something else than what was wanted."""


class Arm(StrEnum):
    """An arm of the experiment that a loop is."""

    CONTROL = "control"
    TREATMENT = "treatment"


class Member(NamedTuple):
    """What is told apart among customers."""

    arm: Arm
    cohort: str
    main: bool
    """Whether the recogniser serves their voice well."""


@dataclass(slots=True)
class Sums:
    """Counts of turns; counts of the same kind add up."""

    turns: int = 0
    defects: int = 0
    right_as_said: int = 0
    """Turns that would have been right had nothing been rewritten."""
    triggers: int = 0
    wins: int = 0
    losses: int = 0
    harmed: int = 0
    """Losses of right turns; the other losses are refusals that became wrong actions."""
    wrong_actions: int = 0
    """Turns in which nothing was done as said, and something wrong as rewritten."""
    risky_wrong_actions: int = 0
    """Those of a risky class."""

    def add(self, other: Sums) -> None:
        """Take the counts of others in."""
        for each in _COUNTS:
            setattr(self, each, getattr(self, each) + getattr(other, each))


_COUNTS = tuple(each.name for each in fields(Sums))


class Cell(NamedTuple):
    """Whose turns, and when."""

    customer: str
    week: int


class Pair(NamedTuple):
    """What was said and what was put in its place."""

    main: bool
    source: str
    target: str


class Layered(NamedTuple):
    """A layer, and for which voices it answered."""

    main: bool
    layer: str


@dataclass(frozen=True, slots=True)
class Tally:
    """All sums of one stretch of one loop."""

    members: Mapping[str, Member]
    """By customer: everyone whose turns are counted."""
    cells: dict[Cell, Sums] = field(default_factory=dict)
    layers: dict[Layered, Sums] = field(default_factory=dict)
    """Of turns that a layer rewrote."""
    pairs: dict[Pair, Sums] = field(default_factory=dict)
    """The same by wordings."""

    def add(self, exchanges: Iterable[Exchange], *, week: int) -> None:
        """Count turns of one week."""
        for turn, truth in ((each.turn, each.truth) for each in exchanges):
            sums = _at(self.cells, Cell(turn.customer_id, week))
            sums.turns += 1
            sums.defects += not truth.right
            sums.right_as_said += truth.right_as_said
            if truth.target is not None:
                effect = effect_of(truth)
                if effect.wrong_actions and risk_of(state_of(turn), truth.target) is Risk.HIGH:
                    effect.risky_wrong_actions = 1
                main = self.members[turn.customer_id].main
                pair = Pair(main, canonical(said(turn)), canonical(truth.target))
                for each in (sums, _at(self.layers, Layered(main, truth.layer)), _at(self.pairs, pair)):
                    each.add(effect)

    def by_customer(self, arm: Arm | None = None, *, main: bool | None = None, week: int | None = None) -> dict[str, Sums]:
        """The sums of each customer of an arm, of well or badly served voices, of a week; of all where nothing is asked."""
        sums: dict[str, Sums] = defaultdict(Sums)
        for cell, each in self.cells.items():
            member = self.members[cell.customer]
            if (arm in (None, member.arm)) and (main in (None, member.main)) and (week in (None, cell.week)):
                sums[cell.customer].add(each)
        return sums

    def total(self) -> Sums:
        """Everything."""
        return _added(self.cells.values())

    def by_layer(self, *, main: bool) -> dict[str, Sums]:
        """The sums of each layer."""
        return {each.layer: sums for each, sums in self.layers.items() if each.main is main}

    def by_pair(self, *, main: bool) -> Iterator[Sums]:
        """The sums of each pair of wordings."""
        return (sums for pair, sums in self.pairs.items() if pair.main is main)


def effect_of(truth: Truth) -> Sums:
    """What a rewrite did to one turn, in the words of EVALUATION."""
    before, after = truth.right_as_said, truth.right
    # Noise that is refused is right, and nothing was done.
    nothing_done = truth.outcome_as_said not in DID_WRONG and (not before or truth.wanted is None)
    wrong = nothing_done and truth.outcome in DID_WRONG
    lost = (before and not after) or wrong
    return Sums(triggers=1, wins=not before and after, losses=lost, harmed=before and not after, wrong_actions=wrong)


def pooled(tallies: Mapping[str, Tally]) -> Tally:
    """Several loops as one: their customers are different people, whatever their ids."""
    members = {f"{name}/{customer}": member for name, tally in tallies.items() for customer, member in tally.members.items()}
    whole = Tally(members)
    for name, tally in tallies.items():
        for cell, sums in tally.cells.items():
            _at(whole.cells, Cell(f"{name}/{cell.customer}", cell.week)).add(sums)
        for layer, sums in tally.layers.items():
            _at(whole.layers, layer).add(sums)
        for pair, sums in tally.pairs.items():
            _at(whole.pairs, pair).add(sums)
    return whole


def weeks_of(tallies: Iterable[Tally]) -> list[int]:
    """The weeks in which anything was said, in order."""
    return sorted({cell.week for tally in tallies for cell in tally.cells})


def decided_of(sums: Iterable[Sums]) -> list[tuple[float, float]]:
    """Wins, and wins with losses, of each unit that had any: what the bound of win/loss is drawn from."""
    return [(each.wins, each.wins + each.losses) for each in sums if each.wins + each.losses]


def in_week(tallies: Iterable[Tally], arm: Arm, week: int) -> dict[str, Sums]:
    """The sums of each customer of an arm in a week of several stretches: one may begin within a week, and a customer is one unit."""
    by_customer: dict[str, Sums] = {}
    for tally in tallies:
        for customer, sums in tally.by_customer(arm, week=week).items():
            _at(by_customer, customer).add(sums)
    return by_customer


def _at(sums: dict[Key, Sums], key: Key) -> Sums:
    """The sums of a key, from nought where it is new: plain dicts, so that a tally can be written down and read back."""
    found = sums.get(key)
    if found is None:
        found = sums[key] = Sums()
    return found


def _added(parts: Iterable[Sums]) -> Sums:
    total = Sums()
    for each in parts:
        total.add(each)
    return total
