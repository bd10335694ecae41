"""The Wyoming hop: stands between a client and its speech service, and puts other words into transcripts.

Knows how events are framed and which of them carries what was heard; what to say in place of it others tell.
All but a transcript whose words are changed passes byte for byte, as it streams. What cannot be read, comes late or breaks passes as well.
"""

from __future__ import annotations

import asyncio
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import msgspec

Rewriting = Callable[[str, str], Awaitable[str]]
"""What was heard, and its language where that is known → what to hand on; the same where nothing is to be changed."""

CLIENTS_MAX = 128
"""Connections at once: a large house has some twenty satellites, and each asks once at a time."""

HEADER_BYTES_MAX = 1_048_576
"""Longest line that is looked at: a service that describes hundreds of voices within its line fills some hundred KB."""

TRANSCRIPT_BYTES_MAX = 65_536
"""Longest transcript that is looked at; many times the longest utterance (`resay.dialogue.codec.UTTERANCE_CHARS_MAX`)."""

CONNECT_S = 2.0
"""How long a client waits while the speech service starts again; after that it is told by a closed connection, as without us."""

CONNECT_PAUSE_S = 0.1

LATE_S = 0.5
"""How long a transcript is held up at most: recognising took a second or more, and after another one people say it again."""

LINGER_S = 120.0
"""How long an answer is waited for once the client has said all: recognisers on small machines take most of a minute."""

CLOSE_S = 2.0
"""How long the last bytes may take to be taken: on a home's network they are there in milliseconds."""

_CHUNK_BYTES = 65_536
_TRANSCRIPT = "transcript"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class _Head:
    """The line that begins an event."""

    line: bytes
    """As it came."""
    fields: dict[str, object]
    data_length: int
    payload_length: int


class _Unreadable(Exception):
    """Bytes that are no events; they are in `line`, or still to be read."""

    def __init__(self, line: bytes = b"") -> None:
        super().__init__()
        self.line = line


