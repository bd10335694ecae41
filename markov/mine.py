"""From a lake's labels to candidate rewrites: counts, then the chain, then words.

Knows the order of the work. How steps run is the engine's, what clears the bar is `candidate`'s, what may be published is `verify`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import pyarrow as pa

from markov.absorb import Exits
from markov.candidate import Bar, Candidate, Declined, Weighed, Weight, weigh
from markov.chain import Chain, build_chain, entry_state
from markov.corroborate import transition_steps
from markov.engine import Engine
from markov.evidence import backing_steps, evidence_steps, sample
from markov.fading import load_fading
from markov.history import read_history
from markov.plans import Evidence, Plan, read_evidence, read_plan, read_samples
from markov.sparing import Reasons, keep_apart, spare
from markov.split import cite, find_splitting, split_off, weigh_places
from markov.standing import Judged, Standing
from markov.steps import fact_steps, kept_steps
from markov.sums import anew_steps, sum_steps
from resay.dialogue.rewrite import Rewrite, Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.text import canonical
from resay.dialogue.tick import Tick, silent
from resay.store.tables import TEXT

STATES_MAX = 3
"""States looked at for each source, best first: with less than a third of the success none can clear the bar."""

WORDINGS_MAX = 3
"""Wordings looked at for each of these states, most customers first."""

Key = tuple[str, str]
"""A source: canonical text and prompt kind."""


@dataclass(frozen=True, slots=True)
class Mined:
    """What mining came to."""

    rewrites: tuple[Rewrite, ...]
    """Candidates that cleared the bar, by source and prompt kind; not yet verified."""
    declined: Mapping[Declined, int]
    """Sources without a rewrite, by why."""
    sources: int
    """Wordings that enough customers had to follow up with another, with success."""
    states: int
    """States of the chain that was solved."""
    lost: int
    """States from which neither success nor failure is known to be reached."""
    states_cut: int = 0
    """States in components that were too large to be solved exactly (`markov.cut`); what is told of them are lower bounds."""
    unknown_max: float = 0.0
    """The most that all exit probabilities of one source, together, may be higher than they were taken for: zero where nothing was cut."""
    weighed: tuple[Weighed, ...] = ()
    """Every candidate that was looked at, source by source, the best first."""
    placed: tuple[Weighed, ...] = ()
    """Every candidate of a single place, by source and place, the best first."""
    reasons: Mapping[Key, Declined] = field(default_factory=dict)
    """Each source without a rewrite, and why."""
    standings: Mapping[Judged, Standing] = field(default_factory=dict)
    """How each rewrite that is live, or was lately tried, fares by its own record."""
    spared: Mapping[str, Reasons] = field(default_factory=dict)
    """Why some cohorts are spared rewrites that hold for others, by rewrite id."""


def mine(engine: Engine, bar: Bar, tick: Tick = silent, *, live: Sequence[Rewrite] = (), kept: bool = False) -> Mined:
    """Count, solve, and propose; what was counted from is left with the engine (`HEARD`, `TRIES`).

    It is counted from what the lake keeps (`kept`), or from labels. What was served before is judged by its own record besides: what lost,
    or is no longer needed, is not proposed, and of the `live` table what has proven itself stays though mining alone would not propose it
    any more.

    Raises: StepFailed.
    """
    summing = sum_steps(bar.floors)
    steps = [*anew_steps(), *transition_steps(bar.floors), *evidence_steps(bar.floors)]
    for step in kept_steps() if kept else ():
        engine.name(step)
    for step in () if kept else fact_steps():
        engine.run(step)
    load_fading(engine)
    for step in summing:
        engine.run(step)
    history = read_history(engine, bar, live, apart=keep_apart(engine, bar, live))
    for done, step in enumerate(steps):
        tick(done, len(steps) + 2)
        engine.run(step)
    plan = read_plan(engine)
    chain = build_chain(engine.rows("wanted"))
    tick(len(steps), len(steps) + 2)
    sources, declined = _failing(chain, plan, bar)
    solved = engine.solve(chain, list(sources.values()))
    proposals = _propose(chain, plan, sources, solved=solved, declined=declined)
    evidence = _back(engine, proposals)
    splitting = find_splitting(engine, plan, bar, live=live)
    named = [*((each.source, each.wording) for each in proposals), *((each.source_key, canonical(each.target)) for each in live)]
    by_place, here = weigh_places(engine, plan, bar, splitting=splitting, proposed=named)
    tick(len(steps) + 1, len(steps) + 2)
    weighed = [history.judged(each) for each in _weigh_all(proposals, evidence, bar)]
    chosen = history.with_proven(_choose(weighed, declined), weighed, Candidate.as_rewrite)
    split, placed = split_off(_shown(engine, chosen, weighed), by_place, here=here, splitting=splitting, bar=bar)
    served, spared = spare(engine, bar, cite(engine, split), live=live)
    rewrites = _settle(served, declined)
    for each in rewrites:
        if not each.place.is_split_off:
            declined.pop(each.source_key, None)
    of_sources = {each.source_key for each in rewrites}
    tick(len(steps) + 2, len(steps) + 2)
    return Mined(
        rewrites=rewrites,
        declined=Counter(why for source, why in declined.items() if source not in of_sources),
        sources=len(plan.promising),
        states=len(chain.states),
        lost=len(chain.lost),
        states_cut=solved.states_cut,
        unknown_max=float(solved.unknown.max(initial=0.0)),
        weighed=tuple(weighed),
        placed=tuple(placed),
        reasons=declined,
        standings={**history.standings, **splitting.history.standings},
        spared=spared,
    )


@dataclass(frozen=True, slots=True)
class _Proposal:
    """One wording that may stand for a source, before its evidence is known."""

    source: Key
    wording: str
    spelling: str
    customers_ending: int
    own: float
    """The source's own success as said: R[s, success]."""
    exits: Mapping[str, float]
    """Exit probability by state, the source itself apart; lower bounds where a huge component was cut."""
    unknown: float
    """Most success after the source that is in none of them, because a huge component was cut."""
    reads: str
    """The state that the wording is usually taken for."""
    reads_same: bool
    """Whether the source is usually taken for the same."""
    source_weight: Weight
    wording_weight: Weight


