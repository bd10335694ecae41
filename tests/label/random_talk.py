"""Random talk in a lake, labelled and linked, and what the sums of days must say of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

import pyarrow as pa

from ingest.landing import land_records
from resay.dialogue.codec import encode, whole
from resay.dialogue.turn import Context
from resay.store.lake import Lake
from resay.store.slices import Slice
from resay.store.tables import FAILURE_POINTS, FRICTION, LINKS, OUTCOMES, SEGMENTS, Table
from tests.builders import BASE, turn

DAY = timedelta(days=1)

SLICES = [Slice("kitchen scots", cohort="scots", device_type="", room="kitchen", intent="", saved_by="ada", saved_at=BASE)]

SAID = ("play madona", "play madonna", "lights of", "lights off", "play madona please")


class Talk:
    """Random talk of six customers over five days, written into a lake turn by turn with all that is labelled of it."""

    def __init__(self, lake: Lake, seed: int) -> None:
        self.lake, self.chance = lake, Random(seed)
        self.turns: dict[str, tuple[str, datetime]] = {}
        self.landed = 0
        self._records: list[bytes] = []
        self._rows: dict[Table, list[tuple[object, ...]]] = defaultdict(list)

    def said(self, numbers: Iterable[int]) -> Talk:
        """With these turns."""
        for number in numbers:
            self._say(number)
        self._write()
        return self

    def _say(self, number: int) -> None:
        """A turn, its label, sometimes a sign, a failure point, a goal, and a link from the turn of that customer before."""
        chance = self.chance
        customer, at = f"c{chance.randrange(6)}", chance.randrange(5) * 86_400 + chance.randrange(86_400)
        said = turn(
            chance.choice(SAID),
            customer=customer,
            at=at,
            turn_id=f"t{number}",
            cohorts=(chance.choice(("scots", "english")),) if chance.random() < 0.7 else (),
            context=Context(room=chance.choice(("kitchen", "hall"))),
            domain="media",
            intent=chance.choice(("Play", "Stop")),
        )
        self._records.append(encode(whole(said)))
        before = next((each for each, (whose, _) in reversed(self.turns.items()) if whose == customer), None)
        named = (said.turn_id, customer, said.at)
        self.turns[said.turn_id] = customer, said.at
        failed = chance.random() < 0.5
        self._add(OUTCOMES, (*named, "failure" if failed else chance.choice(("success", "censored")), chance.random(), "rules/1"))
        if chance.random() < 0.5:
            self._add(FRICTION, (*named, chance.choice(("barge_in", "denial")), said.turn_id))
        if failed:
            self._add(FAILURE_POINTS, (*named, chance.choice(("asr", "nlu")), 0.0, 0.5, 0.5, 0.0, 0.0, 0.0, "m/1"))
        if chance.random() < 0.5:
            self._add(SEGMENTS, (said.turn_id, said.turn_id, 0, customer, said.at, chance.choice(("success", "failure")), "rules/1"))
        if before is not None and chance.random() < 0.6:
            first_at = self.turns[before][1]
            self._add(LINKS, (before, said.turn_id, customer, first_at, chance.choice((0.3, 0.6, 0.9)), 0, 4, "overlap/1"))

    def _add(self, table: Table, row: tuple[object, ...]) -> None:
        self._rows[table].append(row)

    def _write(self) -> None:
        self.landed += 1
        land_records(self._records, source=f"s{self.landed}", lake=self.lake, now=BASE + 9 * DAY)
        for table, rows in self._rows.items():
            add(self.lake, table, *rows)
        self._records.clear()
        self._rows.clear()

    def change(self) -> None:
        """Something that was there is said otherwise: a label, a link, or nothing is left of a customer."""
        turn_id = self.chance.choice(list(self.turns))
        customer, at = self.turns[turn_id]
        kind = self.chance.randrange(4)
        if kind == 0:
            self.lake.remove(OUTCOMES, pa.table({"turn_id": [turn_id], "labeller": ["rules/1"]}))
            self._add(OUTCOMES, (turn_id, customer, at, self.chance.choice(("success", "failure")), 0.25, "rules/1"))
        elif kind == 1:
            self.lake.remove(FRICTION, pa.table({"turn_id": [turn_id], "sign": ["denial"]}))
        elif kind == 2:
            later = turn("lights off now", customer=customer, at=(at - BASE).total_seconds() + 3, turn_id=turn_id, cohorts=("late",))
            self._records.append(encode(replace(whole(later), part="later")))
        self._write()
        if kind == 3:
            self.lake.take_out(customer)
            self.turns = {each: told for each, told in self.turns.items() if told[0] != customer} or self.turns


def add(lake: Lake, table: Table, *rows: tuple[object, ...]) -> None:
    """Rows more."""
    names = table.schema().names
    lake.append(table, pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=table.schema()))


def counted(lake: Lake) -> dict[tuple[date, str], list[int]]:
    """What `customer_days` must say, counted turn by turn in plain Python."""
    with lake.connect() as connection:
        rows = {
            name: connection.sql(f"select * from {name}").to_arrow_table().to_pylist()
            for name in ("outcomes", "friction", "links", "segments")
        }
    again = {each["source_turn_id"] for each in rows["links"] if each["probability"] >= 0.5}
    signs = {(each["turn_id"], each["sign"]) for each in rows["friction"]}
    sums: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0] * 7)
    for each in rows["outcomes"]:
        one, turn_id = sums[each["event_time"].date(), each["customer_id"]], each["turn_id"]
        more = (1, round(each["defect"] * 1_000_000), turn_id in again, (turn_id, "barge_in") in signs, (turn_id, "denial") in signs)
        one[:5] = [had + new for had, new in zip(one, more, strict=False)]
    for each in rows["segments"]:
        one = sums[each["event_time"].date(), each["customer_id"]]
        one[5:] = [one[5] + 1, one[6] + (each["outcome"] == "success")]
    return dict(sums)


def kept_days(lake: Lake) -> dict[tuple[date, str], list[int]]:
    """What it says; days of which only cohorts are known left out."""
    with lake.connect() as connection:
        rows = connection.sql("select * from customer_days").fetchall()
    return {(date.fromisoformat(day), customer): list(counts) for day, _, customer, *counts, _ in rows if any(counts)}
