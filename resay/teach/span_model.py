"""The model of teachings: words and meaning where a trained tagger finds them, in wordings that nobody wrote a frame for.

Knows nothing of how the tagger was trained, nor how sure it must be. What it is not sure of is asked before it holds.
"""

from __future__ import annotations

import re
from pathlib import Path

from resay.dialogue.teaching import Kind
from resay.dialogue.text import canonical
from resay.teach.bars import Bars
from resay.teach.grammar import trimmed, undetermined
from resay.teach.model_folder import read_model
from resay.teach.span_path import Part, Places
from resay.teach.tagger import CORRECTION, Tagger, read
from resay.teach.teaching import Frame, Span, Teaching
from resay.training.token_states import TokenStates

MODELS = Path(__file__).parents[2] / "models"
TEACHINGS, ENCODER = MODELS / "teachings", MODELS / "minilm"
"""Where the model that ships lies, and the encoder that it reads."""

UTTERANCE_CHARS_MAX = 300
"""Longest utterance that is looked at: some twenty seconds of speech."""

_WORD = re.compile(r"\S+")
_DETERMINER = re.compile(r"\b(?:the|my|our)\s+$", re.IGNORECASE)


class SpanModel:
    """Finds teachings by a tagger; an `Extractor`."""

    def __init__(self, tagger: Tagger, bars: Bars, states: TokenStates) -> None:
        """Ask this tagger about these states, and take its answers by these bars."""
        self._tagger = tagger
        self._bars = bars
        self._states = states

    def teaching(self, utterance: str, *, before: str = "") -> Teaching | None:
        """The teaching that an utterance is, `before` being what the same customer said just before it; nothing where it is none."""
        text = utterance.replace("\u2019", "'")
        spans = [Span(*word.span()) for word in _WORD.finditer(text)]
        if len(text) > UTTERANCE_CHARS_MAX or not canonical(text) or not spans:
            return None
        known = self._states(text)
        begun = {piece.start: place for place, piece in reversed(list(enumerate(known.pieces)))}
        if any(span.start not in begun for span in spans):
            return None  # Longer than what is read of it, or of signs that are read as nothing.
        found = read(self._tagger(known.states), [begun[span.start] for span in spans])
        if found is None or found.chance <= self._bars.guess:
            return None
        if found.kind == CORRECTION:
            return _corrected(text, spans, found.places, before=before)
        frame = Frame.TOLD if found.chance > self._bars.sure else Frame.GUESSED
        return _told(text, spans, found.places, kind=Kind(found.kind), frame=frame)


def model_in(folder: Path) -> SpanModel:
    """The model of a folder, over the encoder that ships.

    Raises: WrongTeachingModel, WrongModel.
    """
    tagger, bars = read_model(folder)
    return SpanModel(tagger, bars, TokenStates(ENCODER))


def _told(text: str, spans: list[Span], places: Places, *, kind: Kind, frame: Frame) -> Teaching | None:
    words, meaning = (_span(text, spans, places, part=part) for part in (Part.WORDS, Part.MEANING))
    if words is None or meaning is None:
        return None
    if kind is Kind.NAME:
        words = undetermined(text, words)
        meaning = _determined(text, meaning)
    else:
        words = _determined(text, words)  # Who says "the usual" says it so next time.
    return Teaching(kind, text[words.start : words.end], text[meaning.start : meaning.end], frame, words, meaning)


def _determined(text: str, span: Span) -> Span:
    """A span with the article before it."""
    found = _DETERMINER.search(text, 0, span.start)
    return Span(found.start(), span.end) if found else span


def _corrected(text: str, spans: list[Span], places: Places, *, before: str) -> Teaching | None:
    meaning = _span(text, spans, places, part=Part.MEANING)
    if meaning is None or not canonical(before):
        return None
    meant = text[meaning.start : meaning.end]
    if canonical(meant) == canonical(before):
        return None
    said = trimmed(before, Span(0, len(before)))
    return Teaching(Kind.REQUEST, before[said.start : said.end], meant, Frame.CORRECTED, None, meaning)


def _span(text: str, spans: list[Span], places: Places, *, part: Part) -> Span | None:
    """Where a part stands, without stops around it; nothing where nothing is left."""
    first, behind = places.runs[part]
    span = trimmed(text, Span(spans[first].start, spans[behind - 1].end))
    return span if canonical(text[span.start : span.end]) else None
