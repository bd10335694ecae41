"""The model of teachings: words and meaning where a trained tagger finds them, in wordings that nobody wrote a frame for.

Knows how sure it must be; knows nothing of how the tagger was trained. What it is not sure of is asked before it holds.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from resay.dialogue.teaching import Kind
from resay.dialogue.text import canonical
from resay.teach.grammar import asks, trimmed, undetermined
from resay.teach.model_folder import read_model
from resay.teach.span_path import Logs, Part, best_path
from resay.teach.span_path import Path as Found
from resay.teach.tagger import KINDS, Tagger
from resay.teach.teaching import Frame, Span, Teaching
from resay.training.token_states import TokenStates

MODELS = Path(__file__).parents[2] / "models"
TEACHINGS, ENCODER = MODELS / "teachings", MODELS / "minilm"
"""Where the model that ships lies, and the encoder that it reads."""

UTTERANCE_CHARS_MAX = 300
"""Longest utterance that is looked at: some twenty seconds of speech."""

TEACHES_MIN = 0.8
"""Least chance that an utterance teaches at all."""

SURE_MIN, GUESS_MIN = -0.6, -3.0
"""Logarithms of the chance of the places found: above the first what is understood holds at once, above the second it is asked. Chosen
with the one above on wordings that were trained on and on what the lab's recogniser heard (docs/log.md, 2026-11-22)."""

_BOTH = ((Part.WORDS, Part.MEANING), (Part.MEANING, Part.WORDS))
_WORD = re.compile(r"\S+")
_DETERMINER = re.compile(r"\b(?:the|my|our)\s+$", re.IGNORECASE)


class SpanModel:
    """Finds teachings by a tagger; an `Extractor`."""

    def __init__(self, tagger: Tagger, states: TokenStates) -> None:
        """Ask this tagger about these states."""
        self._tagger = tagger
        self._states = states

    def teaching(self, utterance: str, *, before: str = "") -> Teaching | None:
        """The teaching that an utterance is, `before` being what the same customer said just before it; nothing where it is none."""
        text = utterance.replace("\u2019", "'")
        spans = [Span(*word.span()) for word in _WORD.finditer(text)]
        if len(text) > UTTERANCE_CHARS_MAX or not canonical(text) or not spans:
            return None
        known = self._states(text)
        tagged = self._tagger(known.states)
        begun = {piece.start: place for place, piece in reversed(list(enumerate(known.pieces)))}
        if any(span.start not in begun for span in spans):
            return None  # Longer than what is read of it, or of signs that are read as nothing.
        logs: Logs = np.stack([tagged.labels[begun[span.start]] for span in spans])
        kind = KINDS[1 + int(np.argmax(tagged.kinds[1:]))]
        if 1.0 - float(tagged.kinds[0]) < TEACHES_MIN:
            return None
        if kind == "correction":
            return _corrected(text, spans, best_path(logs, [(Part.MEANING,)]), before=before)
        return _told(text, spans, best_path(logs, _BOTH), kind=Kind(kind))


def model_in(folder: Path) -> SpanModel:
    """The model of a folder, over the encoder that ships.

    Raises: WrongTeachingModel, WrongModel.
    """
    return SpanModel(read_model(folder), TokenStates(ENCODER))


def _told(text: str, spans: list[Span], path: Found | None, *, kind: Kind) -> Teaching | None:
    words, meaning = (_span(text, spans, path, part=part) for part in (Part.WORDS, Part.MEANING))
    if path is None or path.log_chance < GUESS_MIN or words is None or meaning is None:
        return None
    if kind is Kind.NAME:
        words = undetermined(text, words)
        meaning = _determined(text, meaning)
    else:
        words = _determined(text, words)  # Who says "the usual" says it so next time.
    frame = Frame.TOLD if path.log_chance >= SURE_MIN else Frame.GUESSED
    return Teaching(kind, text[words.start : words.end], text[meaning.start : meaning.end], frame, words, meaning)


def _determined(text: str, span: Span) -> Span:
    """A span with the article before it."""
    found = _DETERMINER.search(text, 0, span.start)
    return Span(found.start(), span.end) if found else span


def _corrected(text: str, spans: list[Span], path: Found | None, *, before: str) -> Teaching | None:
    meaning = _span(text, spans, path, part=Part.MEANING)
    if path is None or path.log_chance < GUESS_MIN or meaning is None or not canonical(before):
        return None
    meant = text[meaning.start : meaning.end]
    if not asks(meant) or canonical(meant) == canonical(before):
        return None
    said = trimmed(before, Span(0, len(before)))
    return Teaching(Kind.REQUEST, before[said.start : said.end], meant, Frame.CORRECTED, None, meaning)


def _span(text: str, spans: list[Span], path: Found | None, *, part: Part) -> Span | None:
    """Where a part stands, without stops around it; nothing where nothing is left."""
    run = path.run(part) if path else None
    if run is None:
        return None
    span = trimmed(text, Span(spans[run[0]].start, spans[run[1] - 1].end))
    return span if canonical(text[span.start : span.end]) else None
