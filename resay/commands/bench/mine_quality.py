"""How good a miner's table is after weeks of its own rewrites: average precision against the truth, with and without self-awareness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.mine import Mined, mine
from markov.standing import pair_of
from resay.commands.bench.mine_log import View, write_day, write_greetings
from resay.commands.bench.report import BenchRow, figure
from resay.dialogue.rewrite import Rewrite
from resay.dialogue.tick import Tick
from resay.experiment.bounds import bootstrap, bootstrap_ratio
from resay.lab.self_influence import Spoken, Wish, customers, talk_of_day, wishes
from resay.store.lake import Lake

LEARNERS = {"chain": View.HIDDEN, "chain/apart": View.LEFT_OUT, "self-aware": View.OWN}
"""Rows by what the learner is shown: `chain` takes its own rewrites for what customers said; `chain/apart` sees nothing of them."""

DAYS = 28
"""Four weeks of own rewrites (EVALUATION 4)."""

SCORED_DAYS = 7
"""The last nights, of which the mean counts: a table that comes and goes must not be met on a good night."""

PEOPLE = 120


Units = Sequence[tuple[float, ...]]
"""Wishes by number, as they are drawn for an interval."""


@dataclass(frozen=True, slots=True)
class Night:
    """One table against the truth of the day after it."""

    scored: tuple[tuple[float, str, int, bool], ...]
    """Each rewrite: its score, what it is put in place of, the number of the wish, and whether it is right."""
    wanted: Mapping[int, int]
    """Rewrites that a wish needs, by its number."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How one learner did."""

    nights: tuple[Night, ...]
    """The last ones."""
    failures: Mapping[str, tuple[float, float]]
    """Of each customer in the last week: first tries that went wrong in truth, and all."""


@dataclass(frozen=True, slots=True)
class Course:
    """What all learners live through."""

    asked: Sequence[Wish]
    learn_every: int
    """Nights from one learning to the next."""
    seed: int


def quality_rows(*, each: int, learn_every: int, seed: int, tick: Tick) -> Iterator[BenchRow]:
    """All learners' rows, and how much better the self-aware one is than the one that is not."""
    asked = wishes(each)
    course = Course(asked, learn_every, seed)
    results: dict[str, Quality] = {}
    for number, (name, view) in enumerate(LEARNERS.items()):
        tick(number * DAYS, DAYS * len(LEARNERS))
        results[name] = live_through(course, view, lambda done, _=None, past=number: tick(past * DAYS + done, DAYS * len(LEARNERS)))
    units = [(float(number),) for number in range(len(asked))]
    for name, result in results.items():
        precision = bootstrap(units, partial(mean_precision, result.nights), rng=Random(seed))
        yield figure(name, "auc_pr", precision, n=len(asked), unit="")
        rates = bootstrap_ratio(list(result.failures.values()), Random(seed))
        yield figure(name, "defect_rate_after", rates, n=sum(int(tries) for _, tries in result.failures.values()), unit="share")
    gain = bootstrap(units, partial(_gain, results), rng=Random(seed))
    yield figure("self-aware/chain", "ratio", gain, n=len(asked), unit="")


def live_through(course: Course, view: View, tick: Tick) -> Quality:
    """Four weeks in which a learner's table decides what it learns from next."""
    people, table, nights = customers(PEOPLE), _Table(), []
    failures = dict.fromkeys(people, (0.0, 0.0))
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        write_greetings(lake, people)
        for day in range(DAYS):
            spoken = list(talk_of_day(course.asked, people, table.targets, day=day, seed=course.seed))
            write_day(lake, spoken, view)
            is_scored = day >= DAYS - SCORED_DAYS
            if is_scored:
                _count(failures, spoken)
            if day % course.learn_every == 0 or day == DAYS - 1:
                table = _learn(lake, table)
            if is_scored:
                nights.append(_night(course.asked, table, day=day))
            tick(day + 1)
    return Quality(tuple(nights), failures)


def mean_precision(nights: Sequence[Night], units: Units) -> float | None:
    """Average precision over the wishes drawn, mean over the nights."""
    drawn = Counter(int(number) for (number,) in units)
    known = [found for night in nights if (found := average_precision(night, drawn)) is not None]
    return sum(known) / len(known) if known else None


def average_precision(night: Night, drawn: Mapping[int, int]) -> float | None:
    """Area under precision and recall of a table by falling score, each wish as often as it was drawn; what is missing costs recall."""
    wanted = sum(times * night.wanted.get(number, 0) for number, times in drawn.items())
    met = hits = area = 0.0
    for _, _, number, right in sorted(night.scored, key=lambda each: (-each[0], each[1])):
        met += drawn.get(number, 0)
        if right and number in drawn:
            hits += drawn[number]
            area += drawn[number] * hits / met
    return area / wanted if wanted else None


@dataclass(frozen=True, slots=True)
class _Table:
    """What is live."""

    rewrites: tuple[Rewrite, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def targets(self) -> dict[str, str]:
        """Target by source."""
        return {each.source: each.target for each in self.rewrites}


def _learn(lake: Lake, before: _Table) -> _Table:
    with lake.connect() as connection:
        mined = mine(DuckDBEngine(connection), Bar(), live=before.rewrites)
    return _Table(mined.rewrites, {each.rewrite_id: _score(each, mined) for each in mined.rewrites})


def _score(rewrite: Rewrite, mined: Mined) -> float:
    """What is gained by it, as far as the learner knows: by its own record, or before there is one by what was mined."""
    standing = mined.standings.get(pair_of(rewrite))
    if standing is not None and standing.rewritten.weight > 0:
        return standing.rewritten.mean - standing.said.mean
    return rewrite.success_as_rewritten - rewrite.success_as_said


def _night(asked: Iterable[Wish], table: _Table, *, day: int) -> Night:
    numbered = list(enumerate(asked))
    needed = {source: target for _, wish in numbered for source, target in wish.targets(day + 1).items()}
    of = {text: number for number, wish in numbered for text in (wish.source, *wish.wordings)}
    scored = tuple(
        (table.scores[each.rewrite_id], each.source, of[each.source], needed.get(each.source) == each.target) for each in table.rewrites
    )
    return Night(scored, Counter(of[source] for source in needed))


def _count(failures: dict[str, tuple[float, float]], spoken: Iterable[Spoken]) -> None:
    for each in spoken:
        if not each.again_of:
            wrong, tries = failures[each.customer]
            failures[each.customer] = (wrong + (not each.right), tries + 1)


def _gain(results: Mapping[str, Quality], units: Units) -> float | None:
    aware, unaware = (mean_precision(results[name].nights, units) for name in ("self-aware", "chain"))
    return aware / unaware if aware is not None and unaware else None
