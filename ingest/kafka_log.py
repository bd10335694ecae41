"""A Kafka topic as a source: one member of a consumer group, which reads its share of the partitions.

Positions come from the lake, through `positions`; the offsets that Kafka keeps for the group only show the lag (docs/protocols/).
When a partition goes to another member, what was read of it and not yet handed out is dropped.
Knows partitions, offsets and the group; knows nothing of what records say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition  # type: ignore[import-untyped]
from kafka.coordinator.base import MemberState  # type: ignore[import-untyped]
from kafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError, RetriableError  # type: ignore[import-untyped]

from ingest.kafka_cluster import client_settings, in_our_words, look_up, no_answer, opening, overheard
from ingest.kafka_place import KafkaPlace
from ingest.kafka_reach import Reach
from ingest.kafka_reading import KafkaReading
from ingest.kafka_share import Share, batch_from
from ingest.kept_until import Ends
from ingest.source import Batch, SourceUnavailable

RECORDS_A_POLL = 2_000
"""Measured: 500, the library's default, is slower by a sixth to two fifths; more gains nothing sure (docs/decisions/0006)."""

BYTES_A_FETCH = 16_777_216
BYTES_A_PARTITION = 1_048_576
"""What brokers send at once; the library's own for a partition, as 4 MiB gained nothing. A longer record is still sent, alone (KIP-74)."""

BUFFER_BYTES_MAX = 134_217_728
"""Read and not yet handed out, over all partitions; the batches of a landing are a quarter of it."""

POLL_S = 0.2
"""How long one poll waits; `stop` is asked between polls."""

HEARTBEAT_S = 1.0
"""How often a member is heard of, and hears of others that come and go: until then a newcomer waits, with a backlog before it."""

FILL_S = 3.0
"""How long a batch may also wait to be full while the brokers hold more: a full one is fetched in a second, and what they hold need not
be ours to read yet (the transaction of a producer may be open)."""

JOIN_SESSIONS = 2
"""Sessions that joining the group may take; by then the group has given up on members that are gone, and waits for nobody."""

SHOW_S = 5.0
"""How often positions are shown to the group's offsets, which only display the lag."""

ANSWER_S = 5.0
"""How long an answer about offsets, or a goodbye to the group, may take."""


