"""What of a generation may stay when one customer leaves: only what they had a part in is checked again.

The rest stands as it was proven: none of its customers left, and what is taken out makes nothing worse. Where one customer fewer leaves
enough behind it, that is all that is told of it; where that is not sure, it is counted in full.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa

from markov.facts import Facts, read_facts
from markov.failing import told_again
from markov.proof import Proof
from markov.verify import Rules, found_support, sift
from markov.witness import surely_said
from markov.wordings_proof import Checked, check_wordings, recounted
from resay.dialogue.rewrite import Rewrite, Risk
from resay.dialogue.text import canonical
from resay.dialogue.wording import Wording
from resay.store.reading import Connection
from resay.store.rewrites import encode_rewrites
from serving.customers.held import Held, Judged
from serving.customers.leant import leanings_left, named_less
from serving.customers.part import Part
from serving.customers.rare import without_rare

PRIVATE = ("floor", "facts", "evidence")
"""Rules of the checker that tell of single customers: a generation that breaks one holds what it must not."""


@dataclass(frozen=True, slots=True)
class Table:
    """What of a table may stay."""

    kept: Sequence[Rewrite]
    proof: Proof
    is_clean: bool
    """Whether it held nothing that it must not."""


def judge_table(held: Held, rewrites: Sequence[Rewrite], facts: Facts, *, now: datetime) -> Table:
    """Rewrites of a generation, counted in full."""
    support = found_support(rewrites, facts, held.rules)
    told = [_told_anew(each, facts.turns.keys(), min(each.support, support[each.rewrite_id])) for each in rewrites]
    kept, proof = sift(told, facts, held.rules, now=now, clock=time.monotonic)
    private = any(reason.startswith(PRIVATE) for fault in proof.left_out for reason in fault.reasons)
    cites = any(one.evidence != other.evidence for one, other in zip(told, rewrites, strict=True))
    return Table(kept, proof, is_clean=not private and not cites)


def judge_part(held: Held, part: Part, connection: Connection, *, now: datetime) -> Judged:
    """A proven generation, of which one customer had this part."""
    cited = [turn for each in held.rewrites for turn in each.evidence] + [turn for each in held.wordings for turn in each.evidence]
    there = _there(connection, cited)
    table = _judge_table(held, part, connection, there=there, now=now)
    checked = _judge_wordings(held, part, connection, there=there)
    is_same = names_the_same(checked.kept, held.wordings)
    meaning = held.meaning and without_rare(held.meaning, connection, floor=held.wordings_floor, pieces=part.pieces, rooms=part.rooms)
    leanings = leanings_left(held, checked, connection, said={held.wordings[place].text for place in part.wordings})
    is_same = is_same and meaning is held.meaning and not named_less(leanings, held)
    return Judged(table.kept, table.proof, checked, meaning, leanings, is_clean=table.is_clean and is_same)


def names_the_same(left: Sequence[Wording], before: Sequence[Wording]) -> bool:
    """Whether wordings say and cite what they did; figures that fell are no words of anybody, turns that are gone are."""

    def named(each: Wording) -> tuple[str, tuple[str, ...], bool]:
        return each.text, each.evidence, each.failing is None

    return list(map(named, left)) == list(map(named, before))


def _judge_table(held: Held, part: Part, connection: Connection, *, there: Collection[str], now: datetime) -> Table:
    backed = frozenset(part.backed)
    told = [_told_anew(each, there, each.support - (place in backed)) for place, each in enumerate(held.rewrites)]
    cites = any(one.evidence != other.evidence for one, other in zip(told, held.rewrites, strict=True))
    said = surely_said(connection, {canonical(told[place].target) for place in part.rewrites}, held.rules)
    touched = {place for place, each in enumerate(told) if not each.evidence} | set(part.rewrites)
    doubtful = sorted(place for place in touched if not _is_sure(_at_worst(told[place], part), said, held.rules))
    asked = [held.rewrites[place] for place in doubtful]
    again = judge_table(held, asked, read_facts(connection, asked), now=now) if asked else Table((), held.proof, is_clean=True)
    anew = {each.rewrite_id: each for each in again.kept}
    left_out = {each.rewrite_id for each in asked} - anew.keys()
    kept = [anew.get(each.rewrite_id, each) for each in told if each.rewrite_id not in left_out]
    proof = replace(
        held.proof,
        checked_at=now,
        table_sha256=hashlib.sha256(encode_rewrites(kept)).hexdigest(),
        rewrites=len(kept),
        left_out=again.proof.left_out if asked else (),
    )
    return Table(kept, proof, is_clean=again.is_clean and not cites)


def _at_worst(rewrite: Rewrite, part: Part) -> Rewrite:
    return replace(rewrite, support=rewrite.support - part.others_gone)


def _is_sure(rewrite: Rewrite, said: Collection[tuple[str, str]], rules: Rules) -> bool:
    """Whether enough customers stand behind a rewrite, whoever left, and none is told of a single place or cohort."""
    apart = rewrite.place.is_split_off or rewrite.not_rooms or rewrite.not_device_types or rewrite.not_cohorts
    high = rewrite.risk is Risk.HIGH and rewrite.rewrite_id not in rules.approved
    needed = rules.customers_min * (rules.high_risk_factor if high else 1)
    enough = rewrite.support >= needed and (canonical(rewrite.target), rewrite.prompt_kind) in said
    return enough and not apart and bool(rewrite.evidence)


def _judge_wordings(held: Held, part: Part, connection: Connection, *, there: Collection[str]) -> Checked:
    if not held.wordings:
        return Checked((), {})
    rules = replace(held.rules, customers_min=held.wordings_floor)
    touched = frozenset(part.wordings)
    told = [_fewer(each, there, place in touched) for place, each in enumerate(held.wordings)]
    anew = told_again(connection, [told[place] for place in sorted(touched)], rules)
    for place, each in zip(sorted(touched), anew, strict=True):
        told[place] = each
    doubtful = {place for place, each in enumerate(told) if each.customers - part.others_gone * (place in touched) < rules.customers_min}
    if not doubtful:
        return Checked(tuple(told), {})
    # As it was counted before: one who was not counted cannot be taken off.
    before = [held.wordings[place] for place in sorted(doubtful)]
    checked = check_wordings(connection, recounted(connection, before, rules), rules)
    counted = {(each.text, each.prompt_kind): each for each in checked.kept}
    kept = (each if place not in doubtful else counted.get((each.text, each.prompt_kind)) for place, each in enumerate(told))
    return Checked(tuple(each for each in kept if each), checked.left_out)


def _fewer(wording: Wording, there: Collection[str], said: bool) -> Wording:
    evidence = tuple(turn for turn in wording.evidence if turn in there)
    return replace(wording, customers=wording.customers - said, evidence=evidence)


def _told_anew(rewrite: Rewrite, there: Collection[str], support: int) -> Rewrite:
    """A rewrite with what the lake still knows of it: pairs of turns that are there, and customers."""
    pairs = zip(rewrite.evidence[::2], rewrite.evidence[1::2], strict=False)
    evidence = tuple(turn for pair in pairs if all(each in there for each in pair) for turn in pair)
    return replace(rewrite, evidence=evidence, support=support)


def _there(connection: Connection, turns: Sequence[str]) -> frozenset[str]:
    """Those of some turns that the lake holds."""
    connection.register("cited_turns", pa.table({"turn_id": pa.array(sorted(set(turns)), pa.string())}))
    rows = connection.execute("select distinct turn_id from turn_parts semi join cited_turns using (turn_id)").fetchall()
    return frozenset(turn for (turn,) in rows)
