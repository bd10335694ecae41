"""The server: an app on a port, in a thread of its own, until it is stopped. Knows uvicorn, as `quick` does."""

from __future__ import annotations

import errno
import socket
import sys
import threading
import time
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from resay.dialogue.errors import ResayError
from serving.quick import Quick

PORT = 8737
"""Where the service listens unless told otherwise: spells RESP on a telephone, and is not assigned to anybody."""

PORTS_TRIED_MAX = 20
"""Ports tried after the one asked for, before it is given up."""

CONNECTIONS_MAX = 1_000
"""Connections served at once; beyond this the answer is 503, at once."""

KEEP_ALIVE_S = 30
"""How long an idle connection is kept: assistants ask every few seconds."""

START_S = 30.0
"""How long starting may take: opening the books and reading the generation."""

STOP_S = 15.0
"""How long stopping may take: the last answers, then the last decisions."""

SWITCH_S = 0.0005
"""How long a thread of the process may keep the others from running: Python's usual 5 ms are a fifth of an answer's budget; the
writer of decisions and the reader of generations would take them."""

_GRACE_S = 3
_BACKLOG = 1_024
_LOOK_S = 0.01


class PortTaken(ResayError):
    """No port can be listened on."""


class NotStarted(ResayError):
    """The service did not come up."""


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that answers until it is stopped."""

    app: FastAPI
    url: str
    """Where it answers, without a trailing slash."""
    host: str
    """The address that it listens on."""
    port: int
    _server: uvicorn.Server
    _thread: threading.Thread

    def page_url(self) -> str:
        """A new link to the page; it works once."""
        return f"{self.url}/?token={self.app.state.service.sessions.token()}"

    def answers(self) -> bool:
        """Whether it still runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Answer what is under way, write down the last decisions, and end; a second call does nothing."""
        self._server.should_exit = True
        self._thread.join(STOP_S)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on this port, or on the next one that is free.

    Raises: PortTaken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    last: OSError | None = None
    for each in (port,) if port == 0 else range(port, min(port + PORTS_TRIED_MAX, 65_535) + 1):
        try:
            return _listen(family, host, each)
        except OSError as error:
            last = error
            if error.errno != errno.EADDRINUSE:
                break
    message = (
        f"service must find a free port at {host} from {port} on; {last}; is the address one of this machine, and the port above 1023?"
    )
    raise PortTaken(message) from last


def start(app: FastAPI, listening: socket.socket) -> RunningService:
    """The app answering on this socket, ready when this returns.

    Raises: NotStarted.
    """
    host, port = listening.getsockname()[:2]
    sys.setswitchinterval(SWITCH_S)
    server = uvicorn.Server(_config(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="resay-service", daemon=True)
    thread.start()
    due = time.monotonic() + START_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > due:
            message = f"service must come up at {host}:{port} within {START_S:.0f} s; it did not; what does the log above say?"
            raise NotStarted(message)
        time.sleep(_LOOK_S)
    return RunningService(app=app, url=f"http://{_name(host)}:{port}", host=host, port=port, _server=server, _thread=thread)


def _config(app: FastAPI) -> uvicorn.Config:
    # What answers some questions before the app is asked, where an app brings it.
    quick: Quick | None = getattr(app.state, "quick", None)
    return uvicorn.Config(
        app,
        http="auto" if quick is None else quick.protocol(),
        access_log=False,  # Requests are counted in metrics; a line each would cost more than the answer.
        log_level="warning",
        log_config=None,
        server_header=False,
        ws="none",
        lifespan="on",
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


def _listen(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # The protocol is named, because asyncio turns off Nagle's algorithm only where it is: else each answer would wait 40 ms for an
    # acknowledgement that its client delays.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _name(host: str) -> str:
    """The host as it stands in a URL that a browser on this machine can open."""
    if host in {"0.0.0.0", "::"}:
        return "localhost"
    return f"[{host}]" if ":" in host else host
