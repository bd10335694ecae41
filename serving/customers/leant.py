"""Leanings of a generation once somebody leaves: cues by which fewer than the floor of customers speak now go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from markov.leanings_proof import check_leanings, of_wordings
from markov.wordings_proof import Checked
from resay.dialogue.leaning import Leaning
from resay.store.reading import Connection
from serving.customers.held import Held


def leanings_left(held: Held, checked: Checked, connection: Connection, *, said: Collection[str] | None = None) -> list[Leaning]:
    """Those of wordings that stay, with cues that enough customers speak by; counted again of these texts, or of all."""
    asked = [each for each in held.leanings if said is None or each.text in said]
    rules = replace(held.rules, customers_min=held.wordings_floor)
    counted = check_leanings(connection, asked, wordings=checked.kept, rules=rules) if asked else []
    anew = {(each.text, each.prompt_kind): each for each in counted}
    untouched = {(each.text, each.prompt_kind): each for each in held.leanings if each not in asked}
    kept = untouched | anew
    left = [kept[each.text, each.prompt_kind] for each in held.leanings if (each.text, each.prompt_kind) in kept]
    # Of these too whose words they did not say: an end may be what only words that went now reach.
    return of_wordings(left, checked.kept)


def named_less(leanings: Sequence[Leaning], held: Held) -> bool:
    """Whether a generation names something that these do not name any more; figures that fell are no words of anybody."""
    return [_named(each) for each in leanings] != [_named(each) for each in held.leanings]


def _named(leaning: Leaning) -> tuple[str, ...]:
    return leaning.text, leaning.prompt_kind, *leaning.ends, *(each.cue for each in leaning.cues)
