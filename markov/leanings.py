"""Turns from which it is learnt how what is meant by a wording leans on where and when it is said.

Named SQL steps over what `wordings` leaves with the engine. Only wordings of which enough customers came to one end, and enough to another,
are looked at: of all others there is nothing to lean.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from markov.corroborate import fingerprint
from markov.engine import Engine, tuples
from markov.steps import Step
from resay.dialogue.leaning import AS_SAID, NOT_KNOWN
from resay.store.contexts import cues_told
from resay.store.reading import Connection

TEXTS_MAX = 500
"""Wordings that are looked at, those of most customers first; an assistant has some hundred that are of two minds."""

TURNS_OF_TEXT_MAX = 1_000
"""Turns of one wording, drawn by a hash of their ids: chances to within ± 0.03, and a cue of every tenth turn has a hundred."""

TURNS_OF_CUSTOMER_MAX = 20
"""Of them so many of one customer: no more than five will weigh, and one customer may have a million."""

END_MIN = 0.1
"""How sure it must be where a turn ended, to count its customer for that end: words with nothing in common are linked by a quarter, and
what such links lead to by chance is told apart by how often they do."""

SHARE_DIGITS = 5
"""Of how sure it is where a turn ended: sums of fractions come out a little differently with each order, and what is learnt from them
must not."""

Key = tuple[str, str]
"""A wording: canonical text and prompt kind."""


@dataclass(frozen=True, slots=True)
class SaidSo:
    """One turn with a wording."""

    customer: int
    """A number that stands for whoever said it."""
    cues: frozenset[str]
    ends: Mapping[str, float]
    """Where it ended, with how sure that is; the rest of one is not known."""


def said_so(engine: Engine, connection: Connection, *, customers_min: int) -> dict[Key, list[SaidSo]]:
    """Turns of every wording that is of two minds, by wording and turn id; tables of `heard_wordings` must be there.

    Raises: StepFailed.
    """
    for step in (end(), find_two_minded(customers_min), draw()):
        engine.run(step)
    rows = list(tuples(engine.rows("leaning_turns"), "said", "kind", "turn_id", "customer", "state", "share"))
    told = cues_told(connection, {row[2] for row in rows})
    found: dict[Key, list[SaidSo]] = defaultdict(list)
    for (said, kind, turn_id), ended in groupby(sorted(rows), key=itemgetter(0, 1, 2)):
        of_turn = list(ended)
        ends = {state: float(share) for *_, state, share in of_turn if state != NOT_KNOWN}
        found[said, kind].append(SaidSo(of_turn[0][3], told.get(turn_id, frozenset()), ends))
    return dict(found)


def end() -> Step:
    """Where each turn with a wording ended: as it was said, in the states that links lead to, or nobody knows where."""
    return Step(
        "leaning_ends",
        f"""
        select turn_id, said, kind, customer, '{AS_SAID}' as state, 1.0 as share from told where outcome = 'success'
        union all
        select told.turn_id, told.said, told.kind, told.customer, came_to.state, round(came_to.share, {SHARE_DIGITS}) as share
        from told
        join came_to on came_to.turn_id = told.turn_id
        where told.outcome <> 'success'
        union all
        select turn_id, said, kind, customer, '{NOT_KNOWN}' as state, 1.0 as share
        from told
        where outcome = 'failure' and turn_id not in (select turn_id from came_to)
        """,
    )


def find_two_minded(customers_min: int) -> Step:
    """Wordings of which enough customers came to each of several ends."""
    return Step(
        "leaning_texts",
        f"""
        select said, kind
        from (
            select said, kind, state, count(distinct customer) as customers
            from leaning_ends
            where share >= {END_MIN} and state <> '{NOT_KNOWN}'
            group by said, kind, state
        ) as ends
        where customers >= {customers_min}
        group by said, kind
        having count(*) > 1
        order by sum(customers) desc, kind, said
        limit {TEXTS_MAX}
        """,
    )


def draw() -> Step:
    """Turns of these, as many as are enough."""
    return Step(
        "leaning_turns",
        f"""
        select leaning_ends.said, leaning_ends.kind, leaning_ends.turn_id, leaning_ends.customer, leaning_ends.state, leaning_ends.share
        from leaning_ends
        join (
            select turn_id, row_number() over (partition by said, kind order by {fingerprint("turn_id")}, turn_id) as place
            from (
                select *, row_number() over (
                    partition by said, kind, customer order by {fingerprint("turn_id")}, turn_id
                ) as place_of_customer
                from (
                    select distinct leaning_ends.turn_id, leaning_ends.said, leaning_ends.kind, leaning_ends.customer
                    from leaning_ends
                    join leaning_texts on leaning_texts.said = leaning_ends.said and leaning_texts.kind = leaning_ends.kind
                ) as each_once
            ) as of_customer
            where place_of_customer <= {TURNS_OF_CUSTOMER_MAX}
        ) as drawn on drawn.turn_id = leaning_ends.turn_id
        where drawn.place <= {TURNS_OF_TEXT_MAX}
        """,
    )
