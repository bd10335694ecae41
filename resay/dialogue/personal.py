"""What in a text may point to one person: numbers, names' possessions, addresses, people to be called.

Heuristics, and one-sided: what they find is kept out of the global table, whoever said it. What few customers said is kept out
by the floor, whatever it is. What neither finds is a name that ten customers said and that stands alone ("where is maggie").
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache

from resay.dialogue.text import canonical

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

TELLING = DIGIT_WORDS | TITLES | CALLING | {"dot"}
"""Words of which a text has one, if it has nothing but letters and still points to one person by itself."""

STATES_KEPT_MAX = 65_536
"""States whose slots are kept: a home has some hundred, a million wordings some ten thousand; 10 MB."""

_RUN_OF_DIGITS = re.compile(rf"(?:\d\W*){{{DIGITS_MIN},}}")
_SPOKEN_ADDRESS = re.compile(r"\bdot (?:com|org|net|edu|co|uk|de)\b")
_POSSESSION = re.compile(r"(\w+)'s\b")


def personal_in(text: str, state: str = "") -> str | None:
    """What in a text, or in the slots of the state that it leads to, may point to one person; nothing where nothing does."""
    form = canonical(text)
    said = form.split()
    # A million wordings are looked at before a generation is served: what can only be there with a certain sign is looked for with it.
    if _RUN_OF_DIGITS.search(text) or _longest_run_of_digits(said) >= DIGITS_MIN:
        return "a long number"
    if "@" in text or ("dot " in form and _SPOKEN_ADDRESS.search(form)):
        return "an address"
    if "'s" in form and any(owner not in EVERYDAY_OWNERS for owner in _POSSESSION.findall(form)):
        return "something that belongs to somebody"
    if not TITLES.isdisjoint(said[:-1]) or (len(said) > 1 and said[0] in CALLING):
        return "somebody by name"
    slot = _slot_of_people(state) if state else None
    return f"slot {slot}" if slot else None


def _longest_run_of_digits(said: Sequence[str]) -> int:
    longest = run = 0
    for word in said:
        run = run + 1 if word in DIGIT_WORDS or word.isdigit() else 0
        longest = max(longest, run)
    return longest


@lru_cache(STATES_KEPT_MAX)
def _slot_of_people(state: str) -> str | None:
    """The first slot of an interpretation `domain|intent|slots` that holds a person; none where it has no slots, or is none."""
    slots = state.split("|", 2)[-1]
    try:
        told = json.loads(slots)
    except ValueError:
        return None
    return next((name for name in told if name.casefold() in OF_PEOPLE), None) if isinstance(told, dict) else None
