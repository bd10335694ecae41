"""Home Assistant's runs, from a WebSocket that answers as its own does: which of them are taken."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

from ingest.adapters.fields import mapping, text
from ingest.home_assistant_runs import kept_runs
from ingest.source import SourceUnavailable
from resay.commands.home_assistant_runs import fetched
from resay.commands.settings import Settings
from resay.store.lake import Lake

HEARD = [{"type": "run-start"}, {"type": "stt-start"}]
SAID = [*HEARD, {"type": "stt-end", "data": {"stt_output": {"text": "turn on the lamp"}}}]


@contextmanager
def keeping(runs: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """The address of one pipeline's runs."""

    def answer(socket: ServerConnection) -> None:
        socket.send(json.dumps({"type": "auth_required"}))
        socket.recv()
        socket.send(json.dumps({"type": "auth_ok"}))
        for message in socket:
            asked = json.loads(message)
            told: dict[str, Any] = {"pipelines": [{"id": "p"}]}
            if asked["type"].endswith("debug/list"):
                told = {"pipeline_runs": [{"pipeline_run_id": each, "timestamp": "2026-11-02T09:00:00+00:00"} for each in runs]}
            elif asked["type"].endswith("debug/get"):
                told = {"events": runs[asked["pipeline_run_id"]]}
            socket.send(json.dumps({"id": asked["id"], "success": True, "result": told}))

    with serve(answer, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def test_a_run_is_taken_once_it_has_ended():
    """One that goes on has half of its words, and would keep that half for good."""
    runs = {"over": [*SAID, {"type": "run-end"}], "failed": [*SAID, {"type": "error"}], "listening": HEARD, "thinking": SAID, "new": []}

    with keeping(runs) as url:
        taken = [text(mapping(each.content), "pipeline_run_id") for each in kept_runs(url, "a-token")]

    assert taken == ["over", "failed"]


@pytest.mark.parametrize("url", ["http://owner:secret@home:8123", "http://a..b:8123", f"http://{'a' * 64}:8123", "ftp://home"])
def test_an_address_that_is_none_is_said_without_its_password(url: str):
    """Nothing is asked, and what lets in is not shown."""
    with pytest.raises(SourceUnavailable, match="must be an http or https address") as raised:
        kept_runs(url, "a-token")

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("hash_key", [None, "secret"])
def test_a_run_that_cannot_be_read_is_one_dead_letter_however_often_it_is_fetched(tmp_path: Path, hash_key: str | None):
    """It stays among the last ten while others come; another one is another letter, also where nothing of either may be kept."""
    bad = [{"type": "run-end", "timestamp": "nobody knows when"}]
    runs = {"bad": bad, "good": [*SAID, {"type": "run-end"}]}
    settings = Settings(tmp_path, api_key=None, hash_key=hash_key)
    rejected = []

    with keeping(runs) as url:
        for number, adapted in enumerate(fetched(url, "a-token", settings, follow=True, stop=lambda: len(rejected) == 3, every_s=0)):
            rejected.append((adapted.landed.rejected, adapted.landed.accepted, len(adapted.landed.faults)))
            runs |= {f"more {number}": [*SAID, {"type": "run-end"}]} if number else {"worse": bad}

    assert rejected == [(1, 1, 1), (1, 0, 0), (0, 1, 0)]
    with Lake(tmp_path / "lake").connect() as connection:
        assert connection.execute("select origin from rejects order by origin").fetchall() == [("run bad",), ("run worse",)]
