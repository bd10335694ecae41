"""A real assistant's NLU, live: hassil with Home Assistant's own English sentences, in a made-up home.

Knows what text means in a room; knows nothing of voices, customers or of what was really meant. Needs the extra `lab`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

from resay.dialogue.errors import ResayError
from resay.lab.action import Action, Reach, resolve
from resay.lab.home import Home

MEANINGS_KEPT_MAX = 1_000_000
"""Texts and rooms whose meaning is remembered: a world of a million turns says fewer, at about a kilobyte each."""


class LabMissing(ResayError):
    """The extra `lab` is not installed."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the assistant makes of a text in a room."""

    reach: Reach
    intent: str = ""
    slots: Mapping[str, object] = field(default_factory=dict)
    """As understood: rooms by their id, names as they were said."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Words that stood where a name or a room should, and are none."""
    action: Action | None = None
    """What is done, or would be if the device or the title were there."""
    response: str = ""
    """Which of its sentences for this intent the assistant answers with."""

    @property
    def done(self) -> Action | None:
        """What was really done."""
        return self.action if self.reach is Reach.OK else None


class Assistant:
    """The NLU in one home; remembers what it has understood, as it takes milliseconds a text."""

    def __init__(self, home: Home, *, also: Mapping[str, str] | None = None) -> None:
        """Load the sentences: about a second; `also` are texts that it takes as others are taken, as if it had learnt them.

        Raises: LabMissing.
        """
        try:
            # Here and not above: all else in the lab, the log that ships included, works without the extra.
            from resay.lab.templates import Templates
        except ImportError as error:
            message = f"the lab needs the extra `lab`; {error}; would `pip install 'resay[lab]'` help?"
            raise LabMissing(message) from error
        self._home = home
        self._templates = Templates(home)
        self._also = {" ".join(text.split()): " ".join(like.split()) for text, like in (also or {}).items()}
        self._known: dict[tuple[str, str], Meaning] = {}

    @property
    def version(self) -> str:
        """Which sentences it understands by, as the log names them."""
        return f"home-assistant-intents {version('home-assistant-intents')}"

    def understand(self, text: str, room: str) -> Meaning:
        """What a text means, said in a room; deterministic."""
        key = (" ".join(text.split()), room)
        if key not in self._known:
            if len(self._known) >= MEANINGS_KEPT_MAX:
                self._known.clear()
            self._known[key] = self._read(self._also.get(key[0], key[0]), room)
        return self._known[key]

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
