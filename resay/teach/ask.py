"""What is said back to a customer: the confirmation, the question before what is risky, and the offer after a rephrase that worked.

Knows which offers were made, and that none comes twice; knows nothing of how failures and rephrases are found.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from resay.dialogue.teaching import Kind, Origin, Taught
from resay.teach.rules import refusal

OFFER_GAP = timedelta(days=1)
"""Time between two offers to one customer: an assistant that asks after every mistake is a second mistake."""


def confirmation(taught: Taught) -> str:
    """One sentence that says what was understood, so that what was misunderstood is heard at once."""
    if taught.kind is Kind.NAME:
        return f"All right: “{taught.words}” is “{taught.meaning}”."
    return f"All right: when you say “{taught.words}”, I take it as “{taught.meaning}”."


def question(taught: Taught) -> str:
    """What is asked where the customer must say yes first."""
    return f"Next time you say “{taught.words}”, shall I take it as “{taught.meaning}”?"


def forgotten(taught: Taught) -> str:
    """One sentence that says what holds no more."""
    return f"All right: “{taught.words}” does not mean “{taught.meaning}” any more."


def may_offer(new: Taught, rows: Sequence[Taught], *, now: datetime) -> bool:
    """Whether the assistant may ask for this: it never did, did not ask anything lately, and the customer could teach it."""
    if any(each.words == new.words and each.origin is Origin.AGENT for each in rows):
        return False  # Asked before, whatever was answered: dismissed is dismissed, and silence is a no.
    lately = any(each.origin is Origin.AGENT and now - each.at < OFFER_GAP for each in rows)
    return not lately and refusal(new, rows) is None