class WyomingHop:
    """Relays connections; to be used from one event loop."""

    def __init__(
        self,
        upstream: Address,
        rewriting: Rewriting,
        *,
        on_trouble: Callable[[str, Exception], None],
        late_s: float = LATE_S,
        clients_max: int = CLIENTS_MAX,
    ) -> None:
        """Relay to `upstream`; `on_trouble` hears of every part that broke or was late, by name."""
        self._upstream = upstream
        self._rewriting = rewriting
        self._on_trouble = on_trouble
        self._late_s = late_s
        self._clients_max = clients_max
        self._relays: set[asyncio.Task[None]] = set()

    def connect(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Begin to relay a connection of a client, until either side ends it."""
        if len(self._relays) >= self._clients_max:
            writer.close()
            return
        relay = asyncio.create_task(self._relay(reader, writer))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    async def close(self) -> None:
        """Hang up on all clients: satellites keep connections for hours, and nobody waits for them."""
        for relay in self._relays:
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    async def _relay(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            service_reader, service_writer = await self._connected()
            try:
                await self._both_ways((reader, writer), (service_reader, service_writer))
            finally:
                await _closed(service_writer)
        except (OSError, TimeoutError) as error:
            self._on_trouble("upstream", error)
        finally:
            await _closed(writer)

    async def _connected(self) -> tuple[StreamReader, StreamWriter]:
        """A connection of the client's own to the speech service, which may be starting again.

        Raises: OSError, TimeoutError.
        """
        async with asyncio.timeout(CONNECT_S):
            while True:
                try:
                    return await asyncio.open_connection(self._upstream.host, self._upstream.port, limit=HEADER_BYTES_MAX)
                except ConnectionRefusedError:
                    await asyncio.sleep(CONNECT_PAUSE_S)

    async def _both_ways(self, client: tuple[StreamReader, StreamWriter], service: tuple[StreamReader, StreamWriter]) -> None:
        asked = asyncio.create_task(_asked(client[0], service[1]))
        answered = asyncio.create_task(self._answered(service[0], client[1]))
        try:
            await asyncio.wait((asked, answered), return_when=asyncio.FIRST_COMPLETED)
            if asked.done() and asked.exception() is None:
                await asyncio.wait((answered,), timeout=LINGER_S)
        finally:
            for task in (asked, answered):
                task.cancel()
            # Either side may hang up at any moment; then there is nobody to be told.
            await asyncio.gather(asked, answered, return_exceptions=True)

    async def _answered(self, reader: StreamReader, writer: StreamWriter) -> None:
        """What the service says, event by event."""
        try:
            while (head := await _head(reader)) is not None:
                if head.fields["type"] == _TRANSCRIPT and head.data_length <= TRANSCRIPT_BYTES_MAX:
                    writer.writelines(await self._transcript(head, await reader.readexactly(head.data_length)))
                    await _passed(reader, writer, head.payload_length)
                else:
                    writer.write(head.line)
                    await _passed(reader, writer, head.data_length + head.payload_length)
        except _Unreadable as unreadable:
            # From here on nobody knows where an event begins.
            writer.write(unreadable.line)
            await _all_passed(reader, writer)
        except IncompleteReadError as cut:
            writer.write(cut.partial)
            await writer.drain()

    async def _transcript(self, head: _Head, extra: bytes) -> tuple[bytes, bytes]:
        """The line and the data of a transcript, with other words where others are wanted."""
        try:
            return await self._rewritten(head, extra)
        except Exception as error:  # Whatever breaks or is late, the customer's words go on unchanged.
            self._on_trouble("transcript", error)
            return head.line, extra

    async def _rewritten(self, head: _Head, extra: bytes) -> tuple[bytes, bytes]:
        within, beside = head.fields.get("data") or {}, msgspec.json.decode(extra) if extra else {}
        if not isinstance(within, dict) or not isinstance(beside, dict):
            return head.line, extra
        told = {**within, **beside}
        text, language = told.get("text"), told.get("language")
        if not isinstance(text, str) or not text.strip():
            return head.line, extra
        async with asyncio.timeout(self._late_s):
            wanted = await self._rewriting(text, language if isinstance(language, str) else "")
        if wanted == text:
            return head.line, extra
        data = msgspec.json.encode({**told, "text": wanted})
        fields = {name: value for name, value in head.fields.items() if name != "data"}
        return msgspec.json.encode({**fields, "data_length": len(data)}) + b"\n", data


async def _asked(reader: StreamReader, writer: StreamWriter) -> None:
    """What the client says, audio above all: nobody looks at it."""
    await _all_passed(reader, writer)
    writer.write_eof()


async def _head(reader: StreamReader) -> _Head | None:
    """The next line; nothing where there is no more.

    Raises: _Unreadable, IncompleteReadError.
    """
    try:
        line = await reader.readuntil(b"\n")
    except IncompleteReadError as cut:
        if not cut.partial:
            return None
        raise
    except LimitOverrunError:
        raise _Unreadable from None
    try:
        fields = msgspec.json.decode(line, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _Unreadable(line) from None
    lengths = [fields.get(name) or 0 for name in ("data_length", "payload_length")]
    if not isinstance(fields.get("type"), str) or not all(type(each) is int and each >= 0 for each in lengths):
        raise _Unreadable(line)
    data_length, payload_length = (each for each in lengths if isinstance(each, int))
    return _Head(line, fields, data_length, payload_length)


async def _passed(reader: StreamReader, writer: StreamWriter, length: int) -> None:
    """Hand on so many bytes as they come, no faster than they are taken.

    Raises: IncompleteReadError, where they end before.
    """
    while length:
        chunk = await reader.read(min(length, _CHUNK_BYTES))
        if not chunk:
            nothing = b""
            raise IncompleteReadError(nothing, length)
        length -= len(chunk)
        writer.write(chunk)
        await writer.drain()
    await writer.drain()


async def _all_passed(reader: StreamReader, writer: StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()


async def _closed(writer: StreamWriter) -> None:
    """Close a connection; what the other side does not take in time is dropped."""
    writer.close()
    try:
        with suppress(OSError):
            await asyncio.wait_for(writer.wait_closed(), CLOSE_S)
    except TimeoutError:
        writer.transport.abort()
    except asyncio.CancelledError:
        writer.transport.abort()
        raise
