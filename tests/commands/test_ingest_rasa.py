"""`resay ingest --format rasa` against the real broker: events of Rasa over partitions, again, broken, and across kills, as turns once."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ingest.adapters.adapter import Document, read, turn_parts
from ingest.adapters.rasa import RASA
from ingest.arriving import RASA_EVENTS
from ingest.arriving_log import Arrivals, arrivals_of, land_events
from ingest.kafka_cluster import create_topic
from ingest.kafka_log import KafkaLog
from ingest.kafka_place import KafkaPlace, with_topic
from ingest.kafka_reach import Reach
from ingest.kafka_reading import KafkaReading
from ingest.landing import LandingRules, LandingStep
from ingest.source import Batch
from resay.commands.chain import Found
from resay.commands.landing_metrics import LandingMetrics
from resay.commands.topic import OpenTopic
from resay.commands.topic_events import Telling
from resay.dialogue.turn import Reject
from resay.store.books import Books
from resay.store.lake import Lake
from resay.store.turns import read_turns
from resay.store.waiting import WaitingBooks
from tests import child
from tests.builders import BASE
from tests.kafka_topic import fill

SECONDS = BASE.timestamp()


def talk(sender: str, *, nested: bool = False) -> list[dict[str, Any]]:
    """Two turns: one that asks back, and one that is refused."""
    flat: list[dict[str, Any]] = [
        {"event": "user", "timestamp": SECONDS, "text": "book a table", "message_id": f"{sender} 1"},
        {"event": "bot", "timestamp": SECONDS + 1, "text": "For how many?", "metadata": {"utter_action": "utter_ask_people"}},
        {"event": "user", "timestamp": SECONDS + 9, "text": "for for", "message_id": f"{sender} 2"},
        {"event": "action", "timestamp": SECONDS + 10, "name": "action_default_fallback"},
        {"event": "bot", "timestamp": SECONDS + 11, "text": "Sorry?"},
    ]
    if not nested:
        return [{"sender_id": sender, **each} for each in flat]
    return [
        {"conversation_id": sender, "event_id": f"e{place}", "sequence": place, "timestamp": each["timestamp"], each["event"]: each}
        for place, each in enumerate(flat)
    ]


EVENTS = [*talk("anna"), *talk("berta", nested=True), *talk("carla")]

LONG = {"sender_id": "anna", "event": "user", "timestamp": SECONDS + 20, "text": "a" * 100_000, "message_id": "anna 3"}
"""Words that can be no turn."""


def spread(broker: str, topic: str) -> KafkaPlace:
    """A topic of three partitions, in which no key keeps talks together: over all of them, backwards, in part twice; two bad records."""
    raws = [json.dumps(each).encode() for each in reversed([*EVENTS, LONG])]
    return fill(broker, topic, {0: [*raws[::3], b"{half"], 1: [*raws[1::3], *raws[::3]], 2: [*raws[2::3], b'{"event": "user"}']})


def told(home: Path) -> list[tuple[object, ...]]:
    """The turns of a lake."""
    turns = sorted(read_turns(Lake(home / "lake")), key=lambda turn: (turn.customer_id, turn.at))
    return [(turn.customer_id, turn.utterance, turn.response, turn.prompt) for turn in turns]


def wanted() -> list[tuple[object, ...]]:
    """The same as the adapter tells them of all events at once."""
    events = [each for one in EVENTS if not isinstance(got := read(RASA, Document(one, ""), now=BASE), Reject) for each in got]
    merged: dict[str, dict[str, Any]] = {}
    for part in turn_parts(RASA, events):
        merged.setdefault(part.turn.turn_id, {"customer": part.turn.customer_id, "at": part.turn.at}).update(
            {name: getattr(part.turn, name) for name in part.fields}
        )
    rows = sorted(merged.values(), key=lambda each: (each["customer"], each["at"]))
    return [(each["customer"], each["utterance"], each.get("response"), each.get("prompt")) for each in rows]


def letters(home: Path) -> list[str]:
    """Why records could not be read."""
    with Lake(home / "lake").connect() as connection:
        return [reason for (reason,) in connection.execute("select reason from rejects order by reason").fetchall()]


@pytest.mark.kafka
def test_a_topic_of_rasa_is_turns_once(broker: str, topic: str, tmp_path: Path):
    """Whatever lies where; read again nothing is new, what comes later joins its turn, and what is no event is a dead letter, once."""
    place = spread(broker, topic)
    create_topic(with_topic(place, f"{topic}-rejects"), 1)
    command = ("ingest", "--source", str(place), "--format", "rasa", "--tolerant", "--json")

    first = child.resay(*command, home=tmp_path)
    fill(broker, topic, {1: [json.dumps({"sender_id": "carla", "event": "bot", "timestamp": SECONDS + 12, "text": "Again?"}).encode()]})
    again = child.resay(*command, home=tmp_path)

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    one, other = json.loads(first.stdout), json.loads(again.stdout)
    assert (one["read"], one["rejected"], one["accepted"]) == (24, 2, 16)
    assert (one["turn_parts"]["accepted"], one["turn_parts"]["rejected"]) == (15, 1)
    assert (other["read"], other["turn_parts"]["accepted"], other["turn_parts"]["rejected"]) == (1, 1, 0)
    assert told(tmp_path)[:-1] == wanted()[:-1]
    assert told(tmp_path)[-1][2].text == "Sorry?\nAgain?"  # type: ignore[attr-defined]
    assert [each.split(";")[0] for each in letters(tmp_path)] == [
        "record must be JSON",
        "sender_id must name who speaks",
        "utterance must not be longer than 2,000 characters",
    ]


@pytest.mark.kafka
def test_nothing_is_told_while_a_part_of_the_topic_is_not_read(broker: str, topic: str, tmp_path: Path):
    """Read one record at a time, and told after each: a question that is read last is in the turn that answered it all the same."""
    place = spread(broker, topic)
    books, metrics = Books(tmp_path / "books.sqlite"), LandingMetrics("kafka", CollectorRegistry())
    made = arrivals_of(RASA_EVENTS, topic, books=books, lake=Lake(tmp_path / "lake"))
    at_once = replace(made.stream.patience, quiet=timedelta(0))
    arrivals = Arrivals(replace(made.stream, patience=at_once), made.waiting, made.lake)
    rules = LandingRules(clock=lambda: datetime.now(UTC), records_a_batch=1)
    telling: list[Telling] = []

    def all_is_told() -> bool:
        return bool(telling) and telling[0]() is Found.NOTHING

    reading = KafkaReading(follow=True, gather_s=0.01, probe_s=0.0)
    with closing(books), closing(KafkaLog(place, positions=arrivals.position, reading=reading, stop=all_is_told)) as log:
        telling.append(Telling(OpenTopic(log, Reach(), None, arrivals), arrivals, rules, metrics=metrics))
        land_events(log, arrivals, rules=rules, stop=all_is_told)

    assert told(tmp_path) == wanted()
    assert (telling[0].told.accepted, telling[0].told.rejected) == (15, 1)


@pytest.mark.kafka
def test_what_can_be_no_turn_counts_as_rejected(broker: str, topic: str, tmp_path: Path):
    """Its record could be read; it is said, and the status is 1, as of records that could not."""
    place = fill(broker, topic, {0: [json.dumps(each).encode() for each in [*talk("anna"), LONG]]})

    done = child.resay("ingest", "--source", str(place), "--format", "rasa", home=tmp_path)

    assert done.returncode == 1
    assert "records rejected: 1; all are kept" in done.stderr
    assert "parts of turns: new 5, rejected 1" in done.stdout


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Death:
    """Kills at the first time that a step is taken, of each partition."""

    step: LandingStep
    deaths: int = 0
    left: int = 2

    def __call__(self, step: LandingStep, _batch: Batch) -> None:
        """Die, twice in all."""
        if step is self.step and self.left:
            self.left -= 1
            raise Killed


@pytest.mark.kafka
@pytest.mark.parametrize("step", [LandingStep.TAKEN, LandingStep.LETTERS_KEPT, LandingStep.COMMITTED])
def test_killed_anywhere_nothing_is_lost_and_nothing_is_twice(broker: str, topic: str, tmp_path: Path, step: LandingStep):
    """Between any two steps of a batch, and between keeping and telling; each run goes on where the books stand."""
    place, death, read = spread(broker, topic), Death(step), 0
    rules = LandingRules(clock=lambda: datetime.now(UTC), records_a_batch=3, observe=death)

    while True:
        books = Books(tmp_path / "books.sqlite")
        arrivals = Arrivals(RASA_EVENTS, WaitingBooks(books), Lake(tmp_path / "lake"))
        with closing(books), closing(KafkaLog(place, positions=arrivals.position, reading=KafkaReading())) as log:
            try:
                read += land_events(log, arrivals, rules=rules).read
            except Killed:
                continue
            arrivals.tell(rules, at_once=True)
            break

    assert death.left == 0
    assert told(tmp_path) == wanted()
    assert len(letters(tmp_path)) == 3


@pytest.mark.kafka
def test_two_members_share_a_topic_of_rasa(broker: str, topic: str, tmp_path: Path):
    """Started side by side, in whatever order they get partitions; the turns are those of one."""
    place = spread(broker, topic)
    command = ("ingest", "--source", str(place), "--format", "rasa", "--tolerant", "--json")

    members = [child.start_resay(*command, home=tmp_path) for _ in range(2)]
    said = [each.communicate(timeout=child.WAIT_S) for each in members]

    assert [each.returncode for each in members] == [0, 0], said
    assert sum(json.loads(out)["read"] for out, _ in said) == 24
    assert told(tmp_path) == wanted()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--source", "kafka://127.0.0.1:1/t", "--format", "raza"), "--format must be turns or rasa"),
        (("events.jsonl", "--format", "rasa"), "is `resay import rasa` what you mean?"),
    ],
)
def test_wrong_formats_are_said(tmp_path: Path, words: tuple[str, ...], said: str):
    """Status 2, and a sentence, before anything is connected to."""
    done = child.resay("ingest", *words, home=tmp_path)

    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
