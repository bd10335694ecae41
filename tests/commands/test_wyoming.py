"""`resay wyoming` as people run it, between a real speech service and a real client of the `wyoming` package."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from wyoming.asr import Transcript

from ingest.adapters.home_assistant import HOME_ASSISTANT
from resay.commands.adapted import land_adapted
from resay.commands.settings import read_settings
from resay.commands.wyoming import NoAddress, wyoming
from resay.dialogue.rewrite import Heard
from resay.store.books import Books
from resay.store.lake import Lake
from resay.store.turns import read_turns
from rewrite_online.hold_out import USUAL_HOLD_OUT
from serving.server import bind
from tests.child import WAIT_S, killed_in_the_end
from tests.serving.conftest import learnt
from tests.wyoming_service import Ears, listening, transcribe

MAIN = "from resay.commands.main import main; main()"
"""Without the other commands, whose imports take longer than all of the test."""

NO_PORT = "--uri must be an address of this machine with a free port"


def not_held_out(words: str) -> str:
    """A customer from whom these words are not withheld, neither now nor at midnight."""
    now = datetime.now(UTC)
    heard = [Heard(turn_id="t", customer_id="", at=at, utterance=words) for at in (now, now + timedelta(hours=1))]
    names = (f"c{number}" for number in range(100))
    return next(name for name in names if not any(USUAL_HOLD_OUT.keeps(replace(each, customer_id=name)) for each in heard))


def run_of(words: str, at: datetime, number: int) -> dict[str, Any]:
    """What Home Assistant's debugger holds of a run with these words from its speech service."""
    told = {"stt-end": {"stt_output": {"text": words}}, "intent-start": {"intent_input": words, "device_id": "kitchen"}}
    events = [{"type": kind, "data": data, "timestamp": at.isoformat()} for kind, data in told.items()]
    return {"pipeline_run_id": f"run-{number}", "events": events}


def test_what_is_live_is_put_into_transcripts(tmp_path: Path):
    """The live generation answers, each answer is written down, and the command ends cleanly when it is asked to.

    Imported afterwards, Home Assistant's own runs of this talk hold our words as ours.
    """
    home, customer = learnt(tmp_path), not_held_out("play madona")

    async def talk() -> int:
        ears = Ears()
        async with listening(ears) as upstream:
            places = ("--uri", "tcp://127.0.0.1:0", "--upstream", f"tcp://127.0.0.1:{upstream}", "--home", str(home))
            command = [sys.executable, "-c", MAIN, "wyoming", *places, "--customer", customer, "--json"]
            with killed_in_the_end(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) as process:
                assert process.stdout is not None
                port = json.loads(await asyncio.to_thread(process.stdout.readline))["port"]
                for said, wanted in (("Play madona.", "play madonna"), ("play something", "play something")):
                    ears.says = [Transcript(text=said).event()]
                    # On a busy machine an answer may be late, and the words pass.
                    while Transcript.from_event((await transcribe(port))[-1]).text != wanted:
                        await asyncio.sleep(0.1)
                process.send_signal(signal.SIGTERM)
                return await asyncio.to_thread(process.wait, WAIT_S)

    ended = asyncio.run(asyncio.wait_for(talk(), WAIT_S))

    assert ended == 0
    decisions = Books(home / "books.sqlite").decisions(99)
    decided = {(each.customer_id, each.source, each.target) for each in decisions}
    assert decided >= {(customer, "play madona", "play madonna"), (customer, "play something", None)}

    # Home Assistant hears of each a moment later; not by the clock of a machine that does much else.
    heard = [(each.target or each.source, each.at + timedelta(seconds=0.1)) for each in decisions]
    runs = tmp_path / "runs.json"
    runs.write_text(json.dumps([run_of(text, at, number) for number, (text, at) in enumerate(heard)]))
    land_adapted(HOME_ASSISTANT, [runs], Lake(home / "lake"), settings=read_settings({}, home=home), shown=False)

    # Home Assistant was told our words; whose they were is known all the same.
    turns = {(each.utterance, each.rewrite and each.rewrite.original) for each in read_turns(Lake(home / "lake"))}
    assert turns >= {("play madonna", "play madona"), ("play something", None)}
    assert ("play madonna", None) not in turns


@pytest.mark.parametrize("uri", ["127.0.0.1:10300", "unix:///run/ears", "tcp://127.0.0.1", "tcp://127.0.0.1:high", ""])
def test_what_is_no_address_is_refused(uri: str, tmp_path: Path):
    """With the sentence that says what it must be."""
    with pytest.raises(NoAddress, match="--upstream must be tcp://HOST:PORT"):
        wyoming(uri, home=tmp_path)


def test_a_port_that_is_taken_is_said(tmp_path: Path):
    """No other one is tried, as Home Assistant is told one port."""
    with (
        closing(bind("127.0.0.1", 0)) as taken,
        pytest.raises(NoAddress, match=NO_PORT),
    ):
        wyoming("tcp://127.0.0.1:10300", f"tcp://127.0.0.1:{taken.getsockname()[1]}", home=tmp_path)
