"""The kill sweep: members that land a topic are killed (`kill -9`) everywhere between poll and commit; then the lake is counted.

Members die behind a step that chance picks, or at any moment after one, so that deaths fall inside looks and commits too. They die
alone, beside a rival of another group that fights for the same partitions, and beside a fellow of their own group.
What was sent, and what must be there, is `kill_records`'; how a member lands is `kill_member`'s.
"""

from __future__ import annotations

import json
import secrets
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection as PipeEnd
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from threading import Thread

from ingest.kafka_cluster import create_topic, delete_topic, forget_groups, look_up
from ingest.kafka_place import SCHEME, KafkaPlace, read_place
from ingest.kafka_reading import KafkaReading
from ingest.kafka_sink import KafkaSink
from ingest.landing import LandingStep, stored_position
from ingest.source import SourceUnavailable
from resay.commands.bench.stream.kill_member import Orders, start, steps_of
from resay.commands.bench.stream.kill_records import PARTITIONS, KillRecords, compare
from resay.commands.bench.stream.told_lake import LETTERS_LOOKED, PARTS_LOOKED, ToldLake
from resay.dialogue.codec import RECORD_BYTES_MAX
from resay.dialogue.errors import ResayError
from resay.store.lake import Lake
from resay.store.maintenance import compact
from resay.store.tables import REJECTS, TURN_PARTS

RECORDS_AHEAD = 600
"""Records that wait before each round: more than its members land before they die, so that kills fall into the midst of work."""

RECORDS_A_BATCH = (5, 12, 25, 40)
"""Small batches: a kill between any two of thousands of commits; what is killed is the same at 40,000 a batch."""

TIMES_MAX = 3
"""How many batches a member may live to take a step in."""

DELAY_S = (0.0001, 0.06)
"""Shortest and longest time between a step and a death after it; a batch takes some 60 ms from poll to commit."""

GATHER_S = 0.05
SESSION_S = 1.5
"""How long the brokers wait for a dead member: little over the second that the developers' broker allows at least."""

HEIR_EVERY = 20
"""Every so many rounds a fellow must live to take over: that costs a session's time."""

COMPACT_EVERY = 15
"""Rounds between two compactions, which run while members land: looks into hundreds of small files would take longer and longer."""

MEMBER_S = 120.0
"""How long a member may live or an heir may take; on a quiet machine that is a second, and a busy one may be many times slower."""

ROUNDS_A_POINT_MAX = 3
"""Most rounds kill; where so many do not, something keeps members from their work."""

MESSAGE_BYTES_MAX = 2 * RECORD_BYTES_MAX
"""The topic takes records that are longer than we read."""

TOPIC_PREFIX = "resay-kills-"

STEPS = {
    LandingStep.TAKEN: 2,
    LETTERS_LOOKED: 2,
    LandingStep.LETTERS_KEPT: 3,
    PARTS_LOOKED: 4,
    LandingStep.COMMITTED: 1,
}
"""The steps behind which members die, and how often beside the others: most weight lies on those around the commits."""

LakeKind = Callable[[Path, Callable[[str], None]], Lake]


class StuckMember(ResayError):
    """A member neither landed what it was to land nor died of what it was to die of."""


@dataclass(frozen=True, slots=True)
class KillReport:
    """What was killed where, and what became of the records."""

    kill_points: int
    """Members that really died by their kill."""
    by_step: Mapping[str, int]
    """Where they died: behind a step (`taken`), or at some moment after it (`taken+`), as they had written down themselves."""
    records: int
    lost: int
    """Parts, by turn and part, that must be in the lake and are not."""
    doubled: int
    """Rows of parts beyond the one that must be there."""
    rejects_lost: int
    """Dead letters, by place, that must be there and are not."""
    rejects_doubled: int
    seconds: float
    orphans: int
    """Files that no commit names: of writers that were killed inside a commit, or that another was before."""


