"""How fresh what is served is: seconds from sending the turn that decides to the first answer that carries the rewrite.

A real `resay stream`, a real `resay serve`, one home. Knows both from outside: a topic to write to, an address to ask.
"""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from markov.steps import Floors
from resay.commands.bench.brokers import PARTITIONS, BenchTopic, bench_topic
from resay.commands.bench.children import ChildFailed, check_alive, started_child
from resay.commands.bench.learnable import Learnable, learnable_talk, records_of
from resay.commands.bench.report import BenchRow, count
from resay.commands.program import COMMAND_LINE
from resay.dialogue.tick import Tick
from resay.dialogue.turn import Turn
from resay.lab.assistant import Assistant
from resay.lab.flow import TURNS_DAILY, Flow, flow_stage, flow_turns
from resay.lab.world import VOICE_HOME, read_world
from resay.store.lake import Lake
from resay.store.tables import CHAIN_TURNS, OUTCOMES

LEARNS_EVERY_S = 10.0
"""How often `resay stream` learns unless told otherwise: decisive turns come at any moment in between."""

ASK_S = 0.1
"""How often the service is asked; what is measured takes seconds."""

LEARNT_S = 600.0
"""Longest wait until a lake of 46,000 turns is labelled and learnt from; a minute was measured on two busy cores."""

SERVED_S = 300.0
"""Longest wait for a rewrite: five times the bar."""

ANSWER_S = 10.0

CUSTOMERS, DAYS = 600, 28
"""Customers who talked before, and for how long: 47,000 turns."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """What was measured in one lake."""

    turns: int
    """In the lake when it ended."""
    seconds: tuple[float, ...]
    """For each decisive turn, from sending it to the first answer that carries its rewrite."""


def others_turns(now: datetime, *, customers: int, seed: int) -> list[Turn]:
    """Four weeks of talk of so many other customers in the world that ships.

    Raises: LabMissing.
    """
    world = read_world(VOICE_HOME)
    per_day = customers * TURNS_DAILY
    flow = Flow(seed=seed, start=now - timedelta(days=DAYS), per_s=per_day / timedelta(days=1).total_seconds(), customers=customers)
    return list(islice(flow_turns(flow_stage(world, Assistant(world.home), seed=seed), flow), round(per_day * DAYS)))


def time_freshness(address: str, rng: Random, *, before: Sequence[Turn], tries: int, folder: Path, tick: Tick) -> Freshness:
    """Freshness at the settings that ship, in a lake that held these turns before.

    Raises: SourceUnavailable, ChildFailed.
    """
    from ingest.kafka_bare import write_records

    talks = learnable_talk(tries, customers=Floors().customers_min, now=datetime.now(UTC))
    known = [turn for talk in talks for turn in talk.before]
    with TemporaryDirectory(dir=folder) as home, bench_topic(address, groups=1) as topic, ExitStack() as stack:
        write_records(topic.place, records_of(before, partitions=PARTITIONS))
        write_records(topic.place, records_of(known, partitions=PARTITIONS))
        check = _running(topic, Path(home), folder=folder, on=stack)
        lake = Lake(Path(home) / "lake")
        _wait(lambda: _is_learnt(lake, len(before) + len(known)), check, wait_s=LEARNT_S, what="what was said must be learnt from")
        service = stack.enter_context(_service(Path(home), folder=folder))
        seconds = []
        for number, talk in enumerate(talks):
            tick(number, tries)
            # At no moment that suits us: learning happens every so often, and a turn comes when it comes.
            time.sleep(rng.uniform(0, LEARNS_EVERY_S))
            seconds.append(_time_one(talk, topic, service, check))
        tick(tries, tries)
        return Freshness(len(before) + len(known) + tries, tuple(seconds))


def freshness_rows(name: str, fresh: Freshness) -> Iterator[BenchRow]:
    """The middle and the worst; the ends of the middle are the least and the most, as a few tries have no interval."""
    least, most = min(fresh.seconds), max(fresh.seconds)
    tries = len(fresh.seconds)
    yield BenchRow(name, "freshness_s", statistics.median(fresh.seconds), least, most, tries, "seconds")
    yield BenchRow(name, "freshness_s_max", most, n=tries, unit="seconds")
    yield count(name, "turns", fresh.turns, n=fresh.turns)


class _Service:
    """A running service, asked over one connection."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname, "a service tells where it answers"
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_S)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def rewrites(self, utterance: str, target: str) -> bool:
        """Whether it now says the target for this utterance; each time as another customer, as a few are held out for a day."""
        question = {
            "mode": "before",
            "turn_id": f"asked-{(asked := uuid.uuid4().hex)}",
            "customer_id": f"asking-{asked}",
            "at": datetime.now(UTC).isoformat(),
            "utterance": utterance,
        }
        self._connection.request("POST", "/v1/rewrite", json.dumps(question), self._headers)
        answer = self._connection.getresponse()
        told = json.loads(answer.read())
        if answer.status != http.client.OK:
            message = f"service must answer 200; it answers {answer.status}: {told}"
            raise ChildFailed(message)
        return bool(told["action"] == "rewrite" and told["utterance"] == target)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def _running(topic: BenchTopic, home: Path, *, folder: Path, on: ExitStack) -> Callable[[], None]:
    """`resay stream` over a topic until the stack is left; gives the check that it still runs."""
    words = ["stream", "--source", topic.address, "--group", topic.group(0), "--home", str(home), "--json"]
    place = folder / "stream"
    place.mkdir(exist_ok=True)
    child = on.enter_context(started_child(COMMAND_LINE, words, folder=place))
    return lambda: check_alive(child, words, folder=place)


@contextmanager
def _service(home: Path, *, folder: Path) -> Iterator[_Service]:
    words = ["serve", "--port", "0", "--home", str(home), "--json"]
    place = folder / "serve"
    place.mkdir(exist_ok=True)
    with started_child(COMMAND_LINE, words, folder=place) as child:
        told = json.loads(_first_line(child) or "{}")
        if "url" not in told:
            child.wait(ANSWER_S)
            check_alive(child, words, folder=place)
        key = Path(told["api_key_file"]).read_text().strip()
        with closing(_Service(told["url"], key)) as service:
            yield service


def _first_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None, "children are started with a pipe"
    return child.stdout.readline()


def _time_one(talk: Learnable, topic: BenchTopic, service: _Service, check: Callable[[], None]) -> float:
    from ingest.kafka_bare import write_records

    if service.rewrites(talk.source, talk.target):
        message = f"{talk.source!r} must not be rewritten before the turn that decides; it is; is the floor of customers another?"
        raise ChildFailed(message)
    began = time.monotonic()
    write_records(topic.place, records_of([talk.decisive], partitions=topic.partitions))
    _wait(
        lambda: service.rewrites(talk.source, talk.target),
        check,
        wait_s=SERVED_S,
        what=f"a rewrite of {talk.source!r} must be served",
        every_s=ASK_S,
    )
    return time.monotonic() - began


def _is_learnt(lake: Lake, turns: int) -> bool:
    return lake.count(OUTCOMES) >= turns and lake.position(CHAIN_TURNS, "learn#outcomes") == lake.version(OUTCOMES)


def _wait(there: Callable[[], bool], check: Callable[[], None], *, wait_s: float, what: str, every_s: float = 0.5) -> None:
    deadline = time.monotonic() + wait_s
    while not there():
        check()
        if time.monotonic() > deadline:
            message = f"{what} within {wait_s:g} s; it was not; is the machine too busy?"
            raise ChildFailed(message)
        time.sleep(every_s)
