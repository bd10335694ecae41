"""How teachings are understood where nothing else is asked for: by the model that ships, and by frames where none lies there."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from pathlib import Path

from resay.dialogue.errors import ResayError
from resay.teach.grammar import Grammar, called
from resay.teach.teaching import Extractor, Frame, Teaching

log = logging.getLogger(__name__)


class Understanding:
    """An `Extractor` that reads the model when it is first asked; safe to share between threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """Nothing is read yet; `folder` is the model's, where it is not the one that ships."""
        self._folder = folder
        self._lock = threading.Lock()
        self._extractor: Extractor | None = None

    def teaching(self, utterance: str, *, before: str = "") -> Teaching | None:
        """The teaching that an utterance is, `before` being what the same customer said just before it; nothing where it is none."""
        with self._lock:
            extractor = self._extractor = self._extractor or _read(self._folder)
        found = extractor.teaching(utterance, before=before)
        if found is not None and found.frame is not Frame.GUESSED:
            return found
        # Two names in a row, as in "call the standing lamp floor lamp", only a list of things tells apart.
        named = called(utterance)
        return found if named is None else replace(named, frame=Frame.GUESSED)


def _read(folder: Path | None) -> Extractor:
    # Here, so that whoever is never taught anything does not wait for it.
    from resay.teach.span_model import TEACHINGS, model_in

    place = folder or TEACHINGS
    try:
        return model_in(place)
    except ResayError as error:
        if place.exists():
            log.warning("teachings_by_frames_alone error=%s", error)
        return Grammar()
