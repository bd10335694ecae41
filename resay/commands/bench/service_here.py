"""A service over a home, in the bench's own process: none that could be reached from outside, and nobody refreshes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from serving.app import open_service
from serving.service import Service, ServiceSettings


@contextmanager
def service_here(home: Path, clock: Callable[[], datetime]) -> Iterator[Service]:
    """A service that knows what is published, switched off and on trial by now; closed at the end of the block."""
    settings = ServiceSettings(
        home, lake=home / "lake", books=home / "books.sqlite", rewrites=home / "rewrites", reports=home / "reports", api_key="bench"
    )
    service = open_service(settings, clock=clock)
    try:
        # As the refresher has it; before that nothing is served.
        service.watch.refresh()
        for part in (service.switched, service.trying):
            part.refresh()
        yield service
    finally:
        service.rewriter.close()
        service.computing.close()
        service.books.close()
