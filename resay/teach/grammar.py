"""The grammar of teachings: English frames such as "when I say … I mean …", each with a place for words and one for their meaning.

Knows how people put it; knows nothing of the assistant's devices. Where words and meaning cannot be told apart it finds nothing:
what is not understood is asked again, what is misunderstood is done wrong for good.
"""

from __future__ import annotations

import re
from typing import Final

from resay.dialogue.teaching import Kind
from resay.dialogue.text import canonical
from resay.dialogue.text import words as words_of
from resay.teach.fillers import loose, without_aside, without_fillers
from resay.teach.teaching import Frame, Span, Teaching

UTTERANCE_CHARS_MAX = 300
"""Longest utterance that is looked at: some twenty seconds of speech; regular expressions with two open places take longer than linear."""

_X, _Y = r"(?P<x>\S.*?)", r"(?P<y>\S.*)"
_Y_FIRST, _X_LAST = r"(?P<y>\S.*?)", r"(?P<x>\S.*)"

_LEAD = (
    r"(?:(?:ok|okay|hey|hi|please|so|now|and|but|listen|look|well|actually|remember|learn|note|know|be aware|keep in mind|"
    r"just so you know|for your information|fyi|from now on|from here on(?: out)?|from this point on|in (?:the )?future|going forward|"
    r"starting (?:now|today)|from (?:today|tonight|tomorrow)(?: on)?|as far as (?:you|i|we)(?:'re| are|'m| am) concerned|for me|to me|"
    r"in (?:this|our|my) (?:house|home|family)|let me teach you(?: something)?|(?:can|could|will|would) you (?:please )?(?:remember|learn)|"
    r"i(?:'d| would) like you to (?:remember|learn|know)|i want you to (?:remember|learn|know)|you should know)(?: that)?[\s,:;.]+)*"
)

_A_WORD = r"(?:word|words|phrase)"
_SAY = (
    r"(?:say|says|said|tell you|ask(?: you)?(?: for| to)?|mention|speak of|talk about|shout|call out|call for|"
    rf"use the {_A_WORD})"
)
_WHEN = r"(?:when(?:ever)?|if|every time|each time|any ?time|(?:the )?next time|as soon as|once)"
_WHEN_SAID = rf"{_WHEN}\s+(?:(?:i|we|you hear me|someone|somebody|anyone|my \w+)\s+{_SAY}|you hear)"

# What stands between words and meaning; the meaning is what follows it.
_BRIDGE = (
    r"(?:(?:i|we|he|she|they)(?:'m| am| are|'re)?\s+(?:really |actually |always |just |only |usually )?"
    r"(?:mean(?:s|ing)?|want(?:s)?|would like|wish|referring to|talking about|asking)|i'd like|"
    r"(?:then )?(?:it|that|this)\s+(?:really |actually |always |just )?(?:means|stands for|is|should mean|shall mean|will mean)|"
    r"what (?:i|we) (?:really )?(?:mean|want) is|(?:then )?you (?:should|must|shall|have to|need to|can)|(?:then )?please|then|"
    r"(?:please )?(?:take it as|take that as|understand|treat it as|treat that as|read it as|interpret it as|hear|think of|do))"
    r"(?:\s+(?:you )?to)?"
)
_MEANS = (
    r"(?:(?:really |actually |always |just |should |shall |will |is going to |is supposed to )?(?:means|stands for)|"
    r"(?:should|shall|will|is going to|is supposed to) (?:always )?(?:mean|stand for)|"
    r"(?:is|are|'s|should be|shall be|will be) (?:just |really |actually )?(?:short|shorthand|a shortcut|the shortcut|code|slang|my word|"
    r"my name|our word|our name|another (?:word|name|way of saying|way to say)|a nickname|the nickname|my nickname|the same(?: thing)?)"
    r" (?:for|as)|(?:is|are) (?:what|how) (?:i|we) (?:call|say|refer to))"
)

_NAME = r"(?:name|nickname|word|term|label|alias|title|shorthand|expression)"

_NAMING: Final = Kind.NAME
_ASKING: Final = Kind.REQUEST

