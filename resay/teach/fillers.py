"""Teachings in looser order: what sets them off, words, any run of fillers, and a request that begins with what one asks of a home.

Knows small words; is asked where no frame of the grammar fits. A name has no such beginning, and is found by frames alone.
"""

from __future__ import annotations

import re

from resay.dialogue.text import words as words_of
from resay.teach.teaching import Span

_WHEN = r"(?:when|whenever|if|every time|each time|any ?time|once|as soon as|upon|on|should|(?:the )?next time|after)"
_SAID = (
    r"(?:say|says|saying|said|hear|hears|hearing|go|goes|mention|shout|whisper|yell|announce|utter|speak|ask for|tell you|"
    r"(?:the|my) (?:word|words|phrase|command|expression))"
)
_OPENING = re.compile(
    rf"(?:(?:\w+'?\w*[\s,:]+){{0,5}}?{_WHEN}\s+(?:\w+'?\w*\s+){{0,6}}?{_SAID}(?:\s+(?:me|you|us) (?:say|saying))?|"
    r"(?:my |me )?(?:saying|hearing)|"
    r"(?:\w+'?\w*[\s,:]+){0,4}?(?:the|my) (?:word|words|phrase|command|expression))\s+"
    r"(?:(?:the|my) (?:word|words|phrase|command|expression)\s+)?",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"[\s,]+(?:is what (?:i|we) (?:want|need|mean|expect)\s+)?{_WHEN}\s+(?:(?:i|we|you|somebody|someone|anybody|anyone)\s+)"
    rf"(?:\w+\s+){{0,2}}?{_SAID}\s+(?:(?:the|my) (?:word|words|phrase|command|expression)\s+)?(?P<x>\S.*)",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"\s*(?:(?:please|ok|okay|hey|now|and|i|i'd|we|you|could|can|would|should|will|must|want|like|need|to|just|always)[\s,]+)*",
    re.IGNORECASE,
)

_VERBS = frozenset(
    words_of(
        "turn switch set put play start open close shut unlock dim brighten raise lower increase decrease make add remove show tell give "
        "find run begin pause resume skip mute unmute activate deactivate enable disable check remind wake vacuum clean cool heat warm "
        "order mark clear stream record broadcast send read call lock kill bring"
    )
)
"""First words of requests that are hardly ever words of a name."""

_FILLERS = frozenset(
    words_of(
        "i i'd i'm i'll we we'd you you'd you're you'll your my me that that's this it it's its which what what's is are was be being am "
        "means mean meaning meant want wants wanted would like love need expect expecting could can should must will shall may please just "
        "then so go ahead and to for of from after supposed know cue signal sign same as the a an really actually always think take get "
        "asking ask request command order way thing one comes up mentioned used understand do does have let time"
    )
)
"""Small words that join words and meaning, and belong to neither at their edge."""


def loose(text: str) -> tuple[Span, Span] | None:
    """Where words and meaning of a request stand in an utterance that is set out like a teaching; nothing where it is not."""
    return _before(text) or _behind(text)


def without_fillers(text: str, meaning: Span) -> Span:
    """A meaning from the verb on, where only small words stand before it: "you should dim the lights" is "dim the lights"."""
    for token in re.finditer(r"[^\s,:;]+", text[meaning.start : meaning.end]):
        name = token[0].lower()
        if name in _VERBS and name != "make":
            return Span(meaning.start + token.start(), meaning.end)
        if name not in _FILLERS and name != "make":
            break
    return meaning


_ASIDE = re.compile(r"[\s,]+(?:from me|to me|you know|in (?:this|our|my) (?:house|home|family)|around here|here)\s*$", re.IGNORECASE)


def without_aside(text: str, words: Span) -> Span:
    """Words without what is said about them: "telly in this house" is "telly"."""
    aside = _ASIDE.search(text, words.start, words.end)
    return Span(words.start, aside.start()) if aside and aside.start() > words.start else words


def _before(text: str) -> tuple[Span, Span] | None:
    opening = _OPENING.match(text)
    if opening is None:
        return None
    tokens = list(re.finditer(r"[^\s,:;]+", text[opening.end() :]))
    names = [each[0].lower().strip("\"'.!?") for each in tokens]
    verb = next((place for place, name in enumerate(names) if place and name in _VERBS), None)
    if verb is None or names[0] in _VERBS:
        return None
    last = verb
    while last > 1 and names[last - 1] in _FILLERS:
        last -= 1
    if last == 1 and names[0] in _FILLERS:
        return None
    start = opening.end()
    return Span(start + tokens[0].start(), start + tokens[last - 1].end()), Span(start + tokens[verb].start(), len(text))


def _behind(text: str) -> tuple[Span, Span] | None:
    polite = _POLITE.match(text)
    start = polite.end() if polite else 0
    first = re.compile(r"\w+").match(text, start)
    behind = _BEHIND.search(text, start)
    if first is None or behind is None or first[0].lower() not in _VERBS:
        return None
    return Span(*behind.span("x")), Span(start, behind.start())
