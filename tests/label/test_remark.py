"""Remarks: what an utterance says about the answer before it."""

from __future__ import annotations

import dataclasses

import pytest

from resay.label.remark import Remark, RemarkKind, remark_of
from resay.label.wordings import ENGLISH


@pytest.mark.parametrize(
    ("utterance", "kind", "prefix"),
    [
        ("no i said madonna", RemarkKind.REPAIR, 3),
        ("No, I meant the kitchen.", RemarkKind.REPAIR, 3),
        ("i said madonna", RemarkKind.REPAIR, 2),
        ("uh no no i said madonna", RemarkKind.REPAIR, 5),
        ("no the kitchen", RemarkKind.NEGATIVE, 1),
        ("no", RemarkKind.NEGATIVE, 1),
        ("nope", RemarkKind.NEGATIVE, 1),
        ("that's wrong", RemarkKind.DENIAL, 2),
        ("thats wrong", RemarkKind.DENIAL, 2),
        ("no that's not what i said", RemarkKind.DENIAL, 6),
        ("that's not what i asked for i want jazz", RemarkKind.DENIAL, 6),
        ("not that", RemarkKind.DENIAL, 2),
        ("no not that the other one", RemarkKind.DENIAL, 3),
        ("stop", RemarkKind.STOP, 1),
        ("please stop", RemarkKind.STOP, 2),
        ("no stop", RemarkKind.STOP, 2),
        ("never mind", RemarkKind.STOP, 2),
        ("thank you good bye", RemarkKind.FAREWELL, 4),
        ("thank you goodbye", RemarkKind.FAREWELL, 3),
        ("no thanks", RemarkKind.FAREWELL, 2),
        ("yes", RemarkKind.AFFIRMATIVE, 1),
    ],
)
def test_a_remark_is_known_with_its_words(utterance: str, kind: RemarkKind, prefix: int):
    """Each form is read for what it is, and its words are counted."""
    remark = remark_of(utterance)

    assert (remark.kind, remark.prefix) == (kind, prefix)


@pytest.mark.parametrize(
    "utterance",
    [
        "play madonna",
        "stop the music",
        "cancel my alarm for tomorrow",
        "wrong turn",
        "not that loud",
        "i said",
        "november rain",
        "noah's ark",
        "good night",
        "",
        "  ",
        "🙂",
        "играй мадонну",
    ],
)
def test_a_request_is_no_remark(utterance: str):
    """Words that only look like a remark ask for something."""
    assert remark_of(utterance).kind is RemarkKind.NONE


def test_what_follows_a_remark_is_the_request():
    """A remark with words after it is not bare."""
    assert remark_of("no i said madonna") == Remark(RemarkKind.REPAIR, prefix=3, rest=1)
    assert not remark_of("no i said madonna").is_bare
    assert remark_of("no").is_bare


def test_another_language_is_another_value():
    """The word lists are an argument, not a global."""
    german = dataclasses.replace(ENGLISH, negatives=frozenset({"nein"}), repairs=("ich sagte", "ich meinte"))

    assert remark_of("nein ich sagte madonna", german) == Remark(RemarkKind.REPAIR, prefix=3, rest=1)
    assert remark_of("nein ich sagte madonna").kind is RemarkKind.NONE
