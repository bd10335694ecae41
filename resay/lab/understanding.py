"""The hook `understand(text)` of the lab's assistant: what it would take a text for, as its log would tell it."""

from __future__ import annotations

from markov.versions import Asked, Reading
from resay.dialogue.turn import Versions
from resay.lab.assistant import Assistant
from resay.lab.home import Home
from resay.lab.logged import House
from resay.lab.making import RECOGNISER


class LabUnderstanding:
    """Asks the assistant that is in the home now; another may take its place."""

    def __init__(self, assistant: Assistant, home: Home) -> None:
        self.assistant = assistant
        self._home = home

    def understand(self, asked: Asked) -> Reading:
        """What it takes a text for, in the room; always told."""
        versions = Versions(asr=RECOGNISER, nlu=self.assistant.version)
        read = House(self._home, versions).read(self.assistant.understand(asked.text, asked.context.room))
        return Reading(read.interpretations, read.entities, versions)
