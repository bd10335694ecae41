"""Which cohorts a rewrite must not be served to: those whose own evidence refutes what does others good.

Knows the rule (docs/decisions/0016-cohorts.md); how things are counted is `cohorts`' affair. What a cohort has made of the words, as said
and as rewritten, decides for that cohort alone; where it is thin, the cohort is left to what holds for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from markov.candidate import Bar
from markov.cohort_records import NOTHING_INSIDE, Asked, CohortSet, Inside, asked_of, read_inside, sets_told, with_any
from markov.cohorts import SETS_ENDED, SETS_SAID, backing_steps, count_told, meaning_steps, trial_steps
from markov.engine import Engine
from markov.posterior import Beta, above
from markov.score import bound_above
from markov.standing import KEPT_FROM, RETIRED_BELOW, Bounds, Compared, believable, compared, told_of
from markov.trials import newest_day
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.text import canonical
from resay.store.tables import TEXT, TEXTS

SPARED_MAX = 64
"""Cohorts that one rewrite may spare: what hurts more is no rewrite for the rest either."""

EVEN = 0.5
"""A wording that is not what most customers mean is the wrong one."""

MEANT_LEAST = 0.25
"""Where fewer than this share of a cohort's customers mean it, the checker would refuse the rewrite for all (`verify.Rules`)."""

Chosen = list[tuple[float, Rewrite]]
"""Rewrites with what each gains."""

Apart = tuple[Asked, tuple[str, ...]]
"""A source, where it is said, and cohorts that turns tell together."""

Reasons = Mapping[str, str]
"""Why each of some cohorts is spared, without texts."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What cohorts are judged by, for one rewrite."""

    bounds: Bounds
    customers_min: int
    """Fewer customers of a cohort tell nothing of it, and it is not to be named."""
    confidence: float
    """With which most of a cohort must surely mean something else, before it is told how many cohorts are looked at."""
    spared: frozenset[str] = frozenset()
    """Cohorts that are spared already: they are let in again once doubt is back, not as soon as certainty is gone."""


def keep_apart(engine: Engine, bar: Bar, live: Sequence[Rewrite]) -> list[Apart]:
    """Whose turns say the source of a live rewrite and are not to speak for others, nor against what they are served.

    Those of cohorts that refute it: what becomes of the rewrite for all is not theirs to tell.
    """
    if not live or not _is_any_told(engine):
        return []
    _try_out(engine, live)
    known, told, judging = read_inside(engine, meanings=False), sets_told(engine, SETS_SAID), _judging(engine, bar)
    found: list[Apart] = []
    for each in live:
        asked = asked_of(each)
        refuted = refuting(each, known.get(asked, NOTHING_INSIDE), _after(judging, each))
        found += [(asked, cohorts) for cohorts in with_any(told.get(asked, ()), refuted)]
    return found


def spare(engine: Engine, bar: Bar, chosen: Chosen, *, live: Sequence[Rewrite]) -> tuple[Chosen, dict[str, Reasons]]:
    """The same rewrites, each without the cohorts that refute it, and by what stands behind it then; and why, by its id.

    One that would have to spare too many is left out.
    """
    if not chosen or not _is_any_told(engine):
        return [(gain, replace(each, not_cohorts=())) for gain, each in chosen], {}
    rewrites = [each for _, each in chosen]
    _try_out(engine, rewrites)
    _load(engine, "cohort_wordings", [(*asked_of(each), canonical(each.target)) for each in rewrites], last="wording")
    for step in meaning_steps(bar.floors.link_min):
        engine.run(step)
    known, judging = read_inside(engine, meanings=True), _judging(engine, bar)
    before = {each.rewrite_id: each for each in live}
    reasons = {
        each.rewrite_id: refuting(each, known.get(asked_of(each), NOTHING_INSIDE), _after(judging, before.get(each.rewrite_id)))
        for each in rewrites
    }
    kept = [
        (gain, replace(each, not_cohorts=tuple(sorted(reasons[each.rewrite_id]))))
        for gain, each in chosen
        if len(reasons[each.rewrite_id]) <= SPARED_MAX
    ]
    return _back(engine, kept), {name: told for name, told in reasons.items() if told}


