"""The load of `bench serve`: a process that asks over HTTP at given moments, whatever the answers take, and times each from its moment.

Arrivals do not wait for answers (open loop), so that a server that stalls is charged for all who stand behind it. Connections are kept
alive. Reads its plan from a file and prints what came of it as one JSON object; knows nothing of what is asked.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

CONNECTIONS_MAX = 400
"""Requests under way at once; the server's own limit is a thousand, and more than this many means that it has stopped answering."""

ANSWER_S = 10.0
"""Longest wait for one answer; it counts as an error then."""


def main() -> None:
    """Ask as the plan in the file that the command line names says."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    gc.collect()
    gc.disable()  # A pause of the generator's would be charged to the server.
    sys.stdout.write(json.dumps(asyncio.run(_Load(plan["host"], plan["port"]).run(plan["asks"], plan["rate"]))))


class _Load:
    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._free: list[_Line] = []
        self._under_way = 0
        self._took: list[tuple[str, float, str]] = []
        self._errors: Counter[str] = Counter()
        self._generations: set[int | None] = set()
        self._torn = 0

    async def run(self, asks: list[dict[str, str]], rate: float) -> dict[str, Any]:
        """Ask each in its turn, at a steady rate with the usual jitter of independent callers, and wait for the last."""
        tasks: list[asyncio.Task[None]] = []
        began = time.perf_counter() + 0.2
        for number, ask in enumerate(asks):
            due = began + number / rate
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            tasks.append(asyncio.create_task(self._ask(ask["kind"], ask["raw"].encode(), due)))
        await asyncio.gather(*tasks)
        seconds = time.perf_counter() - began
        for line in self._free:
            line.close()
        return {"took": self._took, "errors": dict(self._errors), "seconds": seconds, "generations": sorted(map(str, self._generations))}

    async def _ask(self, kind: str, raw: bytes, due: float) -> None:
        if self._under_way >= CONNECTIONS_MAX:
            self._errors["no_connection"] += 1
            return
        self._under_way += 1
        try:
            async with asyncio.timeout(ANSWER_S):
                status, body = await self._exchange(raw)
        except (OSError, TimeoutError, ValueError) as error:
            self._errors[type(error).__name__] += 1
            return
        finally:
            self._under_way -= 1
        took = time.perf_counter() - due
        if status != 200:
            self._errors[f"status_{status}"] += 1
            return
        answer = json.loads(body)
        self._generations.add(answer.get("generation"))
        self._took.append((kind, took, str(answer.get("reason", ""))))

    async def _exchange(self, raw: bytes) -> tuple[int, bytes]:
        line = self._free.pop() if self._free else await self._opened()
        try:
            head, body = await line.ask(raw)
        except BaseException:
            line.close()
            raise
        self._free.append(line)
        return int(head.split(b" ", 2)[1]), body

    async def _opened(self) -> _Line:
        _, line = await asyncio.get_running_loop().create_connection(_Line, self._host, self._port)
        return line


class _Line(asyncio.Protocol):
    """A connection on which one request is under way. Streams take the generator three times as long, which is charged to the server."""

    _came = b""
    _whole: asyncio.Future[tuple[bytes, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "it can be written to"
        self._transport = transport

    def ask(self, raw: bytes) -> asyncio.Future[tuple[bytes, bytes]]:
        """Send a request, whose answer's head and body come."""
        self._came = b""
        self._whole = asyncio.get_running_loop().create_future()
        self._transport.write(raw)
        return self._whole

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, blank, body = self._came.partition(b"\r\n\r\n")
        if blank and self._whole is not None and not self._whole.done():
            try:
                if len(body) >= _length(head):
                    self._whole.set_result((head, body))
            except ValueError as error:
                self._whole.set_exception(error)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._whole is not None and not self._whole.done():
            self._whole.set_exception(exc or ConnectionResetError("closed before it answered"))

    def close(self) -> None:
        """End it."""
        self._transport.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    message = "an answer must say how long it is"
    raise ValueError(message)
