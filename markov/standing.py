"""How live rewrites stand: each is judged by its own record, as said and as rewritten, and kept, retired, reversed or blocked.

A function of the log and of what is live, and of nothing else: no list of past rulings is kept that could go stale, be lost in a kill, or
tell of a customer who was deleted. Pure; how records are counted is `trials`' affair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from markov.posterior import UNTRIED, Beta, Day, above, added, believed, better, since_change
from markov.trials import NO_RECORD, Pair, Record
from resay.dialogue.rewrite import Place, Rewrite
from resay.dialogue.text import canonical

MARGIN = 0.1
"""How much better than as said a rewrite must be to be worth it: the miner's least gain (`candidate.Bar.gain_min`)."""

RETIRED_BELOW = 0.1
"""A live rewrite goes once P(rewritten better than as said, by the margin) is less, or P(it mostly succeeds): nine to one against it.
Mining has shown that it is better before it was ever served, so that doubt alone is no reason: what works for six in ten may fail the
first two."""

KEPT_FROM = 0.9
"""From this chance on its own record stands for a live rewrite that mining would not propose any more, and for a source as it is said."""

RETURNS_FROM = 0.95
"""A blocked pair comes back early where the chance is as high as mining's own bounds ask for: what is said as it is has changed."""

BLOCKED_DAYS = 28
"""After its last trial a pair that lost stays away so long: two half-lives, behind which its losses count a quarter."""

CUSTOMERS_MIN = 3
"""Customers whose word retires a rewrite: two may be one household. Taking away needs fewer than serving, which needs the floor."""


Judged = tuple[str, ...]
"""A pair; with a room and a kind of device behind it, one of which is empty, where it holds in one place alone (`judged_as`)."""


class Ruling(StrEnum):
    """What becomes of a rewrite."""

    KEPT = "kept"
    NEW = "new"
    RETIRED = "retired"
    """As said it now does as well: the assistant has learnt it, or it was never needed."""
    REVERSED = "reversed"
    """It lost, and the rewrite the other way round takes its place."""
    BLOCKED = "blocked"
    """It lost; it does not come back for a while."""
    DROPPED = "dropped"
    """Neither the log without us nor its own record speaks for it enough; or it cannot be proven any more."""


TAKEN_OUT = frozenset({Ruling.RETIRED, Ruling.REVERSED, Ruling.BLOCKED})
"""Rulings by which a rewrite goes for its own record."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the log says of one rewrite that is live, or was lately tried."""

    source: str
    kind: str
    target: str
    """Canonical text."""
    said: Beta
    """Success of the source as it is said."""
    rewritten: Beta
    """Success of the source as rewritten."""
    chance: float
    """P(rewritten better than as said by the margin), or P(it mostly succeeds) where that is less."""
    winners: int
    """Customers for whom it succeeded as rewritten."""
    retired: bool
    """Whether its record is reason to retire it."""
    needless: bool
    """Whether that is because the source does well as it is said, so that nothing else is to be put in its place either."""
    blocked_until: date | None
    """Where it lost: the day on which mined evidence alone may bring it back."""
    changed_on: date | None
    """Where it lost because its success changed, though the target still does what it did: the first day since. What customers meant before
    is no evidence any more. A target that is broken says nothing of what they mean."""

    @property
    def barred(self) -> bool:
        """Whether it must not be in the next table."""
        return self.retired or self.blocked_until is not None

    def vouched(self, customers_min: int) -> bool:
        """Whether its own record alone stands for it."""
        return not self.barred and self.chance >= KEPT_FROM and self.winners >= customers_min

    @property
    def reason(self) -> str:
        """Why it is judged so, in words; no texts, which fewer customers than the floor may stand behind by now."""
        told = f"as rewritten {told_of(self.rewritten)}, as said {told_of(self.said)}; chance to be worth it {self.chance:.2f}"
        if self.needless:
            return f"as said it does as well now: {told}"
        if self.retired:
            return f"it lost: {told}"
        if self.blocked_until is not None:
            return f"it lost, and stays away until {self.blocked_until:%Y-%m-%d}: {told}"
        return told


@dataclass(frozen=True, slots=True)
class Ruled:
    """What became of one rewrite of the table before, or of a new one, and why."""

    rewrite_id: str
    ruling: Ruling
    reason: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """What records are held to: the miner's own bar, and the day of the judgement."""

    today: date
    source_success_max: float
    target_success_min: float


def standings(records: Mapping[Pair, Record], live: Iterable[tuple[str, str, str]], bounds: Bounds) -> dict[Pair, Standing]:
    """How each pair stands that is live (source, prompt kind, target) or was lately tried."""
    pairs = {pair: False for pair in records if pair[2]}
    pairs |= {(source, kind, canonical(target)): True for source, kind, target in live}
    return {pair: _standing(pair, records, bounds, is_live=is_live) for pair, is_live in pairs.items()}


def learnt_by_assistant(record: Record, bounds: Bounds) -> bool:
    """Whether a wording as it is said surely succeeds too often lately to be rewritten, whatever it did before."""
    if record.winners < CUSTOMERS_MIN:
        return False
    lately = believed(since_change(record.days), today=bounds.today)
    return above(lately, bounds.source_success_max) >= KEPT_FROM


