"""What customers say: a request at first, once more, put otherwise, or something beside it. Knows words; nothing of assistants or logs."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from resay.lab.linked.part import Part
from resay.lab.linked.repair_forms import CONTRASTS, draw_form
from resay.lab.linked.requests import Request, Requests
from resay.label.corpora.slurp import Piece


@dataclass(frozen=True, slots=True)
class Saying:
    """An utterance: what it asks for, and what stands around that."""

    again: str
    before: str = ""
    after: str = ""
    repair: bool = False
    """Whether what stands around says that this repairs something, or only a part is said again."""


SAME_WORDS = 0.32
"""Share of second tries in the same words (DSTC2: 596 of 1,889)."""

REPAIRED = 0.34
"""Share of second tries that say so, or say again a part; made up, so that the span is more than the choice of a turn."""

PART_ALONE = 0.2
"""Of those, the share that says only a part, and nothing around it. Made up."""

PART_SAID = 0.5
"""Of repairs, the share that says only the part that was mistaken. Made up."""

_OPENINGS = ("please", "can you", "could you", "would you", "i want you to", "i would like you to", "hey", "okay", "i'd like to", "just")
_CLOSINGS = ("please", "for me", "now", "right now", "thank you", "will you", "if you can")
_OTHER_WORDS = {
    "play": ("put on", "start", "i want to hear"),
    "set": ("make", "put", "change"),
    "show": ("display", "give", "bring up"),
    "tell": ("give", "let me know"),
    "delete": ("remove", "erase", "get rid of"),
    "remove": ("delete", "take off", "erase"),
    "add": ("put", "include", "insert"),
    "create": ("make", "start", "set up"),
    "send": ("write", "forward", "mail"),
    "open": ("start", "show", "bring up"),
    "turn": ("switch",),
    "start": ("begin", "run"),
    "find": ("look for", "search for", "get"),
    "search": ("look", "find"),
    "what's": ("what is", "tell me"),
    "what": ("which",),
    "schedule": ("arrange", "set up", "plan"),
    "remind": ("tell", "notify"),
    "read": ("tell me", "say"),
    "need": ("want", "would like"),
    "want": ("would like", "need"),
    "stop": ("end", "quit", "cancel"),
    "cancel": ("delete", "drop"),
    "email": ("mail", "message"),
    "increase": ("raise", "turn up"),
    "decrease": ("lower", "turn down"),
    "change": ("set", "switch"),
    "give": ("tell", "show"),
    "get": ("find", "fetch"),
    "order": ("get", "buy"),
    "call": ("ring", "phone"),
    "book": ("reserve", "get"),
}
_REFINING = (
    *("and {value}", "with {value}", "for {value}", "what about {value}", "how about {value}", "only {value}", "make it {value}"),
    *(
        "the {kind} one",
        "a {kind} one",
        "something {kind}",
        "the {kind} ones",
        "is there a {kind} one",
        "{kind}",
        "and {kind}",
        "but {kind}",
    ),
    *("and also {value}", "also for {value}", "now {value}", "what about the {kind} one", "show me the {kind} one", "in {value}"),
)
_KINDS = (
    *(
        "cheap",
        "cheaper",
        "expensive",
        "first",
        "second",
        "third",
        "last",
        "next",
        "nearest",
        "closest",
        "new",
        "newest",
        "latest",
        "oldest",
    ),
    *("short", "shorter", "longer", "bigger", "smaller", "best", "better", "other", "same", "open", "free", "popular", "warmer", "earlier"),
    *("later", "louder", "quieter", "blue", "red", "unread", "important", "local", "easy", "quick"),
)
_CHANGING = (
    *("actually {other}", "actually make it {value}", "no wait make it {value}", "on second thought {other}", "i changed my mind {other}"),
    *(
        "{value} instead",
        "make that {value}",
        "change that to {value}",
        "hmm {other}",
        "wait {other}",
        "cancel that {other}",
        "{other} instead",
    ),
    *(
        "never mind {other}",
        "forget that {other}",
        "let's do {value} instead",
        "or better {value}",
        "no let's take {value}",
        "rather {value}",
    ),
)
_ALSO = ("and {value}", "{other}", "{other}", "{other} too", "also {other}", "and {other}", "{value} too", "{value} as well")


def say(request: Request) -> Saying:
    """The request as it stands."""
    return Saying(request.text)


def say_again(request: Request, requests: Requests, part: Part, *, wrong: str, rng: Random) -> Saying:
    """A second try; `wrong` is what the assistant made of it, as far as that is known."""
    draw = rng.random()
    if draw < SAME_WORDS:
        return Saying(request.text)
    if draw < SAME_WORDS + REPAIRED:
        return _repair(request, requests, part, wrong=wrong, rng=rng)
    return Saying(otherwise(request, requests, rng))


def otherwise(request: Request, requests: Requests, rng: Random) -> str:
    """The request in other words; the same where none are found."""
    draw = rng.random()
    other = requests.reworded(request, rng) if draw < 0.5 else None
    if other is not None:
        return other.text
    if draw < 0.75:
        return _with_other_verb(request.text, rng)
    if draw < 0.88:
        return shortened(request, rng)
    opened = rng.random() < 0.6
    return f"{rng.choice(_OPENINGS)} {request.text}" if opened else f"{request.text} {rng.choice(_CLOSINGS)}"


def shortened(request: Request, rng: Random) -> str:
    """The telling words alone: from a verb's object on, or the values of the slots."""
    values = [piece.text for piece in request.pieces if piece.slot]
    words = request.text.split()
    if values and rng.random() < 0.5:
        return f"{words[0]} {' '.join(values)}" if words[0] not in values[0].split() else " ".join(values)
    return " ".join(words[min(len(words) - 1, rng.randint(1, 3)) :])


