"""The stock of one part: its requests, from texts and forms, and the confusions of words that a real recogniser made of other people's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from resay.lab.linked.confusions import Confusions
from resay.lab.linked.forms import form_requests
from resay.lab.linked.part import Part, part_of
from resay.lab.linked.requests import Requests, request_of
from resay.lab.linked.talk import Stock
from resay.label.corpora.slurp import SlurpText

VALUE_WORDS_MAX = 6
"""Words of a request that is filled into a form whole: a subject, a note, a caption."""


def stock_of(texts: Sequence[SlurpText], part: Part, *, heard: Iterable[tuple[str, str]] = (), seed: int) -> Stock:
    """What sessions of one part are made of: texts whose intent is of that part, and forms filled in with their values.

    Words are misheard as in the readings of the part's own texts and in the further pairs `heard`.
    """
    mine = [text for text in texts if part_of(text.intent) is part]
    values = [piece.text for text in mine for piece in text.pieces if piece.slot]
    values += [text.text for text in mine if len(text.text.split()) <= VALUE_WORDS_MAX]
    filled = form_requests(part, values, Random(f"{seed}/forms/{part}"))
    pairs = [(text.text, reading.text) for text in mine for reading in text.readings]
    return Stock(part, Requests(map(request_of, mine), filled=filled), Confusions([*pairs, *heard]))
