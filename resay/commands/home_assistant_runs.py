"""Fetching a running Home Assistant's pipeline runs, once or as they come, for `import home-assistant --from`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ingest.adapters.adapter import Document
from ingest.adapters.home_assistant import HOME_ASSISTANT
from ingest.source import SourceUnavailable
from resay.commands.adapted import Adapted, land_documents
from resay.commands.console import remarks
from resay.commands.settings import Settings
from resay.dialogue.errors import told_without_place
from resay.store.lake import Lake

EVERY_S = 20.0
"""It keeps ten runs of an assistant: a household would have to speak every two seconds for one to be lost."""

_LOOK_S = 0.2


def read_token(path: Path) -> str:
    """The token in a file: on the command line every process of the machine could read it.

    Raises: SourceUnavailable.
    """
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"file {path} must hold a token of Home Assistant; {told_without_place(error)}; is the path right?"
        raise SourceUnavailable(message) from error
    if not token or not token.isprintable() or not token.isascii():
        message = f"file {path} must hold a token of Home Assistant, and nothing else; it holds something else; was it copied wholly?"
        raise SourceUnavailable(message)
    return token


def fetched(
    url: str, token: str, settings: Settings, *, follow: bool, stop: Callable[[], bool], every_s: float = EVERY_S
) -> Iterator[Adapted]:
    """What became of the runs that it keeps; where it is followed, again each time that it holds others.

    Raises: SourceUnavailable, where it does not answer the first time; later it is asked again.
    """
    from ingest.home_assistant_runs import kept_runs

    documents, away = kept_runs(url, token), False
    seen: list[Document] = []
    while True:
        if documents != seen or not follow:
            seen = documents
            yield land_documents(HOME_ASSISTANT, documents, Lake(settings.lake), settings=settings)
        if not follow or not _waited(every_s, stop):
            return
        try:
            documents, away = kept_runs(url, token), False
        except SourceUnavailable as error:
            if not away:
                remarks.print(f"resay: {error}; asked again until it does", markup=False, soft_wrap=True)
            away = True


def _waited(seconds: float, stop: Callable[[], bool]) -> bool:
    """Wait; whether nobody asked to stop."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stop():
        time.sleep(_LOOK_S)
    return not stop()
