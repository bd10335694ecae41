"""A proxy before a broker that lets answers wait, or cuts connections: what a slow network does, when a test says so."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from types import TracebackType

SYNC_GROUP = 14
"""Kafka's number of the request by which a member asks for its partitions."""


class Proxy:
    """Passes what clients and a broker say to each other; both on loopback."""

    def __init__(self, port: int, to: int) -> None:
        self._to = to
        self.waits: dict[int, float] = {}
        """Seconds that answers to a kind of request wait."""
        self.waited = 0
        """Answers that have been made to wait."""
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self._thread.join(5)

    def cut(self) -> None:
        """Cut all connections; new ones are taken."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            broker = socket.create_connection(("127.0.0.1", self._to))
            self._open += [client, broker]
            asked: dict[int, int] = {}
            for source, sink, asks in ((client, broker, True), (broker, client, False)):
                threading.Thread(target=self._pass_on, args=(source, sink, asks, asked), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, asks: bool, asked: dict[int, int]) -> None:
        with suppress(OSError):
            while said := _message(source):
                if asks:
                    kind, _version, number = struct.unpack(">hhi", said[4:12])
                    asked[number] = kind
                elif wait_s := self.waits.get(asked.pop(struct.unpack(">i", said[4:8])[0], -1), 0.0):
                    self.waited += 1
                    time.sleep(wait_s)
                sink.sendall(said)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def _message(source: socket.socket) -> bytes:
    """One request or answer with its length; nothing at the end."""
    head = _exactly(source, 4)
    return head + _exactly(source, struct.unpack(">i", head)[0]) if head else b""


def _exactly(source: socket.socket, number: int) -> bytes:
    parts = b""
    while len(parts) < number:
        part = source.recv(number - len(parts))
        if not part:
            return b""
        parts += part
    return parts
