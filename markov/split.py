"""Where a rewrite must differ by place: rooms and kinds of device in which customers mean something else by the same words.

Knows the rule (docs/decisions/0014-places.md); how things are counted is `places`' affair. A place splits off only where its own evidence
speaks against what holds elsewhere; where it is thin, it is left to what holds anywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from markov.backed import sample_there, weigh_steps
from markov.candidate import Bar, Candidate, Declined, Weighed, Weight, weigh
from markov.engine import Engine
from markov.here import Here, Saying, There, read_here, read_meanings, read_samples, read_there_records
from markov.history import History
from markov.places import find_steps, mean_steps
from markov.plans import Plan
from markov.score import bound_above
from markov.standing import Bounds, Judged, Standing, judged_as, learnt_by_assistant, standings
from markov.trials import newest_day
from resay.dialogue.rewrite import Place, Rewrite, Risk
from resay.dialogue.risk import risk_of
from resay.dialogue.text import canonical
from resay.store.tables import DAY, TEXT

MEANINGS_MAX = 3
"""Meanings looked at for each source in each place, and wordings for each of these: as many as for a source anywhere (`mine`)."""

SPARED_MAX = 64
"""Places that one rewrite may spare: a home has a dozen rooms, and what differs in more is no rewrite for any place."""

EVEN = 0.5
"""A wording that is not what most customers mean is the wrong one."""

Key = tuple[str, str]
"""A source: canonical text and prompt kind."""

Chosen = list[tuple[float, Rewrite]]
"""Rewrites with what each gains."""


@dataclass(frozen=True, slots=True)
class Splitting:
    """What single places are known to say before anything is weighed."""

    places: frozenset[Saying]
    """Wordings in places in which enough customers said them."""
    wordings: Mapping[Key, Sequence[str]]
    """Wordings by which customers in one place or another reach what they mean."""
    history: History
    """Of what was served in one place alone, or failed in one place."""


def find_splitting(engine: Engine, plan: Plan, bar: Bar, *, live: Sequence[Rewrite]) -> Splitting:
    """Which places are to be looked at, with which wordings; to be asked once the steps of evidence have run."""
    texts = sorted({(text, each.prompt_kind) for each in live for text in (each.source, canonical(each.target))})
    _load(engine, "placed_live", {"said": [said for said, _ in texts], "kind": [kind for _, kind in texts]})
    for step in find_steps(bar.floors.customers_min):
        engine.run(step)
    history, renewed = _judge(engine, bar, live=live)
    columns = {name: [getattr(saying, name) for saying in renewed] for name in ("said", "kind", "dimension", "name")}
    since = pa.array(list(renewed.values()), DAY)
    engine.load("placed_renewed", pa.table({name: pa.array(of, TEXT) for name, of in columns.items()} | {"since": since}))
    for step in mean_steps():
        engine.run(step)
    places = frozenset(Saying(**row) for row in engine.rows("split_places").to_pylist())
    return Splitting(places, _wordings(engine, plan), history)


def weigh_places(
    engine: Engine, plan: Plan, bar: Bar, *, splitting: Splitting, proposed: Iterable[tuple[Key, str]]
) -> tuple[list[Weighed], Here]:
    """All candidates of single places, the best of each source and place first, and what was counted there.

    Looked at are the wordings that are `proposed` for any place, and those that are reached in one.
    """
    looked_at = {(saying.said, saying.kind) for saying in splitting.places}
    pairs = {pair for pair in proposed if pair[0] in looked_at}
    pairs |= {(source, wording) for source, wordings in splitting.wordings.items() for wording in wordings}
    named = sorted(pairs)
    columns = {"said": [key[0] for key, _ in named], "kind": [key[1] for key, _ in named], "wording": [wording for _, wording in named]}
    _load(engine, "placed_proposals", columns)
    for step in weigh_steps():
        engine.run(step)
    here = read_here(engine)
    weighed = [
        splitting.history.judged(_weighed(there, plan.spellings[there.wording], here=here, bar=bar))
        for there in here.backing
        if there.wording in plan.spellings and there.wording != there.saying.said
    ]
    return sorted(weighed, key=_rank), here


def split_off(chosen: Chosen, weighed: Sequence[Weighed], *, here: Here, splitting: Splitting, bar: Bar) -> tuple[Chosen, list[Weighed]]:
    """What holds anywhere, but for places that refute it, and what holds there instead; with the candidates as they came out."""
    anywhere = {(each.source, each.prompt_kind): (gain, each) for gain, each in chosen}
    judge = _Judge(here, splitting.history, bar)
    told = [judge.told_apart(each, anywhere.get(each.source)) for each in weighed]
    own = splitting.history.with_proven(_best(told), told, Candidate.as_rewrite)
    own = _of_one_dimension(own)
    kept: Chosen = []
    for gain, rewrite in anywhere.values():
        spared = judge.refuting(rewrite) | {each.place for _, each in own if _is_of(each, rewrite)}
        if len(spared) <= SPARED_MAX:
            rooms, device_types = ({getattr(each, name) for each in spared} - {""} for name in ("room", "device_type"))
            kept.append((gain, replace(rewrite, not_rooms=tuple(sorted(rooms)), not_device_types=tuple(sorted(device_types)))))
    return [*kept, *own], told


def cite(engine: Engine, chosen: Chosen) -> Chosen:
    """The same, those of single places with turns that show them; what nothing shows any more cites what it did."""
    sayings = {Saying.at(each.source, each.place): canonical(each.target) for _, each in chosen if each.place.is_split_off}
    columns = {name: [getattr(saying, name) for saying in sayings] for name in ("said", "kind", "dimension", "name")}
    _load(engine, "placed_chosen", {**columns, "wording": list(sayings.values())})
    engine.run(sample_there())
    samples = read_samples(engine)
    cited = ((gain, each, samples.get((each.source, each.place, canonical(each.target)))) for gain, each in chosen)
    return [(gain, replace(each, evidence=turns) if turns else each) for gain, each, turns in cited]


class _Judge:
    """What is refuted where."""

    def __init__(self, here: Here, history: History, bar: Bar) -> None:
        self._here, self._history, self._bar = here, history, bar
        self._places: dict[Key, set[Place]] = defaultdict(set)
        for saying in here.places:
            self._places[(saying.said, saying.kind)].add(saying.place)

    def told_apart(self, weighed: Weighed, anywhere: tuple[float, Rewrite] | None) -> Weighed:
        """The candidate, declined where nothing shows that the words are another matter there than elsewhere."""
        candidate = weighed.candidate
        if weighed.declined is not None:
            return weighed
        if anywhere is not None:
            wording = canonical(anywhere[1].target)
            apart = wording != candidate.wording and self._refutes(candidate.source, candidate.place, wording)
        else:
            apart = self._refuted_elsewhere(candidate)
        return weighed if apart else replace(weighed, declined=Declined.SAME_ELSEWHERE)

    def refuting(self, rewrite: Rewrite) -> set[Place]:
        """The places whose own evidence, or own record, speaks against a rewrite that holds anywhere."""
        wording = canonical(rewrite.target)
        places = self._places[(rewrite.source, rewrite.prompt_kind)]
        return {place for place in places if self._refutes(rewrite.source, place, wording)}

    def _refutes(self, source: str, place: Place, wording: str) -> bool:
        """Whether most customers there surely mean something else, or fail by the wording, or lately succeed without it."""
        standing = self._history.standings.get(judged_as(source, place, wording))
        if (standing and standing.barred) or (source, place) in self._history.learnt:
            return True
        there = self._here.of(source, place, wording)
        # Who succeeded as said needed something else than the wording, too.
        others = there.customers - there.agreeing + self._here.chance(source, place).success
        return self._few(there.agreeing, others) or self._few_of(self._here.chance(wording, place))

    def _refuted_elsewhere(self, candidate: Candidate) -> bool:
        """The same of all other places together."""
        there = self._here.of(candidate.source, candidate.place, candidate.wording)
        succeeded = self._here.chance_elsewhere(candidate.source, candidate.place).success
        return self._few(there.agreeing_elsewhere, there.customers_elsewhere - there.agreeing_elsewhere + succeeded)

    def _few(self, these: float, others: float) -> bool:
        return bound_above(these, others, confidence=self._bar.confidence) < EVEN

    def _few_of(self, weight: Weight) -> bool:
        return bound_above(weight.success, weight.otherwise, confidence=self._bar.confidence) < self._bar.target_success_min


def _judge(engine: Engine, bar: Bar, *, live: Sequence[Rewrite]) -> tuple[History, dict[Saying, object]]:
    """How everything stands that is live in one place, or was lately tried there; and what means something else since when."""
    bounds = Bounds(newest_day(engine), bar.source_success_max, bar.target_success_min)
    records = read_there_records(engine)
    own = [each for each in live if each.place.is_split_off]
    found: dict[Judged, Standing] = {}
    learnt: set[tuple[str, Place]] = set()
    for place in {each.place for each in own} | records.keys():
        of_place = records.get(place, {})
        served = [each for each in live if each.place in {place, Place(place.kind)}]
        there = [
            (each.source, each.prompt_kind, each.target)
            for each in served
            if not each.spares(room=place.room, device_type=place.device_type)
        ]
        for pair, standing in standings(of_place, there, bounds).items():
            found[judged_as(pair[0], place, pair[2])] = standing
            if standing.needless:
                learnt.add((pair[0], place))
        learnt |= {(pair[0], place) for pair, record in of_place.items() if not pair[2] and learnt_by_assistant(record, bounds)}
    changes = sorted((key, each.changed_on) for key, each in found.items() if each.changed_on)
    # The last change of a wording counts.
    renewed = {Saying.at(key[0], Place(key[1], key[3], key[4])): since for key, since in changes}
    return History(found, frozenset(learnt), own, bar.floors.customers_min), dict(renewed)


def _wordings(engine: Engine, plan: Plan) -> dict[Key, list[str]]:
    """By place and meaning as by state for a source anywhere: the commonest meanings, and the commonest wordings for each."""
    found: dict[Key, list[str]] = {}
    for saying, states in read_meanings(engine).items():
        of_source = found.setdefault((saying.said, saying.kind), [])
        for state in states[:MEANINGS_MAX]:
            ways = plan.ways.get((state, saying.kind), ())[:MEANINGS_MAX]
            of_source += [wording for wording in ways if wording != saying.said and wording not in of_source]
    return found


def _weighed(there: There, spelling: str, *, here: Here, bar: Bar) -> Weighed:
    saying = there.saying
    state, said_state = here.reading(there.wording, saying.place), here.reading(saying.said, saying.place)
    source, wording = here.chance(saying.said, saying.place), here.chance(there.wording, saying.place)
    ended = there.customers + source.success
    share = there.agreeing / ended if ended else 0.0
    candidate = Candidate(
        source=saying.said,
        kind=saying.kind,
        wording=there.wording,
        spelling=spelling,
        state=state,
        risk=risk_of(state, spelling) if state else Risk.HIGH,
        exit_probability=min(1.0, there.agreeing / max(1, here.speakers(saying.said, saying.place))),
        share=share,
        customers_ending=there.customers,
        support=there.agreeing,
        times=there.times,
        source_weight=source,
        wording_weight=wording,
        room=saying.place.room,
        device_type=saying.place.device_type,
    )
    if state == said_state:
        declined: Declined | None = Declined.SAME_MEANING
    elif source.chance().mean > bar.source_success_max:
        declined = Declined.SUCCEEDS_ALREADY
    elif here.speakers(there.wording, saying.place) < bar.floors.customers_min:
        declined = Declined.TOO_FEW_CUSTOMERS
    else:
        declined = weigh(candidate, bar)
    return Weighed(candidate, candidate.gain(bar.confidence), declined)


def _rank(weighed: Weighed) -> tuple[Key, Place, bool, float, int, str]:
    candidate = weighed.candidate
    is_last = weighed.declined is Declined.SAME_MEANING
    return weighed.source, candidate.place, is_last, -weighed.gain, -candidate.support, candidate.wording


def _best(weighed: Iterable[Weighed]) -> Chosen:
    """The best wording of each source and place that clears the bar."""
    best: dict[tuple[str, Place], Weighed] = {}
    for each in weighed:
        if each.declined is None:
            best.setdefault((each.candidate.source, each.candidate.place), each)
    return [(each.gain, each.candidate.as_rewrite()) for each in best.values()]


def _of_one_dimension(own: Chosen) -> Chosen:
    """A source is told apart by rooms or by kinds of device, whichever more customers stand behind: of two rewrites never both hold."""
    behind: dict[tuple[Key, bool], int] = defaultdict(int)
    for _, each in own:
        behind[(each.source, each.prompt_kind), bool(each.room)] += each.support
    return [
        (gain, each)
        for gain, each in own
        if (behind[(each.source, each.prompt_kind), bool(each.room)], bool(each.room))
        > (behind[(each.source, each.prompt_kind), not each.room], not each.room)
    ]


def _is_of(own: Rewrite, anywhere: Rewrite) -> bool:
    return (own.source, own.prompt_kind) == (anywhere.source, anywhere.prompt_kind)


def _load(engine: Engine, name: str, columns: Mapping[str, Sequence[str]]) -> None:
    engine.load(name, pa.table({column: pa.array(list(of), TEXT) for column, of in columns.items()}))
