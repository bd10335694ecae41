"""The check of leanings before they are published, and again when somebody leaves. Independent of `markov.leanings`: it counts anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from markov.verify import Rules
from resay.dialogue.leaning import AS_SAID, NOT_KNOWN, Leaning
from resay.dialogue.personal import personal_in
from resay.dialogue.wording import Wording
from resay.store.contexts import cues_told
from resay.store.reading import Connection
from resay.store.tables import TEXT

TURNS_OF_TEXT_MAX, TURNS_OF_CUSTOMER_MAX = 1_000, 20
"""Turns of one wording that are looked at, and of them those of one customer, as where leanings are learnt: each customer weighs alike."""


def check_leanings(connection: Connection, leanings: Sequence[Leaning], *, wordings: Sequence[Wording], rules: Rules) -> list[Leaning]:
    """What may be published of them, beside wordings that may, by what the lake says now: cues that enough customers said them by.

    Counted anew from what the lake keeps of turns, by nothing that learning made: to merge all turns again takes longer than to learn.
    """
    asked = of_wordings(leanings, wordings)
    speakers = _speakers(connection, asked, rules)
    checked = (_backed(each, speakers, rules) for each in asked)
    return [each for each in checked if each.cues]


def of_wordings(leanings: Iterable[Leaning], wordings: Collection[Wording]) -> list[Leaning]:
    """Those that name nothing but what these wordings say and mean."""
    known = {(each.text, each.prompt_kind) for each in wordings}
    # The state of a turn that was not understood holds its words, which may be of one customer alone; nor could it be recalled.
    ends = {AS_SAID, NOT_KNOWN, *(each.state for each in wordings)}
    return [each for each in leanings if (each.text, each.prompt_kind) in known and ends.issuperset(each.ends)]


def _backed(leaning: Leaning, speakers: Mapping[tuple[str, str, str], int], rules: Rules) -> Leaning:
    named = [replace(each, customers=speakers.get((leaning.text, leaning.prompt_kind, each.cue), 0)) for each in leaning.cues]
    kept = tuple(each for each in named if each.customers >= rules.customers_min and not personal_in(each.cue))
    return replace(leaning, cues=kept)


def _speakers(connection: Connection, leanings: Iterable[Leaning], rules: Rules) -> dict[tuple[str, str, str], int]:
    """How many customers who count said each wording themselves by each cue, as far as the turns tell that are looked at."""
    connection.register("asked_leanings", pa.table({"said": pa.array(sorted({each.text for each in leanings}), TEXT)}))
    rows = connection.execute(
        _SAYING.format(age=rules.account_age_days, turns=TURNS_OF_TEXT_MAX, of_customer=TURNS_OF_CUSTOMER_MAX)
    ).fetchall()
    told = cues_told(connection, {turn_id for turn_id, *_ in rows})
    customers: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for turn_id, customer, said, kind in rows:
        for cue in told.get(turn_id, ()):
            customers[said, kind, cue].add(customer)
    return {key: len(of) for key, of in customers.items()}


_SAYING = """
    with old_enough as (
        select customer_id from chain_turns group by customer_id
        having not bool_or(is_session) and min(event_time) <= (select max(event_time) from chain_turns) - interval '{age}' day
    )
    select turn_id, customer_id, said, kind
    from (
        select *, row_number() over (partition by said, kind order by hash(turn_id), turn_id) as place
        from (
            select turn_id, customer_id, said, kind,
                row_number() over (partition by said, kind, customer_id order by hash(turn_id), turn_id) as place_of_customer
            from chain_turns
            where said in (select said from asked_leanings) and customer_id in (select customer_id from old_enough) and not rewritten
        )
        where place_of_customer <= {of_customer}
    )
    where place <= {turns}
"""
"""Each customer weighs alike: of a wording so many turns, drawn by a hash, as many as it was learnt from."""
