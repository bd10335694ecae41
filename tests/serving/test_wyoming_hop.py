"""The Wyoming hop between a real client and a real server of the `wyoming` package: words change, all else passes as it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info

from serving.wyoming_hop import HEADER_BYTES_MAX, Address, WyomingHop
from tests.wyoming_service import HEARD, INFO, Ears, listening, transcribe

WAIT_S = 120.0
"""Longer than anything here takes on any machine."""

WANTED = "turn on the living room lights"


async def by_table(text: str, _language: str) -> str:
    """One rewrite is known."""
    return WANTED if text == HEARD else text


@dataclass
class Hop:
    """A hop that listens."""

    port: int
    troubles: list[str]


@asynccontextmanager
async def hop_to(upstream: int, rewriting: Callable[[str, str], Awaitable[str]] = by_table, **others: Any) -> AsyncIterator[Hop]:
    troubles: list[str] = []
    limits = {"late_s": WAIT_S, **others}

    def note(part: str, error: Exception) -> None:
        troubles.append(f"{part} {type(error).__name__}")

    hop = WyomingHop(Address("127.0.0.1", upstream), rewriting, on_trouble=note, **limits)
    server = await asyncio.start_server(hop.connect, "127.0.0.1", 0)
    try:
        yield Hop(server.sockets[0].getsockname()[1], troubles)
    finally:
        server.close()
        await hop.close()


def through(test: Callable[[Hop, Ears], Coroutine[Any, Any, Any]], **others: Any) -> Any:
    """Run a test between a hop and a speech service."""

    async def run() -> Any:
        ears = Ears()
        async with listening(ears) as upstream, hop_to(upstream, **others) as hop:
            return await test(hop, ears)

    return asyncio.run(asyncio.wait_for(run(), WAIT_S))


async def answer_of(upstream: bytes, **others: Any) -> tuple[bytes, list[str]]:
    """What a client of the hop is sent where the speech service sends just these bytes and hangs up."""

    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(upstream)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with hop_to(server.sockets[0].getsockname()[1], **others) as hop:
        reader, writer = await asyncio.open_connection("127.0.0.1", hop.port)
        told = await reader.read()
        writer.close()
        server.close()
        return told, hop.troubles


def sent_back(upstream: bytes, **others: Any) -> tuple[bytes, list[str]]:
    return asyncio.run(asyncio.wait_for(answer_of(upstream, **others), WAIT_S))


def framed(kind: str, data: dict[str, Any] | None = None, payload: bytes = b"", **fields: Any) -> bytes:
    """An event as today's writers frame it: the data behind the line."""
    beside = json.dumps(data).encode() if data is not None else b""
    lengths = {"data_length": len(beside), "payload_length": len(payload)}
    return json.dumps({"type": kind, "version": "1.10.2", **fields, **lengths}).encode() + b"\n" + beside + payload


def test_a_transcript_that_is_known_to_fail_carries_other_words():
    """The client hears what customers succeed with, in the language that was heard."""

    async def ask(hop: Hop, _ears: Ears) -> Event:
        return (await transcribe(hop.port))[-1]

    transcript = Transcript.from_event(through(ask))

    assert transcript == Transcript(text=WANTED, language="en")


def test_the_language_of_a_transcript_is_known_to_who_rewrites():
    """Text and language are what is asked about."""
    asked = []

    async def note(text: str, language: str) -> str:
        asked.append((text, language))
        return text

    async def ask(hop: Hop, _ears: Ears) -> None:
        await transcribe(hop.port)

    through(ask, rewriting=note)

    assert asked == [(HEARD, "en")]


def test_what_is_not_rewritten_passes_byte_for_byte():
    """A transcript without a rewrite, chunks of it, other events, old framing, odd spacing and unknown fields."""
    told = b"".join(
        [
            framed("transcript-start", {"language": "en"}),
            framed("transcript-chunk", {"text": HEARD}),
            b'{ "type":"transcript", "data": {"text" : "play \\u00e4nything"},  "odd": [1.50] }\n',
            framed("transcript", {"text": "  "}),
            framed("transcript", {"text": 7}),
            framed("transcript"),
            framed("audio-chunk", {"rate": 22_050}, b"\n\x00{}\n" * 100),
            framed("info", {"asr": []}),
            framed("made-up", None, b"\xff" * 10),
        ]
    )

    assert sent_back(told) == (told, [])