def part_of_request(request: Request, wrong: str, rng: Random) -> str:
    """The part that was mistaken: the slot whose words did not come through, else any slot, else the last words."""
    values = [piece.text for piece in request.pieces if piece.slot]
    lost = [value for value in values if not set(value.split()) <= set(wrong.split())] if wrong else []
    if lost or values:
        return rng.choice(lost or values)
    words = request.text.split()
    return " ".join(words[-rng.randint(1, min(3, len(words))) :])


def refine(request: Request, requests: Requests, rng: Random) -> Request:
    """More of a request that was understood."""
    slot, value = requests.any_value(rng, but=request.slots)
    text = rng.choice(_REFINING).format(value=value, kind=rng.choice(_KINDS))
    return Request(f"{request.intent} refined", (Piece(text, slot),))


def change(request: Request, requests: Requests, rng: Random) -> Request:
    """Something else in the place of a request."""
    return _in_place(_CHANGING, request, requests, rng=rng)


def also(request: Request, requests: Requests, rng: Random) -> Request:
    """The like of something else."""
    return _in_place(_ALSO, request, requests, rng=rng)


def _in_place(carriers: tuple[str, ...], request: Request, requests: Requests, *, rng: Random) -> Request:
    other = requests.other_value(request, rng) or requests.like(request, rng) or requests.draw(rng)
    slot, value = next(((slot, value) for slot, value in other.slots.items() if request.slots.get(slot) != value), ("", other.text))
    text = rng.choice(carriers).format(other=other.text, value=value)
    return other if text == other.text else Request(request.intent, (Piece(text, slot),))


def _repair(request: Request, requests: Requests, part: Part, *, wrong: str, rng: Random) -> Saying:
    partial = part_of_request(request, wrong, rng)
    if rng.random() < PART_ALONE:
        return Saying(partial, repair=True)
    single = len(partial.split()) == 1
    form = draw_form(part, rng, wrong=bool(wrong), pointing=single)
    whole = "one" not in form and form not in CONTRASTS and rng.random() >= PART_SAID
    again = (request.text if rng.random() < 0.6 else otherwise(request, requests, rng)) if whole else partial
    before, _, after = form.format(again="\0", wrong=_mistaken_part(wrong, partial, request)).partition("\0")
    return Saying(again, before.strip(), after.strip(), repair=True)


def _mistaken_part(wrong: str, partial: str, request: Request) -> str:
    """What stood in the place of a part: the words that were heard and not said, else all that was heard."""
    strange = [word for word in wrong.split() if word not in request.text.split()]
    return " ".join(strange[: max(1, len(partial.split()) + 1)]) or wrong


def _with_other_verb(text: str, rng: Random) -> str:
    words = text.split()
    places = [place for place, word in enumerate(words) if word in _OTHER_WORDS]
    if not places:
        return f"{rng.choice(_OPENINGS)} {text}"
    return " ".join(
        [*words[: places[0]], rng.choice(_OTHER_WORDS[words[places[0]]]), *words[places[0] + 1 :]],
    )
