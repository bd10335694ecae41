"""What a kill sweep sends, and what the lake must hold once all of it is landed: the reference model, in plain Python.

Knows turns, their repeats and records that nobody can read; knows nothing of brokers, batches or commits.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from resay.dialogue.codec import RECORD_BYTES_MAX, encode, whole
from resay.dialogue.turn import Explicit, Feedback, Turn, TurnPart
from resay.store.lake import Lake

PARTITIONS = 4
"""Several members share them, and three or four of each pair's fights end in another partition."""

REPEATED = 0.05
"""Share of records that were sent before, to any partition: producers try again."""

LATE = 0.10
"""Share of records that come after later ones."""

BAD = 0.03
"""Share of records that cannot be read; at one in a hundred, a kill would seldom meet a batch that holds any."""

TOO_LONG = 0.0005
"""Share of records that are longer than we read: a mebibyte each, so they are few."""

RATED = 0.10
"""Share of turns that are sent in two parts."""

LATE_S_MAX = 3_600
"""How far back late ones lie; far within the window in which repeats are known, so that every repeat is one."""

REPEATS_FROM = 500
"""Newest records of which one is repeated: some batches back, so that repeats meet what is committed and what is not."""

CUSTOMERS = 97

_FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""Event time of the first turn: in the past of every clock, so that none is refused for it."""

_BROKEN = (
    b"not json",
    b"",
    b"\xff\xfe\x00",
    b'{"schema": "resay.turn/1", "turn_id": ',
    b'{"schema": "resay.turn/9", "turn_id": "t"}',
    b"[1, 2]",
)


@dataclass(frozen=True, slots=True)
class Differences:
    """Where a lake differs from what was sent to it."""

    lost: int
    """Parts that must be there and are not."""
    doubled: int
    """Rows of parts that are there beyond the one that must be, or that nobody sent."""
    rejects_lost: int
    rejects_doubled: int


class KillRecords:
    """Records in the order in which they are sent, and what they come to."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._turns = 0
        self._waiting: list[tuple[tuple[str, str], bytes]] = []
        """Second parts of turns whose first part was sent."""
        self._sent: deque[tuple[tuple[str, str] | None, bytes]] = deque(maxlen=REPEATS_FROM)
        self.ends = [0] * PARTITIONS
        """How many records went to each partition."""
        self.parts: dict[tuple[str, str], bytes] = {}
        """What `turn_parts` must hold: turn and part, and the record."""
        self.letters: dict[tuple[int, int], bytes] = {}
        """What `rejects` must hold: partition and position, and what is kept of the record."""

    def more(self, records: int) -> Iterator[tuple[int, bytes]]:
        """The next so many records, with the partition that each goes to."""
        for _ in range(records):
            key, raw = self._next()
            partition = self._rng.randrange(PARTITIONS)
            if key is None:
                self.letters[partition, self.ends[partition]] = raw[:RECORD_BYTES_MAX]
            else:
                self.parts[key] = raw
            self.ends[partition] += 1
            yield partition, raw

    def _next(self) -> tuple[tuple[str, str] | None, bytes]:
        if self._sent and self._rng.random() < REPEATED:
            return self._rng.choice(self._sent)
        chosen = self._bad() if self._rng.random() < BAD else self._good()
        if len(chosen[1]) <= RECORD_BYTES_MAX:  # Long ones are sent once: repeats of them are told by their place, like all bad ones.
            self._sent.append(chosen)
        return chosen

    def _bad(self) -> tuple[None, bytes]:
        if self._rng.random() < TOO_LONG / BAD:
            return None, b"x" * (RECORD_BYTES_MAX + self._rng.randint(1, 1_000))
        return None, self._rng.choice(_BROKEN)

    def _good(self) -> tuple[tuple[str, str], bytes]:
        if self._waiting and self._rng.random() < RATED:
            return self._waiting.pop(0)
        self._turns += 1
        late_s = self._rng.randint(1, LATE_S_MAX) if self._rng.random() < LATE else 0
        turn = Turn(
            turn_id=f"t{self._turns}",
            customer_id=f"c{self._rng.randrange(CUSTOMERS)}",
            at=_FIRST + timedelta(seconds=self._turns - late_s),
            utterance=f"play song {self._rng.randrange(1_000)}",
        )
        if self._rng.random() >= RATED:
            return (turn.turn_id, "whole"), encode(whole(turn))
        rated = TurnPart(replace(turn, feedback=Feedback(explicit=Explicit.YES)), frozenset({"feedback"}), "rated")
        self._waiting.append(((turn.turn_id, "rated"), encode(rated)))
        return (turn.turn_id, "said"), encode(TurnPart(turn, frozenset({"utterance"}), "said"))


def compare(lake: Lake, sent: KillRecords) -> Differences:
    """What of the records is not in the lake just once, byte by byte."""
    with lake.connect() as connection:
        parts = Counter(connection.execute("select turn_id, part, body from turn_parts").fetchall())
        letters = Counter(connection.execute("select partition, position, raw from rejects").fetchall())
    wanted_parts = Counter((turn_id, part, raw.decode()) for (turn_id, part), raw in sent.parts.items())
    wanted_letters = Counter((partition, position, raw) for (partition, position), raw in sent.letters.items())
    found_letters = Counter({(int(name.partition("@")[0]), at, bytes(raw)): times for (name, at, raw), times in letters.items()})
    return Differences(
        lost=(wanted_parts - parts).total(),
        doubled=(parts - wanted_parts).total(),
        rejects_lost=(wanted_letters - found_letters).total(),
        rejects_doubled=(found_letters - wanted_letters).total(),
    )
