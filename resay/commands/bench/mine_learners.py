"""Who learns from a lake in the bench: the miner, as it is and without what it knows besides, and the baselines; each to a ranked table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.mine import Mined, mine
from markov.standing import pair_of
from resay.commands.bench.mine_baselines import Proposal, frequent, paired, read_heard
from resay.commands.bench.mine_log import Links, View
from resay.dialogue.rewrite import Rewrite
from resay.store.lake import Lake

CUSTOMERS_MIN = Bar().floors.customers_min
"""The floor is the same for all."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a learner makes of a lake."""

    proposals: tuple[Proposal, ...] = ()
    """What it would serve, and how much it makes of it."""
    found: tuple[Proposal, ...] = ()
    """The best that it knows for every source, whether or not that clears its bars."""
    rewrites: tuple[Rewrite, ...] = field(default=(), compare=False)
    """The miner's own table, which it is told again as what is live."""

    @property
    def targets(self) -> dict[str, str]:
        """Target by source."""
        return {each.source: each.target for each in self.proposals}


Learn = Callable[[Lake, Ranked], Ranked]
"""A lake and what is live → what is live next."""


@dataclass(frozen=True, slots=True)
class Learner:
    """One row: what is shown to it, and what it makes of that."""

    view: View
    links: Links
    learn: Learn


def by_mining(lake: Lake, before: Ranked) -> Ranked:
    """The product's steps, chain and bars."""
    with lake.connect() as connection:
        mined = mine(DuckDBEngine(connection), Bar(), live=before.rewrites)
    served = tuple(Proposal(each.source, each.target, _gain(each, mined)) for each in mined.rewrites)
    return Ranked(served, tuple(best_of(mined)), mined.rewrites)


def by_frequency(lake: Lake, _before: Ranked) -> Ranked:
    """What most often succeeds after it in a session."""
    turns, _ = read_heard(lake)
    return _served(frequent(turns, customers_min=CUSTOMERS_MIN))


def by_pairs(lake: Lake, _before: Ranked) -> Ranked:
    """What it is most often said again as."""
    turns, links = read_heard(lake)
    return _served(paired(turns, links, customers_min=CUSTOMERS_MIN))


LEARNERS: Mapping[str, Learner] = {
    "frequency": Learner(View.HIDDEN, Links.ALIKE, by_frequency),
    "pairs": Learner(View.HIDDEN, Links.DETECTED, by_pairs),
    "chain": Learner(View.HIDDEN, Links.ALIKE, by_mining),
    "chain+links": Learner(View.HIDDEN, Links.DETECTED, by_mining),
    "chain+links/apart": Learner(View.LEFT_OUT, Links.DETECTED, by_mining),
    "self-aware": Learner(View.OWN, Links.DETECTED, by_mining),
}
"""Rows of EVALUATION 4, and one between: `apart` sees nothing of turns that were rewritten, and so cannot learn from its rewrites at all.
All above it take them for what customers said, as a system does that does not log them."""


def best_of(mined: Mined) -> Iterator[Proposal]:
    """The best candidate of each source, by the lower bound of what is gained; also of those that do not clear the bar."""
    seen: set[tuple[str, str]] = set()
    for each in mined.weighed:
        if each.source not in seen:
            seen.add(each.source)
            yield Proposal(each.candidate.source, each.candidate.spelling, each.gain)


def _served(found: Sequence[Proposal]) -> Ranked:
    """All but what meets: one hop is served, so that of two where one's target is the other's source the one with more behind it stays."""
    kept: list[Proposal] = []
    for each in sorted(found, key=lambda each: (-each.score, each.source)):
        meets = any(each.source == other.target or each.target == other.source for other in kept)
        if not meets:
            kept.append(each)
    return Ranked(tuple(kept), tuple(found))


def _gain(rewrite: Rewrite, mined: Mined) -> float:
    """What is gained by it, as far as the learner knows: by its own record, or before there is one by what was mined."""
    standing = mined.standings.get(pair_of(rewrite))
    if standing is not None and standing.rewritten.weight > 0:
        return standing.rewritten.mean - standing.said.mean
    return rewrite.success_as_rewritten - rewrite.success_as_said
