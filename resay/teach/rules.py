"""What may be taught: the form of words and meaning, what contradicts what was taught before, and what must be asked first.

Knows one customer's teachings and nobody else's; knows nothing of where they are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from resay.dialogue.rewrite import Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.teaching import Kind, Lexicon, State, Taught
from resay.dialogue.text import canonical, has_command_prefix, has_control_characters
from resay.dialogue.text import words as words_of
from resay.teach.teaching import Frame, Teaching

TEXT_CHARS_MAX = 200
"""Longest words and longest meaning: as long as a target may be (`markov.verify`)."""

TEACHINGS_MAX = 200
"""Teachings of one customer: more than anybody keeps in mind, and few enough to be gone through at each request."""

RESERVED = frozenset(
    words_of(
        "yes no yeah yep nope ok okay stop cancel quit exit help undo never thanks please hello wait enough repeat the a an my our it "
        "that this and or of in on at to for with i you me we is are turn set play what"
    )
)
"""Words that must keep their sense alone: those by which customers answer and stop, and those of which all talk is made."""


class Objection(StrEnum):
    """Why something cannot be taught."""

    FORM = "form"
    RESERVED = "reserved"
    SAME = "same"
    """Words and meaning are the same."""
    CONFLICT = "conflict"
    """The words mean something else already."""
    CHAIN = "chain"
    """What is said in place of some words would be changed again."""
    CYCLE = "cycle"
    """The meaning leads back to the words."""
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something is not taught."""

    objection: Objection
    why: str
    """One sentence for the customer."""
    against: Taught | None = None
    """What it contradicts."""


def needs_yes(teaching: Teaching) -> bool:
    """Whether the customer must be asked: what is risky to do, what was said of one moment and need not hold for good, and a guess."""
    return teaching.frame is not Frame.TOLD or is_risky(teaching.meaning)


def is_risky(meaning: str) -> bool:
    """Whether it would matter if this were done wrongly."""
    return risk_of("", meaning) is Risk.HIGH


def refusal(new: Taught, others: Sequence[Taught]) -> Refused | None:
    """Why a teaching must not stand beside the customer's others, or nothing."""
    return _form(new) or _contradiction(
        new, [each for each in others if each.state is State.TAUGHT and each.teaching_id != new.teaching_id]
    )


def _form(new: Taught) -> Refused | None:
    meaning = canonical(new.meaning)
    if not new.words or new.words != canonical(new.words) or not meaning:
        return Refused(Objection.FORM, "I need both the words and what they shall mean.")
    if max(len(new.words), len(new.meaning)) > TEXT_CHARS_MAX:
        return Refused(Objection.FORM, f"That is too long for me: {TEXT_CHARS_MAX} characters at most.")
    if any(has_control_characters(each) or has_command_prefix(each) for each in (new.words, new.meaning)):
        return Refused(Objection.FORM, "I can only learn words that somebody could say.")
    if set(new.words.split()) <= RESERVED:
        return Refused(Objection.RESERVED, f"I need “{new.words}” for itself, so it cannot mean something else.")
    if meaning == new.words:
        return Refused(Objection.SAME, f"“{new.words}” means that already.")
    return None


def _contradiction(new: Taught, others: Sequence[Taught]) -> Refused | None:
    if len(others) >= TEACHINGS_MAX:
        return Refused(Objection.TOO_MANY, f"You have taught me {TEACHINGS_MAX} things; I can forget one to make room.")
    known = next((each for each in others if each.words == new.words), None)
    if known is not None:
        why = f"“{new.words}” means “{known.meaning}” already; shall I change that?"
        return Refused(Objection.CONFLICT, why, known)
    return _leads_back(new, others) or _changed_again(new, others)


def _leads_back(new: Taught, others: Sequence[Taught]) -> Refused | None:
    """Whether following the meaning through all that was taught comes back to the words."""
    text, last = canonical(new.meaning), None
    for _ in range(len(others) + 1):
        step = next((each for each in others if _speaks_of(each, text)), None)
        if step is None:
            return None
        text, last = canonical(step.meaning), step
        if _speaks_of(new, text):
            why = f"“{new.words}” would mean “{new.meaning}”, and that comes back to “{new.words}”."
            return Refused(Objection.CYCLE, why, last)
    return None


def _changed_again(new: Taught, others: Sequence[Taught]) -> Refused | None:
    if _speaks_of(new, canonical(new.meaning)):
        return Refused(Objection.CYCLE, f"“{new.meaning}” holds “{new.words}” itself, so I could never stop.") if _grows(new) else None
    for each in others:
        if _speaks_of(each, canonical(new.meaning)):
            why = f"“{each.words}” in “{new.meaning}” means “{each.meaning}” already; say it with those words?"
            return Refused(Objection.CHAIN, why, each)
        if _speaks_of(new, canonical(each.meaning)):
            why = f"“{each.words}” means “{each.meaning}”, and that holds “{new.words}”; shall I forget it first?"
            return Refused(Objection.CHAIN, why, each)
    return None


def _speaks_of(teaching: Taught, text: str) -> bool:
    """Whether the words of a teaching come up in a text where they would be replaced."""
    if teaching.kind is Kind.REQUEST:
        return text == teaching.words
    return f" {teaching.words} " in f" {text} "


def _grows(new: Taught) -> bool:
    """Whether the words come back in what they are replaced by: "lamp" that is a "standing lamp" is told apart, and ends."""
    found = Lexicon([new]).meant(new.meaning)
    return found is not None and bool(found.by)
