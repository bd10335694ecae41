"""Lessons: what becomes of one customer's teachings when they teach, change, forget or answer an offer. Pure: rows in, rows out.

Knows no store and no wire: whoever keeps the rows applies what is decided here in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from resay.dialogue.teaching import Origin, State, Taught
from resay.dialogue.text import canonical
from resay.teach.ask import confirmation, forgotten, may_offer, question
from resay.teach.rules import Refused, is_risky, needs_yes, refusal
from resay.teach.teaching import Teaching

Rows = Sequence[Taught]


class Outcome(StrEnum):
    """What came of it."""

    TAUGHT = "taught"
    KNOWN = "known"
    """It stood already."""
    ASKED = "asked"
    """The customer must say yes first."""
    REFUSED = "refused"
    OFFERED = "offered"
    """The assistant may ask now."""
    NOT_OFFERED = "not_offered"
    """It asked for this before, or asked something lately."""
    DISMISSED = "dismissed"
    FORGOTTEN = "forgotten"
    UNKNOWN = "unknown"
    """There is no such teaching of this customer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it, and what the assistant may say."""

    outcome: Outcome
    say: str = ""
    """One sentence for the customer; empty where there is nothing to say."""
    taught: Taught | None = None
    """What it is about."""
    refused: Refused | None = None


def new_row(teaching: Teaching, *, teaching_id: str, now: datetime, origin: Origin = Origin.CUSTOMER) -> Taught:
    """A teaching as a row that nobody has said yes to."""
    return Taught(teaching_id, teaching.kind, canonical(teaching.words), " ".join(teaching.meaning.split()), now, origin)


def teach(rows: Rows, new: Taught, *, must_ask: bool, yes: bool) -> tuple[Rows, Answer]:
    """Take a teaching in; `yes`: the customer was asked whether this is meant, and said so."""
    known = next((each for each in rows if each.state is State.TAUGHT and each.words == new.words), None)
    if known is not None and canonical(known.meaning) == canonical(new.meaning):
        return rows, Answer(Outcome.KNOWN, confirmation(known), known)
    refused = refusal(new, rows)
    if refused is not None:
        return rows, Answer(Outcome.REFUSED, refused.why, new, refused)
    if must_ask and not yes:
        return rows, Answer(Outcome.ASKED, question(new), new)
    new = replace(new, confirmed_at=new.at if yes else None)
    return [*_without_offer(rows, new), new], Answer(Outcome.TAUGHT, confirmation(new), new)


def must_ask(teaching: Teaching) -> bool:
    """Whether the customer must say yes first."""
    return needs_yes(teaching)


def change(rows: Rows, teaching_id: str, *, meaning: str, now: datetime, yes: bool) -> tuple[Rows, Answer]:
    """Give words that were taught another meaning."""
    known = _standing(rows, teaching_id)
    if known is None:
        return rows, Answer(Outcome.UNKNOWN)
    new = replace(known, meaning=" ".join(meaning.split()), at=now, confirmed_at=None)
    others = [each for each in rows if each is not known]
    after, answer = teach(others, new, must_ask=is_risky(new.meaning), yes=yes)
    return (after if answer.outcome is Outcome.TAUGHT else rows), answer


def forget(rows: Rows, teaching_id: str) -> tuple[Rows, Answer]:
    """Let a teaching go; of one that the assistant began it is kept that it must not be offered again."""
    known = _standing(rows, teaching_id)
    if known is None:
        return rows, Answer(Outcome.UNKNOWN)
    left = [each for each in rows if each is not known]
    if known.origin is Origin.AGENT:
        left.append(replace(known, state=State.DISMISSED))
    return left, Answer(Outcome.FORGOTTEN, forgotten(known), known)


def forget_told(rows: Rows, gone: Sequence[Taught], *, yes: bool) -> tuple[Rows, Answer]:
    """Let go what a customer said is to be forgotten; of several at once they are asked first."""
    assert gone, "there is something to forget"
    if len(gone) > 1 and not yes:
        return rows, Answer(Outcome.ASKED, f"Shall I forget all {len(gone)} things that you taught me?")
    left, answer = rows, Answer(Outcome.UNKNOWN)
    for each in gone:
        left, answer = forget(left, each.teaching_id)
    if len(gone) > 1:
        answer = Answer(Outcome.FORGOTTEN, f"All right: I have forgotten all {len(gone)} things that you taught me.")
    return left, answer


def offer(rows: Rows, new: Taught) -> tuple[Rows, Answer]:
    """Whether the assistant may ask for this now; if so it counts as asked."""
    assert new.origin is Origin.AGENT, "what is offered is begun by the assistant"
    if not may_offer(new, rows, now=new.at):
        return rows, Answer(Outcome.NOT_OFFERED)
    offered = replace(new, state=State.OFFERED)
    return [*rows, offered], Answer(Outcome.OFFERED, question(new), offered)


def answer_offer(rows: Rows, teaching_id: str, *, yes: bool, now: datetime) -> tuple[Rows, Answer]:
    """Take in what the customer said to an offer."""
    offered = next((each for each in rows if each.teaching_id == teaching_id and each.state is State.OFFERED), None)
    if offered is None:
        return rows, Answer(Outcome.UNKNOWN)
    if not yes:
        dismissed = replace(offered, state=State.DISMISSED)
        return [*(each for each in rows if each is not offered), dismissed], Answer(Outcome.DISMISSED, "All right.", dismissed)
    others = [each for each in rows if each is not offered]
    after, answer = teach(others, replace(offered, state=State.TAUGHT, at=now), must_ask=True, yes=True)
    return (after if answer.outcome is Outcome.TAUGHT else rows), answer


def _standing(rows: Rows, teaching_id: str) -> Taught | None:
    return next((each for each in rows if each.teaching_id == teaching_id and each.state is State.TAUGHT), None)


def _without_offer(rows: Rows, new: Taught) -> list[Taught]:
    """The rows without an open offer of these words, which the customer has answered by teaching them."""
    return [each for each in rows if each.state is not State.OFFERED or each.words != new.words]