def ruled(
    before: Sequence[Rewrite], after: Sequence[Rewrite], *, judged: Mapping[Judged, Standing], dropped: Mapping[str, str]
) -> list[Ruled]:
    """What became of each rewrite of either table; `dropped` says why not, by id, where something else than its record decided."""
    kept = {each.rewrite_id for each in after}
    turned = {pair_of(each) for each in after}
    found = []
    for each in before:
        standing = judged.get(pair_of(each))
        if each.rewrite_id in kept:
            ruling, reason = Ruling.KEPT, standing.reason if standing else "untried"
        elif standing is None or not standing.barred:
            ruling, reason = Ruling.DROPPED, dropped.get(each.rewrite_id, "the evidence for it is no longer enough")
        elif standing.needless:
            ruling, reason = Ruling.RETIRED, standing.reason
        else:
            is_turned = judged_as(canonical(each.target), each.place, each.source) in turned
            ruling, reason = Ruling.REVERSED if is_turned else Ruling.BLOCKED, standing.reason
        found.append(Ruled(each.rewrite_id, ruling, reason))
    known = {each.rewrite_id for each in before}
    return found + [Ruled(each.rewrite_id, Ruling.NEW, "mined") for each in after if each.rewrite_id not in known]


def pair_of(rewrite: Rewrite) -> Judged:
    """What the records call a rewrite."""
    return judged_as(rewrite.source, rewrite.place, canonical(rewrite.target))


def judged_as(source: str, place: Place, target: str) -> Judged:
    """The name of what is judged: a pair, and where it is split off its place, of which the record then is."""
    return (source, place.kind, target, *((place.room, place.device_type) if place.is_split_off else ()))


def _standing(pair: Pair, records: Mapping[Pair, Record], bounds: Bounds, *, is_live: bool) -> Standing:
    source, kind, target = pair
    said, rewritten = believable(records.get((source, kind, ""), NO_RECORD), records.get(pair, NO_RECORD))
    found = compared(said, rewritten, bounds)
    retired = found.chance < RETIRED_BELOW
    needless = retired and found.said.mean > bounds.source_success_max
    blocked_until = None
    if rewritten and not is_live and not needless and found.chance < RETURNS_FROM:
        blocked_until = _blocked_until(said, rewritten, bounds)
    lost = (retired and not needless) or blocked_until is not None
    return Standing(
        source=source,
        kind=kind,
        target=target,
        said=found.said,
        rewritten=found.rewritten,
        chance=found.chance,
        winners=records.get(pair, NO_RECORD).winners,
        retired=retired,
        needless=needless,
        blocked_until=blocked_until,
        changed_on=found.changed_on if lost and _still_works(records.get((target, kind, ""), NO_RECORD), bounds) else None,
    )


def _still_works(target: Record, bounds: Bounds) -> bool:
    """Whether a target mostly succeeds for those who say it themselves, or nobody has lately."""
    lately = believed(since_change(target.days), today=bounds.today)
    return lately.weight < 1 or lately.mean > bounds.target_success_min


@dataclass(frozen=True, slots=True)
class Compared:
    """Two records beside each other, as they were believed on a day."""

    said: Beta
    rewritten: Beta
    chance: float
    changed_on: date | None
    """First day since the success as rewritten changed."""


def compared(said: Sequence[Day], rewritten: Sequence[Day], bounds: Bounds) -> Compared:
    """What both records come to."""
    lately = since_change(rewritten)
    one, other = believed(lately, today=bounds.today), believed(since_change(said), today=bounds.today)
    # Better is not enough: of two wordings that fail, one fails less.
    chance = min(better(one, other, margin=MARGIN), above(one, bounds.target_success_min))
    return Compared(other, one, chance, lately[0].day if len(lately) < len(added(rewritten)) else None)


def believable(said: Record, rewritten: Record) -> tuple[Sequence[Day], Sequence[Day]]:
    """Both records without what speaks against the rewrite and comes from too few customers."""
    as_said = said.days if said.winners >= CUSTOMERS_MIN else [replace(each, wins=0.0) for each in said.days]
    ours = rewritten.days if rewritten.losers >= CUSTOMERS_MIN else [replace(each, losses=0.0) for each in rewritten.days]
    return as_said, ours


def _blocked_until(said: Sequence[Day], rewritten: Sequence[Day], bounds: Bounds) -> date | None:
    """The end of the block, where the record was reason to retire the pair on the day of its last trial, and that is not long ago."""
    last = max(each.day for each in rewritten)
    end = date.fromordinal(last.toordinal() + BLOCKED_DAYS)
    found = compared([each for each in said if each.day <= last], rewritten, replace(bounds, today=last))
    return end if found.chance < RETIRED_BELOW and bounds.today <= end else None


def told_of(beta: Beta) -> str:
    """What is believed of a wording, in words."""
    return "untried" if beta == UNTRIED else f"{beta.mean:.0%} of {beta.weight:.0f}"
