"""Sentences that a recogniser for one home should expect: sampled from the assistant's templates, with the home's names in them.

Knows the templates and how to draw from them; knows nothing of recognisers. Needs the extra `lab`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from hassil import Intents
from hassil.expression import Alternative, Expression, Group, ListReference, Permutation, RuleReference, TextChunk
from hassil.intents import IntentData, RangeSlotList, SlotList, TextSlotList, WildcardSlotList
from home_assistant_intents import get_intents
from unicode_rbnf import RbnfEngine

from resay.lab.home import Home
from resay.lab.templates import LANGUAGE, names_of

WORDS_MAX = 15
"""Longer sentences nobody says to a device."""

ROUND_SHARE = 0.5
"""Share of numbers that are drawn from the round ones: people say twenty rather than nineteen. Made up."""

ROUND_STEP = 5

TIMER_LENGTHS = (1, 2, 3, 4, 5, 7, 8, 10, 12, 15, 20, 25, 30, 40, 45, 60, 90)
"""Minutes or seconds that people set timers to. Made up."""

TRIES_A_SENTENCE = 50
"""A template with a slot that this home has nothing for is passed over; so many in a row, and there is nothing to say."""

WEIGHTS: Mapping[str, float] = {
    "HassTurnOn": 6.0,
    "HassTurnOff": 6.0,
    "HassLightSet": 2.5,
    "HassStartTimer": 2.5,
    "HassGetState": 2.5,
    "HassMediaSearchAndPlay": 3.0,
    "HassShoppingListAddItem": 2.0,
    "HassVacuumCleanArea": 0.3,
    "HassLawnMowerDock": 0.3,
    "HassBroadcast": 0.7,
}
"""How much more than others an intent is said: as in the language model of the recordings."""

Fillers = Mapping[tuple[str, str], Sequence[str]]
"""What people put where a template takes any words, by intent and slot."""


def sample_sentences(home: Home, *, fillers: Fillers, number: int, rng: Random) -> list[str]:
    """So many sentences, in the words of a recogniser: lower case, numbers as words."""
    sentences = get_intents(LANGUAGE)
    assert sentences, "the sentences of this language must be in the package"
    intents = Intents.from_dict(sentences)
    known = list(intents.intents)
    weights = [WEIGHTS.get(name, 1.0) for name in known]
    names = names_of(home)
    drawn: list[str] = []
    missed = 0
    while len(drawn) < number and missed < TRIES_A_SENTENCE * (len(drawn) + 1):
        intent = rng.choices(known, weights)[0]
        template = rng.choice(intents.intents[intent].data)
        said = _Draw(intents, names, intent, template, fillers, rng).sentence()
        if said and len(said.split()) <= WORDS_MAX:
            drawn.append(said)
        else:
            missed += 1
    return drawn


class _Unsayable(Exception):
    """There is nothing in the home to put into a slot."""


@dataclass(frozen=True, slots=True)
class _Draw:
    """One sentence of one template."""

    intents: Intents
    names: Mapping[str, SlotList]
    intent: str
    template: IntentData
    fillers: Fillers
    rng: Random

    def sentence(self) -> str:
        """A sentence, or nothing where this home has no words for it."""
        try:
            return _spoken(self._said(self.rng.choice(list(self.template.sentences)).expression))
        except _Unsayable:
            return ""

    def _said(self, part: Expression) -> str:
        if isinstance(part, TextChunk):
            return part.original_text
        if isinstance(part, Alternative):
            return self._said(self.rng.choice(part.items))
        if isinstance(part, Permutation):
            return " ".join(self._said(each) for each in self.rng.sample(part.items, len(part.items)))
        if isinstance(part, Group):
            return "".join(self._said(each) for each in part.items)
        if isinstance(part, RuleReference):
            rules = {**self.intents.expansion_rules, **self.template.expansion_rules}
            return self._said(rules[part.rule_name].expression)
        assert isinstance(part, ListReference), "a template has no other parts"
        return self._slot(part)

    def _slot(self, part: ListReference) -> str:
        values = {**self.intents.slot_lists, **self.names, **self.template.slot_lists}.get(part.list_name)
        if isinstance(values, RangeSlotList):
            return _number(values, timer="timer" in part.list_name, rng=self.rng)
        if isinstance(values, WildcardSlotList):
            fillers = self.fillers.get((self.intent, part.slot_name), ())
            if not fillers:
                raise _Unsayable
            return self.rng.choice(fillers)
        if isinstance(values, TextSlotList):
            return self._name(values, named=part.list_name == "name")
        raise _Unsayable

    def _name(self, values: TextSlotList, *, named: bool) -> str:
        asked = (self.template.requires_context or {}).get("domain") if named else None
        domains = asked.get("value") if isinstance(asked, dict) else asked
        wanted = [domains] if isinstance(domains, str) else domains
        fitting = [each for each in values.values if not wanted or (each.context or {}).get("domain") in wanted]
        if not fitting:
            raise _Unsayable
        return self._said(self.rng.choice(fitting).text_in)


def _number(values: RangeSlotList, *, timer: bool, rng: Random) -> str:
    number = rng.randrange(values.start, values.stop + 1, values.step)
    if timer:
        number = rng.choice(TIMER_LENGTHS)
    elif rng.random() < ROUND_SHARE and values.step == 1:
        number = max(values.start, min(values.stop, ROUND_STEP * round(number / ROUND_STEP)))
    return in_words(number)


@lru_cache(1)
def _numbers() -> RbnfEngine:
    return RbnfEngine.for_language(LANGUAGE)


def in_words(number: int) -> str:
    """A number as it is said."""
    return _numbers().format_number(number).text.replace("-", " ")


def _spoken(text: str) -> str:
    plain = text.lower().replace("%", " percent").replace("°", " degrees").replace("-", " ")
    words = re.sub(r"\d+", lambda digits: in_words(int(digits.group())), plain)
    return re.sub(r"\s+", " ", re.sub(r"[^a-z' ]+", " ", words)).strip()
