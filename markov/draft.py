"""Drafts: rewrites that a person wants, as full rewrites by what the log tells of their words; and a table with them, checked as any other.

Makes figures and evidence from the checker's own facts. Decides nothing: what is refused is refused by `markov.verify`, with its reasons.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from markov.facts import Facts, Told
from markov.proof import Proof
from markov.verify import TRIES_MAX, Rules, sift
from markov.wording import ANYWHERE, Wording, counting_customers, segments_of, wordings_of
from resay.dialogue.rewrite import Place, Rewrite, Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.text import canonical
from resay.store.rewrites import rewrite_id_of

EVIDENCE_MAX = 5
"""Pairs of turns that are cited, as many as the miner cites."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person wants said."""

    source: str
    target: str
    place: Place = ANYWHERE
    allowed: bool = False
    """Whether the person allows what is risky."""

    @property
    def rewrite_id(self) -> str:
        """The id that it would have."""
        return rewrite_id_of(canonical(self.source), self.place.kind, self.target, room=self.place.room, device_type=self.place.device_type)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recorded traffic tells of a draft."""

    rewrite: Rewrite
    """The draft with its figures; of nought where the log does not know its words."""
    said: int
    """Turns that said the source there, of each customer a hundred at most."""
    speakers: int
    """Customers who did, of those who count."""
    in_vain: int
    """Turns of these that did not succeed."""
    target_speakers: int
    """Customers who said the target."""

    @property
    def spared(self) -> float:
        """Defects that it would have spared on these turns, if each fared as those fare who say the target."""
        rewrite = self.rewrite
        return self.said * (rewrite.success_as_rewritten - rewrite.success_as_said) if self.target_speakers else 0.0


@dataclass(frozen=True, slots=True)
class Checked:
    """A table with drafts in it, after the checker."""

    rewrites: tuple[Rewrite, ...]
    """What was proven."""
    proof: Proof
    recorded: tuple[Recorded, ...]
    """Of each draft, in order."""
    refused: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Why, by id of the draft; nothing of those that were proven."""


def stub(draft: Draft) -> Rewrite:
    """A draft as the facts are asked for: words and place, and nothing known."""
    source, place = canonical(draft.source), draft.place
    told = Rewrite(draft.rewrite_id, source, place.kind, draft.target, "", Risk.LOW, 0.0, 0.0, 0.0, 0, 0, ())
    return replace(told, room=place.room, device_type=place.device_type)


def with_drafts(table: Sequence[Rewrite], drafts: Sequence[Draft], replaced: Collection[str] = ()) -> list[Rewrite]:
    """A table in which drafts stand in place of what it says for the same words in the same place, and of what is `replaced`, by id."""
    taken = {(canonical(each.source), each.place) for each in drafts}
    kept = [each for each in table if (each.source, each.place) not in taken and each.rewrite_id not in replaced]
    return sorted([*kept, *map(stub, drafts)], key=lambda each: (each.source, each.place, each.rewrite_id))


def figured(drafts: Sequence[Draft], facts: Facts, rules: Rules) -> list[Recorded]:
    """Drafts with the figures of today, in order."""
    told = _Told.of(facts, rules)
    return [told.recorded(stub(each)) for each in drafts]


def check_drafts(
    table: Sequence[Rewrite], drafts: Sequence[Draft], facts: Facts, *, rules: Rules, clock: tuple[datetime, Callable[[], float]]
) -> Checked:
    """Check a table of `with_drafts` that knows these drafts by stubs; `clock`: now, and seconds for the budget."""
    now, seconds = clock
    named = {each.rewrite_id: each for each in drafts}
    rules = replace(rules, approved=rules.approved | {each.rewrite_id for each in drafts if each.allowed})
    told = _Told.of(facts, rules)
    recorded = {each.rewrite_id: told.recorded(each) for each in table if each.rewrite_id in named}
    whole = [recorded[each.rewrite_id].rewrite if each.rewrite_id in named else each for each in table]
    kept, proof = sift(whole, facts, rules, now=now, clock=seconds)
    faults = {fault.rewrite_id: list(fault.reasons) for fault in proof.left_out}
    others = {name: reasons for name, reasons in faults.items() if name not in named and _for_a_draft(reasons)}
    refused = {name: faults[name] for name in named if name in faults}
    if others:
        # A draft that makes another rewrite impossible is refused itself: nothing that is served goes for it unasked.
        clash = "terminates: it says what another rewrite of the table is said for, or would be rewritten by it"
        begun = {canonical(each.target) for each in table if each.rewrite_id in others}
        refused |= {name: [*refused.get(name, ()), clash] for name, each in named.items() if canonical(each.source) in begun}
    return Checked(tuple(kept), proof, tuple(recorded[each.rewrite_id] for each in drafts), refused)


