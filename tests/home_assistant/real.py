"""A real Home Assistant: installed from PyPI into a virtual environment of its own (`make other-assistants`), with a lamp in the den.

Set up as an owner does it: their account over its own onboarding, everything else in `configuration.yaml`.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from deploy.kafka.broker import find_ports

HASS = Path(__file__).parents[2] / ".venv-home_assistant" / "bin" / "hass"

START_S = 300.0
"""It takes five seconds, and a minute on a machine that does much else."""

_CONFIGURATION = """
homeassistant:
  name: A home of a test
  time_zone: UTC
  unit_system: metric
  latitude: 0
  longitude: 0
  elevation: 0
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
conversation:
assist_pipeline:
input_boolean:
  den:
light:
  - platform: template
    lights:
      den:
        friendly_name: Den lamp
        value_template: "{{{{ is_state('input_boolean.den', 'on') }}}}"
        turn_on: {{service: input_boolean.turn_on, target: {{entity_id: input_boolean.den}}}}
        turn_off: {{service: input_boolean.turn_off, target: {{entity_id: input_boolean.den}}}}
intent_script:
  ResaySay:
    action:
      - service: conversation.process
        data:
          text: "{{{{ say }}}}"
"""


@dataclass
class HomeAssistant:
    """One that runs, and what its owner may do."""

    url: str
    config: Path
    token: str
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def headers(self) -> dict[str, str]:
        """What its owner's requests bear."""
        return {"Authorization": f"Bearer {self.token}"}

    def asked(self, text: str, *, url: str = "") -> dict[str, Any]:
        """Its answer to a sentence, or that of whoever stands before it."""
        reply = httpx.post(
            f"{url or self.url}/api/conversation/process", json={"text": text, "language": "en"}, headers=self.headers, timeout=60
        )
        assert reply.status_code == 200, reply.text
        return dict(reply.json()["response"])

    def state(self, entity: str) -> str:
        """What a device is doing."""
        return str(self._get(f"/api/states/{entity}").json()["state"])

    def call(self, service: str, **told: Any) -> None:
        """Call a service of it, as `light.turn_off`."""
        domain, name = service.split(".")
        reply = httpx.post(f"{self.url}/api/services/{domain}/{name}", json=told, headers=self.headers, timeout=300)
        assert reply.status_code == 200, reply.text

    @contextmanager
    def socket(self) -> Iterator[ClientConnection]:
        """Its WebSocket, with the owner let in."""
        with connect(self.url.replace("http", "ws", 1) + "/api/websocket") as socket:
            assert json.loads(socket.recv())["type"] == "auth_required"
            socket.send(json.dumps({"type": "auth", "access_token": self.token}))
            assert json.loads(socket.recv())["type"] == "auth_ok"
            yield socket

    def run(self, **stages: Any) -> list[dict[str, Any]]:
        """Run a pipeline to its end: its events."""
        with self.socket() as socket:
            number = next(self.numbers)
            socket.send(json.dumps({"id": number, "type": "assist_pipeline/run", **stages}))
            events: list[dict[str, Any]] = []
            while not events or events[-1]["type"] != "run-end":
                told = json.loads(socket.recv(timeout=300))
                assert told.get("success", True), told
                if told["type"] == "event":
                    events.append(told["event"])
            return events

    def _get(self, path: str) -> httpx.Response:
        reply = httpx.get(self.url + path, headers=self.headers, timeout=300)
        assert reply.status_code == 200, reply.text
        return reply


@contextmanager
def running(config: Path) -> Iterator[HomeAssistant]:
    """A new one in a folder, until the block ends."""
    (port,) = find_ports(1)
    (config / "configuration.yaml").write_text(_CONFIGURATION.format(port=port))
    said = config / "said.txt"
    with said.open("w") as out:
        process = subprocess.Popen([HASS, "-c", config, "--skip-pip"], stdout=out, stderr=out, env=dict(os.environ) | {"TZ": "UTC"})
    try:
        url = f"http://127.0.0.1:{port}"
        yield HomeAssistant(url, config, _owner(url, process, said))
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()
            process.wait()


def _owner(url: str, process: subprocess.Popen[bytes], said: Path) -> str:
    """The token of an account made by its onboarding."""
    owner = {"client_id": f"{url}/", "name": "Owner", "username": "owner", "password": "of-a-test", "language": "en"}
    deadline = time.monotonic() + START_S
    with closing(httpx.Client(base_url=url, timeout=300)) as client:
        while True:
            assert process.poll() is None and time.monotonic() < deadline, said.read_text()
            try:
                made = client.post("/api/onboarding/users", json=owner)
                if made.status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        grant = {"grant_type": "authorization_code", "code": made.json()["auth_code"], "client_id": owner["client_id"]}
        token = str(client.post("/auth/token", data=grant).json()["access_token"])
        while client.get("/api/config", headers={"Authorization": f"Bearer {token}"}).json()["state"] != "RUNNING":
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)
        return token
