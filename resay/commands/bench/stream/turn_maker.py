"""Made turns for the stream bench: records of `resay.turn/1` of given sizes, a few of them bad, a few sent twice.

Knows how a record of a size looks; nothing is to be learnt from these turns (`freshness` has its own).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

SHORTEST = 212
LONGEST = 2_048
"""Bytes a record, as EVALUATION 8 has them."""

BAD_SHARE = 0.01
REPEATED_SHARE = 0.01
"""As the issue has them."""

CUSTOMERS = 5_000
BODIES = 1_024
"""So many different turns are made; records differ in id, customer and time beyond them."""

BACK_MAX = 5_000
"""How far back a repeated record lies: what a producer may send again after a broker's restart."""

APART = timedelta(milliseconds=100)

_FILLER = ", then there is the next one on the list, which begins at half past seven and goes on until a quarter to nine"

_SAID: tuple[tuple[str, str, str, dict[str, object], str], ...] = (
    ("turn on the kitchen lights", "light", "HassTurnOn", {"area": "kitchen"}, "Turned on the lights"),
    ("lights off in the bedroom please", "light", "HassTurnOff", {"area": "bedroom"}, "Turned off the lights"),
    ("set a timer for ten minutes", "timer", "HassStartTimer", {"minutes": 10}, "Timer set for ten minutes"),
    ("what is the weather tomorrow", "weather", "HassGetWeather", {"day": "tomorrow"}, "Rain in the morning, 9 degrees"),
    ("play the café jazz station", "media_player", "HassMediaSearchAndPlay", {"search_query": "café jazz"}, "Playing Café Jazz"),
    ("put milk on the shopping list", "todo", "HassListAddItem", {"item": "milk", "name": "shopping list"}, "Added milk"),
    ("make it a bit warmer in here", "climate", "HassClimateSetTemperature", {"temperature": 21}, "Set to 21 degrees"),
    ("close zoë's blinds", "cover", "HassCloseCover", {"name": "zoë's blinds"}, "Closed the blinds"),
)


@dataclass(frozen=True, slots=True)
class MadeTurns:
    """Records with their partitions, and what a landing must make of them."""

    records: tuple[tuple[int, bytes], ...]
    good: int
    """Turns that must be in the lake afterwards."""
    bad: int
    repeated: int

    @property
    def bytes_mean(self) -> float:
        """Mean length of a record."""
        return sum(len(raw) for _, raw in self.records) / len(self.records)


def make_turns(count: int, rng: Random, *, partitions: int, now: datetime, sizes: tuple[int, int] = (SHORTEST, LONGEST)) -> MadeTurns:
    """So many records, customers' turns in order and in one partition; sizes are drawn evenly over their logarithm.

    One in a hundred cannot be read, one in a hundred was sent before.
    """
    bodies = [_body(rng, _drawn(rng, sizes)) for _ in range(BODIES)]
    run = f"{rng.getrandbits(32):08x}"
    bad = repeated = 0
    odd = rng.sample(range(1, count), k=round(count * (BAD_SHARE + REPEATED_SHARE)))
    kinds = {place: number % 2 == 0 for number, place in enumerate(odd)}
    records: list[tuple[int, bytes]] = []
    sound: list[int] = []
    """Where the records stand that may be sent again."""
    for number in range(count):
        customer = rng.randrange(CUSTOMERS)
        is_bad = kinds.get(number)
        if is_bad is False and sound:
            repeated += 1
            records.append(records[sound[-rng.randrange(1, min(len(sound), BACK_MAX) + 1)]])
            continue
        at = now - (count - number) * APART
        raw = _record(f"{run}-{number:09d}", customer, at, rng.choice(bodies))
        if is_bad:
            raw = _spoilt(raw, bad)
            bad += 1
        else:
            sound.append(number)
        records.append((customer % partitions, raw))
    return MadeTurns(tuple(records), good=len(sound), bad=bad, repeated=repeated)


def _drawn(rng: Random, sizes: tuple[int, int]) -> int:
    low, high = sizes
    return round(math.exp(rng.uniform(math.log(low), math.log(high))))


def _record(turn_id: str, customer: int, at: datetime, body: bytes) -> bytes:
    when = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f'{{"schema":"resay.turn/1","turn_id":"{turn_id}","customer_id":"c{customer:05d}","at":"{when}",'.encode() + body


HEAD_BYTES = len(_record("0" * 18, 0, datetime(2026, 1, 1, tzinfo=UTC), b""))
"""What stands before the body; ids and times are all of one length."""


def _body(rng: Random, size: int) -> bytes:
    """All of a record after its time, of so many bytes with what stands before it."""
    scene = rng.choice(_SAID)
    room = size - HEAD_BYTES
    least = {"utterance": scene[0], "response": {"status": "done", "text": scene[4]}}
    if len(_encoded(least)) > room:
        least = {"utterance": "stop that", "response": {"status": "done", "text": ""}}
    body: dict[str, object] = dict(least)
    for name, value in _more(scene):
        grown = body | {name: value}
        if len(_encoded(grown)) <= room:
            body = grown
    missing = room - len(_encoded(body))
    text = str(least["response"]["text"]) if isinstance(least["response"], dict) else ""
    body["response"] = {"status": "done", "text": text + (_FILLER * (missing // len(_FILLER) + 1))[: max(0, missing)]}
    return _encoded(body)


def _more(scene: tuple[str, str, str, dict[str, object], str]) -> Iterator[tuple[str, object]]:
    """What a longer record also tells, the most usual first."""
    said, domain, intent, slots, _ = scene
    reading = {"domain": domain, "intent": intent, "slots": slots, "confidence": 0.91}
    other = {"domain": domain, "intent": "HassGetState", "slots": slots, "confidence": 0.07}
    heard = [said, f"{said} now", said.replace("the ", "a "), said.replace("in ", "on "), f"and {said}"]
    yield "interpretations", [reading]
    yield "hypotheses", [{"text": text, "score": round(0.9 / rank, 3)} for rank, text in enumerate(heard[:3], start=1)]
    yield "context", {"locale": "en-GB", "device_type": "speaker", "room": "kitchen"}
    yield "prompt", {"text": "Which room do you mean?", "kind": "area"}
    yield "interpretations", [reading, other]
    yield "hypotheses", [{"text": text, "score": round(0.9 / rank, 3)} for rank, text in enumerate(heard, start=1)]
    yield "session_id", "5f3a9c77-41"
    yield "device_id", "5f3a9c77-kitchen"
    yield (
        "entities",
        [{"slot": name, "value": str(value), "entity_id": f"{domain}.{name}", "status": "resolved"} for name, value in slots.items()],
    )
    yield "audio", {"duration_s": 2.06}
    yield "versions", {"asr": "recogniser 5.1.1", "nlu": "home 2026.10.27"}


def _encoded(body: Mapping[str, object]) -> bytes:
    """An object without its opening bracket: it goes on after the head."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()[1:]


def _spoilt(raw: bytes, number: int) -> bytes:
    """A record that must be rejected, in one of the ways that occur."""
    ways = (
        raw[: len(raw) // 2],
        raw.replace(b'"utterance":', b'"uterance":', 1),
        raw.replace(b"resay.turn/1", b"resay.turn/9", 1),
        raw.replace(b'"at":"2', b'"at":"9', 1),
        raw.replace(b'"customer_id":"c', b'"customer_id":"\xff', 1),
    )
    return ways[number % len(ways)]