def refuting(rewrite: Rewrite, inside: Inside, judging: Judging) -> dict[str, str]:
    """The cohorts whose own evidence refutes a rewrite, and why.

    Who suffers most is found first, and the others are judged without those who are of that cohort too: so that one is not taken for
    another that shares its customers. Which names they have decides nothing.
    """
    wording = canonical(rewrite.target)
    names = frozenset[str]().union(*inside.speakers)
    looked_at = {each for each in names if inside.speak(_holds(each, frozenset())) >= judging.customers_min}
    found: dict[str, str] = {}
    while True:
        verdicts = {}
        for name in looked_at - found.keys():
            within = _holds(name, frozenset(found))
            if inside.speak(within) >= judging.customers_min:
                verdicts[name] = _Case(inside, within, wording, judging).verdict(len(looked_at), was_spared=name in judging.spared)
        refuted = {name: verdict for name, verdict in verdicts.items() if verdict is not None}
        if not refuted:
            return found
        worst = min(effect for effect, _ in refuted.values())
        found |= {name: reason for name, (effect, reason) in sorted(refuted.items()) if effect == worst}


@dataclass(frozen=True, slots=True)
class _Case:
    """One rewrite before the evidence of one cohort."""

    inside: Inside
    within: Callable[[CohortSet], bool]
    wording: str
    judging: Judging

    def verdict(self, looked_at: int, *, was_spared: bool) -> tuple[float, str] | None:
        """What it does to the cohort, the worse the less, and why; nothing where the cohort does not refute it.

        Of many cohorts one looks bad by chance: each must be as much surer as more are looked at.
        """
        bound = RETIRED_BELOW if was_spared else RETIRED_BELOW / looked_at
        told = self._compared(counting_only=False)
        needless = 1.0 - above(told.said, self.judging.bounds.source_success_max) < bound
        tried = needless or (told.chance < bound and self._most_lost())
        share, of = self._meant(told.said)
        confidence = 1.0 - (1.0 - self.judging.confidence) / looked_at
        others = bound_above(share * of, (1.0 - share) * of, confidence=confidence) < EVEN
        if not (tried or others or self._clearly_means_else()) or self._is_vouched():
            return None
        reason = f"as rewritten {told_of(told.rewritten)}, as said {told_of(told.said)}; chance to be worth it {told.chance:.2f}"
        effect = told.rewritten.mean - told.said.mean
        if not tried:
            reason, effect = f"{share:.0%} of {of:.0f} customers who ended well meant it", share - EVEN
        return effect, f"{reason}; {looked_at} cohorts looked at"

    def _compared(self, *, counting_only: bool) -> Compared:
        records = (self.inside.record(self.within, given, counting_only=counting_only) for given in ("", self.wording))
        return compared(*believable(*records), self.judging.bounds)

    def _most_lost(self) -> bool:
        """Whether it failed at least once for half of those who were served it: a few who speak every day must not decide for the rest."""
        record = self.inside.record(self.within, self.wording, counting_only=False)
        return record.losers >= EVEN * record.customers

    def _is_vouched(self) -> bool:
        """Whether its record of those who count stands for it: accounts of yesterday cannot take it from them."""
        told, record = self._compared(counting_only=True), self.inside.record(self.within, self.wording, counting_only=True)
        return told.chance >= KEPT_FROM and record.winners >= self.judging.customers_min

    def _meant(self, said: Beta) -> tuple[float, float]:
        """The share of customers who meant it, and of how many; who lately succeeds as said needs something else, too."""
        ended, agreeing = self.inside.ended(self.within, self.wording)
        of = ended + self.inside.record(self.within, "", counting_only=True).customers * said.share
        return (agreeing / of if of else EVEN), of

    def _clearly_means_else(self) -> bool:
        ended, agreeing = self.inside.ended(self.within, self.wording)
        return ended >= self.judging.customers_min and agreeing < MEANT_LEAST * ended


