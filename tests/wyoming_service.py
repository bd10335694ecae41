"""A speech service of the `wyoming` package that hears what it is told to, and a client that asks as Home Assistant does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info
from wyoming.server import AsyncEventHandler, AsyncTcpServer

HEARD = "lights on in the den"

INFO = Info(
    asr=[
        AsrProgram(
            name="ears",
            attribution=Attribution(name="us", url="https://example.org"),
            installed=True,
            description="hears",
            version="1",
            models=[
                AsrModel(
                    name="small",
                    attribution=Attribution(name="us", url="https://example.org"),
                    installed=True,
                    description="ä model",
                    version="2",
                    languages=["en"],
                )
            ],
        )
    ]
)


@dataclass
class Ears:
    """A speech service that hears what it is told to."""

    says: list[Event] = field(default_factory=lambda: [Transcript(text=HEARD, language="en").event()])
    audio: bytearray = field(default_factory=bytearray)

    def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncEventHandler:
        """A client's connection, as the package wants it."""
        ears = self

        class Connection(AsyncEventHandler):
            """One client of it."""

            async def handle_event(self, event: Event) -> bool:
                if Describe.is_type(event.type):
                    await self.write_event(INFO.event())
                elif AudioChunk.is_type(event.type):
                    ears.audio += AudioChunk.from_event(event).audio
                elif AudioStop.is_type(event.type):
                    for each in ears.says:
                        await self.write_event(each)
                return True

        return Connection(reader, writer)


def port_of(server: AsyncTcpServer) -> int:
    assert isinstance(server._server, asyncio.Server)
    return int(server._server.sockets[0].getsockname()[1])


@asynccontextmanager
async def listening(ears: Ears, port: int = 0) -> AsyncIterator[int]:
    """The real server of the package, at a port."""
    server = AsyncTcpServer("127.0.0.1", port)
    await server.start(ears.connect)
    try:
        yield port_of(server)
    finally:
        await server.stop()


async def transcribe(port: int, audio: bytes = b"\x01\x02" * 800) -> list[Event]:
    """What Home Assistant does: ask, send audio, read until the transcript is there."""
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Transcribe(language="en").event())
        await client.write_event(AudioStart(rate=16_000, width=2, channels=1).event())
        for start in range(0, len(audio), 2_048):
            await client.write_event(AudioChunk(rate=16_000, width=2, channels=1, audio=audio[start : start + 2_048]).event())
        await client.write_event(AudioStop().event())
        events: list[Event] = []
        while (event := await client.read_event()) is not None:
            events.append(event)
            if Transcript.is_type(event.type):
                break
        return events