_FRAMES: tuple[tuple[re.Pattern[str], Kind], ...] = tuple(
    (re.compile(rf"\s*{_LEAD}{frame}\s*", re.IGNORECASE), kind)
    for frame, kind in (
        (rf"{_WHEN_SAID}\s+{_X}[\s,]+{_BRIDGE}[\s,:]+{_Y}", _ASKING),
        (rf"{_WHEN_SAID}\s+{_X}\s*,\s*{_Y}", _ASKING),
        (rf"(?:by|with)\s+{_X}[\s,]+(?:i|we)\s+(?:really |actually |always |just )?mean\s+{_Y}", _NAMING),
        (rf"(?:i|we)\s+(?:mean|want)\s+{_Y_FIRST}[\s,]+{_WHEN_SAID}\s+{_X_LAST}", _ASKING),
        (rf"(?:what )?(?:i|we) mean by\s+{_X}\s+is\s+{_Y}", _NAMING),
        (rf"use\s+{_X}\s+(?:to mean|as|for)\s+{_Y}", _NAMING),
        (rf"(?:take|understand|treat|interpret|read|think of|regard)\s+{_X}\s+(?:to mean|as meaning|as)\s+{_Y}", _NAMING),
        (
            rf"(?:let|make|have)\s+{_X}\s+(?:mean|stand for|be (?:short|a shortcut|another (?:word|name)) for|a shortcut for)\s+{_Y}",
            _NAMING,
        ),
        (rf"(?:rename|refer to)\s+{_Y_FIRST}\s+(?:to|as)\s+{_X_LAST}", _NAMING),
        (rf"(?:i|we)\s+refer to\s+{_Y_FIRST}\s+as\s+{_X_LAST}", _NAMING),
        (rf"(?:(?:my )?(?:saying|hearing)\s+)?(?:(?:the|my) (?:word|phrase|command|name|term)\s+)?{_X}\s+{_MEANS}\s+{_Y}", _NAMING),
        (rf"{_X}\s+(?:is|are|'s)\s+(?:just |only |simply )?(?:a|an|the|my|our|another)\s+(?:\w+\s+)?{_NAME}\s+(?:for|of)\s+{_Y}", _NAMING),
        (rf"(?:the|my) words\s+{_X}\s+(?:should |shall |will )?mean\s+{_Y}", _NAMING),
        (rf"{_X}\s+(?:refers to|equals|denotes|describes|translates to)\s+{_Y}", _NAMING),
        (rf"{_Y_FIRST}\s+goes by\s+(?:the name (?:of )?)?{_X_LAST}", _NAMING),
        (rf"{_Y_FIRST}\s+(?:is|are)\s+(?:also |sometimes |always |usually )?(?:known as|called|named|nicknamed)\s+{_X_LAST}", _NAMING),
        (rf"give\s+{_Y_FIRST}\s+the {_NAME}\s+(?:of )?{_X_LAST}", _NAMING),
        (rf"(?:my |our |the ){_NAME} (?:of|for)\s+{_Y_FIRST}\s+is\s+{_X_LAST}", _NAMING),
        (rf"(?:save|store|add|keep|learn)\s+{_X}\s+as\s+(?:a|an|the|another|my)\s+(?:\w+\s+)?{_NAME}\s+for\s+{_Y}", _NAMING),
        (rf"(?:what|the thing) (?:i|we) call\s+{_X}\s+is\s+{_Y}", _NAMING),
        (rf"(?:i|we)\s+say\s+{_X}\s+(?:for|to mean|instead of)\s+{_Y}", _NAMING),
        (rf"{_X}\s+and\s+{_Y}\s+(?:are|mean)\s+(?:one and )?the same(?: thing)?", _NAMING),
        (rf"define\s+{_X}\s+(?:as|to be|to mean)\s+{_Y}", _NAMING),
    )
)

_HENCEFORTH = re.compile(
    r"\s*(?:(?:ok|okay|hey|please|so|and)[\s,]+)*(?:from now on|from here on(?: out)?|from this point on|in (?:the )?future|going forward|"
    rf"starting (?:now|today))[\s,:]+{_X}\s+(?:is|are|=|equals|shall be|should be|will be)\s+{_Y}\s*",
    re.IGNORECASE,
)

