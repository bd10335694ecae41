"""What in a text may point to one person: numbers, names' possessions, addresses, people to be called.

Heuristics, and one-sided: what they find is kept out of the global table, whoever said it. What few customers said is kept out
by the floor, whatever it is. What neither finds is a name that ten customers said and that stands alone ("where is maggie").
"""

from __future__ import annotations

import json
import re

from resay.dialogue.text import canonical, words

DIGITS_MIN = 5
"""Digits in a row, spoken or written, that make a number personal: dates, times and amounts at home have four at most."""

DIGIT_WORDS = frozenset({"zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double", "triple"})

EVERYDAY_OWNERS = frozenset(
    {
        # Contractions: no possession at all.
        *(
            "it",
            "that",
            "this",
            "what",
            "who",
            "where",
            "when",
            "why",
            "how",
            "here",
            "there",
            "let",
            "he",
            "she",
            "everything",
            "everyone",
        ),
        # Owners that are the same for everybody.
        *("today", "tomorrow", "yesterday", "tonight", "week", "month", "year", "morning", "evening", "world", "day", "night"),
        *("children", "kid", "baby", "dog", "cat", "men", "women", "mother", "father", "valentine", "president"),
    }
)
"""Words before 's that name nobody."""

TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr"})

CALLING = frozenset({"call", "dial", "ring", "text", "email", "message", "facetime", "whatsapp"})
"""Verbs whose object is somebody: the same name is another person for another customer."""

OF_PEOPLE = frozenset({"contact", "person", "recipient", "caller", "phone_number", "email", "email_address", "address", "postal_address"})
"""Names of slots that hold a person, or the way to one."""

_RUN_OF_DIGITS = re.compile(rf"(?:\d\W*){{{DIGITS_MIN},}}")
_SPOKEN_ADDRESS = re.compile(r"\bdot (?:com|org|net|edu|co|uk|de)\b")
_POSSESSION = re.compile(r"(\w+)'s\b")


def personal_in(text: str, state: str = "") -> str | None:
    """What in a text, or in the slots of the state that it leads to, may point to one person; nothing where nothing does."""
    form = canonical(text)
    if _RUN_OF_DIGITS.search(text) or _longest_run_of_digits(form) >= DIGITS_MIN:
        return "a long number"
    if "@" in text or _SPOKEN_ADDRESS.search(form):
        return "an address"
    owners = {owner for owner in _POSSESSION.findall(form) if owner not in EVERYDAY_OWNERS}
    if owners:
        return "something that belongs to somebody"
    said = form.split()
    if any(word in TITLES for word in said[:-1]) or (len(said) > 1 and said[0] in CALLING):
        return "somebody by name"
    slot = next((name for name in _slots(state) if name.casefold() in OF_PEOPLE), None)
    return f"slot {slot}" if slot else None


def _longest_run_of_digits(form: str) -> int:
    longest = run = 0
    for word in words(form):
        run = run + 1 if word in DIGIT_WORDS or word.isdigit() else 0
        longest = max(longest, run)
    return longest


def _slots(state: str) -> list[str]:
    """Names of the slots of an interpretation `domain|intent|slots`; none where there are none, or the state is none."""
    slots = state.split("|", 2)[-1]
    try:
        told = json.loads(slots)
    except ValueError:
        return []
    return list(told) if isinstance(told, dict) else []
