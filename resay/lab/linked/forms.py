"""Requests that fill in forms and go through lists, in any assistant: "set the title to …", "read the next one".

Made up, so that detectors meet talk in which many different requests share most of their words. Which fields and things serve for
training and which for scoring is told by a hash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random

from resay.lab.linked.part import Part, part_of
from resay.lab.linked.requests import Request
from resay.label.corpora.slurp import Piece

FIELDS = (
    *("title", "name", "label", "note", "message", "subject", "body", "text", "description", "caption", "comment", "heading", "nickname"),
    *("recipient", "sender", "guest", "owner", "contact", "address", "destination", "location", "place", "room", "city", "street"),
    *("date", "day", "time", "deadline", "start time", "end time", "reminder", "alarm", "price", "amount", "quantity", "size", "colour"),
    *("first line", "second line", "ending", "greeting", "signature", "password hint", "phone number", "tag", "category", "status"),
)

THINGS = (
    *("message", "note", "event", "list", "reminder", "playlist", "document", "draft", "contact", "entry", "ticket", "order", "photo"),
    *("page", "task", "file", "folder", "recipe", "song", "station", "article", "letter", "invitation", "post", "group", "bookmark"),
    *("timer", "report", "booking", "meeting", "mail", "chat", "story", "chapter", "video", "channel"),
)

FILLING = (
    "set the {field} to {value}",
    "set {field} to {value}",
    "set {value} as the {field}",
    "the {field} is {value}",
    "the {field} should be {value}",
    "{field} {value}",
    "change the {field} to {value}",
    "make the {field} {value}",
    "put {value} in the {field}",
    "put {value} as {field}",
    "write {value} in the {field}",
    "enter {value} for the {field}",
    "use {value} as the {field}",
    "update {field} to {value}",
    "add {value} to the {field}",
    "i want the {field} to be {value}",
    "fill in {value} for {field}",
    "let the {field} say {value}",
)

ACTING = (
    ("open", ("open the {thing}", "open {thing}", "show me the {thing}", "bring up the {thing}", "go to the {thing}", "display {thing}")),
    ("create", ("create a {thing}", "create new {thing}", "make a new {thing}", "start a {thing}", "new {thing}", "i need a new {thing}")),
    ("delete", ("delete the {thing}", "delete this {thing}", "remove that {thing}", "get rid of the {thing}", "erase {thing}")),
    ("read", ("read the {thing}", "read me the {thing}", "read the {thing} aloud", "what does the {thing} say", "what is in the {thing}")),
    ("next", ("next {thing}", "go to the next {thing}", "the next {thing} please", "show next {thing}", "move on to the next {thing}")),
    (
        "previous",
        ("previous {thing}", "go back to the previous {thing}", "the {thing} before", "back one {thing}", "show the last {thing}"),
    ),
    ("send", ("send the {thing}", "send {thing}", "send it off", "send this {thing} now", "submit the {thing}", "share the {thing}")),
    ("save", ("save the {thing}", "keep this {thing}", "store {thing}", "save it", "save this {thing} for later")),
    ("count", ("how many {thing}s are there", "how many {thing}s do i have", "count the {thing}s", "number of {thing}s")),
    ("close", ("close the {thing}", "close {thing}", "leave the {thing}", "exit the {thing}", "i am done with the {thing}")),
)

REPLYING = ("reply to the {thing} with {value}", "answer {value}", "respond to {thing} saying {value}", "forward the {thing} to {value}")

FILLING_IN = "fill"
"""What intents begin with that fill in a field."""

EACH = 24
"""Requests made of each field and of each thing: as many as the middle intent of the texts has."""


_GAP = re.compile(r"\{(\w+)\}(\w*)|([^{]+)")


def form_requests(part: Part, values: Sequence[str], rng: Random) -> Iterator[Request]:
    """Requests of one part, filled in with values of that part."""
    for field in FIELDS:
        if part_of(f"field/{field}") is part:
            for _ in range(EACH):
                yield _filled(
                    rng.choice(FILLING), f"{FILLING_IN} {field}", {"field": Piece(field), "value": Piece(rng.choice(values), field)}
                )
    for thing in THINGS:
        if part_of(f"thing/{thing}") is part:
            for _ in range(EACH // 2):
                act, carriers = rng.choice(ACTING)
                yield _filled(rng.choice(carriers), f"{act} {thing}", {"thing": Piece(thing, "thing")})
                yield _filled(rng.choice(REPLYING), f"reply {thing}", {"thing": Piece(thing), "value": Piece(rng.choice(values), "reply")})


def _filled(carrier: str, intent: str, filling: dict[str, Piece]) -> Request:
    """A carrier with its gaps filled; words between gaps are pieces of their own, and an ending stays with its gap ("{thing}s")."""
    pieces = []
    for gap, ending, plain in _GAP.findall(carrier):
        filled = filling.get(gap)
        pieces.append(Piece(filled.text + ending, filled.slot) if filled else Piece(plain.strip()))
    return Request(intent, tuple(piece for piece in pieces if piece.text))
