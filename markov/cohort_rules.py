"""What the checker asks of cohorts that a rewrite spares, and of those that it serves. Part of `verify`; nothing is the miner's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from markov.facts import Facts, Told
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.text import canonical

SPARED_MAX = 64
"""Cohorts that one rewrite may spare: what hurts more is no rewrite for the rest either."""


def badly_named(rewrite: Rewrite) -> Iterator[str]:
    """What is wrong with the names alone."""
    if list(rewrite.not_cohorts) != sorted(set(rewrite.not_cohorts)) or "" in rewrite.not_cohorts:
        yield "cohort: those spared must have names, each once, in order"
    if len(rewrite.not_cohorts) > SPARED_MAX:
        yield f"cohort: at most {SPARED_MAX} are spared; where more are hurt, the rest is not to have it either"


def without_spared(rewrite: Rewrite, facts: Facts) -> Facts:
    """The turns of source and target of all those whom a rewrite does not spare: it is for them that it must hold."""
    texts = {rewrite.source, canonical(rewrite.target)}
    turns = {name: each for name, each in facts.turns.items() if each.said in texts and not rewrite.spares_any(each.cohorts)}
    return replace(facts, turns=turns)


def few_named(rewrite: Rewrite, facts: Facts, *, customers_min: int) -> Iterator[str]:
    """Whether a cohort is named of which so few customers said the source that it might tell of them; young accounts are customers too."""
    speakers: dict[str, set[str]] = {name: set() for name in rewrite.not_cohorts}
    for turn in facts.turns.values() if speakers else ():
        if (turn.said, turn.kind) == rewrite.source_key and turn.customer_id not in facts.sessions:
            for name in speakers.keys() & set(turn.cohorts):
                speakers[name].add(turn.customer_id)
    if any(len(of) < customers_min for of in speakers.values()):
        yield f"floor: of a cohort that it names fewer than {customers_min} customers said the source"


def served_in_error(found: Iterable[tuple[Told, bool]], *, customers_min: int, agreement_min: float) -> Iterator[str]:
    """Whether customers of a cohort that is not spared mean something else.

    `found` are turns that said the source in vain, in order, and whether what then succeeded was what the target means; each customer's
    last one counts.
    """
    agrees: dict[str, dict[str, bool]] = defaultdict(dict)
    for turn, agreed in found:
        for name in turn.cohorts:
            agrees[name][turn.customer_id] = agreed
    for of in agrees.values():
        if len(of) >= customers_min and sum(of.values()) < agreement_min * len(of):
            yield f"cohort: of one that is not spared {sum(of.values())} of {len(of)} customers did so by what the target means"