BEHIND = framed("transcript", {"text": HEARD, "context": {"n": 1}}, b"PAY")
WITHIN = b'{"type": "transcript", "data": {"text": "%s", "context": {"n": 1}}, "payload_length": 3}\nPAY' % HEARD.encode()


@pytest.mark.parametrize("told", [BEHIND, WITHIN], ids=["data behind the line", "data within the line"])
def test_both_ways_of_framing_are_rewritten(told: bytes):
    """Whether the data stands within the line or behind it; the rest of the event stays."""
    line, _, rest = sent_back(told)[0].partition(b"\n")
    header = json.loads(line)

    assert json.loads(rest[: header["data_length"]]) == {"text": WANTED, "context": {"n": 1}}
    assert (header["type"], header["payload_length"], rest[header["data_length"] :]) == ("transcript", 3, b"PAY")
    assert "data" not in header


def test_a_service_describes_itself_through_the_hop():
    """`describe` and `info` pass, so that Home Assistant sets the hop up as the service that it stands before."""

    async def describe(hop: Hop, _ears: Ears) -> Event | None:
        async with AsyncTcpClient("127.0.0.1", hop.port) as client:
            await client.write_event(Describe().event())
            return await client.read_event()

    described = through(describe)

    assert Info.from_event(described) == INFO


def test_audio_passes_whole():
    """Two minutes of audio arrive as they were sent."""
    audio = bytes(range(256)) * 15_000

    async def talk(hop: Hop, ears: Ears) -> bytes:
        await transcribe(hop.port, audio)
        return bytes(ears.audio)

    assert through(talk) == audio