def sweep(
    address: str,
    *,
    points: int,
    seed: int,
    folder: Path,
    tick: Callable[[int, int], None],
    lake: LakeKind = ToldLake,
) -> KillReport:
    """Kill members on the brokers at `address` (`host:port`) until so many are dead, let a last one finish, and count what is in the lake.

    The lake is left in `folder`, which must be new; the topic is a fresh one and is deleted at the end. `lake` plants faults, for tests.

    Raises: StuckMember, SourceUnavailable, LakeUnavailable.
    """
    begun = time.monotonic()
    rng = Random(seed)
    server = address.removeprefix(SCHEME).rstrip("/")
    place = read_place(f"{SCHEME}{server}/{TOPIC_PREFIX}{secrets.token_hex(6)}")
    create_topic(place, PARTITIONS, message_bytes_max=MESSAGE_BYTES_MAX)
    run: _Sweep | None = None
    try:
        with closing(KafkaSink(place)) as sink:
            run = _Sweep(rng, folder, place, sink, lake)
            deaths: Counter[str] = Counter()
            for number in range(points * ROUNDS_A_POINT_MAX):
                if deaths.total() >= points:
                    break
                deaths.update(run.round(number, points - deaths.total()))
                tick(deaths.total(), points)
            run.finish()
    finally:
        with suppress(SourceUnavailable):  # The broker is gone; what went wrong is told already.
            delete_topic(place)
            forget_groups(place, sorted(run.groups) if run else [])
    _check(deaths.total() >= points, f"{points} members must die of their kills; {deaths.total()} did; is the machine far too busy?")
    found = compare(Lake(folder / "lake"), run.records)
    return KillReport(
        kill_points=deaths.total(),
        by_step=dict(sorted(deaths.items())),
        records=sum(run.records.ends),
        lost=found.lost,
        doubled=found.doubled,
        rejects_lost=found.rejects_lost,
        rejects_doubled=found.rejects_doubled,
        seconds=time.monotonic() - begun,
        orphans=sum(len(orphans(folder / "lake" / table.name)) for table in (TURN_PARTS, REJECTS)),
    )


def orphans(table: Path) -> set[str]:
    """Files of rows that no entry of a table's log names; every entry must be whole."""
    named: set[str] = set()
    for entry in (table / "_delta_log").glob("*.json"):
        actions = [json.loads(line) for line in entry.read_text().splitlines()]
        named |= {action["add"]["path"] for action in actions if "add" in action}
    return {path.name for path in table.glob("*.parquet")} - named


@dataclass(frozen=True, slots=True)
class _Doomed:
    """A member that is to be killed."""

    process: BaseProcess
    hand: Thread | None
    """Who strikes it from outside, where it does not strike itself."""


