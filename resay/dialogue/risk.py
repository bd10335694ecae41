"""How much it would matter if an action were carried out wrongly.

Knows words: of the state (domain, intent, slots) and of the target. Knows nothing of evidence: what a high risk costs is decided
by who mines, verifies and serves. The lists err on the side of high: a word too many costs evidence, a word too few an open door.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from resay.dialogue.rewrite import Risk
from resay.dialogue.text import words

DEEDS = frozenset(
    {
        # Doors, locks, gates.
        *("unlock", "unlocks", "unlocking", "unlatch"),
        # Alarms and security systems.
        *("arm", "disarm", "disarms", "disarming"),
        # Payments and orders.
        *("buy", "pay", "purchase", "reorder", "checkout", "transfer", "transfers"),
        *("donate", "refund", "subscribe", "unsubscribe", "withdraw"),
        # What cannot be taken back.
        *("delete", "erase", "reset", "wipe"),
    }
)
"""Words of risky deeds: high, whatever else is said."""

THINGS = frozenset(
    {
        # Doors, locks, gates: what lets people in.
        *("door", "doors", "doorway", "lock", "locks", "locked", "locking", "deadbolt", "latch", "gate", "gates", "garage", "shutter"),
        # Alarms and security systems. Alarm clocks fall under it too: a missed morning matters.
        *("alarm", "alarms", "siren", "security", "intruder", "emergency", "police", "smoke"),
        # Calls for help: 911 and 999, and 112 in most of Europe.
        *("911", "999", "112", "ambulance", "firefighters", "paramedics"),
        # What burns where it is left on. A kettle switches itself off.
        *("oven", "ovens", "stove", "stoves", "cooker", "cooktop", "hob", "hobs", "fryer", "iron", "fireplace"),
        # Payments and orders.
        *("payment", "payments", "order", "orders", "ordering", "money", "bank", "card", "invoice", "subscription"),
        *("insurance", "loan", "mortgage"),
    }
)
"""Words of risky things: high, unless the intent only reads."""

ALL_OF_IT = frozenset({"all", "every", "everything", "everywhere", "everyone", "entire", "whole", "house", "home"})
"""Words that stretch a deed over everything: high, unless the intent only reads; a domain so named is where deeds belong."""

READING = frozenset({"get", "query", "status", "report"})
"""Words of intents that only look: a wrong answer is heard and does nothing."""

NAMES_KEPT_MAX = 65_536
"""Identifiers whose words are kept: wordings and rewrites share their states; 20 MB."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class RiskWords:
    """The lists by which risk is told, for one language and one assistant; words are canonical."""

    deeds: frozenset[str] = DEEDS
    things: frozenset[str] = THINGS
    all_of_it: frozenset[str] = ALL_OF_IT
    reading: frozenset[str] = READING

    @property
    def telling(self) -> frozenset[str]:
        """Words of which a text has one, if it makes a state riskier than it is by itself."""
        return self.deeds | self.things | self.all_of_it


ENGLISH = RiskWords()
"""The lists that ship: English, and the names of Home Assistant's domains and intents."""


def risk_of(state: str, target: str, *, lists: RiskWords = ENGLISH) -> Risk:
    """The risk of handing `target` to the assistant, which then does what `state` says.

    High where a risky deed is named, or a risky thing or the whole house by an intent that does more than read.
    """
    domain, _, rest = state.partition("|")
    intent, _, slots = rest.partition("|")
    intended = _parts(intent)
    done = intended.union(_parts(slots), words(target))
    named = done | _parts(domain)
    if named & lists.deeds:
        return Risk.HIGH
    if intended & lists.reading:
        return Risk.LOW
    return Risk.HIGH if named & lists.things or done & lists.all_of_it else Risk.LOW


@lru_cache(NAMES_KEPT_MAX)
def _parts(name: str) -> frozenset[str]:
    """The words of an identifier: `HassTurnOn`, `alarm_control_panel` and `{"name":"garage door"}` alike."""
    return frozenset(words(_HUMP.sub(" ", name)))