class KafkaLog(ConsumerRebalanceListener):  # type: ignore[misc] # The library has no types; it asks for this very class.
    """The partitions of a topic that the group gives to this member."""

    def __init__(
        self,
        place: KafkaPlace,
        *,
        positions: Callable[[str, str], int],
        reading: KafkaReading,
        stop: Callable[[], bool] = lambda: False,
        reach: Reach | None = None,
    ) -> None:
        """Find the topic and ask to join its group.

        `positions` answers, for the source's name and a partition, which record is the next that is not yet landed.
        `reach` is told whether the brokers answer.

        Raises: SourceUnavailable.
        """
        self._place, self._reading, self._positions, self._stop = place, reading, positions, stop
        self._reach = reach or Reach()
        self._topic = look_up(place, reach_s=reading.reach_s)
        self._events: SimpleQueue[tuple[bool, set[int]]] = SimpleQueue()
        self._shares: dict[int, Share] = {}
        self._fresh: dict[int, int | None] = {}
        """Ours, but not yet begun; with the position to begin at where we were told one."""
        self._ends: dict[int, int] = {}
        self._asked: tuple[Mapping[int, int], float] | None = None
        """The ends of all partitions, ours or not, and when the brokers were asked for them."""
        self._targets: dict[int, int] | None = None
        self._answered = self._shown = self._probed = self._stable = time.monotonic()
        with ExitStack() as stack:
            self._remarks = stack.enter_context(overheard())
            stack.enter_context(in_our_words(place, self._remarks))
            with opening(self._settings()) as settings:
                self._consumer = KafkaConsumer(**settings)
            stack.callback(self._consumer.close, autocommit=False, timeout_ms=int(ANSWER_S * 1000))
            self._consumer.subscribe([place.topic], listener=self)
            # Asked for before the group is joined, so that the library knows the partitions: joining without, it would join twice.
            ends = self._ends_to_reach()
            self._targets = None if reading.follow else ends
            self._open = stack.pop_all()

    @property
    def name(self) -> str:
        """The topic."""
        return self._place.topic

    def partitions(self) -> Sequence[str]:
        """The partitions that are ours now."""
        return tuple(self._key(number) for number in self._shares)

    def seek(self, partition: str, position: int) -> None:
        """Stand before an offset; nothing where the partition has gone to another member."""
        number = int(partition.partition("@")[0])
        if number in self._shares:
            del self._shares[number]
            self._fresh[number] = position

    def next_batch(self, records_max: int, bytes_max: int) -> Batch | None:
        """The next records of the partition that has waited longest; nothing where all that was asked for is read, or we were stopped."""
        for share in self._shares.values():
            share.done = share.taken  # Whoever asks for more has committed what it got, or told us otherwise (`seek`).
        with in_our_words(self._place, self._remarks):
            self._show()
            asked = time.monotonic()
            while not self._stop():
                self._follow_group()
                if batch := self._cut(records_max, bytes_max, asked=asked):
                    return batch
                if self._is_finished():
                    return None
                self._poll()
        return None

    def close(self) -> None:
        """Show where we stand, leave the group and close the connections."""
        with suppress(KafkaError):
            offsets = {self._at(number): OffsetAndMetadata(share.done, "", -1) for number, share in self._shares.items()}
            if offsets:
                self._consumer.commit(offsets, timeout_ms=int(ANSWER_S * 1000))
        self._shares.clear()
        self._open.close()

    def lag(self) -> Mapping[str, int]:
        """How many records of each of our partitions are not yet landed, as of the last answer of the brokers.

        May be asked for on another thread.
        """
        return {self._key(number): max(0, self._ends.get(number, share.done) - share.done) for number, share in list(self._shares.items())}

    def ends(self) -> Ends | None:
        """Where all partitions ended, ours or not, as of the last answer of the brokers; nothing before the first.

        May be asked for on another thread.
        """
        if self._asked is None:
            return None
        ends, asked = self._asked
        return Ends({self._key(number): end for number, end in ends.items()}, timedelta(seconds=time.monotonic() - asked))

    def held_bytes(self) -> int:
        """How much is read and not yet handed out; may be asked for on another thread."""
        return sum(share.size for share in list(self._shares.values()))

    def backlog(self) -> Mapping[str, int]:
        """Of a bounded reading, how many records of each partition of the topic, ours or not, nobody has landed yet."""
        targets = self._targets or {}
        return {self._key(number): max(0, target - self._stored(number)) for number, target in targets.items()}

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Partitions go to other members. Called on the library's own thread: noted here, done in `_follow_group`."""
        self._events.put((False, {each.partition for each in revoked}))

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Partitions come to us; nothing is fetched before we have told where from."""
        self._consumer.pause(*assigned)
        self._events.put((True, {each.partition for each in assigned}))

    def _settings(self) -> dict[str, Any]:
        reading = self._reading
        return client_settings(self._place, reach_s=reading.reach_s) | {
            "group_id": reading.group,
            "session_timeout_ms": int(reading.session_s * 1000),
            "heartbeat_interval_ms": int(1000 * min(HEARTBEAT_S, reading.session_s / 3)),
            "enable_auto_commit": False,
            # Where to read from is ours to say; the library is to raise when it does not know, not to guess.
            "auto_offset_reset": "none",
            "isolation_level": "read_committed",
            "allow_auto_create_topics": False,
            "max_poll_records": RECORDS_A_POLL,
            "fetch_max_bytes": BYTES_A_FETCH,
            "max_partition_fetch_bytes": BYTES_A_PARTITION,
            "metrics_enabled": False,
        }

    def _follow_group(self) -> None:
        """Drop what is no longer ours and begin what has become ours."""
        with suppress(Empty):
            while True:
                gained, numbers = self._events.get_nowait()
                for number in numbers:
                    self._shares.pop(number, None)
                    self._fresh.pop(number, None)
                if gained:
                    self._fresh |= dict.fromkeys(numbers)
        if self._fresh:
            told = {number: self._stored(number) if position is None else position for number, position in self._fresh.items()}
            with suppress(RetriableError):  # The brokers are busy or gone; tried again after the next poll.
                self._begin(told)

    def _watch_group(self) -> None:
        """Join anew where joining does not end: the library may lose the answer to it when a poll times out at the wrong moment."""
        now = time.monotonic()
        if self._consumer.group_metadata().state is MemberState.STABLE:
            self._stable = now
        elif now - self._stable > JOIN_SESSIONS * self._reading.session_s:
            self._stable = now
            self._shares.clear()
            self._fresh.clear()
            self._consumer.unsubscribe()
            self._consumer.subscribe([self.name], listener=self)

    def _begin(self, stored: Mapping[int, int]) -> None:
        places = [self._at(number) for number in stored]
        first = self._consumer.beginning_offsets(places, timeout_ms=int(ANSWER_S * 1000))
        end = self._consumer.end_offsets(places, timeout_ms=int(ANSWER_S * 1000))
        since = self._offsets_since(self._reading.since, places) if self._reading.since else {}
        for number, position in stored.items():
            at = self._at(number)
            self._check_end(number, position, end[at])
            self._check_beginning(number, position, first[at])
            begin = max(position, first[at], since.get(number, 0))
            with suppress(ValueError, KeyError):  # Taken from us again meanwhile; the event is under way.
                self._consumer.seek(at, begin)
                self._consumer.resume(at)
                self._ends[number] = end[at]
                self._shares[number] = Share(taken=position, read=begin, done=position)
            del self._fresh[number]

    def _check_end(self, number: int, position: int, end: int) -> None:
        if position > end:
            message = (
                f"partition {self.name}/{number} must reach to {position}, where the lake stands; it ends at {end}; "
                "have its brokers lost records?"
            )
            raise SourceUnavailable(message)

    def _check_beginning(self, number: int, position: int, first: int) -> None:
        if 0 < position < first and not self._reading.allow_gap:
            message = (
                f"partition {self.name}/{number} must still hold records from {position}, where the lake stands; it begins at {first}; "
                f"{first - position:,} were removed before they were read; go on without them (--allow-gap)?"
            )
            raise SourceUnavailable(message)

    def _poll(self) -> None:
        self._watch_group()
        try:
            polled = self._consumer.poll(timeout_ms=int(min(POLL_S, self._reading.gather_s) * 1000))
        except NoOffsetForPartitionError:
            return  # New partitions: `_follow_group` tells where from.
        except OffsetOutOfRangeError as error:
            for number in {each.partition for each in error.args[0]} & self._shares.keys():
                if not self._shares[number].values:  # What is at hand is handed out first; it is not on the brokers any more.
                    del self._shares[number]
                    self._fresh[number] = None
            return
        except RetriableError:
            polled = {}
        for at, records in polled.items():
            share = self._shares.get(at.partition)
            if share is not None and records and records[0].offset >= share.read:
                share.add(records)
                share.since = share.since or time.monotonic()
                self._ends[at.partition] = max(self._ends.get(at.partition, 0), self._consumer.highwater(at) or 0)
        if polled:
            self._hear()
        else:
            self._pass_markers()
        self._probe(heard=bool(polled))

    def _pass_markers(self) -> None:
        """Stretches of the log without records (the marks of transactions, compacted ones) are read when nothing else comes."""
        for number, share in self._shares.items():
            with suppress(KafkaError, KeyError):
                share.read = max(share.read, self._consumer.position(self._at(number), timeout_ms=0) or 0)

    def _probe(self, *, heard: bool) -> None:
        now = time.monotonic()
        if now - self._probed < min(self._reading.probe_s, self._reading.patience_s):
            return
        self._probed = now
        try:
            ends = self._consumer.end_offsets([self._at(number) for number in self._topic.partitions], timeout_ms=int(ANSWER_S * 1000))
        except RetriableError:
            if not self._reading.follow and time.monotonic() - self._answered > self._reading.patience_s:
                raise
            if not heard:
                self._reach.away(no_answer(self._place, self._remarks))
            return
        self._hear()
        self._ends |= {at.partition: end for at, end in ends.items()}
        self._asked = {at.partition: end for at, end in ends.items()}, now

    def _hear(self) -> None:
        self._answered = time.monotonic()
        self._reach.back()

    def _is_behind(self, records_max: int) -> bool:
        """Whether the brokers hold more than a batch that we have not fetched: then waiting for a full one, for a while, delays nobody."""
        return sum(self._ends.get(number, 0) - share.read for number, share in self._shares.items()) > records_max

    def _has_all(self) -> bool:
        """Whether waiting would bring nothing more of what was asked for."""
        targets = self._targets
        return targets is not None and all(share.read >= targets.get(number, 0) for number, share in self._shares.items())

    def _is_finished(self) -> bool:
        """Whether all that was asked for is landed, by us or by other members of the group."""
        if self._targets is None or self._fresh:
            return False
        others = {number: target for number, target in self._targets.items() if number not in self._shares}
        return self._has_all() and all(self._stored(number) >= target for number, target in others.items())

    def _cut(self, records_max: int, bytes_max: int, *, asked: float) -> Batch | None:
        """The next records of the partition that has waited longest, of those whose batch is full or has waited long enough.

        Each waits for itself: where many partitions trickle, none waits for the others' batches. One of which nothing is at
        hand waits since we were asked, and then moves its position over marks.
        """
        now = time.monotonic()
        enough_s = self._reading.gather_s + (FILL_S if self._is_behind(records_max) else 0)
        at_once = self.held_bytes() >= BUFFER_BYTES_MAX or self._has_all()
        for number, share in sorted(self._shares.items(), key=lambda each: each[1].since or asked):
            target = self._targets.get(number) if self._targets is not None else None
            if not (at_once or share.is_full(records_max, bytes_max) or now - (share.since or asked) >= enough_s):
                continue
            if cut := share.cut(records_max, bytes_max, target=target):
                share.since = now if share.values else None
                return batch_from(share, cut, partition=self._key(number), named=f"{self.name}/{number}")
        return None

    def _ends_to_reach(self) -> dict[int, int]:
        places = [self._at(number) for number in self._topic.partitions]
        ends = self._consumer.end_offsets(places, timeout_ms=int(ANSWER_S * 1000))
        for at, end in ends.items():
            self._check_end(at.partition, self._stored(at.partition), end)
        until = self._offsets_since(self._reading.until, places) if self._reading.until else {}
        return {at.partition: min(end, until.get(at.partition, end)) for at, end in ends.items()}

    def _offsets_since(self, moment: datetime, places: list[TopicPartition]) -> dict[int, int]:
        """The first offset of each partition that is not older; its end where all are."""
        found = self._consumer.offsets_for_times({at: int(moment.timestamp() * 1000) for at in places}, timeout_ms=int(ANSWER_S * 1000))
        ends = self._consumer.end_offsets(places, timeout_ms=int(ANSWER_S * 1000))
        return {at.partition: found[at].offset if found.get(at) else ends[at] for at in places}

    def _show(self) -> None:
        now = time.monotonic()
        if now - self._shown < SHOW_S or not self._shares:
            return
        self._shown = now
        with suppress(KafkaError):
            self._consumer.commit_async({self._at(number): OffsetAndMetadata(share.done, "", -1) for number, share in self._shares.items()})

    def _stored(self, number: int) -> int:
        return self._positions(self.name, self._key(number))

    def _at(self, number: int) -> TopicPartition:
        return TopicPartition(self.name, number)

    def _key(self, number: int) -> str:
        """A partition's name in the lake: a topic made anew under an old name begins at 0 by itself."""
        return f"{number}@{self._topic.topic_id}" if self._topic.topic_id else str(number)