class _Sweep:
    """A topic, a lake, and the members that come and go between them."""

    def __init__(self, rng: Random, folder: Path, place: KafkaPlace, sink: KafkaSink, lake: LakeKind) -> None:
        self._rng, self._folder, self._place, self._sink, self._lake = rng, folder, place, sink, lake
        self._topic_id = look_up(place).topic_id
        self.records = KillRecords(rng)
        self.groups: set[str] = set()
        """All that were formed."""

    def round(self, number: int, wanted: int) -> Iterator[str]:
        """Let members land until they die; tells where each one died that did."""
        self._top_up()
        heir = self._start(Orders(self._folder, self._place, self._reading(number, follow=True))) if self._needs_heir(number) else None
        doomed = [self._doom(number, rival) for rival in range(min(wanted, self._rng.choice([1, 2, 2])))]
        if number % COMPACT_EVERY == COMPACT_EVERY - 1:
            compact(Lake(self._folder / "lake"))
        died = [where for each in doomed if (where := self._end_of(each))]
        if heir is not None:
            self._await_heir(heir)
        return iter(died)

    def finish(self) -> None:
        """Let a last member land all that is left."""
        last = self._start(Orders(self._folder, self._place, KafkaReading(f"{self._place.topic}-last", gather_s=GATHER_S)))
        last.join(MEMBER_S)
        _check(last.exitcode == 0, f"the last member must land the rest within {MEMBER_S:g} s; it ended with {last.exitcode}")

    def _needs_heir(self, number: int) -> bool:
        return number % HEIR_EVERY == HEIR_EVERY - 1

    def _reading(self, number: int, *, rival: int = 0, follow: bool = False) -> KafkaReading:
        group = f"{self._place.topic}-{number}-{rival}"
        return KafkaReading(group, follow=follow, gather_s=GATHER_S, session_s=SESSION_S)

    def _doom(self, number: int, rival: int) -> _Doomed:
        """Start a member that is to die: in every fifth round both are of one group, and beside an heir all are of its group."""
        step = self._rng.choices(list(STEPS), weights=list(STEPS.values()))[0]
        is_fellow = number % 5 == 4
        inside = self._rng.random() < 0.5
        ear, bell = Pipe(duplex=False) if inside else (None, None)
        process = self._start(
            Orders(
                self._folder,
                self._place,
                self._reading(number, rival=0 if is_fellow else rival),
                self._rng.choice(RECORDS_A_BATCH),
                step,
                times=self._rng.randint(1, TIMES_MAX),
                bell=bell,
                lake=self._lake,
            )
        )
        if ear is None or bell is None:
            return _Doomed(process, None)
        bell.close()  # The member has its own; when that is gone too, the ear hears the end.
        shortest, longest = DELAY_S
        delay_s = shortest * (longest / shortest) ** self._rng.random()
        hand = Thread(target=_strike, args=(process, ear, delay_s), daemon=True)
        hand.start()
        return _Doomed(process, hand)

    def _start(self, orders: Orders) -> BaseProcess:
        self.groups.add(orders.reading.group)
        return start(orders)

    def _end_of(self, doomed: _Doomed) -> str:
        """Where a member died; empty where it had landed all before its time came."""
        process = doomed.process
        process.join(MEMBER_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            _check(False, f"a member must die or land all within {MEMBER_S:g} s; it did neither")
        if doomed.hand is not None:
            doomed.hand.join()
        _check(process.exitcode in {0, -signal.SIGKILL}, f"a member must end by its kill or by itself; it ended with {process.exitcode}")
        if process.exitcode == 0:
            return ""
        last = (steps_of(self._folder, process) or ["started"])[-1]
        return last if doomed.hand is None else f"{last}+"

    def _await_heir(self, heir: BaseProcess) -> None:
        """Wait until the fellow of the dead has landed all, their partitions too; then end it as operators do."""
        deadline = time.monotonic() + MEMBER_S
        while self._ahead() and heir.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        left = self._ahead()
        heir.terminate()
        heir.join(MEMBER_S)
        if heir.exitcode is None:
            heir.kill()
        message = f"a member must take over from the dead within {MEMBER_S:g} s and end when asked"
        _check(not left and heir.exitcode == 0, f"{message}; {left} records are left, and it ended with {heir.exitcode}")

    def _top_up(self) -> None:
        for partition, raw in self.records.more(max(0, RECORDS_AHEAD - self._ahead())):
            refused = self._sink.send(raw, None, partition=partition)
            assert not refused, refused
        self._sink.flush()

    def _ahead(self) -> int:
        """Records that are sent and not yet landed."""
        lake = Lake(self._folder / "lake")
        stored = (stored_position(lake, self._place.topic, f"{number}@{self._topic_id}") for number in range(PARTITIONS))
        return sum(self.records.ends) - sum(stored)


def _strike(process: BaseProcess, ear: PipeEnd, delay_s: float) -> None:
    """Kill a member so long after its bell; nothing where it ended before."""
    try:
        ear.recv_bytes()
        time.sleep(delay_s)
        process.kill()
    except EOFError:
        pass
    finally:
        ear.close()


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise StuckMember(message)
