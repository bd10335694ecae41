"""A real assistant's NLU, live: hassil with Home Assistant's own English sentences, in a made-up home.

Knows what text means in a room; knows nothing of voices, customers or of what was really meant. Needs the extra `demo`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from resay.dialogue.errors import ResayError
from resay.lab.action import Reach, resolve
from resay.lab.home import Home
from resay.lab.understood import FILES, Heard, Meaning, Understood

RULES = ("action.py", "assistant.py", "home.py", "sieve.py", "templates.py", "understood.py")
"""Files beside this one that decide what a text means: whatever was understood before one of them changed is understood anew."""

LIBRARIES = ("hassil", "home-assistant-intents", "rapidfuzz", "unicode-rbnf")
"""And the libraries that do."""


class LabMissing(ResayError):
    """The extra `demo`, or `lab`, is not installed."""


def versions() -> dict[str, str]:
    """Of the product, and of each library that decides what a text means.

    Raises: LabMissing.
    """
    try:
        return {name: version(name) for name in ("resay", *LIBRARIES)}
    except PackageNotFoundError as error:
        raise _missing(error) from error


class Assistant:
    """The NLU in one home; remembers what it has understood, as it takes milliseconds a text."""

    def __init__(self, home: Home, *, also: Mapping[str, str] | None = None, shelf: Path | None = None) -> None:
        """Load the sentences: about a second; `also` are texts that it takes as others are taken, as if it had learnt them.

        What it has understood is kept in folder `shelf`, if there is one: the next run need not wait for it.

        Raises: LabMissing.
        """
        try:
            # Here and not above: all else in the lab works without the extra.
            from resay.lab.templates import Templates
        except ImportError as error:
            raise _missing(error) from error
        self._home = home
        self._templates = Templates(home)
        self._also = {" ".join(text.split()): " ".join(like.split()) for text, like in (also or {}).items()}
        self._understood = Understood(shelf / _file_name(home) if shelf and not also else None)

    @property
    def version(self) -> str:
        """Which sentences it understands by, as the log names them."""
        learnt = f", {len(self._also)} learnt" if self._also else ""
        return f"home-assistant-intents {version('home-assistant-intents')}{learnt}"

    def understand(self, text: str, room: str) -> Meaning:
        """What a text means, said in a room; deterministic."""
        found = self._understood.find(text, room)
        if found is not None:
            return found
        plain = " ".join(text.split())
        found = self._understood.find(plain, room) if plain != text else None
        return found or self._understood.keep(Heard(plain, room), self._read(self._also.get(plain, plain), room))

    def _read(self, text: str, room: str) -> Meaning:
        if not text:
            return Meaning(Reach.EMPTY)
        whole = self._templates.whole(text, room)
        if whole is not None:
            reach, action = resolve(whole.intent, whole.slots, room=room, home=self._home)
            return Meaning(reach, whole.intent, whole.slots, action=action, response=whole.response)
        partial = self._templates.partial(text, room)
        if partial is None:
            return Meaning(Reach.NO_MATCH)
        return Meaning(Reach.UNRESOLVED, partial.intent, partial.slots, unknown=partial.unknown or {})


def _missing(error: ImportError) -> LabMissing:
    return LabMissing(f"the world needs the extra `demo`; {error}; would `pip install 'resay[demo]'` help?")


def _file_name(home: Home) -> str:
    """The file of what is understood in this very home, by these very rules."""
    digest = hashlib.blake2b(msgspec.json.encode(home), digest_size=8)
    for name in RULES:
        digest.update(Path(__file__).with_name(name).read_bytes())
    for library in LIBRARIES:
        digest.update(version(library).encode())
    return FILES.replace("*", digest.hexdigest())
