"""What the steps of cohorts made, as values: how a wording fared, who said it, and what was meant by it, by set of cohorts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from markov.engine import Engine
from markov.posterior import Day
from markov.steps import MILLION
from markov.trials import Record
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.text import canonical

Asked = tuple[str, str, str, str]
"""A source (canonical text), its prompt kind, the room and the kind of device of whose turns is told; empty: any."""

CohortSet = frozenset[str]
"""Cohorts that customers have together."""


@dataclass(frozen=True, slots=True)
class Fared:
    """How the source fared for the customers of one set of cohorts."""

    cohorts: CohortSet
    counts: bool
    """Whether it is told of customers who count; else of young accounts."""
    given: str
    """What was handed to the assistant for it (canonical text); empty: the source as it was said."""
    days: Sequence[tuple[date, int, int]]
    """Won and lost by day, in millionths: whole numbers, so that sets add up to the bit in any order."""
    heads: tuple[int, int, int]
    """Customers, and those of them for whom it succeeded, and failed, at least once."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What those of one set of cohorts meant by the source who said it in vain and ended well."""

    cohorts: CohortSet
    wording: str
    customers: int
    agreeing: int
    """Those of them whom the wording would have led there."""


@dataclass(frozen=True, slots=True)
class Inside:
    """All that is known of one source by set of cohorts; each customer is in one set."""

    speakers: Mapping[CohortSet, int] = field(default_factory=dict)
    """Customers who said it, young accounts among them."""
    fared: Sequence[Fared] = ()
    meant: Sequence[Meant] = ()

    def record(self, within: Callable[[CohortSet], bool], given: str, *, counting_only: bool) -> Record:
        """How it fared in all sets that are `within`."""
        found = [each for each in self.fared if each.given == given and within(each.cohorts) and (each.counts or not counting_only)]
        sums: dict[date, list[int]] = defaultdict(lambda: [0, 0])
        for day, won, lost in (day for each in found for day in each.days):
            sums[day][0] += won
            sums[day][1] += lost
        days = tuple(Day(day, won / MILLION, lost / MILLION) for day, (won, lost) in sorted(sums.items()))
        return Record(days, *(sum(each.heads[place] for each in found) for place in range(3)))

    def ended(self, within: Callable[[CohortSet], bool], wording: str) -> tuple[int, int]:
        """Of how many customers in these sets is known what they meant, and how many of them meant what the wording does."""
        found = [each for each in self.meant if each.wording == wording and within(each.cohorts)]
        return sum(each.customers for each in found), sum(each.agreeing for each in found)

    def speak(self, within: Callable[[CohortSet], bool]) -> int:
        """How many customers in these sets said it."""
        return sum(customers for cohorts, customers in self.speakers.items() if within(cohorts))


NOTHING_INSIDE = Inside()


def asked_of(rewrite: Rewrite) -> Asked:
    """What the steps call the source of a rewrite, where it holds."""
    return rewrite.source, rewrite.prompt_kind, rewrite.room, rewrite.device_type


def read_inside(engine: Engine, *, meanings: bool) -> dict[Asked, Inside]:
    """What the steps left with the engine; of meanings only where they were asked for."""
    speakers: dict[Asked, dict[CohortSet, int]] = defaultdict(lambda: defaultdict(int))
    for row in engine.rows("cohort_speakers").to_pylist():
        # The same cohorts in another order are the same.
        speakers[_asked(row)][frozenset(row["cohorts"])] += row["customers"]
    fared = _fared(engine)
    meant: dict[Asked, list[Meant]] = defaultdict(list)
    for row in engine.rows("cohort_meanings").to_pylist() if meanings else ():
        meant[_asked(row)].append(Meant(frozenset(row["cohorts"]), row["wording"], row["customers"], row["agreeing"]))
    return {asked: Inside(dict(told), fared[asked], meant[asked]) for asked, told in speakers.items()}


def sets_told(engine: Engine, name: str) -> dict[Asked, set[tuple[str, ...]]]:
    """The lists of cohorts that turns of a table told, source by source, in the order in which they were told."""
    found: dict[Asked, set[tuple[str, ...]]] = defaultdict(set)
    for row in engine.rows(name).to_pylist():
        found[_asked(row)].add(tuple(row["cohorts"]))
    return found


def with_any(told: Iterable[tuple[str, ...]], cohorts: Collection[str]) -> list[tuple[str, ...]]:
    """Those of some lists that hold one of these cohorts, in order."""
    return sorted(each for each in told if not set(each).isdisjoint(cohorts))


def _fared(engine: Engine) -> Mapping[Asked, list[Fared]]:
    days: dict[_Key, list[tuple[date, int, int]]] = defaultdict(list)
    for row in engine.rows("cohort_fared").to_pylist():
        days[_key(row)].append((row["day"], row["won"], row["lost"]))
    heads: dict[_Key, dict[tuple[str, ...], list[int]]] = defaultdict(dict)
    for row in engine.rows("cohort_triers").to_pylist():
        told = [row["customers"], row["winners"], row["losers"]]
        of_set = heads[_key(row)]
        # Two spellings of one text may share customers, two orders of one set may not.
        order = tuple(row["cohorts"])
        of_set[order] = [max(pair) for pair in zip(of_set.get(order, told), told, strict=True)]
    found: dict[Asked, list[Fared]] = defaultdict(list)
    for key, told_by_day in days.items():
        asked, cohorts, counts, given = key
        customers, winners, losers = (sum(each) for each in zip(*heads[key].values(), strict=True))
        found[asked].append(Fared(cohorts, counts, given, told_by_day, (customers, winners, losers)))
    return found


_Key = tuple[Asked, CohortSet, bool, str]


def _key(row: Mapping[str, Any]) -> _Key:
    return _asked(row), frozenset(row["cohorts"]), row["counts"], canonical(row["given"])


def _asked(row: Mapping[str, Any]) -> Asked:
    return row["said"], row["kind"], row["room"], row["device_type"]
