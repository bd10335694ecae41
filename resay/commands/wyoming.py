"""The command `wyoming`: the hop before the speech service of Home Assistant, or of any other client of Wyoming."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

import typer

from ingest.adapters.our_words import HOP_PREFIX
from resay.commands.console import HomeOption, JsonOption, console, print_json, remarks
from resay.commands.home_books import make_home
from resay.commands.serve import service_settings
from resay.commands.settings import read_settings
from resay.commands.stopping import stoppable
from resay.commands.stream_metrics import shown_at
from resay.commands.topic import MetricsPortOption
from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import Action
from serving.access import LOOPBACK
from serving.app import open_service, running
from serving.hop import Speaker, said_for
from serving.service import Service
from serving.wyoming_hop import Address, WyomingHop

URI = "tcp://127.0.0.1:10310"
"""Beside 10300, where the usual speech service of Home Assistant listens."""

CUSTOMER = "home"
"""Who speaks, where nobody says: Wyoming does not tell, and a household shares what it has found out."""

_LOOK_S = 0.2
_log = logging.getLogger(__name__)


class NoAddress(ResayError):
    """What the command line names is no address of a Wyoming service, or none that can be listened on."""


def register(app: typer.Typer) -> None:
    """Add `wyoming`."""
    app.command("wyoming", rich_help_panel="The live side")(wyoming)


def wyoming(  # noqa: PLR0917 - an option is a parameter
    upstream: Annotated[str, typer.Option("--upstream", metavar="tcp://HOST:PORT", help="The speech service that you have.")],
    uri: Annotated[str, typer.Option("--uri", metavar="tcp://HOST:PORT", help="Where to listen; only this machine unless told.")] = URI,
    customer: Annotated[str, typer.Option("--customer", help="Who speaks, as the log names them.")] = CUSTOMER,
    room: Annotated[str, typer.Option("--room", help="Room in which they speak, as the log names it, where it is always the same.")] = "",
    metrics_port: MetricsPortOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stand between Home Assistant and its speech service, and put the live rewrites into what was heard, until Ctrl-C.

    Point the Wyoming integration of Home Assistant here in place of the speech service. Audio and all else pass as they are, byte for byte;
    where there is no rewrite, or anything is late or broken, so does what was heard. `resay switch off` holds here too.

    Examples: `resay wyoming --upstream tcp://127.0.0.1:10300` · `resay wyoming --uri tcp://0.0.0.0:10310 --upstream tcp://whisper:10300`
    """
    settings = read_settings(home=home)
    listening, service_at = _address(uri, "--uri"), _address(upstream, "--upstream")
    make_home(settings)
    service = open_service(service_settings(settings, "", names=LOOPBACK))
    with stoppable() as asked, shown_at(service.metrics, metrics_port):
        asyncio.run(_relay(service, (listening, service_at), Speaker(customer, room=room), asked=asked, as_json=as_json))


async def _relay(service: Service, places: tuple[Address, Address], speaker: Speaker, *, asked: Callable[[], bool], as_json: bool) -> None:
    listening, upstream = places
    async with running(service):
        hop = WyomingHop(upstream, partial(_rewritten, service, speaker), on_trouble=partial(_note, service, set()))
        try:
            server = await asyncio.start_server(hop.connect, listening.host, listening.port)
        except OSError as error:
            message = f"--uri must be an address of this machine with a free port; {error}; does another service listen there?"
            raise NoAddress(message) from error
        host, port = server.sockets[0].getsockname()[:2]
        _announce(service, Address(host, port), upstream, as_json=as_json)
        while not asked():
            await asyncio.sleep(_LOOK_S)
        server.close()
        await hop.close()


async def _rewritten(service: Service, speaker: Speaker, text: str, language: str) -> str:
    # By this name the import of Home Assistant's runs knows that their words went through here.
    turn_id = f"{HOP_PREFIX}{uuid.uuid4().hex}"
    answer = await said_for(service, replace(speaker, language=language), text, turn_id=turn_id)
    return answer.utterance if answer is not None and answer.action is Action.REWRITE else text


def _note(service: Service, logged: set[tuple[str, str]], part: str, error: Exception) -> None:
    service.metrics.failed(f"wyoming_{part}", error)
    kind = (part, type(error).__name__)
    if kind not in logged:  # Once: a speech service that is away for a night must not fill the disk.
        logged.add(kind)
        _log.warning("hop_trouble part=%s error=%s", *kind)


def _announce(service: Service, listening: Address, upstream: Address, *, as_json: bool) -> None:
    uri = _uri(listening)
    if as_json:
        print_json({"uri": uri, "upstream": _uri(upstream), "port": listening.port})
        return
    console.print(f"Resay listens at {uri}, before the speech service at {_uri(upstream)}.", markup=False, soft_wrap=True)
    if not ipaddress.ip_address(listening.host).is_loopback:
        remarks.print("Whoever reaches this port can use the speech service: Wyoming knows no login.", markup=False, soft_wrap=True)
    problem = service.watch.live().problem
    if problem:
        remarks.print(f"Everything passes through for now: {problem}", markup=False, soft_wrap=True)
    remarks.print("Ctrl-C ends it.", markup=False)


def _uri(address: Address) -> str:
    return f"tcp://[{address.host}]:{address.port}" if ":" in address.host else f"tcp://{address.host}:{address.port}"


def _address(uri: str, option: str) -> Address:
    """The address that the command line names.

    Raises: NoAddress.
    """
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or port is None or parts.scheme != "tcp":
        message = f"{option} must be tcp://HOST:PORT; got {uri!r}; is it tcp://127.0.0.1:10300?"
        raise NoAddress(message)
    return Address(host, port)