_CALL = re.compile(
    rf"\s*{_LEAD}(?:let's |let us |i'll |i will |i want to |i(?:'d| would) like to |we |i |you (?:can|should|may) )?(?:always |usually )?"
    r"(?:call|name)\s+(?P<rest>(?P<first>the|my|our|this|that)\s+\S.*)",
    re.IGNORECASE,
)
_SECOND_ARTICLE = re.compile(r"\s+(?=(?:the|my|our|a|an)\s+\S)", re.IGNORECASE)
_THINGS = frozenset(
    words_of(
        "lamp lamps light lights bulb bulbs tv television telly fan fans room bedroom kitchen bathroom hall hallway speaker speakers "
        "playlist heater heating thermostat blind blinds curtain curtains plug socket switch door window oven stove fridge dishwasher "
        "washer washing machine vacuum robot garage attic basement cellar garden yard porch song station radio scene list alarm timer "
        "coffee maker kettle"
    )
)
"""Things of a home: where one ends the first name in "call the standing lamp floor lamp", what follows is the second."""

_CORRECTION = re.compile(
    r"\s*(?:(?:no|nope|nah|not that|wrong|sorry|oh|well|actually|wait|hey|"
    r"that's (?:wrong|not (?:it|right|what i (?:meant|said|wanted))))[\s,.!]+)+"
    r"(?:(?:what )?i (?:actually |really |just )?(?:meant|mean)(?: was| is)?(?: to say| for you to| you to)?|"
    r"i (?:actually |really )?(?:said|wanted(?: you to)?|was asking(?: you)?(?: for| to)?))\s*[,:]?\s+"
    rf"{_Y}\s*",
    re.IGNORECASE,
)
_COMPLAINT = re.compile(
    r"(?=.*\b(?:no|not|nope|wrong|sorry|misheard|misunderstood|didn't|don't)\b)(?:[\w']+[\s,.!]+){1,9}?"
    rf"(?:what )?i (?:actually |really |just )?(?:meant|said|wanted|asked for)(?: was| is)?(?: to say| you to)?\s*[,:]?\s+{_Y}\s*",
    re.IGNORECASE,
)
"""The same behind a complaint in any words."""

_BARE_CORRECTION = re.compile(r"\s*(?:what )?i meant(?: was)?(?: to say)?\s*[,:]?\s+" + _Y + r"\s*", re.IGNORECASE)

_ASKED_FIRST = frozenset(
    words_of(
        "turn switch set put play stop start open close shut lock unlock dim brighten raise lower increase decrease make add remove "
        "delete create call send read show tell give find search look go run begin pause resume skip next previous mute unmute change "
        "activate deactivate enable disable arm disarm check what what's whats who where when how why is are do does can could will "
        "would please remind wake vacuum clean cool heat warm order buy book cancel mark clear draw cast stream record announce "
        "broadcast lights all good"
    )
)
"""First words of requests; what begins otherwise is a thing."""

_QUESTION_FIRST = frozenset(
    words_of(
        "what what's who where when how why which does do did is are can could would will whatever that it this i you he she they we so"
    )
)
"""First words that cannot begin what shall mean something: "what does love mean" teaches nothing."""

_CUES = frozenset(
    words_of(
        "say says said saying hear hears hearing mean means meant meaning call called calls name names named nickname nicknamed known word "
        "words phrase command expression term short shorthand shortcut refers refer rename understand treat interpret regard define equals "
        "denotes ask mention shout now today future forward stands stand use wanted asking same code slang way take think read"
    )
)
"""One of these is in whatever teaches; most talk holds none, and costs a look at its words alone."""

_EDGES = " \t\n\r,.;:!?\"'\u2018\u2019\u201c\u201d\u00ab\u00bb"
_DETERMINED = ("the ", "my ", "our ")


class Grammar:
    """Finds teachings by frames; an `Extractor`."""

    def teaching(self, utterance: str, *, before: str = "") -> Teaching | None:
        """The teaching that an utterance is, `before` being what the same customer said just before it; nothing where it is none."""
        if len(utterance) > UTTERANCE_CHARS_MAX or _CUES.isdisjoint(words_of(utterance)):
            return None
        text = utterance.replace("\u2019", "'")
        return _told(text) or _henceforth(text) or called(text) or _corrected(text, before) or _loosely(text)


