"""An assistant's NLU behind a URL, for tests: answers what it is told to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Question = dict[str, Any]


@dataclass
class Hook:
    """A hook that answers."""

    url: str
    asked: list[Question] = field(default_factory=list)


@contextmanager
def hook(answer: Callable[[Question], tuple[int, bytes]]) -> Iterator[Hook]:
    """A hook on a free port of this machine, for the length of the block."""
    running = Hook("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            running.asked.append(question)
            status, body = answer(question)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: standard error is looked at by tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    running.url = f"http://127.0.0.1:{server.server_address[1]}/understand"
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reading(intent: str | None, **slots: object) -> tuple[int, bytes]:
    """The answer that says so; no intent: not understood."""
    return 200, json.dumps({"interpretations": [{"intent": intent, "slots": slots}] if intent else []}).encode()