@pytest.mark.parametrize("way", ["to the service", "to the client"])
def test_whoever_does_not_read_is_not_written_to(way: str):
    """A payload of a gigabyte is announced and streamed; where the other side stops reading, so does the hop."""
    taken = 0

    async def pour(writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        writer.write(b'{"type": "audio-chunk", "payload_length": 1000000000}\n')
        for _ in range(1_000):
            writer.write(bytes(1_000_000))
            await writer.drain()
            taken += 1_000_000

    async def run() -> None:
        pouring: list[asyncio.Task[None]] = []
        writers: list[asyncio.StreamWriter] = []

        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            if way == "to the client":
                pouring.append(asyncio.create_task(pour(writer)))

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with hop_to(server.sockets[0].getsockname()[1]) as hop:
            _reader, writer = await asyncio.open_connection("127.0.0.1", hop.port)
            if way == "to the service":
                pouring.append(asyncio.create_task(pour(writer)))
            before = -1
            while taken == 0 or taken != before:
                before = taken
                await asyncio.sleep(0.1)
            pouring[0].cancel()
            await asyncio.gather(*pouring, return_exceptions=True)
            for each in (writer, *writers):
                each.transport.abort()
            server.close()

    asyncio.run(asyncio.wait_for(run(), WAIT_S))

    assert 0 < taken < 100_000_000


def test_many_clients_at_once_hear_each_their_own():
    """Each client has a connection of its own to the service, and they do not wait for each other."""

    async def ask_all(hop: Hop, _ears: Ears) -> list[list[Event]]:
        return await asyncio.gather(*(transcribe(hop.port) for _ in range(20)))

    heard = through(ask_all)

    assert [Transcript.from_event(events[-1]).text for events in heard] == [WANTED] * 20


def test_words_that_come_in_pieces_are_followed_by_the_whole():
    """Pieces pass as they were heard; the transcript behind them, which counts, carries the other words."""

    async def ask(hop: Hop, ears: Ears) -> list[Event]:
        pieces = [TranscriptStart(language="en").event(), TranscriptChunk(text=HEARD).event(), TranscriptStop().event()]
        ears.says = [*pieces, Transcript(text=HEARD).event()]
        return await transcribe(hop.port)

    events = through(ask)

    assert [event.type for event in events] == ["transcript-start", "transcript-chunk", "transcript-stop", "transcript"]
    assert [TranscriptChunk.from_event(events[1]).text, Transcript.from_event(events[3]).text] == [HEARD, WANTED]


async def broken(_text: str, _language: str) -> str:
    message = "no"
    raise RuntimeError(message)


async def late(_text: str, _language: str) -> str:
    await asyncio.sleep(WAIT_S * 10)
    return WANTED


@pytest.mark.parametrize(("rewriting", "trouble"), [(broken, "RuntimeError"), (late, "TimeoutError")])
def test_where_rewriting_breaks_or_is_late_the_words_pass(rewriting: Callable[[str, str], Awaitable[str]], trouble: str):
    """What was heard goes on byte for byte, and the trouble is told."""
    told = framed("transcript", {"text": HEARD}, b"PAY") + framed("pong")

    assert sent_back(told, rewriting=rewriting, late_s=0.05) == (told, [f"transcript {trouble}"])


@pytest.mark.parametrize(
    "told",
    [
        b"no event at all\n" + framed("transcript", {"text": HEARD}),
        b'["type"]\n',
        b'{"type": 7}\n',
        b'{"type": "transcript", "data_length": -5}\n{}',
        b'{"type": "transcript", "data_length": "5"}\n{}',
        b'{"type": "transcript", "data_length": 2}\n[]' + framed("pong"),
        b'{"type": "transcript", "data_length": 3}\n{"t',
        b'{"type": "audio-chunk", "payload_length": 100}\nshort',
        b'{"type": "transcript", "data_length": 1000000000000}\n' + b"x" * 1_000,
        b'{"type": "transc',
        b"\xff\xfe\n",
        b"",
        b"x" * (HEADER_BYTES_MAX * 3),
        b"[" * 100_000 + b"\n",
    ],
    ids=lambda told: repr(told[:50]),
)
def test_what_cannot_be_read_passes(told: bytes):
    """Nobody's bytes are held back or lost because they are no events of ours, or are cut off."""
    assert sent_back(told)[0] == told


@given(
    told=st.lists(st.binary(max_size=40) | st.sampled_from([b"\n", b'{"type": "transcript"', b"}", b'"data_length": 3', b"{}"]), max_size=8)
)
def test_any_bytes_pass(told: list[bytes]):
    """Whatever a service sends arrives, where no transcript in it is to be changed."""
    assert sent_back(b"".join(told))[0] == b"".join(told)


def test_after_the_service_starts_again_all_is_as_before():
    """While it is away clients are hung up on, and the hop goes on; once it is there they are served."""

    async def run() -> list[Any]:
        seen: list[Any] = []
        ears = Ears()
        async with listening(ears) as port, hop_to(port) as hop:
            seen.append(Transcript.from_event((await transcribe(hop.port))[-1]).text)
        async with hop_to(port) as hop:
            reader, writer = await asyncio.open_connection("127.0.0.1", hop.port)
            seen.append((await reader.read(), hop.troubles))
            writer.close()
            waiting = asyncio.create_task(transcribe(hop.port))
            await asyncio.sleep(0.3)
            async with listening(ears, port):
                seen.append(Transcript.from_event((await waiting)[-1]).text)
        return seen

    before, away, after = asyncio.run(asyncio.wait_for(run(), WAIT_S))

    assert (before, after) == (WANTED, WANTED)
    assert away[0] == b""
    assert away[1][0].startswith("upstream ")


def test_a_client_that_hangs_up_leaves_nothing_behind():
    """The connection to the service ends with the client's."""

    async def run() -> bool:
        ended = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(1_000):
                pass
            ended.set()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with hop_to(server.sockets[0].getsockname()[1]) as hop:
            _reader, writer = await asyncio.open_connection("127.0.0.1", hop.port)
            writer.write(framed("audio-start", {"rate": 16_000}))
            await writer.drain()
            writer.transport.abort()
            await ended.wait()
        server.close()
        return ended.is_set()

    assert asyncio.run(asyncio.wait_for(run(), WAIT_S))


def test_no_more_clients_than_can_be_served():
    """One connection more than there is room for is closed at once; when another ends there is room again."""

    async def ask(hop: Hop, _ears: Ears) -> tuple[bytes, str]:
        async with AsyncTcpClient("127.0.0.1", hop.port) as first:
            await first.write_event(Describe().event())
            await first.read_event()
            reader, writer = await asyncio.open_connection("127.0.0.1", hop.port)
            refused = await reader.read()
            writer.close()
        text = ""
        while not text:
            # The first one may not have gone yet.
            with suppress(OSError, IndexError):
                text = Transcript.from_event((await transcribe(hop.port))[-1]).text
        return refused, text

    assert through(ask, clients_max=1) == (b"", WANTED)
