"""What the steps of places made, as values: backing, chances, readings and records, wording by wording and place by place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markov.candidate import Weight
from markov.engine import Engine, tuples
from markov.posterior import Day
from markov.steps import MILLION
from markov.trials import Pair, Record
from resay.dialogue.rewrite import Place
from resay.dialogue.text import canonical


@dataclass(frozen=True, slots=True)
class Saying:
    """A wording in one place, as the steps name it."""

    said: str
    kind: str
    dimension: str
    """`room` or `device_type`."""
    name: str

    @property
    def place(self) -> Place:
        """The place."""
        return Place(self.kind, room=self.name) if self.dimension == "room" else Place(self.kind, device_type=self.name)

    @staticmethod
    def at(said: str, place: Place) -> Saying:
        """What the steps call a wording in a place."""
        return Saying(said, place.kind, "room" if place.room else "device_type", place.room or place.device_type)

    @staticmethod
    def of(row: Mapping[str, Any]) -> Saying:
        """That of a step's row."""
        return Saying(row["said"], row["kind"], row["dimension"], row["name"])


@dataclass(frozen=True, slots=True)
class There:
    """What stands behind a wording for a source in one place, and elsewhere."""

    saying: Saying
    """The source."""
    wording: str
    customers: int
    """Customers who said the source there in vain and then succeeded."""
    agreeing: int
    """Those of them for whom the wording would have been taken for what they succeeded by."""
    times: int
    customers_elsewhere: int
    """The same of all other places; whoever was in three of them counts three times."""
    agreeing_elsewhere: int


@dataclass(frozen=True, slots=True)
class Chances:
    """How one wording fares as said; each customer weighs one in each place."""

    speakers: int
    there: Weight
    elsewhere: Weight


_NOBODY = Chances(0, Weight(0.0, 0.0), Weight(0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Here:
    """All that was counted by place."""

    places: frozenset[Saying]
    """Sources in places in which enough customers said them."""
    backing: Sequence[There]
    chances: Mapping[tuple[str, Place], Chances]
    readings: Mapping[tuple[str, Place], str]
    """What each wording is mostly taken for: there, or by prompt kind anywhere."""
    by_pair: Mapping[tuple[str, Place, str], There]

    def of(self, source: str, place: Place, wording: str) -> There:
        """What stands behind a wording there; zeros where nobody ended anywhere."""
        return self.by_pair.get((source, place, wording), There(Saying.at(source, place), wording, 0, 0, 0, 0, 0))

    def chance(self, said: str, place: Place) -> Weight:
        """How a wording fares there as said."""
        return self.chances.get((said, place), _NOBODY).there

    def chance_elsewhere(self, said: str, place: Place) -> Weight:
        """How it fares in all other places."""
        return self.chances.get((said, place), _NOBODY).elsewhere

    def speakers(self, said: str, place: Place) -> int:
        """Customers who said it there."""
        return self.chances.get((said, place), _NOBODY).speakers

    def reading(self, said: str, place: Place) -> str:
        """What it is taken for there, or wherever it was said; empty where it never was."""
        return self.readings.get((said, place), self.readings.get((said, Place(place.kind)), ""))


def read_here(engine: Engine) -> Here:
    """What the weighing steps left with the engine."""
    backing = tuple(_there(row) for row in engine.rows("placed_backing").to_pylist())
    chances = {
        (row["said"], Saying.of(row).place): Chances(
            speakers=row["speakers"],
            there=Weight(row["won"] / MILLION, row["lost"] / MILLION),
            elsewhere=Weight(row["won_elsewhere"] / MILLION, row["lost_elsewhere"] / MILLION),
        )
        for row in engine.rows("placed_chances").to_pylist()
        if row["name"]
    }
    readings = {(row["said"], Place(row["kind"])): row["state"] for row in engine.rows("common_readings").to_pylist()}
    readings |= {(row["said"], Saying.of(row).place): row["state"] for row in engine.rows("placed_readings").to_pylist()}
    return Here(
        places=frozenset(Saying.of(row) for row in engine.rows("split_places").to_pylist()),
        backing=backing,
        chances=chances,
        readings=readings,
        by_pair={(each.saying.said, each.saying.place, each.wording): each for each in backing},
    )


def read_samples(engine: Engine) -> dict[tuple[str, Place, str], tuple[str, ...]]:
    """Decisive turns of a source in a place with a wording, pair after pair."""
    samples: dict[tuple[str, Place, str], tuple[str, ...]] = {}
    for row in sorted(engine.rows("placed_evidence").to_pylist(), key=lambda row: row["place"]):
        key = (row["said"], Saying.of(row).place, row["wording"])
        samples[key] = (*samples.get(key, ()), row["source_turn_id"], row["target_turn_id"])
    return samples


def read_meanings(engine: Engine) -> dict[Saying, list[str]]:
    """The states by which customers ended in each place, most customers first."""
    found: dict[Saying, list[str]] = {}
    for row in sorted(engine.rows("placed_meanings").to_pylist(), key=lambda row: (-row["customers"], row["state"])):
        found.setdefault(Saying.of(row), []).append(row["state"])
    return dict(sorted(found.items(), key=lambda each: (each[0].said, each[0].place)))


def read_there_records(engine: Engine) -> dict[Place, dict[Pair, Record]]:
    """How each wording fared lately in each place, as said and as rewritten (as `trials.read_records`)."""
    days: dict[_Judged, list[Day]] = defaultdict(list)
    for said, kind, dimension, name, given, day, wins, losses in tuples(engine.rows("placed_fared"), *_NAMED, "day", "wins", "losses"):
        days[said, kind, dimension, name, canonical(given) if given else ""].append(Day(day, wins / MILLION, losses / MILLION))
    heads: dict[_Judged, list[int]] = {}
    for said, kind, dimension, name, given, *told in tuples(engine.rows("placed_triers"), *_NAMED, "customers", "winners", "losers"):
        judged = (said, kind, dimension, name, canonical(given) if given else "")
        # Two spellings of one text may share customers, so that their numbers do not add up.
        heads[judged] = [max(both) for both in zip(heads.get(judged, told), told, strict=True)]
    found: dict[Place, dict[Pair, Record]] = defaultdict(dict)
    for judged, of_days in days.items():
        said, kind, dimension, name, given = judged
        record = Record(tuple(sorted(of_days, key=lambda each: each.day)), *heads[judged])
        found[Saying(said, kind, dimension, name).place][said, kind, given] = record
    return dict(found)


def _there(row: Mapping[str, Any]) -> There:
    return There(
        saying=Saying.of(row),
        wording=row["wording"],
        customers=row["customers"],
        agreeing=row["agreeing"],
        times=row["times"],
        customers_elsewhere=row["customers_elsewhere"],
        agreeing_elsewhere=row["agreeing_elsewhere"],
    )


_NAMED = ("said", "kind", "dimension", "name", "given")

_Judged = tuple[str, str, str, str, str]
"""The same as values, what was handed to the assistant in canonical form."""
