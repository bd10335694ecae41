"""Which of the assistant's templates could fit a text at all, told by the words that they cannot do without.

hassil looks into every template for them, each time anew, which was two thirds of what a text cost. Knows templates, and nothing of homes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hassil import Intents
from hassil.intents import Intent, IntentData
from hassil.util import normalize_for_matching

_Clause = frozenset[str]
"""Fragments of which a text must hold at least one."""

_Needs = frozenset[_Clause]
"""Clauses that a text must fulfil, all of them."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Templates that hassil keeps together."""

    intent: str
    templates: IntentData
    needs: frozenset[_Needs]
    """What the templates ask of a text, each for itself; nothing, where a template fits any."""


class Sieve:
    """Leaves out blocks of templates that cannot fit; what is left says the same of the text, in the same order."""

    def __init__(self, intents: Intents) -> None:
        """Look into every template: a tenth of a second."""
        # Elsewhere words can join where a filler between them is left out; ours never do, so one form of the text is enough.
        assert not intents.settings.ignore_whitespace, "the sentences must be of a language that puts spaces between words"
        self._intents = intents
        self._blocks = tuple(self._looked_into())
        self._needs = {needs for block in self._blocks for needs in block.needs}
        self._clauses = {clause for needs in self._needs for clause in needs}
        self._fragments = {fragment for clause in self._clauses for fragment in clause}

    def for_text(self, text: str) -> Intents:
        """The sentences without those that cannot fit the text."""
        heard = normalize_for_matching(text).text.casefold()
        fragments = {each for each in self._fragments if each in heard}
        missed = {each for each in self._clauses if each.isdisjoint(fragments)}
        met = {each for each in self._needs if each.isdisjoint(missed)}
        kept: dict[str, Intent] = {}
        for block in self._blocks:
            if not block.needs.isdisjoint(met):
                kept.setdefault(block.intent, Intent(block.intent)).data.append(block.templates)
        return replace(self._intents, intents=kept)

    def _looked_into(self) -> Iterator[_Block]:
        for intent in self._intents.intents.values():
            for templates in intent.data:
                rules = self._intents.expansion_rules | templates.expansion_rules
                needs = frozenset(each.get_required_clauses(rules) for each in templates.sentences)
                yield _Block(intent.name, templates, needs)