def _failing(chain: Chain, plan: Plan, bar: Bar) -> tuple[dict[Key, int], dict[Key, Declined]]:
    """The promising sources that fail, with their rows of the chain; and why the others are left alone."""
    places = chain.places()
    sources: dict[Key, int] = {}
    declined: dict[Key, Declined] = {}
    for source in sorted(plan.promising):
        place = places.get(entry_state(*source))
        if place is None or _weight(chain, place).chance().mean > bar.source_success_max:
            declined[source] = Declined.SUCCEEDS_ALREADY
        else:
            sources[source] = place
    return sources, declined


def _propose(chain: Chain, plan: Plan, sources: Mapping[Key, int], *, solved: Exits, declined: dict[Key, Declined]) -> list[_Proposal]:
    places = chain.places()
    rows = solved.chances
    proposals: list[_Proposal] = []
    for row, (source, place) in enumerate(sources.items()):
        span = slice(rows.indptr[row], rows.indptr[row + 1])
        ends = {int(at): float(value) for at, value in zip(rows.indices[span], rows.data[span], strict=True)}
        own = ends.pop(place, 0.0)
        by_state = {chain.states[at]: value for at, value in ends.items()}
        found = list(_wordings(source, by_state, plan=plan, places=places))
        if not found:
            declined[source] = Declined.NO_WORDING
        proposals += [
            _Proposal(
                source=source,
                wording=wording,
                spelling=plan.spellings[wording],
                customers_ending=plan.promising[source],
                own=own,
                exits=by_state,
                unknown=float(solved.unknown[row]),
                reads=plan.reads[(wording, source[1])],
                reads_same=plan.reads[(wording, source[1])] == plan.reads.get(source),
                source_weight=_weight(chain, place),
                wording_weight=_weight(chain, places[entry_state(wording, source[1])]),
            )
            for wording in found
        ]
    return proposals


def _weight(chain: Chain, place: int) -> Weight:
    success = float(chain.r[place, 0] * chain.weights[place])
    return Weight(success=success, otherwise=float(chain.weights[place]) - success)


def _wordings(source: Key, by_state: Mapping[str, float], *, plan: Plan, places: Mapping[str, int]) -> Iterator[str]:
    """Other wordings, in the same context, that succeed by the states through which talk after the source mostly succeeds."""
    text, kind = source
    best = sorted(by_state, key=lambda state: (-by_state[state], state))[:STATES_MAX]
    seen = {text}
    for state in best:
        for wording in plan.ways.get((state, kind), ())[:WORDINGS_MAX]:
            if wording not in seen and wording in plan.spellings and entry_state(wording, kind) in places:
                seen.add(wording)
                yield wording


