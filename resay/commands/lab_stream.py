"""`resay lab stream`: a world's traffic as records to a topic, a folder or a pipe, for load and soak tests of what reads them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated

import typer

from ingest.landing import FAULTS_SHOWN_MAX
from resay.commands.console import HomeOption, JsonOption, console, print_json, progress, remarks
from resay.commands.outlet import PIPE, NobodyReads, Outlet, open_outlet
from resay.commands.place import KafkaSettingsOption
from resay.commands.settings import read_settings
from resay.commands.stopping import stoppable
from resay.commands.worlds import WorldOption
from resay.dialogue.codec import encode, iso_ms, whole
from resay.dialogue.tick import Tick
from resay.dialogue.turn import Turn
from resay.lab.assistant import Assistant
from resay.lab.conversation import Stage
from resay.lab.flow import TURNS_DAILY, Flow, flow_stage, flow_turns
from resay.lab.world import VOICE_HOME, read_world

RATE = 10.0
"""Turns a second where nothing else is asked: some 300,000 customers have so many."""

CUSTOMERS = 1_100
SEED = 7

LOOK_S = 0.2
"""While a turn's moment is waited for, so often it is asked whether to stop."""

ACKNOWLEDGED_S = 1.0
"""So often all that was sent is waited for: brokers that are gone are noticed, and progress is true."""

AHEAD_S = 30
"""So many seconds of the talk are gone through before it begins: a text takes the NLU five milliseconds when it is new, and the texts that
are said all the time are no longer new then. What was understood is kept, so that the next load begins at once."""

AHEAD_MAX = 20_000
"""Turns at most: most texts of `voice_home` are known by then, and with a shelf it takes seconds."""

DAY_S = 86_400


@dataclass(slots=True)
class Streamed:
    """What was sent."""

    sent: int = 0
    refused: int = 0
    faults: list[str] | None = None
    """Why the first few were refused."""
    first: datetime | None = None
    """Event time of the first turn."""
    last: datetime | None = None
    behind_s_max: float = 0.0
    """How late after its event time a turn was sent, at worst; zero where nothing waits for the clock."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How fast, and how much."""

    rate: float
    """Turns a second; zero: as fast as it goes."""
    turns: int
    """At most; zero: no limit."""
    days: float
    """Of event time, at most; zero: no limit."""