def _told(text: str) -> Teaching | None:
    for frame, kind in _FRAMES:
        found = frame.fullmatch(text)
        if found is not None:
            made = _made(text, _group(found, "x"), _group(found, "y"), kind=kind)
            if made is not None:
                return made
    return None


def _henceforth(text: str) -> Teaching | None:
    found = _HENCEFORTH.fullmatch(text)
    return _made(text, _group(found, "x"), _group(found, "y"), kind=Kind.NAME) if found else None


def called(text: str) -> Teaching | None:
    """As in "call the standing lamp floor lamp": the thing first, its new name behind it."""
    found = _CALL.fullmatch(text)
    if found is None:
        return None
    start, end = found.span("rest")
    second = _SECOND_ARTICLE.search(text, found.end("first"))
    split = second.start() if second else _behind_thing(text, found.end("first"))
    return None if split is None else _made(text, Span(split, end), Span(start, split), kind=Kind.NAME)


def _behind_thing(text: str, start: int) -> int | None:
    """Where the first run of things of a home ends, if something is left behind it."""
    tokens = list(re.finditer(r"\S+", text[start:]))
    ends = [place for place, each in enumerate(tokens) if canonical(each[0]) in _THINGS]
    if not ends:
        return None
    last = ends[0]
    while last + 1 in ends and last + 2 < len(tokens):
        last += 1
    return start + tokens[last].end() if last + 1 < len(tokens) else None


def _loosely(text: str) -> Teaching | None:
    found = loose(text)
    return _made(text, *found, kind=Kind.REQUEST) if found else None


def _corrected(text: str, before: str) -> Teaching | None:
    """As in "no, I meant …": a teaching of the words before, if what was meant is a whole request."""
    found = _CORRECTION.fullmatch(text) or _BARE_CORRECTION.fullmatch(text) or _COMPLAINT.fullmatch(text)
    if found is None or not canonical(before):
        return None
    span = trimmed(text, _group(found, "y"))
    meaning = text[span.start : span.end]
    if not asks(meaning) or canonical(meaning) == canonical(before):
        return None
    return Teaching(Kind.REQUEST, before.strip(_EDGES), meaning, Frame.CORRECTED, None, span)


def _made(text: str, words: Span, meaning: Span, *, kind: Kind) -> Teaching | None:
    words, meaning = trimmed(text, words), trimmed(text, meaning)
    said, meant = text[words.start : words.end], text[meaning.start : meaning.end]
    if not canonical(said) or not canonical(meant) or canonical(said).split()[0] in _QUESTION_FIRST:
        return None
    meaning = without_fillers(text, meaning)
    words = without_aside(text, words)
    said, meant = text[words.start : words.end], text[meaning.start : meaning.end]
    if kind is Kind.NAME and asks(meant):
        kind = Kind.REQUEST
    elif kind is Kind.REQUEST and said.lower().startswith(_DETERMINED) and meant.lower().startswith(_DETERMINED):
        kind = Kind.NAME
    if kind is Kind.NAME:
        words = undetermined(text, words)
        said = text[words.start : words.end]
    return Teaching(kind, said, meant, Frame.TOLD, words, meaning)


def undetermined(text: str, span: Span) -> Span:
    """A name without its article: who calls a thing "the den" says "my den" as well."""
    found = re.compile(r"(?:the|a|an)\s+(?=\S)", re.IGNORECASE).match(text, span.start, span.end)
    return Span(found.end(), span.end) if found else span


def asks(meaning: str) -> bool:
    """Whether a meaning is a request, by its first word."""
    tokens = canonical(meaning).split()
    return bool(tokens) and tokens[0] in _ASKED_FIRST


def _group(found: re.Match[str], name: str) -> Span:
    return Span(*found.span(name))


def trimmed(text: str, span: Span) -> Span:
    """A span without quotation marks and stops around it."""
    start, end = span.start, span.end
    while start < end and text[start] in _EDGES:
        start += 1
    while end > start and text[end - 1] in _EDGES:
        end -= 1
    return Span(start, end)
