"""Dead letters to a topic, beside table `rejects`, which stays the truth: at least once each, told apart by their key.

Knows how a dead letter is sent and what becomes of it when brokers are gone; knows nothing of why a record is one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ingest.kafka_cluster import NoTopic, look_up
from ingest.kafka_place import KafkaPlace
from ingest.kafka_reach import Reach
from ingest.kafka_reading import KafkaReading
from ingest.kafka_sink import Headers, KafkaSink
from ingest.row import Refused
from ingest.source import SourceUnavailable
from resay.dialogue.codec import RECORD_BYTES_MAX

ENDING = "-rejects"
"""What a topic's dead letters are called after it, where nothing else is asked: `dialogue-turns-rejects` (DESIGN 3)."""

TRY_S = 5.0
"""How long one try may take to reach the brokers, and to deliver; `stop` is asked between tries."""

REASON_CHARS_MAX = 2_000
"""So much of a reason goes into a header; sentences are shorter, unless they quote what came."""


class KafkaRejects:
    """The topic that dead letters of a source are sent to."""

    def __init__(
        self, place: KafkaPlace, source: str, *, reading: KafkaReading, stop: Callable[[], bool] = lambda: False, reach: Reach | None = None
    ) -> None:
        """Find the topic; it is opened when the first letter comes.

        Raises: NoTopic where it is not there or not ours; SourceUnavailable.
        """
        self._place, self._source = place, source
        self._reading, self._stop, self._reach = reading, stop, reach or Reach()
        self._sink: KafkaSink | None = None
        self._given_up = self._cut_off = False
        look_up(place, reach_s=reading.reach_s)

    def send(self, refused: Sequence[Refused]) -> int:
        """Send dead letters and wait until the brokers have them; answers how many went.

        While brokers are away it waits, as long as the reading of the topic would; whoever calls must not commit what fails here.
        Where the topic has been taken away it says so once, and sends nothing from then on.

        Raises: SourceUnavailable.
        """
        began = time.monotonic()
        while refused and not self._given_up:
            try:
                sent = self._deliver(refused)
            except NoTopic as error:
                self.close()
                self._given_up = True
                self._reach.tell(f"{error}; dead letters go to table `rejects` only")
                break
            except SourceUnavailable as error:
                self.close()  # An idempotent producer is of no use after a record that it could not deliver.
                if self._stop() or (not self._reading.follow and time.monotonic() - began > self._reading.patience_s):
                    raise
                self._reach.away(str(error))
                continue
            self._reach.back()
            return sent
        return 0

    def close(self) -> None:
        """Close the connections."""
        if self._sink is not None:
            self._sink.close()
            self._sink = None

    def _deliver(self, refused: Sequence[Refused]) -> int:
        if self._sink is None:
            self._sink = KafkaSink(self._place, delivery_s=TRY_S, reach_s=min(TRY_S, self._reading.reach_s))
        sent = 0
        for each in refused:
            key, headers = self._key(each), _headers(each)
            raw, headers = _fitting(each.reject.raw[:RECORD_BYTES_MAX], headers, room=self._sink.room(key, headers))
            fault = self._sink.send(raw, key, headers=headers)
            if not fault:
                sent += 1
            elif not self._cut_off:
                self._cut_off = True
                self._reach.tell(f"dead letter {each.reject.where}: {fault}; such letters go to table `rejects` only")
        self._sink.flush()
        return sent

    def _key(self, refused: Refused) -> bytes:
        """Where the record stood: the key of table `rejects`, so that repeats are told."""
        return f"{self._source}#{refused.record.partition}#{refused.record.position}".encode()


def _headers(refused: Refused) -> Headers:
    said = {
        "reason": refused.reject.reason[:REASON_CHARS_MAX],
        "origin": refused.reject.where,
        "length": str(refused.record.length),
    }
    return [(name, text.encode("utf-8", "backslashreplace")) for name, text in said.items()]


def _fitting(raw: bytes, headers: Headers, *, room: int) -> tuple[bytes, Headers]:
    """A letter that the topic takes: cut where it must be, which a header then says with the bytes that are left."""
    if len(raw) <= room:
        return raw, headers
    # The header itself needs room: its name, its number, and their lengths.
    kept = max(0, room - len("cut") - len(str(len(raw))) - 4)
    return raw[:kept], [*headers, ("cut", str(kept).encode())]
