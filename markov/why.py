"""Why a wording has a rewrite, or none: the first rule that kept one from being published.

Knows what was seen, mined and checked; decides nothing, and mines nothing anew: what it says is what the miner and the checker said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from markov.candidate import Declined, Weighed
from markov.mine import Mined
from markov.proof import Proof
from markov.seen import Seen
from resay.dialogue.rewrite import Place, Rewrite
from resay.dialogue.text import canonical


class Stage(StrEnum):
    """How far a wording came."""

    NEVER_SEEN = "never_seen"
    """Nobody said it in this context."""
    NOBODY_COUNTS = "nobody_counts"
    """Only sessions and young accounts said it."""
    NOT_FOLLOWED_UP = "not_followed_up"
    """Fewer customers than the floor said it in vain and then succeeded in other words."""
    DECLINED = "declined"
    """The miner looked at it; no candidate cleared the bar."""
    LEFT_OUT = "left_out"
    """The miner proposed a rewrite; the checker did not prove it."""
    NEEDLESS = "needless"
    """The assistant, as it is now, said that it does not need it."""
    PUBLISHABLE = "publishable"
    """It would be published by a learning now, and is not live."""
    LIVE = "live"
    """It would be published now, and is live."""
    LIVE_FROM_BEFORE = "live_from_before"
    """It is live, and would not be mined from the lake as it is now."""


@dataclass(frozen=True, slots=True)
class Account:
    """What there is to say of one wording in one context."""

    stage: Stage
    seen: Seen | None
    """Nothing where nobody ever said it."""
    candidates: tuple[Weighed, ...]
    """The best first."""
    declined: Declined | None
    """The miner's reason, where it declined."""
    meets: Rewrite | None
    """The better rewrite that this one would have met, where that is why."""
    mined: Rewrite | None
    """What the miner proposes."""
    left_out: tuple[str, ...]
    """The checker's reasons against it, `rule: sentence`; or the assistant's."""
    live: Rewrite | None
    said_for: tuple[Rewrite, ...]
    """Live rewrites whose target this wording is."""
    elsewhere: tuple[Rewrite, ...] = ()
    """Live rewrites of the wording that hold in other places."""
    is_spared: bool = False
    """Whether the live rewrite is kept away from this place, or from these customers."""
    spared: Mapping[str, str] = field(default_factory=dict)
    """Cohorts that refute what would be published now, and why."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a learning that published nothing came to, and what is live."""

    mined: Mined
    proof: Proof
    live: Sequence[Rewrite]
    needless: Mapping[str, str] = field(default_factory=dict)
    """What the assistant said it does not need, by rewrite id."""


def account_of(said: str, place: Place, *, seen: Seen | None, learnt: Learnt, cohorts: Collection[str] = ()) -> Account:
    """The account of a wording (canonical text) in a place, of which both room and kind of device may be told, for a customer."""
    source = (said, place.kind)
    mined = _at(said, place, learnt.mined.rewrites)
    live = _at(said, place, learnt.live, cohorts=cohorts)
    candidates = tuple(_candidates(said, place, learnt.mined))
    declined = learnt.mined.reasons.get(source) if mined is None else None
    faults = {fault.rewrite_id: fault.reasons for fault in learnt.proof.left_out}
    needless = learnt.needless.get(mined.rewrite_id, "") if mined else ""
    left_out = (needless,) if needless else faults.get(mined.rewrite_id, ()) if mined else ()
    return Account(
        stage=Stage.NEEDLESS if needless and not live else _stage(seen, mined=mined, left_out=left_out, declined=declined, live=live),
        seen=seen,
        candidates=candidates,
        declined=declined,
        meets=_meets(source[0], candidates, learnt.mined.rewrites) if declined is Declined.CHAINED else None,
        mined=mined,
        left_out=left_out,
        live=live,
        said_for=tuple(each for each in learnt.live if (canonical(each.target), each.prompt_kind) == source),
        elsewhere=tuple(each for each in learnt.live if each.source_key == source and each.place.is_split_off and each is not live),
        is_spared=any(_is_kept_from(each, said, place=place, cohorts=cohorts) for each in learnt.live),
        spared=learnt.mined.spared.get(mined.rewrite_id, {}) if mined else {},
    )


def _stage(seen: Seen | None, *, mined: Rewrite | None, left_out: Sequence[str], declined: Declined | None, live: Rewrite | None) -> Stage:
    if live is not None:
        return Stage.LIVE if mined and not left_out and mined.rewrite_id == live.rewrite_id else Stage.LIVE_FROM_BEFORE
    if seen is None:
        return Stage.NEVER_SEEN
    if not seen.counting:
        return Stage.NOBODY_COUNTS
    if mined is not None:
        return Stage.LEFT_OUT if left_out else Stage.PUBLISHABLE
    return Stage.NOT_FOLLOWED_UP if declined is None else Stage.DECLINED


def _at(said: str, place: Place, rewrites: Sequence[Rewrite], *, cohorts: Collection[str] = ()) -> Rewrite | None:
    """What would be said there: the place's own rewrite, or the one for any place; nothing where it spares the place, or a cohort."""
    by_place = {each.place: each for each in rewrites if each.source == said}
    found = next((by_place[each] for each in (*_own(place), Place(place.kind)) if each in by_place), None)
    return None if found is None or _is_kept_from(found, said, place=place, cohorts=cohorts) else found


def _own(place: Place) -> Sequence[Place]:
    both = (Place(place.kind, room=place.room), Place(place.kind, device_type=place.device_type))
    return [each for each in both if each.is_split_off]


def _is_kept_from(rewrite: Rewrite, said: str, *, place: Place, cohorts: Collection[str]) -> bool:
    spared = rewrite.spares(room=place.room, device_type=place.device_type, cohorts=cohorts)
    return rewrite.source_key == (said, place.kind) and spared


def _candidates(said: str, place: Place, mined: Mined) -> Iterator[Weighed]:
    """Those of the place first, where one is told; of all places where none is."""
    named = _own(place)
    of_places = [each for each in mined.placed if each.source == (said, place.kind) and (each.candidate.place in named or not named)]
    of_any = [each for each in mined.weighed if each.source == (said, place.kind)]
    yield from [*of_places, *of_any] if named else [*of_any, *of_places]


def _meets(said: str, candidates: Sequence[Weighed], rewrites: Sequence[Rewrite]) -> Rewrite | None:
    """The rewrite that begins where the best candidate ends, or ends where it begins."""
    ends = {each.candidate.wording for each in candidates if each.declined is None}
    return next((each for each in rewrites if each.source in ends or canonical(each.target) == said), None)
