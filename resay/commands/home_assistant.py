"""The command `home-assistant`: the hop before Home Assistant's conversation, for whoever sends it text."""

from __future__ import annotations

import ipaddress
import threading
from typing import Annotated

import typer

from resay.commands.console import HomeOption, JsonOption, console, print_json, remarks
from resay.commands.home_books import make_home
from resay.commands.serve import service_settings
from resay.commands.settings import read_settings
from resay.commands.wyoming import CUSTOMER
from serving.access import LOOPBACK
from serving.app import open_service
from serving.forward import Forward
from serving.hop import Speaker
from serving.server import bind, start
from serving.text_hop import PATH, TextHop, text_hop_app

PORT = 8124
"""Beside 8123, where Home Assistant listens."""

_LOOK_S = 0.5


def register(app: typer.Typer) -> None:
    """Add `home-assistant`."""
    app.command("home-assistant", rich_help_panel="The live side")(home_assistant)


def home_assistant(
    upstream: Annotated[str, typer.Option("--upstream", metavar="URL", help="Your Home Assistant.")],
    host: Annotated[str, typer.Option("--host", help="Address to listen on; only this machine unless told otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port; the next free one is taken where it is in use.")] = PORT,
    customer: Annotated[str, typer.Option("--customer", help="Who speaks, as the log names them.")] = CUSTOMER,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stand before Home Assistant's `POST /api/conversation/process`: say the live rewrite to it, answer what it answers, until Ctrl-C.

    Whoever sends text to Home Assistant asks here instead, with the same token and the same body. Each talk is kept as a turn, so that
    rewrites are learnt from it. Where there is no rewrite, or anything is late or broken, the text goes on as it is.

    Example: `resay home-assistant --upstream http://homeassistant.local:8123`
    """
    settings, forward = read_settings(home=home), Forward(upstream.rstrip("/") + PATH)
    make_home(settings)
    service = open_service(service_settings(settings, "", names=LOOPBACK))
    running = start(text_hop_app(service, TextHop(service, Speaker(customer), forward)), bind(host, port))
    try:
        if as_json:
            print_json({"url": running.url + PATH, "upstream": forward.url, "port": running.port})
        else:
            console.print(f"Resay answers at {running.url}{PATH}, before {forward.url}.", markup=False, soft_wrap=True)
            if not ipaddress.ip_address(running.host).is_loopback:
                remarks.print("It can be reached from other machines, unencrypted: put TLS in front of it.", markup=False)
            if problem := service.watch.live().problem:
                remarks.print(f"Everything passes through for now: {problem}", markup=False, soft_wrap=True)
            remarks.print("Ctrl-C ends it.", markup=False)
        while running.answers():
            threading.Event().wait(_LOOK_S)
    except KeyboardInterrupt:
        remarks.print("Stopping: last answers, last decisions.", markup=False)
    finally:
        running.stop()