def _holds(name: str, without: frozenset[str]) -> Callable[[CohortSet], bool]:
    return lambda cohorts: name in cohorts and without.isdisjoint(cohorts)


def _is_any_told(engine: Engine) -> bool:
    """Whether any turn tells cohorts; many assistants know of none, and nothing is to be looked for then."""
    engine.run(count_told())
    return bool(engine.rows("cohorts_told").to_pylist()[0]["turns"])


def _judging(engine: Engine, bar: Bar) -> Judging:
    bounds = Bounds(newest_day(engine), bar.source_success_max, bar.target_success_min)
    return Judging(bounds, bar.floors.customers_min, bar.confidence)


def _after(judging: Judging, before: Rewrite | None) -> Judging:
    return replace(judging, spared=frozenset(before.not_cohorts) if before else frozenset())


def _try_out(engine: Engine, rewrites: Sequence[Rewrite]) -> None:
    rows = {asked_of(each) for each in rewrites}
    elsewhere = {(each.source, each.prompt_kind, room, "") for each in rewrites for room in each.not_rooms}
    elsewhere |= {(each.source, each.prompt_kind, "", device_type) for each in rewrites for device_type in each.not_device_types}
    _load(engine, "cohort_asked", rows)
    _load(engine, "cohort_elsewhere", elsewhere)
    for step in trial_steps():
        engine.run(step)


_NO_SET = ("",)
"""Stands where no evidence is of those who are spared, so that the rewrite is named."""


def _back(engine: Engine, chosen: Chosen) -> Chosen:
    """The same, those that spare a cohort by the customers and turns of all others, as far as these are known."""
    sparing = [each for _, each in chosen if each.not_cohorts]
    if not sparing:
        return chosen
    told = sets_told(engine, SETS_ENDED)
    rows = [
        (*asked_of(each), canonical(each.target), cohorts)
        for each in sparing
        for cohorts in with_any(told.get(asked_of(each), ()), each.not_cohorts) or [_NO_SET]
    ]
    _load(engine, "cohort_spared", rows, last="cohorts", wording=True)
    for step in backing_steps():
        engine.run(step)
    found = {(*_row_key(row), row["wording"]): row for row in engine.rows("cohort_backing").to_pylist()}
    shown: dict[tuple[str, ...], tuple[str, ...]] = {}
    for row in sorted(engine.rows("cohort_evidence").to_pylist(), key=lambda row: row["place"]):
        key = (*_row_key(row), row["wording"])
        shown[key] = (*shown.get(key, ()), row["source_turn_id"], row["target_turn_id"])
    return [(gain, _as_backed(each, found, shown)) for gain, each in chosen]


def _as_backed(
    rewrite: Rewrite, found: Mapping[tuple[str, ...], Mapping[str, int]], shown: Mapping[tuple[str, ...], tuple[str, ...]]
) -> Rewrite:
    key = (*asked_of(rewrite), canonical(rewrite.target))
    if not rewrite.not_cohorts or key not in found:
        return rewrite
    support, times = (min(now, then) for now, then in ((found[key]["customers"], rewrite.support), (found[key]["times"], rewrite.times)))
    return replace(rewrite, support=support, times=times, evidence=shown[key])


def _row_key(row: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in ("said", "kind", "room", "device_type"))


def _load(engine: Engine, name: str, rows: Iterable[tuple[object, ...]], *, last: str = "", wording: bool = False) -> None:
    columns = ["said", "kind", "room", "device_type", *(["wording"] if wording else []), *([last] if last else [])]
    named = sorted(set(rows))
    of = {column: pa.array([row[place] for row in named], TEXTS if column == "cohorts" else TEXT) for place, column in enumerate(columns)}
    engine.load(name, pa.table(of))