def _back(engine: Engine, proposals: Sequence[_Proposal]) -> Evidence:
    columns = {
        "said": [each.source[0] for each in proposals],
        "kind": [each.source[1] for each in proposals],
        "wording": [each.wording for each in proposals],
    }
    engine.load("proposals", pa.table(columns, schema=pa.schema([(name, pa.string()) for name in columns])))
    for step in backing_steps():
        engine.run(step)
    return read_evidence(engine)


def _weigh_all(proposals: Iterable[_Proposal], evidence: Evidence, bar: Bar) -> list[Weighed]:
    """Every candidate and what the bar makes of it, source by source, the best first; what means the same as its source comes last."""
    weighed = []
    for proposal in proposals:
        candidate = _candidate(proposal, evidence)
        declined = Declined.SAME_MEANING if proposal.reads_same else weigh(candidate, bar)
        weighed.append(Weighed(candidate, candidate.gain(bar.confidence), declined))
    return sorted(weighed, key=_rank)


def _rank(weighed: Weighed) -> tuple[Key, bool, float, int, str]:
    candidate = weighed.candidate
    return weighed.source, weighed.declined is Declined.SAME_MEANING, -weighed.gain, -candidate.support, candidate.wording


def _choose(weighed: Iterable[Weighed], declined: dict[Key, Declined]) -> list[tuple[float, Rewrite]]:
    """The best wording of each source that clears the bar, with its gain; a source without one is declined for its best one's reason."""
    chosen = []
    for source, group in groupby(weighed, lambda each: each.source):
        ranked = list(group)
        best = next((each for each in ranked if each.declined is None), None)
        if best is not None:
            chosen.append((best.gain, best.candidate.as_rewrite()))
        else:
            declined[source] = ranked[0].declined or Declined.THIN_EVIDENCE
    return chosen


def _candidate(proposal: _Proposal, evidence: Evidence) -> Candidate:
    """What speaks for a proposal: which part of the success after its source the wording would have reached."""
    text, kind = proposal.source
    reached = {
        state: value * evidence.agreement.get((text, kind, proposal.wording, state), float(state == proposal.reads))
        for state, value in proposal.exits.items()
    }
    exit_probability = sum(reached.values())
    # What was cut off counts as success by other means, so that the share is a lower bound too.
    success = proposal.own + sum(proposal.exits.values()) + proposal.unknown
    state = max(reached, key=lambda each: (reached[each], each), default=proposal.reads)
    states = [each for each, value in reached.items() if value > 0]
    high = any(risk_of(each, proposal.spelling) is Risk.HIGH for each in [state, *states])
    support, times = evidence.support.get((text, kind, proposal.wording), (0, 0))
    return Candidate(
        source=text,
        kind=kind,
        wording=proposal.wording,
        spelling=proposal.spelling,
        state=state,
        risk=Risk.HIGH if high else Risk.LOW,
        exit_probability=min(1.0, exit_probability),
        share=min(1.0, exit_probability / success) if success > 0 else 0.0,
        customers_ending=proposal.customers_ending,
        support=support,
        times=times,
        source_weight=proposal.source_weight,
        wording_weight=proposal.wording_weight,
    )


def _shown(engine: Engine, chosen: Sequence[tuple[float, Rewrite]], weighed: Iterable[Weighed]) -> list[tuple[float, Rewrite]]:
    """The same, with turns that show those that were weighed; what only its record keeps cites what it did."""
    known = {(*each.source, each.candidate.wording) for each in weighed}
    keys = [(*each.source_key, canonical(each.target)) for _, each in chosen]
    named = sorted(known.intersection(keys))
    engine.load(
        "cited", pa.table({name: pa.array([key[at] for key in named], TEXT) for at, name in enumerate(("said", "kind", "wording"))})
    )
    engine.run(sample())
    samples = read_samples(engine)
    return [
        (gain, replace(each, evidence=samples.get(key, ())) if key in known else each)
        for key, (gain, each) in zip(keys, chosen, strict=True)
    ]


def _settle(chosen: Sequence[tuple[float, Rewrite]], declined: dict[Key, Declined]) -> tuple[Rewrite, ...]:
    """A table in which no target is a source: of two rewrites that meet, the one that gains more stays."""
    sources: set[str] = set()
    targets: set[str] = set()
    kept = []
    for _, rewrite in sorted(chosen, key=lambda each: (-each[0], each[1].rewrite_id)):
        target = canonical(rewrite.target)
        if rewrite.source in targets or target in sources:
            if not rewrite.place.is_split_off:
                declined[rewrite.source_key] = Declined.CHAINED
            continue
        sources.add(rewrite.source)
        targets.add(target)
        kept.append(rewrite)
    return tuple(sorted(kept, key=lambda each: (each.source, each.place)))