def _for_a_draft(reasons: Sequence[str]) -> bool:
    return any(each.startswith(("terminates", "one_target", "place")) for each in reasons)


@dataclass(frozen=True, slots=True)
class _Told:
    """The facts, arranged by words."""

    facts: Facts
    wordings: Mapping[tuple[str, Place], Wording]
    segments: Mapping[str, Sequence[Told]]

    @classmethod
    def of(cls, facts: Facts, rules: Rules) -> _Told:
        counting = counting_customers(facts, rules.account_age_days)
        places = {(turn.said, place) for turn in facts.turns.values() for place in _places_of(turn)}
        return cls(facts, wordings_of(facts, counting, share_min=rules.reading_share_min, split_off=places), segments_of(facts))

    def recorded(self, stub: Rewrite) -> Recorded:
        """A draft with its figures."""
        source, target = self.wordings.get((stub.source, stub.place)), self.wordings.get((canonical(stub.target), stub.place))
        said = [turn for turn in self.facts.turns.values() if turn.said == stub.source and _is_at(turn, stub.place) and not turn.rewritten]
        state = self._state(stub)
        pairs = self._pairs(source.in_vain if source else (), state)
        rewrite = replace(
            stub,
            state=state,
            risk=risk_of(state, stub.target),
            score=(target.rate if target else None) or 0.0,
            success_as_said=(source.rate if source else None) or 0.0,
            success_as_rewritten=(target.rate if target else None) or 0.0,
            support=len({first.customer_id for first, _ in pairs}),
            times=len(pairs),
            evidence=tuple(turn.turn_id for pair in _one_a_customer(pairs)[:EVIDENCE_MAX] for turn in pair),
        )
        in_vain = sum(turn.outcome != "success" for turn in said)
        return Recorded(rewrite, len(said), source.speakers if source else 0, in_vain, target.speakers if target else 0)

    def _state(self, stub: Rewrite) -> str:
        """What the target mostly is taken for where it succeeds."""
        text = canonical(stub.target)
        taken_for = Counter(
            turn.state
            for turn in self.facts.turns.values()
            if turn.said == text and turn.outcome == "success" and _is_at(turn, stub.place) and not turn.rewritten
        )
        return max(taken_for, key=lambda each: (taken_for[each], each), default="")

    def _pairs(self, in_vain: Sequence[Told], state: str) -> list[tuple[Told, Told]]:
        """First tries in vain, each with the customer's own later success by this state, in the same goal."""
        found = []
        for turn in in_vain:
            goal = self.segments.get(turn.segment_id, ())
            begin = bisect_right(goal, _moment(turn), key=_moment)
            later = (
                each
                for each in goal[begin : begin + TRIES_MAX]
                if each.customer_id == turn.customer_id and each.state == state and each.outcome == "success" and each.said != turn.said
            )
            reached = next((each for each in later if not each.rewritten), None)
            if reached is not None:
                found.append((turn, reached))
        return found


def _one_a_customer(pairs: Sequence[tuple[Told, Told]]) -> list[tuple[Told, Told]]:
    first = {pair[0].customer_id: pair for pair in sorted(pairs, key=lambda pair: _moment(pair[0]), reverse=True)}
    return sorted(first.values(), key=lambda pair: _moment(pair[0]))


def _places_of(turn: Told) -> list[Place]:
    return [Place(turn.kind, room=turn.room), Place(turn.kind, device_type=turn.device_type)]


def _is_at(turn: Told, place: Place) -> bool:
    return (
        turn.kind == place.kind and turn.room == (place.room or turn.room) and turn.device_type == (place.device_type or turn.device_type)
    )


def _moment(turn: Told) -> tuple[datetime, str]:
    return turn.event_time, turn.turn_id
