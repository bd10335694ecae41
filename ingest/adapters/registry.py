"""The adapters there are, and which of them a record is for."""

from __future__ import annotations

from ingest.adapters.adapter import Adapter
from ingest.adapters.home_assistant import HOME_ASSISTANT
from ingest.adapters.otel import OTEL
from ingest.adapters.rasa import RASA
from ingest.adapters.vcon import VCON
from resay.dialogue.errors import ResayError


class UnknownFormat(ResayError):
    """Records that no adapter knows, or a format that there is none for."""


ADAPTERS = {adapter.name: adapter for adapter in (RASA, HOME_ASSISTANT, OTEL, VCON)}
"""By the name that the command line has for them."""


def adapter_named(name: str) -> Adapter:
    """The adapter of that name.

    Raises: UnknownFormat.
    """
    if name not in ADAPTERS:
        message = f"format must be one of {', '.join(ADAPTERS)}; got {name!r}; is it spelled otherwise?"
        raise UnknownFormat(message)
    return ADAPTERS[name]


def adapter_of(record: object) -> Adapter | None:
    """The adapter that recognises a record; none where nobody does."""
    return next((adapter for adapter in ADAPTERS.values() if adapter.recognises(record)), None)