def stream(  # noqa: PLR0917 - an option is a parameter
    to: Annotated[str, typer.Option("--to", metavar="kafka://HOST:PORT/TOPIC|FOLDER|-", help="Where the records go.")],
    rate: Annotated[float, typer.Option("--rate", min=0, max=10_000, help="Turns a second; 0: as fast as it goes.")] = RATE,
    world: WorldOption = VOICE_HOME,
    turns: Annotated[int, typer.Option("--turns", min=0, help="End after so many turns; 0: no limit.")] = 0,
    days: Annotated[float, typer.Option("--days", min=0, max=365, help="End after so many days of event time; 0: no limit.")] = 0,
    customers: Annotated[int, typer.Option("--customers", min=1, help="Customers at least.")] = CUSTOMERS,
    seed: Annotated[int, typer.Option("--seed", help="The chance: the same seed gives the same talk, at other times.")] = SEED,
    partitions: Annotated[int, typer.Option("--partitions", min=0, max=10_000, help="Make the topic with so many, if there is none.")] = 0,
    kafka_settings: KafkaSettingsOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a world's talk as records of resay.turn/1, keyed by customer: a load for whatever reads them. Needs the extra `demo`.

    With a rate it runs in real time: a turn is sent at its event time, people pause between turns, and there are as many customers as it
    takes for nobody to be in two sessions at once. With `--rate 0` it makes a past that ends now, as fast as it goes: then say how much.
    It ends cleanly on Ctrl-C and SIGTERM, with all that was sent kept. The truth about the turns is not sent.

    Exit status: 0 all was sent, or it was asked to end; 1 something needs you: the world, the brokers, or records that were refused.

    Examples: `resay lab stream --to kafka://localhost:9092/dialogue-turns --partitions 4 --rate 50` ·
    `resay lab stream --to logs/ --rate 0 --turns 100000 --json` · `resay lab stream --world ~/my-world --to - --rate 5 | head`
    """
    extent = _checked(Extent(rate, turns, days))
    lived = read_world(world)
    stage = flow_stage(lived, Assistant(lived.home, shelf=read_settings(home=home).lab), seed=seed)
    opened, shown = datetime.now(UTC), not as_json and to != PIPE
    with stoppable() as stop, closing(open_outlet(to, kafka_settings=kafka_settings, partitions=partitions, now=opened)) as outlet:
        # Behind the outlet, so that a place that cannot be is said at once; before the talk begins, as it takes a while.
        _go_through(stage, _flow(extent, seed=seed, customers=customers, now=opened), extent, stop=stop, shown=shown)
        began = datetime.now(UTC)
        flow = _flow(extent, seed=seed, customers=customers, now=began)
        with progress("Streaming", unit="turns", shown=shown) as tick:
            pump = _Pump(outlet, paced=rate > 0, stop=stop, tick=lambda done, _total=None: tick(done, turns or None))
            streamed = pump.run(_within(flow_turns(stage, flow), extent, flow.start))
    _tell(streamed, flow, seconds=(datetime.now(UTC) - began).total_seconds(), as_json=as_json, aside=to == PIPE)
    if streamed.refused:
        raise typer.Exit(1)


def _go_through(stage: Stage, flow: Flow, extent: Extent, *, stop: Callable[[], bool], shown: bool) -> None:
    """Have the assistant understand what will be said first, where it shall be sent on time."""
    ahead = min(int(extent.rate * AHEAD_S), extent.turns or AHEAD_MAX, AHEAD_MAX)
    if ahead:
        with progress("Going through the talk", unit="turns", shown=shown) as tick:
            for done, _ in enumerate(islice(flow_turns(stage, flow), ahead), start=1):
                tick(done, ahead)
                if stop():
                    return


def _checked(extent: Extent) -> Extent:
    if not (extent.rate or extent.turns or extent.days):
        message = "--rate 0 must go with --turns or --days, as a past that ends now has to begin somewhere; neither is there"
        raise typer.BadParameter(message)
    return extent


def _flow(extent: Extent, *, seed: int, customers: int, now: datetime) -> Flow:
    if extent.rate:
        return Flow(seed=seed, start=now, per_s=extent.rate, customers=customers)
    per_s = customers * TURNS_DAILY / DAY_S
    span_s = min(limit for limit in (extent.turns / per_s, extent.days * DAY_S) if limit)
    return Flow(seed=seed, start=now - timedelta(seconds=span_s), per_s=per_s, customers=customers)


def _within(talk: Iterable[Turn], extent: Extent, start: datetime) -> Iterator[Turn]:
    """The turns that were asked for."""
    end = start + timedelta(days=extent.days) if extent.days else None
    for place, turn in enumerate(talk):
        if (extent.turns and place >= extent.turns) or (end and turn.at >= end):
            return
        yield turn


class _Pump:
    """Turns into an outlet, each at its event time where it is paced."""

    def __init__(self, outlet: Outlet, *, paced: bool, stop: Callable[[], bool], tick: Tick) -> None:
        self._outlet, self._paced, self._stop, self._tick = outlet, paced, stop, tick
        self._streamed = Streamed(faults=[])
        self._acknowledged = time.monotonic()

    def run(self, talk: Iterable[Turn]) -> Streamed:
        """Send all, or until asked to stop."""
        with suppress(NobodyReads):
            for turn in talk:
                if self._paced:
                    self._wait(turn.at)
                if self._stop():
                    break
                self._send(turn)
        self._flush()
        return self._streamed

    def _wait(self, due: datetime) -> None:
        while (early := (due - datetime.now(UTC)).total_seconds()) > 0 and not self._stop():
            if time.monotonic() - self._acknowledged > ACKNOWLEDGED_S:
                self._flush()
            time.sleep(min(early, LOOK_S))
        self._streamed.behind_s_max = max(self._streamed.behind_s_max, -early)

    def _send(self, turn: Turn) -> None:
        streamed = self._streamed
        fault = self._outlet.send(encode(whole(turn)), turn.customer_id.encode())
        if fault:
            streamed.refused += 1
            assert streamed.faults is not None, "a run begins with an empty list"
            streamed.faults += [f"turn {turn.turn_id}: {fault}"][: FAULTS_SHOWN_MAX - len(streamed.faults)]
        else:
            streamed.sent += 1
            streamed.first, streamed.last = streamed.first or turn.at, turn.at
        if time.monotonic() - self._acknowledged > ACKNOWLEDGED_S:
            self._flush()

    def _flush(self) -> None:
        self._outlet.flush()
        self._acknowledged = time.monotonic()
        self._tick(self._streamed.sent)


def _tell(streamed: Streamed, flow: Flow, *, seconds: float, as_json: bool, aside: bool) -> None:
    """Say what was sent; on standard error where the records themselves went to standard output."""
    told = asdict(streamed) | {"customers": flow.population, "seconds": round(seconds, 2), "per_s": round(streamed.sent / seconds, 1)}
    told |= {"behind_s_max": round(streamed.behind_s_max, 3), "first": _iso(streamed.first), "last": _iso(streamed.last)}
    if as_json and not aside:
        print_json(told)
        return
    span = f" of {streamed.first:%Y-%m-%d %H:%M:%S} to {streamed.last:%Y-%m-%d %H:%M:%S}" if streamed.first and streamed.last else ""
    late = f"; at worst {streamed.behind_s_max:.1f} s late" if streamed.behind_s_max >= 1 else ""
    sentence = f"turns sent: {streamed.sent:,}{span} in {seconds:,.1f} s ({told['per_s']:,}/s); refused: {streamed.refused:,}{late}"
    (remarks if aside else console).print(sentence, markup=False, soft_wrap=True)
    for fault in streamed.faults or ():
        remarks.print(f"resay: {fault}", markup=False, soft_wrap=True)


def _iso(moment: datetime | None) -> str | None:
    return iso_ms(moment) if moment else None
