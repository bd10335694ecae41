"""The checker: whether a table may be published. Independent of the miner: no step, no score and no rule is shared with it.

Finding a table is costly and may go wrong in many ways; checking one is cheap. Each rule is a few lines, and says for one rewrite
why it must not be published. Three answers: proven, refused, don't know; and only what is proven is published.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from markov.cohort_rules import badly_named, few_named, served_in_error, without_spared
from markov.facts import Facts, Told
from markov.proof import CHECKER, Fault, Proof, Verdict
from markov.wording import Wording, counting_customers, rooms_of, segments_of, wordings_of
from resay.dialogue.personal import personal_in
from resay.dialogue.rewrite import Place, Rewrite, Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.text import canonical, has_command_prefix, has_control_characters
from resay.store.rewrites import encode_rewrites, id_due


@dataclass(frozen=True, slots=True)
class Rules:
    """What the checker holds a table to."""

    customers_min: int = 10
    """k (DESIGN 7)."""
    account_age_days: int = 7
    """Accounts first seen later than this before the newest turn do not count (DESIGN 7)."""
    high_risk_factor: int = 3
    """High risk needs so many times the floor, unless a person approved it."""
    agreement_min: float = 0.5
    """Of the customers who said the source in vain and then succeeded, this share succeeded by what the target is taken for."""
    reading_share_min: float = 0.25
    """A target is taken for a state if it is so in at least this share of its turns: one slip of the assistant proves nothing."""
    place_agreement_min: float = 0.25
    """The same share for every single room, kind of device and cohort in which enough customers did, or the rewrite must spare it."""
    target_chars_max: int = 200
    """Longest target: twenty seconds of speech; no request of the corpora is half as long."""
    blocked: tuple[tuple[str, str], ...] = ()
    """Blocklist and vetoes: (source, target), canonical; empty stands for any, both empty for all."""
    approved: frozenset[str] = frozenset()
    """Ids of rewrites of high risk that a person has allowed."""
    budget_s: float = 600.0
    """Time for the whole table; what is not told by then is not known. 2,300 rewrites in a lake of ten million turns take half a minute."""


SPARED_MAX = 64
"""Places that one rewrite may spare: a home has a dozen rooms, and what differs in more is no rewrite for any place."""

TRIES_MAX = 16
"""Turns of a goal that are looked at behind one in vain: four times as far as the miner goes; a goal may have a million."""

Reasons = Iterator[str]
Endings = Sequence[tuple[Told, Sequence[Told]]]
"""Turns that said the source in vain, each with the successes that came after it."""


def verify(rewrites: Sequence[Rewrite], facts: Facts, rules: Rules, *, now: datetime, clock: Callable[[], float]) -> Proof:
    """Check a table against the lake. `clock` counts seconds, for the budget; `now` is written into the proof."""
    deadline = clock() + rules.budget_s
    counting = counting_customers(facts, rules.account_age_days)
    split_off = {(text, place) for each in rewrites for place in _named(each) for text in (each.source, canonical(each.target))}
    wordings = wordings_of(facts, counting, share_min=rules.reading_share_min, split_off=split_off)
    segments = segments_of(facts)
    whole = _Table.of(rewrites)
    faults = []
    for rewrite in rewrites:
        if clock() > deadline:
            faults.append(Fault(rewrite.rewrite_id, Verdict.UNKNOWN, (f"time: not checked within {rules.budget_s:g} s",)))
            continue
        heard = wordings
        if rewrite.not_cohorts:
            heard = wordings_of(without_spared(rewrite, facts), counting, share_min=rules.reading_share_min, split_off=split_off)
        case = _Case(rewrite, facts, rules, heard, segments)
        refusals = [*_form(rewrite, rules), *_risk(rewrite), *_place(rewrite), *badly_named(rewrite), *whole.conflicts(rewrite)]
        refusals += [*_blocked(rewrite, rules), *_personal(rewrite)]
        doubts = list(case.doubts())
        refusals += [] if doubts else case.refusals()
        if refusals or doubts:
            faults.append(Fault(rewrite.rewrite_id, Verdict.REFUSED if refusals else Verdict.UNKNOWN, (*refusals, *doubts)))
    return Proof(
        verdict=_verdict(faults),
        checked_at=now,
        checker=CHECKER,
        table_sha256=hashlib.sha256(encode_rewrites(rewrites)).hexdigest(),
        rewrites=len(rewrites),
        rules=RULES,
        parameters=_parameters(rules),
        faults=tuple(faults),
    )


def sift(
    rewrites: Sequence[Rewrite], facts: Facts, rules: Rules, *, now: datetime, clock: Callable[[], float]
) -> tuple[list[Rewrite], Proof]:
    """The part of a table that can be proven, with its proof; the proof names what was left out, and why.

    Taking rewrites out makes no other one worse, so that one more check is enough. It has twice the time: what was told just in time
    shall not be lost because the machine is a little slower now.
    """
    first = verify(rewrites, facts, rules, now=now, clock=clock)
    if first.verdict is Verdict.PROVEN:
        return list(rewrites), first
    faulty = {fault.rewrite_id for fault in first.faults}
    kept = [rewrite for rewrite in rewrites if rewrite.rewrite_id not in faulty]
    again = verify(kept, facts, replace(rules, budget_s=2 * rules.budget_s), now=now, clock=clock)
    return kept, replace(again, left_out=first.faults)


def found_support(rewrites: Sequence[Rewrite], facts: Facts, rules: Rules) -> Mapping[str, int]:
    """How many customers the facts know behind each rewrite, by its id; 0 where they do not know its texts."""
    counting = counting_customers(facts, rules.account_age_days)
    split_off = {(text, place) for each in rewrites for place in _named(each) for text in (each.source, canonical(each.target))}
    of_all = wordings_of(facts, counting, share_min=rules.reading_share_min, split_off=split_off)
    segments, found = segments_of(facts), {}
    for each in rewrites:
        heard = of_all
        if each.not_cohorts:
            heard = wordings_of(without_spared(each, facts), counting, share_min=rules.reading_share_min, split_off=split_off)
        case = _Case(each, facts, rules, heard, segments)
        found[each.rewrite_id] = 0 if any(case.doubts()) else case.backers()
    return found


RULES = (
    "form: canonical source, target that a customer could have said, id and figures in order",
    "risk: no lower than the words of state and target say; high risk has more evidence, or a person's word",
    "one_target: one target for a source in one context",
    "place: told apart by rooms or by kinds of device, not served where customers clearly mean something else",
    "cohort: not served to cohorts whose customers clearly mean something else; for those that it spares nobody vouches",
    "terminates: rank 1 for sources, 0 for targets, so that every rewrite falls and one hop is all there is",
    "blocked: neither blocklist nor a veto names it",
    "personal: nothing in it points to one person",
    "floor: enough customers, not sessions nor young accounts, said source and target, and went from one to the other",
    "agreement: of the customers who said the source in vain and then succeeded, most did so by what the target means",
    "evidence: its turns are there, unrewritten, and show what they are cited for",
    "success: those who say the target fare better than those who say the source",
)


def _verdict(faults: Iterable[Fault]) -> Verdict:
    verdicts = {fault.verdict for fault in faults}
    return next((each for each in (Verdict.REFUSED, Verdict.UNKNOWN) if each in verdicts), Verdict.PROVEN)


def _parameters(rules: Rules) -> dict[str, float]:
    """The figures of the rules; vetoes and approvals by number only, because a veto may name what one customer said."""
    return {
        "customers_min": rules.customers_min,
        "account_age_days": rules.account_age_days,
        "high_risk_factor": rules.high_risk_factor,
        "agreement_min": rules.agreement_min,
        "reading_share_min": rules.reading_share_min,
        "place_agreement_min": rules.place_agreement_min,
        "target_chars_max": rules.target_chars_max,
        "blocked": len(rules.blocked),
        "approved": len(rules.approved),
    }


def _form(rewrite: Rewrite, rules: Rules) -> Reasons:
    target = canonical(rewrite.target)
    if not rewrite.source or rewrite.source != canonical(rewrite.source):
        yield "form: the source must be canonical text, and not empty"
    if not target or len(rewrite.target) > rules.target_chars_max:
        yield f"form: the target must have words, and at most {rules.target_chars_max} characters"
    if has_control_characters(rewrite.target) or has_command_prefix(rewrite.target):
        yield "form: the target must not begin like a command nor hold control characters"
    if target == rewrite.source:
        yield "form: the target must say something else than the source"
    if rewrite.rewrite_id != id_due(rewrite):
        yield "form: the id must be that of source, context and target"
    if not all(math.isfinite(each) and 0 <= each <= 1 for each in (rewrite.score, rewrite.success_as_said, rewrite.success_as_rewritten)):
        yield "form: score and chances of success must lie between 0 and 1"
    if not rewrite.success_as_rewritten > rewrite.success_as_said:
        yield "form: the rewrite must promise more success than the source has as said"


def _risk(rewrite: Rewrite) -> Reasons:
    if rewrite.risk is Risk.LOW and risk_of(rewrite.state, rewrite.target) is Risk.HIGH:
        yield "risk: the words of state and target say high; the table says low"


def _blocked(rewrite: Rewrite, rules: Rules) -> Reasons:
    target = canonical(rewrite.target)
    if any(source in ("", rewrite.source) and end in ("", target) for source, end in rules.blocked):
        yield "blocked: the blocklist or a veto names it"


def _personal(rewrite: Rewrite) -> Reasons:
    texts = (rewrite.source, *rewrite.not_cohorts, *(name for place in _named(rewrite) for name in (place.room, place.device_type)))
    found = next((each for each in (personal_in(rewrite.target, rewrite.state), *map(personal_in, texts)) if each), None)
    if found:
        yield f"personal: it holds {found}"


def _named(rewrite: Rewrite) -> Iterator[Place]:
    """The places that a rewrite names: its own, or those that it spares."""
    kind = rewrite.prompt_kind
    if rewrite.place.is_split_off:
        yield rewrite.place
    yield from (Place(kind, room=each) for each in rewrite.not_rooms)
    yield from (Place(kind, device_type=each) for each in rewrite.not_device_types)


def _place(rewrite: Rewrite) -> Reasons:
    spared = (rewrite.not_rooms, rewrite.not_device_types)
    if rewrite.room and rewrite.device_type:
        yield "place: a room or a kind of device, not both"
    if rewrite.place.is_split_off and any(spared):
        yield "place: what holds in one place spares no others"
    if any(list(each) != sorted(set(each)) or "" in each for each in spared):
        yield "place: those spared must have names, each once, in order"
    if sum(map(len, spared)) > SPARED_MAX:
        yield f"place: at most {SPARED_MAX} are spared; where more disagree, nothing holds in all"


@dataclass(frozen=True, slots=True)
class _Table:
    """What only the table as a whole can tell."""

    targets_of: Mapping[tuple[str, Place], int]
    """How many rewrites begin with a source in a context."""
    places: Mapping[tuple[str, str], frozenset[Place]]
    """In which places a source has rewrites of their own, by prompt kind."""
    sources: frozenset[str]

    @classmethod
    def of(cls, rewrites: Sequence[Rewrite]) -> _Table:
        """Of these rewrites."""
        targets_of: dict[tuple[str, Place], int] = defaultdict(int)
        places: dict[tuple[str, str], set[Place]] = defaultdict(set)
        for rewrite in rewrites:
            targets_of[(rewrite.source, rewrite.place)] += 1
            if rewrite.place.is_split_off:
                places[(rewrite.source, rewrite.prompt_kind)].add(rewrite.place)
        own = {source: frozenset(of) for source, of in places.items()}
        return cls(targets_of, own, frozenset(rewrite.source for rewrite in rewrites))

    def conflicts(self, rewrite: Rewrite) -> Reasons:
        """Where the rewrite does not go together with the others."""
        if self.targets_of[(rewrite.source, rewrite.place)] > 1:
            yield "one_target: the source has more than one target in this context"
        own = self.places.get((rewrite.source, rewrite.prompt_kind), frozenset())
        if rewrite.room and any(place.device_type for place in own):
            yield "place: the source is told apart by rooms and by kinds of device, so that two rewrites may hold at once"
        if not rewrite.place.is_split_off and not own <= set(_named(rewrite)):
            yield "place: where the source has a rewrite of its own, the one for any place must be spared"
        if canonical(rewrite.target) in self.sources:
            yield "terminates: the target is a source of this table, so that no rank falls"


@dataclass(frozen=True, slots=True)
class _Case:
    """One rewrite before the facts."""

    rewrite: Rewrite
    facts: Facts
    rules: Rules
    wordings: Mapping[tuple[str, Place], Wording]
    segments: Mapping[str, Sequence[Told]]

    def doubts(self) -> Reasons:
        """Why the facts do not suffice for an answer."""
        if self._said(self.rewrite.source) is None or self._said(canonical(self.rewrite.target)) is None:
            yield "facts: the lake holds no turn that says the source, or none that says the target, in this context"

    def refusals(self) -> list[str]:
        """Why the facts speak against it; to be asked where there are no doubts."""
        source, target = self._said(self.rewrite.source), self._said(canonical(self.rewrite.target))
        assert source is not None, "doubts come first"
        assert target is not None, "doubts come first"
        endings = [(turn, ends) for turn in source.in_vain if (ends := self._successes_after(turn))]
        return [
            *self._floor(source, target, endings=endings),
            *self._agreement(target, endings),
            *self._spared(target, endings),
            *self._told_apart(target, endings),
            *self._evidence(),
            *self._success(source, target),
        ]

    def backers(self) -> int:
        """Customers who went from source to target; to be asked where there are no doubts."""
        source, target = self._said(self.rewrite.source), self._said(canonical(self.rewrite.target))
        assert source is not None, "doubts come first"
        assert target is not None, "doubts come first"
        return self._backers(target, [(turn, ends) for turn in source.in_vain if (ends := self._successes_after(turn))])

    def _backers(self, target: Wording, endings: Endings) -> int:
        return len({turn.customer_id for turn, ends in endings if any(target.means(end.state, self._where(turn)) for end in ends)})

    def _floor(self, source: Wording, target: Wording, *, endings: Endings) -> Reasons:
        high = self.rewrite.risk is Risk.HIGH and self.rewrite.rewrite_id not in self.rules.approved
        needed = self.rules.customers_min * (self.rules.high_risk_factor if high else 1)
        backers = self._backers(target, endings)
        if backers < needed:
            yield f"floor: {backers} customers went from source to target; it needs {needed}"
        if self.rewrite.support > backers:
            yield f"floor: the table claims {self.rewrite.support} customers; {backers} are found"
        if self.rewrite.support < needed:
            # Whoever serves it knows the table alone, and would refuse all of it for this one.
            yield f"floor: the table claims {self.rewrite.support} customers; it needs {needed}"
        speakers = min(source.speakers, target.speakers)
        if speakers < self.rules.customers_min:
            yield f"floor: {speakers} customers said the source, or the target; it needs {self.rules.customers_min}"

    def _agreement(self, target: Wording, endings: Endings) -> Reasons:
        """Each customer has one say, by the first success after the last time in vain."""
        agrees = {turn.customer_id: target.means(ends[0].state, self._where(turn)) for turn, ends in sorted(endings, key=_when)}
        agreeing = sum(agrees.values())
        if agreeing < self.rules.agreement_min * len(agrees):
            yield f"agreement: {agreeing} of {len(agrees)} customers who succeeded after the source did so by what the target means"

    def _spared(self, target: Wording, endings: Endings) -> Reasons:
        """No place is named that few customers have, and none is served in which those who said the source meant something else."""
        for place in _named(self.rewrite):
            there = self.wordings.get((self.rewrite.source, place))
            if there is None or there.speakers < self.rules.customers_min:
                yield f"floor: in a place that it names fewer than {self.rules.customers_min} customers said the source"
        if self.rewrite.place.is_split_off:
            return
        for agrees in _by_place(self.rewrite, target, endings):
            if len(agrees) >= self.rules.customers_min and sum(agrees.values()) < self.rules.place_agreement_min * len(agrees):
                yield f"place: in one that is not spared {sum(agrees.values())} of {len(agrees)} customers did so by what the target means"

    def _told_apart(self, target: Wording, endings: Endings) -> Reasons:
        """No cohort is named of which few customers said the source, and none is served whose customers meant something else."""
        yield from few_named(self.rewrite, self.facts, customers_min=self.rules.customers_min)
        found = ((turn, target.means(ends[0].state, self._where(turn))) for turn, ends in sorted(endings, key=_when))
        yield from served_in_error(found, customers_min=self.rules.customers_min, agreement_min=self.rules.place_agreement_min)

    def _evidence(self) -> Reasons:
        cited = self.rewrite.evidence
        pairs = list(zip(cited[::2], cited[1::2], strict=False))
        if not pairs or len(cited) % 2:
            yield "evidence: there must be pairs of turns"
        elif not all(self._shows(source, end) for source, end in pairs):
            yield "evidence: a cited turn is gone, was rewritten, or shows something else"

    def _success(self, source: Wording, target: Wording) -> Reasons:
        if source.rate is None or target.rate is None or target.rate <= source.rate:
            yield "success: customers who say the target must succeed more often than those who say the source"

    def _where(self, turn: Told) -> Place:
        """By what the meaning of the target is told for a turn: its room, or the kind of device for which the rewrite holds."""
        return Place(device_type=turn.device_type) if self.rewrite.device_type else Place(room=turn.room)

    def _said(self, text: str) -> Wording | None:
        return self.wordings.get((text, self.rewrite.place))

    def _shows(self, source: str, end: str) -> bool:
        turn = self.facts.turns.get(source)
        return (
            turn is not None
            and not turn.rewritten
            and not self.rewrite.spares_any(turn.cohorts)
            and turn.said == self.rewrite.source
            and turn.kind == self.rewrite.prompt_kind
            and turn.room == (self.rewrite.room or turn.room)
            and turn.device_type == (self.rewrite.device_type or turn.device_type)
            and end in {later.turn_id for later in self._successes_after(turn)}
        )

    def _successes_after(self, turn: Told) -> list[Told]:
        """Later turns of the same goal that succeeded in other words, by the customer's own doing, in order; not many turns later."""
        goal = self.segments.get(turn.segment_id, ())
        begin = bisect_right(goal, _moment(turn), key=_moment)
        return [
            later
            for later in goal[begin : begin + TRIES_MAX]
            if later.customer_id == turn.customer_id and later.outcome == "success" and later.said != turn.said and not later.rewritten
        ]


def _by_place(rewrite: Rewrite, target: Wording, endings: Endings) -> Iterable[Mapping[str, bool]]:
    """For each room and each kind of device that is not spared: which customers first succeeded by what the target means."""
    agrees: dict[Place, dict[str, bool]] = defaultdict(dict)
    for turn, ends in sorted(endings, key=_when):
        for place in rooms_of(turn.room, turn.device_type):
            agrees[place][turn.customer_id] = target.means(ends[0].state, place)
    spared = {replace(place, kind="") for place in _named(rewrite)}
    return [of for place, of in agrees.items() if place not in spared]


def _when(ending: tuple[Told, Sequence[Told]]) -> tuple[datetime, str]:
    return _moment(ending[0])


def _moment(turn: Told) -> tuple[datetime, str]:
    return turn.event_time, turn.turn_id
