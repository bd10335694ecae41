"""A program of its own: the service over a home, by the lab's clock, so that an experiment of weeks is lived through in minutes.

The clock is the time of a file, which the loop sets. All else is as `resay serve` has it, but that rewrites are not judged: what nights
learn is all that changes.
"""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from resay.commands.console import print_json
from resay.commands.serve import service_settings
from resay.commands.settings import read_settings
from resay.commands.stopping import Interruption
from serving.access import KEY_FILE, LOOPBACK, api_key
from serving.app import create_app
from serving.server import bind, start

_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class LabClock:
    """What time it is in the lab, for all who know the file."""

    path: Path

    def set(self, moment: datetime) -> None:
        """It is this time now."""
        self.path.touch()
        os.utime(self.path, (moment.timestamp(), moment.timestamp()))

    def now(self) -> datetime:
        """The time that was set last."""
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)


def main() -> None:
    """Serve the home that is named first by the clock that is named second, until told to end."""
    home, clock = Path(sys.argv[1]), LabClock(Path(sys.argv[2]))
    Interruption().install()
    settings = service_settings(read_settings({}, home=home), api_key(home, given=None), names=LOOPBACK)
    running = start(create_app(replace(settings, judges=False), clock=clock.now), bind("127.0.0.1", 0))
    try:
        print_json({"url": running.url, "page": running.page_url(), "api_key_file": str(home / KEY_FILE)})
        while running.answers():
            threading.Event().wait(_LOOK_S)
    except KeyboardInterrupt:
        pass  # That is how it is told.
    finally:
        running.stop()
