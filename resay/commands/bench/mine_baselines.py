"""What the miner is held against: proposals by counting alone, without a chain. Plain Python, over turns as a log shows them.

Both look at wordings that failed at least as many customers as the floor asks for, and more often than they succeeded; and as many must
stand behind a proposal, as behind whatever leaves the miner.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from resay.store.lake import Lake

LINKED_MIN = 0.5
"""A link counts as a rephrase from this chance on: likelier than not, as in the miner's own evidence."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A turn as a log shows it."""

    turn_id: str
    session: str
    customer: str
    text: str
    succeeded: bool | None
    """Nothing: it is not known."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One wording instead of another, and how much speaks for it."""

    source: str
    target: str
    score: float


Followed = Mapping[str, Mapping[str, set[str]]]
"""By wording that failed, and then by wording that succeeded afterwards: the customers for whom it was so."""


def frequent(turns: Sequence[Heard], *, customers_min: int) -> list[Proposal]:
    """The frequency baseline: of all that succeeded anywhere later in the sessions in which a wording failed, what did so most often.

    This is what a log tells without looking at words, order or gaps: which successful request keeps company with a failing one. Frequency
    is counted in customers, as everything in the miner is, so that one habit does not make a rewrite; it is the score as well.
    """
    followed: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for _, session in groupby(turns, key=lambda each: each.session):
        listed = list(session)
        for place, first in enumerate(listed):
            for later in listed[place + 1 :] if first.succeeded is False else ():
                if later.succeeded and later.text != first.text:
                    followed[first.text][later.text].add(first.customer)
    return _best(followed, failing(turns, customers_min=customers_min), customers_min=customers_min)


def paired(turns: Sequence[Heard], links: Iterable[tuple[str, str, float]], *, customers_min: int) -> list[Proposal]:
    """Pairwise rephrase counts: which successful wording a failing one was most often said again as, by the detector, and how often."""
    by_name = {each.turn_id: each for each in turns}
    followed: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for source, target, probability in links:
        first, second = by_name.get(source), by_name.get(target)
        if first and second and probability >= LINKED_MIN and first.succeeded is False and second.succeeded and first.text != second.text:
            followed[first.text][second.text].add(first.customer)
    return _best(followed, failing(turns, customers_min=customers_min), customers_min=customers_min)


def failing(turns: Iterable[Heard], *, customers_min: int) -> set[str]:
    """Wordings that failed enough customers, and more often than not."""
    times: dict[str, int] = defaultdict(int)
    failed: dict[str, set[str]] = defaultdict(set)
    for each in turns:
        if each.succeeded is not None:
            times[each.text] += 1 if each.succeeded else -1
        if each.succeeded is False:
            failed[each.text].add(each.customer)
    return {text for text, customers in failed.items() if len(customers) >= customers_min and times[text] < 0}


def read_heard(lake: Lake) -> tuple[list[Heard], list[tuple[str, str, float]]]:
    """The turns of a lake in the order of their sessions, and its links; where the log names no sessions a goal segment is one."""
    with lake.connect() as connection:
        turns = connection.execute(_TURNS).fetchall()
        links = connection.execute("select source_turn_id, target_turn_id, probability from links").fetchall()
    succeeded = {"success": True, "failure": False}
    return [Heard(turn_id, session, customer, text, succeeded.get(outcome)) for turn_id, session, customer, text, outcome in turns], links


_TURNS = """
    select turns.turn_id, coalesce(parts.session_id, segments.segment_id, turns.turn_id), turns.customer_id, turns.said, outcomes.outcome
    from turns
    left join (select turn_id, max(session_id) as session_id from turn_parts group by turn_id) as parts on parts.turn_id = turns.turn_id
    left join segments on segments.turn_id = turns.turn_id
    left join outcomes on outcomes.turn_id = turns.turn_id
    where turns.rewrite_id is null and turns.original is null and turns.said <> ''
    order by 2, turns.event_time, turns.turn_id
"""


def _best(followed: Followed, sources: set[str], *, customers_min: int) -> list[Proposal]:
    """The target that most customers came to, of each source, if they are enough; of equals the first by letters."""
    found = []
    for source in sorted(sources & set(followed)):
        target, customers = max(sorted(followed[source].items()), key=lambda each: len(each[1]))
        if len(customers) >= customers_min:
            found.append(Proposal(source, target, float(len(customers))))
    return found
